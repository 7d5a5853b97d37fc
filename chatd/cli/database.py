"""The database for a command, with or without a running server beside it."""

import contextlib
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from chatd.config import Config
    from chatd.storage.commit import Write
    from chatd.storage.engine import Read

T = TypeVar("T")


def write(settings: "Config", work: "Write[T]") -> T:
    """Run ``work`` in a transaction of its own, on a database that is created or upgraded first if needed.

    :raises ConfigurationError: it needs to be upgraded while another chatd serves from it, or it cannot be created.
    :raises DatabaseUnusable: this program cannot use the database.
    :raises StorageUnavailable: nothing could be written.
    """
    from chatd.storage.commit import write_once

    bring_up_to_date(settings)
    if not settings.database.url:
        return write_once(settings.store, work)
    from chatd.cluster.encoding import encode

    return write_once(settings.store, work, encode)


def read(settings: "Config", work: "Read[T]") -> T:
    """Run ``work`` in a snapshot of the database, without holding up a server; see :func:`write`.

    :raises StorageUnavailable: the database could not be read.
    """
    from chatd.storage.stores import snapshot

    bring_up_to_date(settings)
    with snapshot(settings.store) as db:
        return work(db)


def bring_up_to_date(settings: "Config") -> None:
    """Create or upgrade the database if needed."""
    from chatd import data_dir
    from chatd.cli import streams
    from chatd.storage import stores

    data_dir.prepare(settings.data_dir)
    version = stores.current_version(settings.store)
    if version != stores.newest_version(settings.store):
        # PostgreSQL's migrations have a lock of their own, and may run beside servers.
        with contextlib.nullcontext() if settings.database.url else data_dir.locked(settings.data_dir):
            from chatd.services.name_keys import renew
            from chatd.storage.commit import write_once

            stores.migrate(settings.store)
            write_once(settings.store, renew)
        if not version:
            what = "PostgreSQL has" if settings.database.url else f"{settings.database_file} is"
            streams.tell(f"{what} a new database")
