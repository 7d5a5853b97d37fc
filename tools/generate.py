"""Generates files from chatd's forms: the web client's types, and tables of the documents.

``python -m tools.generate`` writes the files; with ``--check`` it writes nothing, and fails if one would change.
"""

import argparse
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tools import tables, typescript

ROOT = Path(__file__).resolve().parent.parent

#: The tables of each document, by the name in their marker: ``<!-- made: NAME -->`` before, ``<!-- end -->`` after.
TABLES: Mapping[str, Mapping[str, Callable[[], str]]] = {
    "docs/protocol.md": {"commands": tables.commands, "command fields": tables.command_fields},
    "docs/events.md": {"event fields": tables.event_fields},
}


def generated() -> dict[Path, str]:
    """Return the generated files, each with the text it should have.

    :raises ValueError: a document lacks the marker of a table.
    """
    files = {ROOT / "web/src/api/wire.ts": typescript.wire()}
    for name, makers in TABLES.items():
        path = ROOT / name
        files[path] = with_tables(path.read_text(encoding="utf-8"), makers)
    return files


def with_tables(text: str, makers: Mapping[str, Callable[[], str]]) -> str:
    """Return a document with its tables generated again.

    :raises ValueError: it lacks the marker of a table.
    """
    for name, make in makers.items():
        before, after = f"<!-- made: {name} -->", "<!-- end -->"
        found = re.search(rf"{re.escape(before)}\n.*?\n{re.escape(after)}", text, re.DOTALL)
        if found is None:
            raise ValueError(f"a document has no {before}")
        text = f"{text[: found.start()]}{before}\n{make()}\n{after}{text[found.end() :]}"
    return text


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check the files and return the exit status: 1 if a check finds one out of date."""
    parser = argparse.ArgumentParser(prog="python -m tools.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a file would change")
    options = parser.parse_args(arguments)
    stale = {path: text for path, text in generated().items() if path.read_text(encoding="utf-8") != text}
    for path, text in stale.items():
        if options.check:
            print(f"{path.relative_to(ROOT)} does not match chatd/schemas: run nox -s generate", file=sys.stderr)
        else:
            path.write_text(text, encoding="utf-8")
            print(f"{path.relative_to(ROOT)} was written")
    return 1 if stale and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
