"""Percent-encoding in paths, queries and forms."""

import re
from urllib.parse import unquote_to_bytes

#: The error for a bad escape.
BAD_ESCAPE = "A percent sign must begin an escape such as %20, and the escaped bytes must be UTF-8."

_STRAY = re.compile(rb"%(?![0-9A-Fa-f]{2})")


def unescape(text: bytes, charset: str = "utf-8") -> str:
    """Decode a text with percent escapes.

    :param charset: the encoding of the bytes.
    :raises ValueError: a percent sign begins no escape, or the bytes cannot be decoded.
    """
    if _STRAY.search(text):
        raise ValueError(BAD_ESCAPE)
    return unquote_to_bytes(text).decode(charset)


def shown(text: bytes) -> str:
    """Decode a text with percent escapes as far as possible, for an error message."""
    return unquote_to_bytes(text).decode(errors="replace")
