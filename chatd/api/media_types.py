"""``Content-Type`` and similar headers: what a body is, and in which charset."""

import re
from collections.abc import Mapping

from chatd.errors import ChatError

#: The charsets a client may name, and the codec of each. Python's own table of codecs is never asked: some of them take
#: seconds for a body. ASCII is UTF-8 already.
_CHARSETS = {
    **dict.fromkeys(("utf-8", "utf8", "us-ascii", "ascii"), "utf-8"),
    **dict.fromkeys(("iso-8859-1", "iso8859-1", "iso_8859-1", "latin-1", "latin1"), "latin-1"),
}

#: A parameter; a quoted value that does not end takes all the rest, so that no text is looked at twice.
_PARAMETER = re.compile(r';\s*([^\s;="]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^\s;]*))')


class UnsupportedMediaType(ChatError):
    """The body has a type, charset or coding that this server does not accept."""

    code = "unsupported_media_type"


def parse(value: str) -> tuple[str, Mapping[str, str]]:
    """Return what stands before a header's parameters, in small letters, and the parameters: the first of each name.

    :param value: such as ``text/html; charset=utf-8``.
    """
    parameters: dict[str, str] = {}
    for name, quoted, token in _PARAMETER.findall(value):
        parameters.setdefault(name.lower(), re.sub(r"\\(.)", r"\1", quoted) or token)
    return value.partition(";")[0].strip().lower(), parameters


def charset(parameters: Mapping[str, str]) -> str:
    """Return the codec for a body, UTF-8 by default.

    :param parameters: those of its type.
    :raises UnsupportedMediaType: the client names a charset that is not one of the few.
    """
    name = parameters.get("charset") or "utf-8"
    try:
        return _CHARSETS[name.lower()]
    except KeyError:
        raise UnsupportedMediaType("The body must be in UTF-8.") from None
