"""A connection of one's own to the database: for a command beside the server or without one, or a long read."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from chatd.errors import StorageUnavailable
from chatd.storage.engine import Sql, WriterSql
from chatd.storage.engine.sqlite.connections import connect
from chatd.storage.engine.sqlite.faults import reason


@contextlib.contextmanager
def writer(path: Path) -> Iterator[WriterSql]:
    """Open the database for a write, and close it.

    :raises StorageUnavailable: nothing could be written.
    """
    try:
        with contextlib.closing(connect(path, checkpoints=False)) as db:
            yield db
    except sqlite3.Error as error:
        raise StorageUnavailable(f"cannot write to {path}: {reason(error)}") from error


@contextlib.contextmanager
def snapshot(path: Path) -> Iterator[Sql]:
    """Open one snapshot of the database, and close it.

    :raises StorageUnavailable: it could not be read.
    """
    try:
        with contextlib.closing(connect(path, checkpoints=False, writable=False)) as db:
            db.execute("BEGIN")
            yield db
    except sqlite3.Error as error:
        raise StorageUnavailable(f"cannot read {path}: {reason(error)}") from error
