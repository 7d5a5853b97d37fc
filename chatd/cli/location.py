"""Which data directory a command works on: the one it was given, its user's own, or that of this machine's service."""

import dataclasses
import enum
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from chatd.errors import ConfigurationError

if TYPE_CHECKING:
    from chatd.config import Config

#: The state directory of the unit file; with ``DynamicUser`` the first is a link to the second.
SERVICE = (Path("/var/lib/chatd"), Path("/var/lib/private/chatd"))

#: The sources of a data directory that nobody named.
_UNNAMED = ("default", "XDG_DATA_HOME")


class Use(enum.Enum):
    """What a command does with the database."""

    #: Nothing.
    NONE = enum.auto()
    #: Works without one.
    FINDS = enum.auto()
    #: Does not work without one.
    NEEDS = enum.auto()
    #: Creates one if there is none, and says so.
    MAKES = enum.auto()


def found(settings: "Config", use: Use, service: Sequence[Path] = SERVICE) -> tuple["Config", str]:
    """Return the settings with the data directory to work on, and a note about it, which may be empty.

    Nothing is created. If nobody named a directory and the default one has no database, the service's is used.

    :param service: where a service of this machine may have its data.
    :raises ConfigurationError: there is no database to work on, or two, either of which could be meant.
    """
    if use is Use.NONE or settings.database.url:
        return settings, ""
    if settings.database.url:  # the database says itself whether it is there
        return settings, ""
    if settings.sources.get("server.data_dir") in _UNNAMED and (theirs := _service(settings, use, service)) is not None:
        return _moved(settings, theirs), f"using the data of the service in {theirs}"
    if use is Use.NEEDS:
        require(settings)
    return settings, ""


def _service(settings: "Config", use: Use, service: Sequence[Path]) -> Path | None:
    """Return the service's data directory, or None if it should not be used.

    :raises ConfigurationError: this account may not look into it, or another database could be meant as well.
    """
    is_there = _is_there(settings.database_file)
    try:
        theirs = next((each for each in service if _is_there(each / settings.database_file.name)), None)
    except _Hidden as hidden:
        if is_there or use is Use.FINDS:
            return None
        raise ConfigurationError(f"{hidden}, or name another directory with --data-dir") from hidden
    if theirs is None or theirs.resolve() == settings.data_dir.resolve():
        return None
    if is_there:
        raise ConfigurationError(
            f"there are two databases, {settings.database_file} and {theirs / settings.database_file.name}: "
            "choose one with --data-dir"
        )
    return theirs


def require(settings: "Config") -> None:
    """Require a database.

    :raises ConfigurationError: there is none.
    """
    if not settings.database.url and not _is_there(settings.database_file):
        raise ConfigurationError(
            f"there is no database at {settings.database_file}: name its directory with --data-dir"
        )


class _Hidden(ConfigurationError):
    """This account may not look into a directory."""


def _is_there(database: Path) -> bool:
    """Report whether there is a file that is not empty; the command itself finds out whether it is a database."""
    try:
        return database.stat().st_size > 0
    except (FileNotFoundError, NotADirectoryError):
        return False
    except PermissionError:
        raise _Hidden(f"this account may not look into {database.parent}: use sudo") from None


def _moved(settings: "Config", directory: Path) -> "Config":
    server = dataclasses.replace(settings.server, data_dir=str(directory))
    sources = {**settings.sources, "server.data_dir": "the service"}
    return dataclasses.replace(settings, server=server, sources=sources)
