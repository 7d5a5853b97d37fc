"""``chatd backup``, ``chatd restore`` and ``chatd rollback``: the database as it is, and as it was."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from chatd.cli.location import Use
from chatd.cli.parsing import Commands, path
from chatd.errors import ConfigurationError

if TYPE_CHECKING:
    from chatd.config import Config
    from chatd.storage.engine.sqlite.restore import Lost


def add_to(commands: Commands) -> None:
    """Add the commands."""
    backup = commands.add("backup", _backup, "Copy the database, beside a running server, and prove the copy.")
    backup.add_argument("file", type=path, metavar="FILE", help="the copy; it must not be there yet")

    what = "Put a copy of the database back; the server must be stopped."
    restore = commands.add("restore", _restore, what, use=Use.FINDS)
    restore.add_argument("file", nargs="?", type=path, metavar="FILE", help="the copy")
    restore.add_argument("--new-epoch", action="store_true", help="only tell clients that the file was replaced")
    commands.add("rollback", _rollback, "Go back to the copy made before the last upgrade; the server must be stopped.")


def _require_sqlite(settings: "Config") -> None:
    """Refuse what is done with the file of SQLite.

    :raises ConfigurationError: everything is stored in PostgreSQL.
    """
    if settings.database.url:
        raise ConfigurationError(
            "[database] url is set, and the backups of PostgreSQL are its own: pg_dump, pg_restore and continuous "
            "archiving; after a restore clients load everything again by themselves"
        )


def _backup(settings: "Config", options: argparse.Namespace) -> None:
    _require_sqlite(settings)
    from chatd.storage.engine.sqlite.backup import back_up

    made = back_up(settings.database_file, options.file)
    size = made.size / 2**20
    print(f"{made.path} is proven: {size:.1f} MiB, {made.rows['messages']} messages of {made.rows['users']} accounts")


def _restore(settings: "Config", options: argparse.Namespace) -> None:
    from chatd import data_dir
    from chatd.cli import location
    from chatd.storage.engine.sqlite import restore

    _require_sqlite(settings)
    if (options.file is None) != options.new_epoch:
        raise ConfigurationError(
            "name the copy to restore, or say --new-epoch after you have put one in place yourself"
        )
    if options.new_epoch:
        location.require(settings)
    elif not settings.data_dir.is_dir():
        raise ConfigurationError(
            f"there is no directory {settings.data_dir}: create it first to restore the copy there"
        )
    data_dir.prepare(settings.data_dir)
    with data_dir.locked(settings.data_dir):
        if options.new_epoch:
            restore.renew_epoch(settings.database_file)
            print("the change log has a new epoch: every client will load everything again")
            return
        aside = _aside(settings)
        lost = restore.restore(settings.database_file, options.file, aside=aside)
    print(f"{options.file} is restored")
    if not aside.exists():
        print(f"{settings.database_file} is new: there was no database there before")
    _tell_lost(lost, aside)


def _rollback(settings: "Config", _: argparse.Namespace) -> None:
    import datetime as dt

    from chatd import data_dir
    from chatd.storage.engine.sqlite import migrate, restore

    _require_sqlite(settings)
    data_dir.prepare(settings.data_dir)
    with data_dir.locked(settings.data_dir):
        copy = restore.copy_before_upgrade(settings.database_file)
        made = dt.datetime.fromtimestamp(copy.stat().st_mtime, dt.UTC)
        aside = _aside(settings)
        lost = restore.restore(settings.database_file, copy, aside=aside, upgrade=False)
        version = migrate.current_version(settings.database_file)
    print(f"the database is as it was before the upgrade of {made:%Y-%m-%d %H:%M} UTC (version {version})")
    _tell_lost(lost, aside)
    if version < migrate.newest_version():
        print("install the older chatd before you start it: this one would upgrade the database again")


def _aside(settings: "Config") -> Path:
    """Return a name for the database that is replaced, which is kept."""
    from chatd import clock

    return settings.database_file.with_name(f"{settings.database_file.name}.replaced-{clock.now()}")


def _tell_lost(lost: "Lost | None", aside: Path) -> None:
    if not aside.exists():
        return
    if lost is None:
        print(f"what was written since the copy was made is lost, but for {aside}, the database as it was until now")
    elif not lost.changes and not lost.accounts:
        print(f"nothing is lost: nothing was written since; the database as it was until now is {aside}")
    else:
        print(
            f"lost is what was written since: {lost.messages} messages and {lost.accounts} accounts, "
            f"{lost.changes} changes in all; {aside} has it, the database as it was until now"
        )
