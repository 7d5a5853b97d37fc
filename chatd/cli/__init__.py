"""The command line: thin, one file a group of commands, one function a command.

A command imports what it runs inside its function, so that no command waits for another's imports.
"""

from collections.abc import Sequence

from chatd.cli import (
    accounts,
    chat,
    config,
    copies,
    demo,
    doctor,
    groups,
    invites,
    location,
    moves,
    reports,
    serve,
    streams,
)
from chatd.cli.parsing import Parser, loaded
from chatd.errors import BackupFailed, ChatError, ConfigurationError, DatabaseUnusable


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status: 0, 1 if it failed, 2 if it was used wrongly."""
    streams.prepare()
    try:
        try:
            return _run(arguments)
        finally:
            streams.finish()
    except BrokenPipeError:
        streams.end_by_broken_pipe()
    except OSError as error:
        streams.tell(streams.sentence(error))
    return 1


def _run(arguments: Sequence[str] | None) -> int:
    try:
        options = _parser().parse(arguments)
        settings = None
        if "config" in options:
            settings = loaded(options)
            for warning in () if options.warns else filter(None, (*settings.warnings, settings.file_warning)):
                streams.tell(f"warning: {warning}")
            settings, found = location.found(settings, options.use)
            if found:
                streams.tell(found)
        return int(options.run(settings, options) or 0)
    except BrokenPipeError:
        raise
    except OSError as error:
        streams.tell(streams.sentence(error))
    except (BackupFailed, ConfigurationError, DatabaseUnusable) as error:
        streams.tell(error)
    except ChatError as error:
        streams.tell(error.detail)
    except ModuleNotFoundError as error:
        if error.name != "psycopg":
            raise
        streams.tell("PostgreSQL needs a library: pip install 'chatd[postgresql]'")
    except KeyboardInterrupt:
        return 130
    return 1


def _parser() -> Parser:
    parser = Parser()
    for group in (serve, demo, chat, config, accounts, groups, invites, reports, copies, moves, doctor):
        group.add_to(parser.commands)
    return parser
