"""The database for a command, beside a running server or without one."""

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from chatd.config import Config
    from chatd.storage.commit import Write
    from chatd.storage.engine import Read

T = TypeVar("T")


def write(settings: "Config", work: "Write[T]") -> T:
    """Run ``work`` in a transaction of its own, on a database that is created or upgraded first if needed.

    :raises ConfigurationError: it has to be, and another chatd is serving from it; or it cannot be made.
    :raises DatabaseUnusable: it is not a database this program can use.
    :raises StorageUnavailable: nothing could be written.
    """
    from chatd.storage.commit import write_once

    _bring_up_to_date(settings)
    return write_once(settings.database, work)


def read(settings: "Config", work: "Read[T]") -> T:
    """Run ``work`` in a snapshot of the database, without making a server wait; see :func:`write`.

    :raises StorageUnavailable: it could not be read.
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
