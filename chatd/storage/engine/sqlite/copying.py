"""SQLite as one side of a copy: a file that a server may be using, or a new one."""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from chatd.data_dir import give_name
from chatd.errors import DatabaseUnusable
from chatd.storage.engine.copying import ALL, Conflict, Span, Table, Values
from chatd.storage.engine.sqlite.backup import check_pages, check_references
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

    def rows(self, table: Table, span: Span = ALL, limit: int | None = None) -> Iterator[Values]:
        """See :meth:`chatd.storage.engine.copying.Source.rows`."""
        where, values = _within(table, span)
        yield from self._db.execute(
            f'SELECT {_listed(table.columns)} FROM "{table.name}" WHERE {where} ORDER BY {_listed(table.key)} LIMIT ?',
            (*values, -1 if limit is None else limit),
        ).fetchall()  # at once, or the log could not be emptied until who takes them has taken the last

    def last_ids(self, tables: Sequence[Table]) -> dict[str, int]:
        """See :meth:`chatd.storage.engine.copying.Source.last_ids`."""
        found = dict(self._db.execute("SELECT name, seq FROM sqlite_sequence").fetchall())
        return {table.name: found.get(table.name, 0) for table in tables if table.identity}

    def begin(self) -> None:
        """See :meth:`chatd.storage.engine.copying.Target.begin`; a connection here looks up none."""

    def clear(self, table: Table, span: Span) -> None:
        """See :meth:`chatd.storage.engine.copying.Target.clear`."""
        where, values = _within(table, span)
        self._db.execute(f'DELETE FROM "{table.name}" WHERE {where}', values)

    def add(self, table: Table, rows: Iterable[Values]) -> None:
        """See :meth:`chatd.storage.engine.copying.Target.add`."""
        places = ", ".join("?" * len(table.columns))
        self._db.execute("SAVEPOINT piece")
        try:
            self._db.executemany(f'INSERT INTO "{table.name}" ({_listed(table.columns)}) VALUES ({places})', rows)
        except sqlite3.IntegrityError as error:
            self._db.execute("ROLLBACK TO piece")
            raise Conflict(f"SQLite: {reason(error)}") from error
        finally:
            if self._db.in_transaction:
                self._db.execute("RELEASE piece")

    def count(self, table: Table) -> int:
        """See :meth:`chatd.storage.engine.copying.Target.count`."""
        return int(self._db.execute(f'SELECT count(*) FROM "{table.name}"').fetchone()[0])

    def prepare(self) -> None:
        """See :meth:`chatd.storage.engine.copying.Target.prepare`."""
        self._db.execute("COMMIT")
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        check_pages(self._db, "the copy")
        self._db.execute("BEGIN")

    def finish(self, last_ids: Mapping[str, int]) -> None:
        """See :meth:`chatd.storage.engine.copying.Target.finish`; references are checked with all else."""
        self._db.executemany("DELETE FROM sqlite_sequence WHERE name = ?", [(name,) for name in last_ids])
        given = [(name, last_id) for name, last_id in last_ids.items() if last_id]
        self._db.executemany("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", given)


@contextlib.contextmanager
def live(path: Path) -> Iterator[Side]:
    """Open a database that a server may be using, and that it goes on using: each reading is of its own moment.

    :raises DatabaseUnusable: it cannot be read.
    """
    with _faults(path), contextlib.closing(_connected(path, "ro")) as db:
        yield Side(db)


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
                check_references(db, f"the copy for {path}")
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


def _within(table: Table, span: Span) -> tuple[str, Values]:
    """Return the condition that a row is in a span, and its values."""
    bounds = [(">", span.above), ("<=", span.up_to)]
    places = ", ".join("?" * len(table.key))
    conditions = [f"({_listed(table.key)}) {sign} ({places})" for sign, key in bounds if key is not None]
    values = tuple(value for _, key in bounds if key is not None for value in key)
    return " AND ".join(conditions) or "TRUE", values


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)
