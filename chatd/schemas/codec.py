"""JSON as bytes."""

import json
import re
from typing import Any

#: What the outline of a text is made from: its strings, its brackets, and integers that no field can hold. A string
#: without an end is one, too: so no character is looked at twice.
_PIECES = re.compile(r'"(?:[^"\\]|\\[\s\S])*+"?|[\[{\]}]|-?[0-9]{100,}')


class BeyondReason(ValueError):
    """It is JSON as far as it was read, but nested deeper, or with longer numbers, than anybody could mean."""


def encode(data: Any) -> bytes:
    """Return ``data`` as JSON in UTF-8."""
    return _ENCODER.encode(data).encode()


def decode(body: bytes | str) -> Any:
    """Return what a client's JSON says; a byte order mark before it, which some libraries write, is skipped.

    :raises ValueError: it is not JSON in UTF-8; a :class:`BeyondReason`, if it is nested or long beyond reason.
    """
    text = body if isinstance(body, str) else body.decode()
    try:
        return _DECODER.decode(text.removeprefix("\ufeff"))
    except RecursionError:
        raise BeyondReason("This is nested too deeply.") from None
    except json.JSONDecodeError:
        raise
    except ValueError as error:
        if isinstance(error, _NotJson):
            raise
        raise BeyondReason("A number has too many digits.") from None


def outline(text: str) -> Any:
    """Return what JSON beyond reason says at its top: null for all that has members, 0 for numbers too long.

    :raises ValueError: not even that can be read.
    """
    kept: list[str] = []
    depth = start = 0
    for piece in _PIECES.finditer(text):
        if piece[0] in "[{":
            depth += 1
            if depth == 2:
                kept.append(text[start : piece.start()])
        elif piece[0] in "]}":
            depth -= 1
            if depth == 1:
                kept.append("null")
                start = piece.end()
        elif depth <= 1 and piece[0][0] != '"':
            kept += text[start : piece.start()], str(10**100)
            start = piece.end()
    return decode("".join((*kept, text[start:])))


class _NotJson(ValueError):
    """Python accepts it, and JSON does not."""


def _refuse_constant(name: str) -> None:
    raise _NotJson(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
