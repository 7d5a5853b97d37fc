"""``chatd move``: a community from SQLite to PostgreSQL, and back."""

import argparse
import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from chatd.cli.parsing import Commands, path, text
from chatd.errors import AlreadyServed, ConfigurationError

if TYPE_CHECKING:
    from chatd.config import Config
    from chatd.storage.engine.copying import Total


def add_to(commands: Commands) -> None:
    """Add the command."""
    what = "Copy everything to PostgreSQL, or from there to SQLite; without --live the server must be stopped."
    move = commands.add("move", _move, what)
    move.add_argument(
        "--to",
        required=True,
        type=_place,
        metavar="PLACE",
        help="postgresql://user@host/name, a database with no community in it; or, where [database] url is set, a data "
        "directory that has no chatd.db yet",
    )
    move.add_argument(
        "--live",
        action="store_true",
        help="copy while the server runs, then wait until it is stopped, and copy what is left: seconds",
    )


def _place(argument: str) -> str:
    """Return an argument that is a URL or a directory."""
    return text(argument) if "://" in argument else str(path(argument))


def _move(settings: "Config", options: argparse.Namespace) -> None:
    from chatd.config.values import database_url

    is_url = "://" in options.to
    if is_url and settings.database.url:
        raise ConfigurationError("everything is in PostgreSQL already: from one to another, move it with pg_dump")
    if not is_url and not settings.database.url:
        raise ConfigurationError("everything is in SQLite already: copy it with chatd backup")
    try:
        # Who moves holds locks of a session: not through a pooler, which may give each transaction to another one.
        url = database_url(options.to) if is_url else settings.database.listen_url or settings.database.url
    except ValueError as error:
        raise ConfigurationError(f"--to {error}") from error
    if is_url:
        _to_postgresql(settings, url, is_live=options.live)
    else:
        _to_sqlite(url, Path(options.to).absolute(), is_live=options.live)


def _to_postgresql(settings: "Config", url: str, *, is_live: bool) -> None:
    from chatd import data_dir
    from chatd.services import keys
    from chatd.storage.engine.moving import Live, to_postgresql

    with contextlib.ExitStack() as held:

        def take() -> bool:
            try:
                held.enter_context(data_dir.locked(settings.data_dir))
            except AlreadyServed:
                return False
            return True

        if not is_live:
            held.enter_context(data_dir.locked(settings.data_dir))
        live = Live(_say, take) if is_live else None
        _show(to_postgresql(settings.database_file, url, keys.to_share(settings), live))
    print("all of it was read back from PostgreSQL; now set [database] url, and start the server")
    print(f"{settings.database_file} is as it was: put it away, so that no server starts on it by mistake")


def _to_sqlite(url: str, directory: Path, *, is_live: bool) -> None:
    from chatd import data_dir
    from chatd.services import keys
    from chatd.storage.engine.moving import Live, to_sqlite

    def keep_key(key: bytes | None) -> None:
        if key is not None and not keys.is_brought():
            data_dir.keep_key(directory, key)

    data_dir.prepare(directory)
    database = directory / "chatd.db"
    with data_dir.locked(directory):
        if database.exists():
            raise ConfigurationError(f"{database} is already there: name another directory, or put it away")
        _show(to_sqlite(url, database, keep_key, Live(_say) if is_live else None))
    print(f"all of it was read back from {database}; now remove [database] url, and start the server on {directory}")
    print("the database in PostgreSQL is as it was: drop it, so that no server starts on it by mistake")


def _say(line: str) -> None:
    print(line, flush=True)


def _show(totals: "Mapping[str, Total]") -> None:
    for name, total in sorted(totals.items()):
        print(f"{name:18} {total.rows:>10} rows  sha256 {total.digest}")
