"""SQLite as one side of a copy: the file that nobody writes to meanwhile, or a new one."""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from chatd.data_dir import give_name
from chatd.errors import DatabaseUnusable
from chatd.storage.engine.copying import Table, Values
from chatd.storage.engine.sqlite.backup import check
from chatd.storage.engine.sqlite.connections import BUSY_TIMEOUT_MS
from chatd.storage.engine.sqlite.damage import require_whole
from chatd.storage.engine.sqlite.faults import reason
from chatd.storage.engine.sqlite.migrate import migrate

#: The suffix of a copy that is not whole yet; a server never opens it, and the next copy begins it again.
PARTIAL_SUFFIX = ".moving"


class Side:
    """A :class:`chatd.storage.engine.copying.Target`."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def columns(self) -> dict[str, frozenset[str]]:
        """Return the columns of each table."""
        names = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        return {
            name: frozenset(row[1] for row in self._db.execute(f'PRAGMA table_info("{name}")'))
            for (name,) in self._db.execute(names).fetchall()
        }

    def rows(self, table: Table) -> Iterator[Values]:
        """See :meth:`chatd.storage.engine.copying.Source.rows`."""
        yield from self._db.execute(
            f'SELECT {_listed(table.columns)} FROM "{table.name}" ORDER BY {_listed(table.key)}'
        )

    def last_ids(self, tables: Sequence[Table]) -> dict[str, int]:
        """See :meth:`chatd.storage.engine.copying.Source.last_ids`."""
        found = dict(self._db.execute("SELECT name, seq FROM sqlite_sequence").fetchall())
        return {table.name: found.get(table.name, 0) for table in tables if table.identity}

    def fill(self, table: Table, rows: Iterable[Values]) -> None:
        """See :meth:`chatd.storage.engine.copying.Target.fill`."""
        self._db.execute(f'DELETE FROM "{table.name}"')
        places = ", ".join("?" * len(table.columns))
        self._db.executemany(f'INSERT INTO "{table.name}" ({_listed(table.columns)}) VALUES ({places})', rows)

    def set_last_ids(self, last_ids: Mapping[str, int]) -> None:
        """See :meth:`chatd.storage.engine.copying.Target.set_last_ids`."""
        self._db.executemany("DELETE FROM sqlite_sequence WHERE name = ?", [(name,) for name in last_ids])
        given = [(name, last_id) for name, last_id in last_ids.items() if last_id]
        self._db.executemany("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", given)


@contextlib.contextmanager
def source(path: Path) -> Iterator[Side]:
    """Open a database that no server uses; commands that want to write to it wait.

    :raises DatabaseUnusable: it is damaged, or cannot be read.
    """
    require_whole(path)
    with _faults(path), contextlib.closing(_connected(path, "rw")) as db:
        db.execute("PRAGMA wal_autocheckpoint = 0")
        db.execute("BEGIN IMMEDIATE")
        try:
            yield Side(db)
        finally:
            db.execute("ROLLBACK")


@contextlib.contextmanager
def target(path: Path, finish: Callable[[], None]) -> Iterator[Side]:
    """Make a database that gets its name once it is whole, checked and on disk.

    :param path: its name, which no file has yet.
    :param finish: called just before it gets its name.
    :raises DatabaseUnusable: it cannot be written.
    """
    partial = path.with_name(f"{path.name}{PARTIAL_SUFFIX}")
    _remove(partial)
    try:
        with _faults(path):
            migrate(partial)
            with contextlib.closing(_connected(partial, "rw")) as db:
                db.execute("PRAGMA synchronous = OFF")
                db.execute("PRAGMA foreign_keys = OFF")  # checked below, all at once
                db.execute("BEGIN")
                yield Side(db)
                db.execute("COMMIT")
                check(db, f"the copy for {path}")
                db.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
            with partial.open("rb") as file:
                os.fsync(file.fileno())
            finish()
            give_name(partial, path)
    finally:
        _remove(partial)


def _connected(path: Path, mode: str) -> sqlite3.Connection:
    db = sqlite3.connect(f"{path.resolve().as_uri()}?mode={mode}", uri=True, isolation_level=None)
    db.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    return db


@contextlib.contextmanager
def _faults(path: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError:
        raise DatabaseUnusable(f"{path} is already there") from None
    except sqlite3.Error as error:
        raise DatabaseUnusable(f"{path}: {reason(error)}") from error


def _remove(partial: Path) -> None:
    for suffix in ("", "-journal", "-wal", "-shm"):
        partial.with_name(partial.name + suffix).unlink(missing_ok=True)


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)
