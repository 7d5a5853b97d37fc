"""``chatd serve``."""

import argparse
from typing import TYPE_CHECKING

from chatd.cli.parsing import Commands
from chatd.cli.place import Use

if TYPE_CHECKING:
    from chatd.config import Config


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add("serve", _serve, "Run the server.", use=Use.NONE, warns=True)
    parser.add_argument("--host", action="append", help="an address to listen on; may be given more than once")
    parser.add_argument("--port", type=int, help="the port to listen on; 0 takes any free one")


def _serve(settings: "Config", _: argparse.Namespace) -> None:
    import asyncio
    import logging

    from chatd import logs, serve

    log = logging.getLogger(__name__)
    logs.configure(settings.log.level, settings.log.format)
    for warning in settings.warnings:
        log.warning(warning, extra={"event": "setting_unknown"})
    if settings.file_warning:
        log.warning(settings.file_warning, extra={"event": "settings_hidden"})
    asyncio.run(serve.serve(settings))
