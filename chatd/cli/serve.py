"""``chatd serve``."""

import argparse
from typing import TYPE_CHECKING

from chatd.cli.location import Use
from chatd.cli.parsing import Commands

if TYPE_CHECKING:
    from chatd.config import Config


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add("serve", _serve, "Run the server.", use=Use.NONE, warns=True)
    parser.add_argument("--host", action="append", help="an address to listen on; may be given more than once")
    parser.add_argument("--port", type=int, help="the port to listen on; 0 takes any free one")
    parser.add_argument(
        "--reload", action="store_true", help="start again whenever chatd's files or settings change; for development"
    )


def _serve(settings: "Config", options: argparse.Namespace) -> int:
    if options.reload:
        return _serve_reloading(settings, options)

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
    return 0


def _serve_reloading(settings: "Config", options: argparse.Namespace) -> int:
    import sys
    from pathlib import Path

    import chatd
    from chatd import config, logs, reloading
    from chatd.storage.engine.migrations import directory_of

    logs.configure(settings.log.level, settings.log.format)
    command = [sys.executable, "-m", "chatd", "serve"]
    for name in ("config", "data_dir", "port"):
        if (value := getattr(options, name)) is not None:
            command.append(f"--{name.replace('_', '-')}={value}")
    command += [f"--host={host}" for host in options.host or ()]
    files = config.SEARCH if options.config is None else (options.config,)
    return reloading.run(command, [Path(chatd.__file__).parent, directory_of("sqlite").parent, *files])
