"""``chatd demo``."""

import argparse
from typing import TYPE_CHECKING

from chatd.cli import streams
from chatd.cli.parsing import Commands, path
from chatd.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path


def add_to(commands: Commands) -> None:
    """Add the command."""
    text = "Serve a community made up for looking around in, on this machine only, until Ctrl-C."
    parser = commands.add("demo", _demo, text, settings=False)
    parser.add_argument(
        "--data-dir",
        metavar="DIR",
        type=path,
        help="where to keep it (a temporary directory)",
    )
    parser.add_argument("--port", type=int, default=8000, help="the port to listen on (8000); 0 takes any free one")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="another number makes another community (1)")


def _demo(_: None, options: argparse.Namespace) -> None:
    import contextlib
    import tempfile
    from pathlib import Path

    with contextlib.ExitStack() as held:
        directory = options.data_dir
        if directory is None:
            directory = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="chatd-demo-")))
        _fill_and_serve(directory, options)


def _fill_and_serve(directory: "Path", options: argparse.Namespace) -> None:
    """Make the community in a directory and serve it.

    :raises ConfigurationError: there is a database already.
    """
    import asyncio

    from chatd import clock, config, data_dir, demo, logs, serve
    from chatd.demo.script import PASSWORD, PEOPLE
    from chatd.storage.engine.sqlite.migrate import migrate

    given = {"server.data_dir": str(directory), "server.host": ["127.0.0.1"], "server.port": options.port}
    settings = config.load(options=given, environment={}, search=())
    data_dir.prepare(settings.data_dir)
    with data_dir.locked(settings.data_dir):
        if settings.database_file.exists():
            raise ConfigurationError(f"{settings.database_file} is there already: a demo needs a directory of its own")
        migrate(settings.database_file)
        asyncio.run(demo.fill(settings.database_file, now=clock.now(), seed=options.seed))
    names = ", ".join(each.username for each in PEOPLE)
    streams.tell(
        f"a demo of {len(PEOPLE)} people is in {settings.data_dir}; {PEOPLE[0].username} has the most to look at"
    )
    streams.tell(f"sign in with the password '{PASSWORD}' as one of {names}")
    logs.configure(settings.log.level, settings.log.format)
    asyncio.run(serve.serve(settings))
