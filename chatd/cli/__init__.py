"""The command line: thin, one file a group of commands, one function a command.

A command imports what it does from inside its function, so that none waits for what another needs.
"""

import sys
from collections.abc import Sequence

from chatd.cli import accounts, chat, config, copies, doctor, reports, serve
from chatd.cli.parsing import Parser, loaded
from chatd.errors import BackupFailed, ChatError, ConfigurationError, DatabaseUnusable


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status: 0, 1 for what could not be done, 2 for how it was asked."""
    options = _parser().parse(arguments)
    try:
        return int(options.run(loaded(options) if "config" in options else None, options) or 0)
    except (BackupFailed, ConfigurationError, DatabaseUnusable, OSError) as error:
        print(f"chatd: {error}", file=sys.stderr)
    except ChatError as error:
        print(f"chatd: {error.detail}", file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    return 1


def _parser() -> Parser:
    parser = Parser()
    for group in (serve, chat, config, accounts, reports, copies, doctor):
        group.add_to(parser.commands)
    return parser
