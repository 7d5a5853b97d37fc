"""Reading the bodies of requests: of the right type and size, in time, and well formed."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

from aiohttp import StreamReader, hdrs, web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web import RequestPayloadError
from marshmallow import Schema, ValidationError

from chatd import schemas
from chatd.api.forms import read_multipart, read_urlencoded
from chatd.api.media_types import UnsupportedMediaType, charset, parse
from chatd.errors import ChatError
from chatd.http.heads import items

#: The largest body of a request, in bytes, except for uploads.
MAX_BODY = 64 * 1024

#: The largest file, in bytes.
MAX_UPLOAD = 2 * 1024 * 1024

#: A body must have arrived this long after its head, in seconds.
BODY_TIMEOUT = 15.0

#: The values of Content-Type by which nearly every client says that its body is JSON in UTF-8; none means the same.
USUAL_JSON = frozenset(
    {
        None,
        "application/json",
        *(f"application/json;{blank}charset={utf8}" for blank in ("", " ") for utf8 in ("utf-8", "UTF-8")),
    }
)

_URLENCODED = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"

#: The errors of a malformed body: from our own parsers, and from aiohttp, also for a client that has left.
_MALFORMED = (ValueError, RuntimeError, RequestPayloadError, HttpProcessingError)

#: The fields of a parsed body.
_Fields = Mapping[str, Any]


class MalformedJson(ChatError):
    """The body is not JSON."""

    code = "malformed_json"


class MalformedForm(ChatError):
    """The body is not a form."""

    code = "malformed_form"


def refuse_larger(request: web.Request, max_size: int) -> None:
    """Refuse a request that announces a body of more than ``max_size`` bytes.

    :raises web.HTTPRequestEntityTooLarge: it does.
    """
    _refuse_more(request.content_length or 0, max_size)


class Body(ABC):
    """The kind of body that a route takes."""

    malformed: type[ChatError] = MalformedForm
    max_size = MAX_BODY
    is_required = True

    async def read(self, request: web.Request) -> _Fields:
        """Return the fields of a request's body.

        :raises UnsupportedMediaType: its type, charset or coding is not accepted.
        :raises ValidationError: a field is invalid.
        :raises ChatError: it is malformed.
        :raises web.HTTPException: it is too large or too late.
        """
        codings = {coding.lower() for coding in items(request.headers, hdrs.CONTENT_ENCODING)}
        transfer = request.headers.get(hdrs.TRANSFER_ENCODING, "chunked").lower().strip()
        if codings - {"identity"} or transfer != "chunked":
            raise UnsupportedMediaType("The body must not be compressed.")
        parser = self._parser(request.headers.get(hdrs.CONTENT_TYPE))
        refuse_larger(request, self.max_size)
        try:
            return parser(await _whole(request.content, self.max_size))
        except schemas.BeyondReason as error:
            raise self.malformed(str(error)) from error
        except _MALFORMED as error:
            raise self.malformed from error

    @abstractmethod
    def _parser(self, content_type: str | None) -> Callable[[bytes], _Fields]:
        """Return a parser for a body of this type; it raises a ValueError if the body is malformed.

        :param content_type: the header's value.
        :raises UnsupportedMediaType: the route does not take this type.
        """

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """Return the body's media types and schemas, as OpenAPI writes them."""


