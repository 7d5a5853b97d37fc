"""``chatd backup`` and ``chatd restore``: the database as it is, and as it was."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from chatd.cli.parsing import Commands
from chatd.errors import ConfigurationError

if TYPE_CHECKING:
    from chatd.config import Config


def add_to(commands: Commands) -> None:
    """Add the commands."""
    backup = commands.add("backup", _backup, "Copy the database, beside a running server, and prove the copy.")
    backup.add_argument("file", type=Path, metavar="FILE", help="the copy; it must not be there yet")

    restore = commands.add("restore", _restore, "Put a copy of the database back; the server must be stopped.")
    restore.add_argument("file", nargs="?", type=Path, metavar="FILE", help="the copy")
    restore.add_argument("--new-epoch", action="store_true", help="only tell clients that the file was replaced")


def _backup(settings: "Config", options: argparse.Namespace) -> None:
    from chatd.storage.backup import back_up

    made = back_up(settings.database, options.file)
    size = made.size / 2**20
    print(f"{made.path} is proven: {size:.1f} MiB, {made.rows['messages']} messages of {made.rows['users']} accounts")


def _restore(settings: "Config", options: argparse.Namespace) -> None:
    from chatd import clock, data_dir
    from chatd.storage import restore

    if (options.file is None) != options.new_epoch:
        raise ConfigurationError(
            "name the copy to restore, or say --new-epoch after you have put one in place yourself"
        )
    data_dir.prepare(settings.data_dir)
    with data_dir.locked(settings.data_dir):
        if options.new_epoch:
            restore.renew_epoch(settings.database)
            print("the change log has a new epoch: every client will load everything anew")
            return
        aside = settings.database.with_name(f"{settings.database.name}.replaced-{clock.now()}")
        restore.restore(settings.database, options.file, aside=aside)
    kept = f"; what was there before is in {aside}" if aside.exists() else ""
    print(f"{options.file} is restored{kept}")
