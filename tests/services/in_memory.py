"""Databases in memory, each of which begins as a copy of a prepared one: for models that take hundreds of steps."""

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from chatd.storage.engine.sqlite.migrate import migrate
from chatd.storage.engine.sqlite.sql import Connection


def image(prepare: Callable[[Connection], object]) -> bytes:
    """Return a database with all tables, after ``prepare``, for :func:`opened`."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "chatd.db"
        migrate(path)
        with closing(sqlite3.connect(path, isolation_level=None, factory=Connection)) as db:
            prepare(db)
            db.execute("PRAGMA journal_mode = DELETE")
            return db.serialize()


@contextmanager
def opened(fresh: bytes) -> Iterator[Connection]:
    """Open a copy of a database in memory, as the writer's connection is."""
    with closing(sqlite3.connect(":memory:", isolation_level=None, factory=Connection)) as db:
        db.deserialize(fresh)
        db.execute("PRAGMA foreign_keys = ON")
        db.count_changes()
        yield db
