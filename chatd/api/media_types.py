"""``Content-Type`` and similar headers: the type of a body, and its charset."""

import re
from collections.abc import Mapping

from chatd.errors import ChatError

#: The charsets a client may name, and the codec of each. Python's own table is never asked: some of its codecs take
#: seconds for a body. ASCII is a subset of UTF-8.
_CHARSETS = {
    **dict.fromkeys(("utf-8", "utf8", "us-ascii", "ascii"), "utf-8"),
    **dict.fromkeys(("iso-8859-1", "iso8859-1", "iso_8859-1", "latin-1", "latin1"), "latin-1"),
}

#: A parameter; an unterminated quoted value takes all the rest, so that no text is scanned twice.
_PARAMETER = re.compile(r';\s*([^\s;="]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^\s;]*))')


class UnsupportedMediaType(ChatError):
    """The body has a type, charset or coding that this server does not accept."""

    code = "unsupported_media_type"


def parse(value: str) -> tuple[str, Mapping[str, str]]:
    """Return a header's value before its parameters, in lower case, and the parameters: the first of each name.

    :param value: such as ``text/html; charset=utf-8``.
    """
    parameters: dict[str, str] = {}
    for name, quoted, token in _PARAMETER.findall(value):
        parameters.setdefault(name.lower(), re.sub(r"\\(.)", r"\1", quoted) or token)
    return value.partition(";")[0].strip().lower(), parameters


def charset(parameters: Mapping[str, str]) -> str:
    """Return the codec of a body, UTF-8 by default.

    :param parameters: the parameters of its media type.
    :raises UnsupportedMediaType: the charset is not supported.
    """
    name = parameters.get("charset") or "utf-8"
    try:
        return _CHARSETS[name.lower()]
    except KeyError:
        raise UnsupportedMediaType("The body must be in UTF-8.") from None
