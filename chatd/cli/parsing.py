"""The parser of the command line: the program, its commands, and the options they share."""

import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatd import __version__
from chatd.cli.location import Use
from chatd.errors import ConfigurationError

if TYPE_CHECKING:
    from chatd.config import Config

#: The largest id that anything can be stored under: https://sqlite.org/datatype3.html
LARGEST_ID = 2**63 - 1

#: The most names or ids a command takes: they are one transaction, for which the server waits.
MANY = 10_000

#: Runs a command, given the settings and its options; returns the exit status, or None for 0.
Run = Callable[[Any, argparse.Namespace], int | None]


class Commands:
    """A list of commands: those in ``chatd --help``, or those of a group such as ``chatd user``."""

    def __init__(self, parser: argparse.ArgumentParser, title: str | None = None) -> None:
        shown = {} if title is None else {"title": title}
        self._commands = parser.add_subparsers(metavar="COMMAND", required=True, **shown)
        self._common = argparse.ArgumentParser(add_help=False)
        self._common.add_argument(
            "--config", metavar="FILE", type=path, help="./chatd.toml, else /etc/chatd/chatd.toml"
        )
        self._common.add_argument("--data-dir", metavar="DIR", help="where the database and the signing key are")

    def add(
        self,
        name: str,
        run: Run,
        text: str,
        *,
        settings: bool = True,
        use: Use = Use.NEEDS,
        warns: bool = False,
    ) -> argparse.ArgumentParser:
        """Add a command and return its parser, for its own options.

        :param run: called with the settings and the options.
        :param text: what it does, in a sentence.
        :param settings: False for a command that needs no settings of the server, and gets None.
        :param use: what it does with the database.
        :param warns: whether it reports warnings about the settings by itself.
        """
        parser = self._parser(name, text, [self._common] if settings else [])
        parser.set_defaults(run=run, use=use, warns=warns)
        return parser

    def group(self, name: str, text: str) -> "Commands":
        """Add a group of commands under one word."""
        return Commands(self._parser(name, text, []))

    def _parser(self, name: str, text: str, parents: list[argparse.ArgumentParser]) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = self._commands.add_parser(name, help=text, description=text, parents=parents)
        return parser


class Parser:
    """The program's options and its commands."""

    def __init__(self) -> None:
        self._parser = argparse.ArgumentParser(
            prog="chatd", description="A chat server whose acknowledgements mean stored."
        )
        self._parser.add_argument("--version", action="version", version=f"chatd {__version__}")
        self.commands = Commands(self._parser, "commands")

    def parse(self, arguments: Sequence[str] | None) -> argparse.Namespace:
        """Parse the arguments; ``run`` in the result is the command.

        :raises ConfigurationError: it is more than a command can do at once, or a number is too large.
        """
        options = self._parser.parse_args(arguments)
        for name, value in vars(options).items():
            if isinstance(value, list) and len(value) > MANY:
                raise ConfigurationError(f"{name}: {len(value)} are too many at once; the limit is {MANY}")
        return options


def loaded(options: argparse.Namespace) -> "Config":
    """Return the settings that a command's options ask for.

    :raises ConfigurationError: one line that names everything wrong.
    """
    from chatd import config

    given = {f"server.{name}": getattr(options, name, None) for name in ("data_dir", "host", "port")}
    return config.load(options.config, given)


def text(argument: str) -> str:
    """Return an argument that is text; in a locale that only knows ASCII it is read as UTF-8.

    Anything else could be neither found nor stored.
    """
    try:
        argument.encode()
    except UnicodeEncodeError:
        try:
            return os.fsencode(argument).decode()
        except UnicodeError:
            raise argparse.ArgumentTypeError("not UTF-8") from None
    return argument


def path(argument: str) -> Path:
    """Return the path of a file; most shells leave the ``~`` of ``--config=~/chatd.toml`` to the program."""
    if not argument:
        raise argparse.ArgumentTypeError("must not be empty")
    try:
        return Path(argument).expanduser()
    except RuntimeError:
        raise argparse.ArgumentTypeError(f"there is no home directory for {argument}") from None


def identifier(argument: str) -> int:
    """Return an argument that is an id.

    :raises ConfigurationError: nothing can be stored under this number.
    """
    if not (argument.isascii() and argument.isdigit()):
        raise argparse.ArgumentTypeError(f"invalid number: {argument[:40]!r}")
    digits = argument.lstrip("0")
    if not digits or len(digits) > len(str(LARGEST_ID)) or int(digits) > LARGEST_ID:
        raise ConfigurationError(f"{argument[:40]}: numbers go from 1 to {LARGEST_ID}")
    return int(digits)
