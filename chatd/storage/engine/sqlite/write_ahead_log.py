"""The size of the write-ahead log, and truncating it."""

import sqlite3
from pathlib import Path


def size(database: Path) -> int:
    """Return the size of a database's log in bytes."""
    try:
        return database.with_name(f"{database.name}-wal").stat().st_size
    except FileNotFoundError:
        return 0


def truncate(db: sqlite3.Connection, busy_timeout_ms: int) -> bool:
    """Copy everything in the log into the database, sync it, and truncate the log to an empty file.

    At the start that is the log the last server left. If it ended because a sync failed, the log may be on disk only in
    part, though it can be read: commits appended to it would be lost with it.

    :param db: the writer, the one that checkpoints.
    :param busy_timeout_ms: how long its other statements wait for another process, in milliseconds.
    :returns: False where somebody still reads what is in the log; then it keeps its length.
    """
    db.execute("PRAGMA busy_timeout = 0")  # another process that reads is not waited for
    try:
        busy, _, _ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        db.execute(f"PRAGMA busy_timeout = {busy_timeout_ms}")
    return not busy
