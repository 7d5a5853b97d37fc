"""A command's standard streams, made safe: open, and able to write every character."""

import contextlib
import errno
import os
import signal
import sys
from io import TextIOWrapper, UnsupportedOperation
from typing import NoReturn


def prepare() -> None:
    """Open the streams that are closed, and write characters that an encoding lacks as ``\\u65e5``.

    A file opened while a standard stream is closed would get its number, and an error would be written into that file.
    """
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the smallest number there is, this one
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115
        stream = getattr(sys, name)
        if isinstance(stream, TextIOWrapper):
            with contextlib.suppress(UnsupportedOperation):  # somebody has read from it before
                stream.reconfigure(errors="surrogateescape" if name == "stdin" else "backslashreplace")
                if name == "stdout":  # with PYTHONUNBUFFERED a full disk would be met in the middle of a command
                    stream.reconfigure(write_through=False)


def tell(text: object) -> None:
    """Print a line for people on standard error."""
    line = "".join(f"\\x{ord(each):02x}" if each < " " or each == "\x7f" else each for each in str(text))
    print(f"chatd: {line}", file=sys.stderr)


def sentence(error: OSError) -> str:
    """Return the system's message of an error, without its number."""
    if error.strerror is None:
        return str(error)
    return error.strerror if error.filename is None else f"{error.strerror}: {os.fsdecode(error.filename)}"


def finish() -> None:
    """Flush standard output.

    :raises OSError: it could not be written, and will not be tried again.
    """
    try:
        sys.stdout.flush()
    except OSError as error:
        discard()
        if error.errno != errno.EPIPE:
            error.filename = "standard output"
        raise


def discard() -> None:
    """Discard all further output: nobody reads it, or there is no room for it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with contextlib.suppress(OSError, ValueError):
        os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def end_by_broken_pipe() -> NoReturn:
    """End as programs do whose output nobody reads any more, as in ``chatd config | head -1``."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGPIPE)
    raise AssertionError("the signal ends the process")
