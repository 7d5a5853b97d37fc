"""No file is so long that nobody reads it whole."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

FOLDERS = ("chatd", "tests", "bench", "examples", "tools", "web/src", "web/tests", "web/build")

#: The most lines of a file that gives no reason for more.
MOST = 300

#: How the reason begins, within the first lines of a file.
REASON = "Longer than 300 lines:"


def test_a_file_of_more_than_300_lines_says_why() -> None:
    sources = [
        path
        for folder in FOLDERS
        for kind in ("py", "ts", "vue", "c", "h")
        for path in (ROOT / folder).rglob(f"*.{kind}")
        if "node_modules" not in path.parts
    ]
    assert len(sources) > 400
    silent = []
    for path in sources:
        lines = path.read_text(encoding="utf-8").splitlines()
        if len(lines) > MOST and not any(REASON in line for line in lines[:25]):
            silent.append(f"{path.relative_to(ROOT)}: {len(lines)}")
    assert silent == []
