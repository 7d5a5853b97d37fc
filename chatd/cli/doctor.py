"""``chatd doctor``."""

import argparse
import sys
from typing import TYPE_CHECKING

from chatd.cli.parsing import Commands, text
from chatd.errors import ConfigurationError

if TYPE_CHECKING:
    from chatd.config import Config


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add("doctor", _doctor, "Say what to change, if anything, for the server to work well.")
    parser.add_argument("--url", type=text, metavar="URL", help="the address that people use: look at the way to it")
    parser.add_argument(
        "--idle",
        type=float,
        nargs="?",
        const=0,
        metavar="SECONDS",
        help="also hold a socket open through it, in silence, for more than two heartbeats or so long",
    )
    parser.add_argument(
        "--token-stdin", action="store_true", help="for --idle: read an account's token from standard input"
    )


def _doctor(settings: "Config", options: argparse.Namespace) -> int:
    from yarl import URL

    from chatd import doctor

    url, idle, token = None, None, None
    if options.url is not None:
        try:
            url = URL(options.url.rstrip("/"))
        except ValueError:
            url = URL()
        if url.scheme not in ("http", "https") or not url.host:
            raise ConfigurationError("--url: must be an address such as https://chat.example.org")
    if options.idle is not None:
        if url is None or not options.token_stdin:
            raise ConfigurationError("--idle: needs --url, and a token by --token-stdin (chatd user add NAME --bot)")
        if options.idle < 0:
            raise ConfigurationError("--idle: must not be below 0")
        token = sys.stdin.readline().strip()
        idle = options.idle or 2 * settings.server.heartbeat_seconds + 5
    return doctor.run(settings, url, token, idle)
