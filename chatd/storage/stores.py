"""Where a community is stored: in the file that a path names, or in the PostgreSQL that a URL names."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from chatd.config import Config
from chatd.storage.engine import Engine, Sql, WriterSql
from chatd.storage.engine.sqlite import beside as sqlite
from chatd.storage.engine.sqlite import migrate as sqlite_migrations
from chatd.storage.engine.sqlite.connections import Synchronous
from chatd.storage.engine.sqlite.damage import require_whole
from chatd.storage.engine.sqlite.engine import Sqlite

Store = Path | str


def engine(config: Config, *, synchronous: Synchronous = "FULL") -> Engine:
    """Return the engine that the settings name, not opened yet.

    :param synchronous: see :func:`chatd.storage.engine.sqlite.connections.connect`.
    """
    if not config.database.url:
        return Sqlite(config.database_file, synchronous=synchronous)
    from chatd.storage.engine.postgresql.engine import PostgreSql

    return PostgreSql(
        config.database.url,
        readers=config.database.readers,
        listen_url=config.database.listen_url,
        lossless=config.database.lossless_failover,
    )


def writer(store: Store) -> AbstractContextManager[WriterSql]:
    """Open the database for a write, for a command beside the server or without one.

    :raises StorageUnavailable: nothing could be written.
    """
    if isinstance(store, Path):
        return sqlite.writer(store)
    from chatd.storage.engine.postgresql import beside

    return beside.writer(store)


def snapshot(store: Store) -> AbstractContextManager[Sql]:
    """Open one snapshot of the database, for a command or a long read.

    :raises StorageUnavailable: it could not be read.
    """
    if isinstance(store, Path):
        return sqlite.snapshot(store)
    from chatd.storage.engine.postgresql import beside

    return beside.snapshot(store)


def current_version(store: Store) -> int:
    """Return the version of the tables, 0 where there are none yet.

    :raises DatabaseUnusable: it is not chatd's, or cannot be read.
    """
    if isinstance(store, Path):
        return sqlite_migrations.current_version(store)
    from chatd.storage.engine.postgresql import migrate as postgresql_migrations

    return postgresql_migrations.current_version(store)


def migrate(store: Store, *, upgrading: Callable[[int], None] = lambda size: None) -> int:
    """Create or upgrade the tables, and return their version.

    :param upgrading: called with the size of an existing database, in bytes, before it is changed.
    :raises DatabaseUnusable: it is not chatd's, is newer than this program, or cannot be used.
    """
    if isinstance(store, Path):
        return sqlite_migrations.migrate(store, upgrading=upgrading)
    from chatd.storage.engine.postgresql import migrate as postgresql_migrations

    return postgresql_migrations.migrate(store, upgrading=upgrading)


def prepare(store: Store, *, upgrading: Callable[[int], None] = lambda size: None) -> bool:
    """Make the tables that a server needs, and report whether they are new.

    :param upgrading: see :func:`migrate`.
    :raises DatabaseUnusable: the database is damaged, or see :func:`migrate`.
    """
    if isinstance(store, Path):
        require_whole(store)
    is_new = not current_version(store)
    migrate(store, upgrading=upgrading)
    return is_new


def newest_version(store: Store) -> int:
    """Return the version of the tables that this program makes."""
    if isinstance(store, Path):
        return sqlite_migrations.newest_version()
    from chatd.storage.engine.postgresql import migrate as postgresql_migrations

    return postgresql_migrations.newest_version()


def shared_key(store: Store, make: Callable[[], bytes]) -> bytes:
    """Return the signing key that all processes on one PostgreSQL share.

    :param make: makes one, for the first of them.
    :raises DatabaseUnusable: it could not be read.
    """
    assert isinstance(store, str), "with SQLite the key is in the data directory"
    from chatd.storage.engine.postgresql.keys import signing_key

    return signing_key(store, make)
