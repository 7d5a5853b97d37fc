"""Who may name the library of a database: what is behind the protocol of its engine, and nobody else."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import chatd

ROOT = Path(chatd.__file__).parent


def imports_of(path: Path) -> Iterator[str]:
    """Yield the names of the modules a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize(("room", "libraries"), [("sqlite", {"sqlite3", "aiosqlite"}), ("postgresql", {"psycopg"})])
def test_only_its_engine_imports_the_library_of_a_database(room: str, libraries: set[str]) -> None:
    engine = ROOT / "storage" / "engine" / room
    named = {path for path in ROOT.rglob("*.py") if {name.partition(".")[0] for name in imports_of(path)} & libraries}
    assert {path.relative_to(ROOT).as_posix() for path in named if engine not in path.parents} == set()
    assert engine / "sql.py" in named


def test_a_server_on_sqlite_does_not_load_the_library_of_postgresql() -> None:
    loaded = "import sys, chatd.serve; print([name for name in sys.modules if name.startswith('psycopg')])"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
