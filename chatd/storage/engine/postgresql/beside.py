"""A connection of one's own to the database: for a command beside the server or without one, or a long read."""

import contextlib
from collections.abc import Iterator

import psycopg

from chatd.errors import StorageUnavailable
from chatd.storage.engine import Sql, WriterSql
from chatd.storage.engine.postgresql.connections import READER_SETTINGS, connect, local_settings
from chatd.storage.engine.postgresql.faults import reason
from chatd.storage.engine.postgresql.sql import Connection
from chatd.storage.engine.postgresql.writer import Writer

#: The name of a command among those that write; a server has another one each time it starts.
COMMAND = "command"

_BEGIN_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


@contextlib.contextmanager
def writer(url: str) -> Iterator[WriterSql]:
    """Open the database for a write, and close it.

    :raises StorageUnavailable: nothing could be written.
    """
    db = Writer(url, COMMAND)
    try:
        with contextlib.closing(db):
            yield db
    except psycopg.Error as error:
        raise StorageUnavailable(f"cannot write to PostgreSQL: {reason(error)}") from error


@contextlib.contextmanager
def snapshot(url: str) -> Iterator[Sql]:
    """Open one snapshot of the database, and close it.

    :raises StorageUnavailable: it could not be read.
    """
    db = reader(url)
    try:
        with contextlib.closing(db):
            db.open()
            db.execute("SET idle_in_transaction_session_timeout = 0")  # who reads all of it may take its time
            with reading(db):
                yield db
    except psycopg.Error as error:
        raise StorageUnavailable(f"cannot read from PostgreSQL: {reason(error)}") from error


def reader(url: str, *, patience: float | None = None, is_pooled: bool = False) -> Connection:
    """Return a connection that reads, not opened yet; see :func:`connect`."""
    return Connection(
        lambda: connect(url, READER_SETTINGS, patience=patience, is_pooled=is_pooled),
        _BEGIN_READING,
        local_settings(READER_SETTINGS) if is_pooled else "",
    )


@contextlib.contextmanager
def reading(db: Connection) -> Iterator[None]:
    """Read from one snapshot."""
    db.begin_transaction()
    try:
        yield
    except BaseException:
        with contextlib.suppress(psycopg.Error):
            db.settle()
            _end(db)
        raise
    try:
        _end(db)
    except psycopg.Error:  # of a statement whose rows nobody asked for, after which nothing more was executed
        with contextlib.suppress(psycopg.Error):
            _end(db)
        raise


def _end(db: Connection) -> None:
    db.execute("ROLLBACK")  # nothing was written
    db.settle()
