"""Migrations on PostgreSQL: by one process at a time, each step in one transaction that no writer overlaps.

The database says how old a program may be that still works with it, so that processes can be upgraded one after the
other: what an older one cannot bear is dropped a version later. A step says so in its first line.
"""

import contextlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg

from chatd.errors import DatabaseUnusable
from chatd.storage.engine.migrations import Migration, directory_of, load_migrations
from chatd.storage.engine.postgresql import lineage
from chatd.storage.engine.postgresql.connections import Raw, connect_usable
from chatd.storage.engine.postgresql.faults import reason
from chatd.storage.engine.postgresql.lock import LOCK, locked

#: The number of the first file, which makes all tables: those before it are SQLite's alone.
FIRST = 7

#: Held by whoever migrates.
MIGRATING = LOCK + 1

#: The oldest version whose program still works with the tables a step leaves.
_COMPATIBLE = re.compile(r"-- oldest compatible: (\d+)\n")

_SCHEMA = """
    CREATE TABLE schema (
        id                BIGINT PRIMARY KEY CHECK (id = 1),
        version           BIGINT NOT NULL,
        oldest_compatible BIGINT NOT NULL
    );
    COMMENT ON TABLE schema IS 'chatd';
    INSERT INTO schema (id, version, oldest_compatible) VALUES (1, 0, 0);
"""

_MARKS = """
    SELECT obj_description(to_regclass('schema'), 'pg_class'),
        (SELECT count(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'),
        pg_database_size(current_database())
"""


def migrations(directory: Path | None = None) -> list[Migration]:
    """Return the migrations in order.

    :param directory: where they are; by default those of this program.
    :raises DatabaseUnusable: a number is missing or given twice.
    """
    return load_migrations(directory or directory_of("postgresql"), FIRST)


def newest_version() -> int:
    """Return the version that this program makes."""
    return migrations()[-1].version


def current_version(url: str) -> int:
    """Return the version of the tables, 0 where there are none yet.

    :raises DatabaseUnusable: it is not chatd's, or cannot be used.
    """
    with _connected(url) as raw:
        return _versions(raw)[0]


def migrate(url: str, directory: Path | None = None, *, upgrading: Callable[[int], None] = lambda size: None) -> int:
    """Create or upgrade the tables and return their version, which may be a newer one that bears this program.

    :param directory: where the migrations are; by default those of this program.
    :param upgrading: called with the size of an existing database, in bytes, before it is changed.
    :raises DatabaseUnusable: it is not chatd's, is too new for this program, or a migration failed.
    """
    steps = migrations(directory)
    with _connected(url) as raw:
        raw.execute(f"SELECT pg_advisory_lock({MIGRATING})")
        version, oldest = _versions(raw)
        newest = steps[-1].version
        if version > newest:
            if oldest > newest:
                raise DatabaseUnusable(
                    f"the database has version {version}, this chatd knows versions up to {newest}: "
                    "install a newer chatd"
                )
            return version
        if version and version < newest:
            upgrading(_size(raw))
        for step in steps:
            if step.version > version:
                _apply(raw, step, is_first=not version)
                version = step.version
    return version


@contextlib.contextmanager
def _connected(url: str) -> Iterator[Raw]:
    with contextlib.closing(connect_usable(url)) as raw:
        try:
            yield raw
        except psycopg.Error as error:
            raise DatabaseUnusable(f"the database cannot be used: {reason(error)}") from error


def _versions(raw: Raw) -> tuple[int, int]:
    """Return the version of the tables, and how old a program may be; zeros where there are none."""
    mark, tables, _ = raw.execute(_MARKS).fetchone() or (None, 0, 0)
    if mark != "chatd":
        if tables:
            raise DatabaseUnusable("the database has tables of another program: create one for chatd alone")
        return 0, 0
    version, oldest = raw.execute("SELECT version, oldest_compatible FROM schema").fetchone() or (0, 0)
    return version, oldest


def _size(raw: Raw) -> int:
    row = raw.execute(_MARKS).fetchone()
    return int(row[2]) if row else 0


def _apply(raw: Raw, step: Migration, *, is_first: bool) -> None:
    match = _COMPATIBLE.match(step.sql)
    oldest = int(match[1]) if match else step.version
    try:
        with locked(raw):
            if is_first:
                raw.execute(_SCHEMA)
            raw.execute(step.sql)
            raw.execute("UPDATE schema SET version = %s, oldest_compatible = %s", (step.version, oldest))
            if is_first:
                lineage.verify(raw, lossless=True)
    except psycopg.Error as error:
        raise DatabaseUnusable(f"migration {step.version:04}_{step.name} failed: {reason(error)}") from error
