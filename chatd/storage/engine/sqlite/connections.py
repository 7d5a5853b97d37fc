"""Connections to the database, all with the same settings."""

import sqlite3
from pathlib import Path
from typing import Literal

from chatd.storage.engine.sqlite.sql import Connection

Synchronous = Literal["FULL", "NORMAL", "OFF"]

#: How long a statement waits for another process (a ``chatd user …`` beside the server), in milliseconds.
BUSY_TIMEOUT_MS = 5_000

#: After how many pages the write-ahead log is checkpointed: 16 MB. With SQLite's own 1,000, the
#: pages that every message changes are written three times as often, which costs a busy writer 15 %.
CHECKPOINT_PAGES = 4_000

#: How long the write-ahead log may become, in bytes, before readers are held for a moment so that it can be truncated:
#: four times what the writer checkpoints at. Readers that overlap without a gap would let it grow for ever.
LOG_LIMIT = 64 * 1024 * 1024

#: The page cache of a connection, in KiB.
WRITER_CACHE_KB = 16 * 1024
READER_CACHE_KB = 2 * 1024


def connect(
    path: Path,
    *,
    checkpoints: bool,
    synchronous: Synchronous = "FULL",
    writable: bool = True,
    busy_timeout_ms: int = BUSY_TIMEOUT_MS,
) -> Connection:
    """Open ``path`` with the settings that all connections of chatd share.

    :param checkpoints: whether this connection may checkpoint the write-ahead log. Only one may: SQLite before
        3.51.3 can lose writes when two connections checkpoint at once (https://sqlite.org/wal.html).
    :param synchronous: FULL, or an acknowledged message may be lost in a power cut.
    :param writable: False for a connection that only reads.
    :param busy_timeout_ms: how long a statement waits for another process, in milliseconds.
    """
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256, factory=Connection)
    try:
        db.execute(f"PRAGMA busy_timeout = {busy_timeout_ms}")
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
    """Overwrite deleted content with zeros: some builds of SQLite leave it in the file."""
    db.execute("PRAGMA secure_delete = ON")
