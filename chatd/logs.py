"""The log: lines for people on a terminal, JSON otherwise, and never a token or a password in either."""

import datetime as dt
import json
import logging
import re
import sys
from typing import IO, Any, Literal

#: Anything shaped like a JWT, and whatever follows ``token=`` or ``Bearer``, as far as the next of JSON's escapes.
_SECRETS = re.compile(r"eyJ[\w-]*\.[\w-]*\.[\w-]*|(?<=token=)[^\s&\"'\\]+|(?<=[Bb]earer[ .])[^\s\"',\\]+")

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def redacted(text: str) -> str:
    """Return ``text`` with every secret in it replaced by ``***``."""
    return _SECRETS.sub("***", text)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    """Return what was given as ``extra``."""
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


def _timestamp(record: logging.LogRecord) -> dt.datetime:
    return dt.datetime.fromtimestamp(record.created, dt.UTC)


class TextFormatter(logging.Formatter):
    """``12:00:00 INFO  what happened  key=value``, the time local."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, with a traceback below it if there is one."""
        clock = _timestamp(record).astimezone().strftime("%H:%M:%S")
        fields = "".join(f"  {name}={value}" for name, value in _fields(record).items())
        line = f"{clock} {record.levelname:<7} {record.getMessage()}{fields}"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return redacted(line)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message, what was given as extra, exception."""

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
        return redacted(json.dumps(entry, ensure_ascii=False, default=str))


def configure(level: str, form: Literal["auto", "text", "json"], stream: IO[str] | None = None) -> None:
    """Send the whole process's log to ``stream``.

    :param level: debug, info, warning or error.
    :param form: text, json, or auto: text on a terminal, else json.
    :param stream: standard error by default.
    """
    stream = stream or sys.stderr
    text = form == "text" or (form == "auto" and stream.isatty())
    handler = logging.StreamHandler(stream)
    handler.setFormatter(TextFormatter() if text else JsonFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(True)
    for noisy in ("aiosqlite", "asyncio", "aiohttp.websocket"):
        logging.getLogger(noisy).setLevel(max(logging.getLogger().level, logging.WARNING))
    logging.getLogger("aiohttp.websocket").setLevel(logging.ERROR)
