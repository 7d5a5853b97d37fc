"""The log: lines for people on a terminal, JSON otherwise, and never a token or a password in either.

Much of a line may come from a client. It cannot end the line, begin another, or move a terminal's cursor.

A line is an event with a name, given as ``extra``, and its fields beside it; ``docs/logs.md`` lists them all. What is
logged on behalf of a request or a socket says its number.
"""

import datetime as dt
import json
import logging
import re
import sys
from contextvars import ContextVar
from typing import IO, Any, Literal

#: Anything shaped like a JWT, and whatever follows ``token=``, ``Bearer`` or ``ticket.``, as far as the next of JSON's
#: escapes.
_SECRETS = re.compile(
    r"eyJ[\w-]*\.[\w-]*\.[\w-]*|(?<=token=)[^\s&\"'\\]+|(?:(?<=[Bb]earer[ .])|(?<=\bticket\.))[^\s\"',\\]+"
)

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


_about: ContextVar[tuple[str, int] | None] = ContextVar("about", default=None)


def about(kind: Literal["request", "connection"], number: int) -> None:
    """Add the request or connection to every line that this task logs from now on.

    Tasks and callbacks that it starts inherit this. Work done for many at once, such as a commit, names each in
    ``extra`` instead.
    """
    _about.set((kind, number))


class _About(logging.Filter):
    """Adds the task's request or connection to a line that names none itself."""

    def filter(self, record: logging.LogRecord) -> bool:
        found = _about.get()
        if found is not None and not vars(record).keys() & {"request", "connection"}:
            setattr(record, *found)
        return True


def redacted(text: str) -> str:
    """Return ``text`` with every secret in it replaced by ``***``."""
    # The expression alone takes 7 µs a line.
    if "eyJ" in text or "token=" in text or "earer" in text or "ticket." in text:
        return _SECRETS.sub("***", text)
    return text


def printable(text: str) -> str:
    r"""Return ``text`` with an escape, such as ``\n`` or ``\u2028``, for every character that is not printable.

    A client may have sent characters that end lines, control a terminal or change the direction of writing.
    """
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode-escape").decode("ascii") for each in text)


def _in_a_line(text: str) -> str:
    """Return ``text`` as part of a text line, in which two spaces separate fields."""
    return printable(text).replace("  ", " \\x20")


def _indented(line: str) -> str:
    """Return a line of a traceback, printable and with its indentation."""
    text = line.lstrip(" ")
    return line[: len(line) - len(text)] + printable(text)


def _in_json(character: str) -> str:
    return json.dumps(character)[1:-1]


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    """Return the fields given as ``extra``."""
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


def _timestamp(record: logging.LogRecord) -> dt.datetime:
    return dt.datetime.fromtimestamp(record.created, dt.UTC)


class TextFormatter(logging.Formatter):
    """``12:00:00 INFO  what happened  key=value``, in local time, without the event, which is for programs."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, with the traceback, if any, indented below it."""
        clock = _timestamp(record).astimezone().strftime("%H:%M:%S")
        fields = "".join(
            f"  {name}={_in_a_line(str(value))}" for name, value in _fields(record).items() if name != "event"
        )
        lines = [f"{clock} {record.levelname:<7} {_in_a_line(record.getMessage())}{fields}"]
        if record.exc_info:
            lines += (f"  {_indented(line)}" for line in self.formatException(record.exc_info).split("\n"))
        return redacted("\n".join(lines))


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message, ``extra`` (event …), exception."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        entry = {
            "time": _timestamp(record).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        line = redacted(json.dumps(entry, ensure_ascii=False, default=str))
        # JSON itself wants the first 32 control characters escaped, and no more.
        return line if line.isprintable() else "".join(each if each.isprintable() else _in_json(each) for each in line)


def configure(level: str, form: Literal["auto", "text", "json"], stream: IO[str] | None = None) -> None:
    """Send the whole process's log to ``stream``.

    :param level: debug, info, warning or error.
    :param form: text, json, or auto: text on a terminal, else json.
    :param stream: standard error by default.
    """
    stream = stream or sys.stderr
    text = form == "text" or (form == "auto" and stream.isatty())
    handler = logging.StreamHandler(stream)
    handler.addFilter(_About())
    handler.setFormatter(TextFormatter() if text else JsonFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(True)
    for noisy in ("aiosqlite", "asyncio", "aiohttp.websocket"):
        logging.getLogger(noisy).setLevel(max(logging.getLogger().level, logging.WARNING))
    for noisier in ("aiohttp.websocket", "psycopg"):
        logging.getLogger(noisier).setLevel(logging.ERROR)
