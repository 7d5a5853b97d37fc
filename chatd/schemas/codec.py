"""JSON as bytes."""

import json
import re
from typing import Any

#: The pieces that an outline is made from: strings, brackets, and integers too long for any field. A string without an
#: end counts, so that no character is examined twice.
_PIECES = re.compile(r'"(?:[^"\\]|\\[\s\S])*+"?|[\[{\]}]|-?[0-9]{100,}')


#: How deep arrays and objects may lie in each other. Python's own limit differs from release to release: about 990 in
#: 3.11, ten times that in 3.13.
DEPTH_MAX = 500


class BeyondReason(ValueError):
    """The text may be JSON, but it is nested too deeply or has a number of too many digits."""


def encode(data: Any) -> bytes:
    """Return ``data`` as JSON in UTF-8."""
    return _ENCODER.encode(data).encode()


def decode(body: bytes | str) -> Any:
    """Parse a client's JSON. A byte order mark before it, which some libraries write, is skipped.

    :raises BeyondReason: it is nested too deeply, or has a number of too many digits.
    :raises ValueError: it is not JSON in UTF-8.
    """
    text = body if isinstance(body, str) else body.decode()
    if text.count("[") + text.count("{") > DEPTH_MAX and _depth(text) > DEPTH_MAX:
        raise BeyondReason("This is nested too deeply.")
    try:
        return _DECODER.decode(text.removeprefix("\ufeff"))
    except json.JSONDecodeError:
        raise
    except ValueError as error:
        if isinstance(error, _NotJson):
            raise
        raise BeyondReason("A number has too many digits.") from None


def _depth(text: str) -> int:
    """Return how deep the brackets of a text are nested at the most."""
    depth = deepest = 0
    for piece in _PIECES.finditer(text):
        if piece[0] in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif piece[0] in "]}":
            depth -= 1
    return deepest


def outline(text: str) -> Any:
    """Parse only the top level of JSON beyond reason: what is nested becomes null, and a number too long 10^100.

    :raises ValueError: not even that is JSON.
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
    """Python's parser accepts this, but it is not JSON."""


def _refuse_constant(name: str) -> None:
    raise _NotJson(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
