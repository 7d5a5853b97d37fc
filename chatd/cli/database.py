"""The database for a command, with or without a running server beside it."""

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

    _bring_up_to_date(settings)
    return write_once(settings.database, work)


def read(settings: "Config", work: "Read[T]") -> T:
    """Run ``work`` in a snapshot of the database, without holding up a server; see :func:`write`.

    :raises StorageUnavailable: the database could not be read.
    """
    from chatd.storage.engine.sqlite.beside import snapshot

    _bring_up_to_date(settings)
    with snapshot(settings.database) as db:
        return work(db)


def _bring_up_to_date(settings: "Config") -> None:
    """Create or upgrade the database if needed."""
    from chatd import data_dir
    from chatd.cli import streams
    from chatd.storage.engine.sqlite.migrate import current_version, load_migrations, migrate, migrations_directory

    data_dir.prepare(settings.data_dir)
    newest = load_migrations(migrations_directory())[-1].version
    version = current_version(settings.database)
    if version != newest:
        with data_dir.locked(settings.data_dir):
            from chatd.services.name_keys import renew
            from chatd.storage.commit import write_once

            migrate(settings.database)
            write_once(settings.database, renew)
        if not version:
            streams.tell(f"{settings.database} is a new database")
