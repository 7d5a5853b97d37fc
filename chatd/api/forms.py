"""URL-encoded and multipart forms, parsed from complete bodies of bounded size."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from marshmallow import ValidationError

from chatd.api.media_types import UnsupportedMediaType, charset, parse
from chatd.http.escapes import BAD_ESCAPE, shown, unescape

#: The most fields in a form. OAuth2's has six, an upload one.
MAX_FIELDS = 100

#: The longest head of a part, in bytes: the limit of a request's own header.
MAX_PART_HEAD = 8 * 1024

#: RFC 2046, section 5.1.1, but more lenient: any printable ASCII that does not end in a space.
_BOUNDARY = re.compile(r"[ -~]{0,69}[!-~]")

#: A header folded into the next line: RFC 5322, section 2.2.3.
_FOLD = re.compile(r"\r\n[ \t]+")

#: The identity transfer encodings: RFC 2045, section 6.2.
_AS_IT_IS = ("", "7bit", "8bit", "binary")


class Part(NamedTuple):
    """One field of a multipart form."""

    name: str
    content: bytes


def read_urlencoded(body: bytes, codec: str) -> dict[str, str]:
    """Return the fields of a URL-encoded form; of several with one name, the first.

    :param codec: the codec of its texts.
    :raises ValueError: it has too many fields, or bytes that the codec cannot decode.
    :raises ValidationError: a field has a bad escape.
    """
    body.decode(codec)
    pairs = body.split(b"&", MAX_FIELDS)
    if len(pairs) > MAX_FIELDS:
        raise ValueError("too many fields")
    fields: dict[str, str] = {}
    for pair in filter(None, pairs):
        name, _, value = pair.replace(b"+", b" ").partition(b"=")
        try:
            fields.setdefault(unescape(name, codec), unescape(value, codec))
        except ValueError:
            raise ValidationError({shown(name): [BAD_ESCAPE]}) from None
    return fields


def read_multipart(body: bytes, boundary: str) -> list[Part]:
    """Return the fields of a multipart form: RFC 7578.

    :raises ValueError: it is malformed.
    :raises UnsupportedMediaType: a part is encoded, or in an unsupported charset.
    """
    if not _BOUNDARY.fullmatch(boundary):
        raise ValueError("not a boundary")
    delimiter = b"\r\n--" + boundary.encode()
    at = len(delimiter) - 2 if body.startswith(delimiter[2:]) else body.index(delimiter) + len(delimiter)
    parts: list[Part] = []
    while not body.startswith(b"--", at):
        if len(parts) == MAX_FIELDS:
            raise ValueError("too many fields")
        line_end = body.index(b"\r\n", at, at + MAX_PART_HEAD)
        if body[at:line_end].strip(b" \t"):
            raise ValueError("not a delimiter")
        end = body.index(delimiter, line_end)
        head_end = body.index(b"\r\n\r\n", line_end, min(end, line_end + MAX_PART_HEAD))
        parts.append(Part(_name(body[line_end + 2 : head_end]), body[head_end + 4 : end]))
        at = end + len(delimiter)
    return parts


def _name(head: bytes) -> str:
    """Return the name of the part with this head."""
    headers = _headers(head)
    if headers.get("content-transfer-encoding", "").lower() not in _AS_IT_IS or "content-encoding" in headers:
        raise UnsupportedMediaType("The parts of a form must not be encoded.")
    _, parameters = parse(headers.get("content-type", ""))
    if parameters.get("charset", "").lower() != "binary":  # as `file --mime` says of pictures
        charset(parameters)
    kind, parameters = parse(headers.get("content-disposition", ""))
    if kind != "form-data" or "name" not in parameters:
        raise ValueError("a part without a name")
    return parameters["name"]


def _headers(head: bytes) -> Mapping[str, str]:
    headers: dict[str, str] = {}
    for line in _FOLD.sub(" ", head.decode(errors="replace")).split("\r\n"):
        name, colon, value = line.partition(":")
        if not colon:
            raise ValueError("not a header")
        headers.setdefault(name.strip().lower(), value.strip())
    return headers
