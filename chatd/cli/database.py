"""The database as a command uses it: beside a running server, or without one."""

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from chatd.config import Config
    from chatd.storage.commit import Write

T = TypeVar("T")


def write(settings: "Config", work: "Write[T]") -> T:
    """Run ``work`` in a transaction of its own, on a database that is made or upgraded first where it has to be.

    :raises ConfigurationError: it has to be, and another chatd is serving from it; or it cannot be made.
    :raises DatabaseUnusable: it is not a database this program can use.
    :raises StorageUnavailable: nothing could be written.
    """
    from chatd import data_dir
    from chatd.cli import streams
    from chatd.storage.commit import write_once
    from chatd.storage.migrate import current_version, load_migrations, migrate, migrations_directory

    data_dir.prepare(settings.data_dir)
    newest = load_migrations(migrations_directory())[-1].version
    version = current_version(settings.database)
    if version != newest:
        with data_dir.locked(settings.data_dir):
            from chatd.services.name_keys import renew

            migrate(settings.database)
            write_once(settings.database, renew)
        if not version:
            streams.tell(f"{settings.database} is a new database")
    return write_once(settings.database, work)
