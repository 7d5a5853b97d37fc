"""``chatd chat``."""

import argparse

from chatd.cli.parsing import Commands, text


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add("chat", _chat, "Chat in the terminal.", settings=False)
    parser.add_argument("url", nargs="?", metavar="URL", type=text, help="the server; by default the last one")
    parser.add_argument("--user", metavar="NAME", type=text, help="who; by default whoever it was the last time")
    parser.add_argument("--log-out", action="store_true", help="end the session and forget its token")


def _chat(_: None, options: argparse.Namespace) -> int:
    from chatd import chat

    return chat.run(options.url, options.user, log_out=options.log_out)
