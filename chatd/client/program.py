"""What a program made with the library needs around its work: an end without a traceback."""

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, NoReturn

from chatd.client.errors import ChatError, NotConfigured


def run_program(main: Coroutine[Any, Any, object]) -> NoReturn:
    """Run the main coroutine of a program, and end the process when it ends.

    The status is 0 at its end, at SIGTERM and at Ctrl-C; 2 where something it needs was not given, and 1 where
    something else went wrong, after one line on standard error that says what. A bug still has its traceback. What the
    library logs goes to standard error, a line each, unless the program has set up logging.
    """
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(until_terminated(main))
    except NotConfigured as error:
        _end(error, 2)
    except (ChatError, OSError) as error:
        _end(error, 1)
    sys.exit(0)


async def until_terminated(main: Coroutine[Any, Any, object]) -> None:
    """Run a coroutine until it ends or SIGTERM comes."""
    task = asyncio.ensure_future(main)
    with contextlib.suppress(NotImplementedError):  # on Windows, where there are no signals
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _end(error: Exception, status: int) -> NoReturn:
    name = Path(sys.argv[0]).name or "python"
    line = " ".join(f"{name}: {error}".split())
    sys.stderr.write(f"{line.encode('utf-8', 'backslashreplace').decode()}\n")
    sys.exit(status)
