"""Who may name SQLite's own library: what is behind the protocol of an engine, and nobody else."""

import ast
from collections.abc import Iterator
from pathlib import Path

import chatd

ROOT = Path(chatd.__file__).parent


def imports_of(path: Path) -> Iterator[str]:
    """Yield the names of the modules a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_only_the_engine_of_sqlite_imports_its_library() -> None:
    engine = ROOT / "storage" / "engine" / "sqlite"
    named = {
        path
        for path in ROOT.rglob("*.py")
        if {name.partition(".")[0] for name in imports_of(path)} & {"sqlite3", "aiosqlite"}
    }
    assert {path.relative_to(ROOT).as_posix() for path in named if engine not in path.parents} == set()
    assert engine / "sql.py" in named
