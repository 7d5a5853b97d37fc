"""Connections to the database, all with the same settings, and which of their errors are the disk's."""

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

Synchronous = Literal["FULL", "NORMAL", "OFF"]

#: How long a statement waits for another process (a ``chatd user …`` beside the server), in milliseconds.
BUSY_TIMEOUT_MS = 5_000

#: How many pages the write-ahead log has when it is folded into the database: 16 MB. With SQLite's own 1,000, the
#: pages that every message changes are written three times as often, which costs a busy writer 15 %.
CHECKPOINT_PAGES = 4_000

#: How long the write-ahead log may become, in bytes, before readers are held for a moment so that it can begin anew:
#: four times what the writer checkpoints at. Readers that overlap without a gap would let it grow for ever.
LOG_LIMIT = 64 * 1024 * 1024

#: What a connection may keep of the file in memory, in KiB.
WRITER_CACHE_KB = 16 * 1024
READER_CACHE_KB = 2 * 1024

#: The primary result codes that say the disk, not the statement, is at fault: https://sqlite.org/rescode.html
_STORAGE_FAULTS = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
    }
)

#: A sync failed: what the kernel holds in memory and calls written may not be on disk, and no later sync will say so.
_UNSYNCED = frozenset({sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC})


class Row(sqlite3.Row):
    """A row read by name, equal to the tuple of its values. It takes some 60 ns more than a tuple to make."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return tuple(self) == tuple(other) if isinstance(other, (tuple, Row)) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return f"Row({', '.join(f'{name}={self[name]!r}' for name in self.keys())})"


class Connection(sqlite3.Connection):
    """A connection of SQLite's as a :class:`~chatd.storage.engine.Sql`: ``execute`` is the library's own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.row_factory = Row

    def insert_many(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], /) -> None:
        """See :meth:`chatd.storage.engine.Sql.insert_many`."""
        places = ", ".join("?" * len(columns))
        self.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", rows)


def connect(path: Path, *, checkpoints: bool, synchronous: Synchronous = "FULL", writable: bool = True) -> Connection:
    """Open ``path`` with the settings every connection of chatd has.

    :param checkpoints: whether this connection may checkpoint the write-ahead log. Only one may: SQLite before
        3.51.3 can lose writes when two connections checkpoint at once (https://sqlite.org/wal.html).
    :param synchronous: FULL, or an acknowledged message may be lost in a power cut.
    :param writable: False for a connection that only reads.
    """
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256, factory=Connection)
    try:
        db.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute(f"PRAGMA synchronous = {synchronous}")
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA trusted_schema = OFF")
        db.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES if checkpoints else 0}")
        db.execute(f"PRAGMA cache_size = {-WRITER_CACHE_KB if checkpoints else -READER_CACHE_KB}")
        db.execute(f"PRAGMA journal_size_limit = {LOG_LIMIT}")
        overwrite_deleted(db)
        db.execute(f"PRAGMA query_only = {'OFF' if writable else 'ON'}")
    except BaseException:
        db.close()
        raise
    return db


def overwrite_deleted(db: sqlite3.Connection) -> None:
    """Make this connection overwrite what it deletes with zeros: some builds of SQLite leave it in the file."""
    db.execute("PRAGMA secure_delete = ON")


def is_storage_fault(error: Exception) -> bool:
    """Tell whether the disk, not the statement, is at fault."""
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF in _STORAGE_FAULTS


def is_unsynced(error: Exception) -> bool:
    """Tell whether a sync failed."""
    return getattr(error, "sqlite_errorcode", 0) in _UNSYNCED
