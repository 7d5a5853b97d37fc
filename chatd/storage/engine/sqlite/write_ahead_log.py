"""The write-ahead log: how long it is, and truncating it."""

import sqlite3
from pathlib import Path

from chatd.storage.engine.sqlite.connections import BUSY_TIMEOUT_MS


def size(database: Path) -> int:
    """Return how long the log of a database is, in bytes."""
    try:
        return database.with_name(f"{database.name}-wal").stat().st_size
    except FileNotFoundError:
        return 0


def begin_anew(db: sqlite3.Connection) -> bool:
    """Bring all that is in the log into the database, sync it, and truncate the log to an empty file.

    At the start this is what the last server left. If it ended because a sync failed, its log may be on disk only in
    part, though it can be read: commits that were appended to it would be lost with it.

    :param db: the writer, the one that checkpoints.
    :returns: False where somebody still reads what is in it; then it keeps its length.
    """
    db.execute("PRAGMA busy_timeout = 0")  # another process that reads is not waited for
    try:
        busy, _, _ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        db.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    return not busy