class JsonBody(Body):
    """A JSON object."""

    malformed = MalformedJson

    def __init__(
        self, schema: Schema, plain: Callable[[bytes], _Fields | None] | None = None, *, is_required: bool = True
    ) -> None:
        """Create it.

        :param schema: loads the fields.
        :param plain: a faster parser, tried first: it returns what the schema would, or None to leave it to that.
        :param is_required: whether there has to be a body; without one every field is left out.
        """
        self._schema = schema
        self._plain = plain
        self.is_required = is_required

    async def read(self, request: web.Request) -> _Fields:
        """Return the fields of a request's body: see :meth:`Body.read`."""
        if not (self.is_required or request.can_read_body or "json" in request.headers.get(hdrs.CONTENT_TYPE, "")):
            return self._parse(b"{}")
        return await super().read(request)

    def _parser(self, content_type: str | None) -> Callable[[bytes], _Fields]:
        if content_type in USUAL_JSON:
            return self._parse
        kind, parameters = parse(content_type or "")
        if kind not in ("application/json", "text/json") and not kind.endswith("+json"):
            raise UnsupportedMediaType("The body must be JSON, and say so: Content-Type: application/json.")
        codec = charset(parameters)
        return self._parse if codec == "utf-8" else lambda body: self._load(body.decode(codec))

    def _parse(self, body: bytes) -> _Fields:
        fields = None if self._plain is None else self._plain(body)
        return self._load(body) if fields is None else fields

    def _load(self, body: bytes | str) -> _Fields:
        return cast(_Fields, self._schema.load(schemas.decode(body)))

    def describe(self) -> dict[str, Any]:
        """Return the media type and schema."""
        return {"application/json": {"schema": self._schema}}


class FormBody(Body):
    """A URL-encoded form, and no other kind: any page may send a multipart form."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def _parser(self, content_type: str | None) -> Callable[[bytes], _Fields]:
        kind, parameters = parse(content_type or _URLENCODED)
        if kind != _URLENCODED:
            raise UnsupportedMediaType(f"The body must be a form, and say so: Content-Type: {_URLENCODED}.")
        return partial(self._parse, charset(parameters))

    def _parse(self, codec: str, body: bytes) -> _Fields:
        return cast(_Fields, self._schema.load(read_urlencoded(body, codec)))

    def describe(self) -> dict[str, Any]:
        """Return the media type and schema."""
        return {_URLENCODED: {"schema": self._schema}}


class UploadBody(Body):
    """A multipart form with one file in it."""

    max_size = MAX_UPLOAD + MAX_BODY

    def __init__(self, field: str) -> None:
        self._field = field

    def _parser(self, content_type: str | None) -> Callable[[bytes], _Fields]:
        kind, parameters = parse(content_type or "")
        if kind != _MULTIPART:
            raise UnsupportedMediaType(f"The file must be sent in a form of the type {_MULTIPART}.")
        charset(parameters)
        boundary = parameters.get("boundary")
        if boundary is None:
            raise self.malformed("The Content-Type of the form names no boundary.")
        return partial(self._parse, boundary)

    def _parse(self, boundary: str, body: bytes) -> _Fields:
        for part in read_multipart(body, boundary):
            if part.name == self._field:
                if len(part.content) > MAX_UPLOAD:
                    raise web.HTTPRequestEntityTooLarge(max_size=MAX_UPLOAD, actual_size=len(part.content))
                return {self._field: part.content}
        raise ValidationError({self._field: ["Missing data for required field."]})

    def describe(self) -> dict[str, Any]:
        """Return the media type and schema."""
        file = {"type": "string", "format": "binary", "contentMediaType": "application/octet-stream"}
        schema = {"type": "object", "properties": {self._field: file}, "required": [self._field]}
        return {_MULTIPART: {"schema": schema}}


async def _whole(content: StreamReader, max_size: int) -> bytes:
    """Return a whole body; most arrive together with their head.

    :raises web.HTTPRequestEntityTooLarge: it is longer than ``max_size``; the rest is not read.
    :raises web.HTTPRequestTimeout: it does not arrive in time.
    """
    if content.is_eof():
        body = content.read_nowait()  # saves four calls that aiohttp's read() makes
        _refuse_more(len(body), max_size)
        return body
    pieces = bytearray()
    try:
        async with asyncio.timeout(BODY_TIMEOUT):
            while piece := await content.readany():
                pieces += piece
                _refuse_more(len(pieces), max_size)
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    return bytes(pieces)


def _refuse_more(size: int, max_size: int) -> None:
    if size > max_size:
        raise web.HTTPRequestEntityTooLarge(max_size=max_size, actual_size=size)
