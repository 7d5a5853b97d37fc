"""``chatd doctor``."""

import argparse
import sys
from typing import TYPE_CHECKING

from chatd.cli.location import Use
from chatd.cli.parsing import Commands, text
from chatd.errors import ConfigurationError

if TYPE_CHECKING:
    from yarl import URL

    from chatd.config import Config

#: The longest time a socket may be held open, in seconds: a day.
IDLE_MAX = 86_400


def add_to(commands: Commands) -> None:
    """Add the command."""
    what = "Say what to change, if anything, for the server to work well."
    parser = commands.add("doctor", _doctor, what, use=Use.FINDS, warns=True)
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
    from chatd import doctor

    url, idle, token = None, None, None
    if options.url is not None:
        url = _address(options.url)
    if options.idle is not None:
        if url is None or not options.token_stdin:
            raise ConfigurationError("--idle: needs --url, and a token by --token-stdin (chatd user add NAME --bot)")
        if not 0 <= options.idle <= IDLE_MAX:
            raise ConfigurationError(f"--idle: must be from 0 to {IDLE_MAX} seconds")
        token = sys.stdin.readline().strip()
        if not token.isascii() or not token.isprintable():
            raise ConfigurationError("--token-stdin: what was read is not a token")
        idle = options.idle or 2 * settings.server.heartbeat_seconds + 5
    return doctor.run(settings, url, token, idle)


def _address(given: str) -> "URL":
    """Return the address that people use.

    :raises ConfigurationError: it is not an address.
    """
    from yarl import URL

    from chatd.config.values import browsers_host

    try:
        url = URL(given.rstrip("/"))
        if url.scheme in ("http", "https") and url.host and url.port and url.user is None:
            browsers_host(f"[{url.host}]" if ":" in url.host else url.host)
            return url
    except ValueError:  # not a URL, or an impossible host or port
        pass
    raise ConfigurationError("--url: must be an address such as https://chat.example.org")
