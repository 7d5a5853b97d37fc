"""Reading the bodies of requests: in time, bounded, and well formed."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, cast

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web import RequestPayloadError
from marshmallow import Schema, ValidationError

from chatd import schemas
from chatd.errors import ChatError

#: The largest body of a request, in bytes; an upload may have more.
MAX_BODY = 64 * 1024

#: The largest file, in bytes.
MAX_UPLOAD = 2 * 1024 * 1024

#: A body must have arrived this long after its head, in seconds.
BODY_TIMEOUT = 15.0


class MalformedJson(ChatError):
    """The body is not JSON."""

    code = "malformed_json"


class MalformedForm(ChatError):
    """The body is not a form."""

    code = "malformed_form"


def refuse_larger(request: web.Request, max_size: int) -> None:
    """Refuse a request that says it has more than ``max_size`` bytes to come.

    :raises web.HTTPRequestEntityTooLarge: it has.
    """
    size = request.content_length or 0
    if size > max_size:
        raise web.HTTPRequestEntityTooLarge(max_size=max_size, actual_size=size)


class Body(ABC):
    """What a route takes as its body."""

    malformed: type[ChatError] = MalformedForm
    max_size = MAX_BODY

    async def read(self, request: web.Request) -> Mapping[str, Any]:
        """Return the fields of a request's body.

        :raises ValidationError: a field is not as it should be.
        :raises web.HTTPException: it is too large, too late or compressed.
        """
        coding = request.headers.get("Content-Encoding", "identity").lower()
        if coding != "identity" or request.headers.get("Transfer-Encoding", "chunked").lower().strip() != "chunked":
            raise web.HTTPUnsupportedMediaType
        refuse_larger(request, self.max_size)
        try:
            if request.content.is_eof():  # the usual body has come with its head
                return await self._read(request)
            async with asyncio.timeout(BODY_TIMEOUT):
                return await self._read(request)
        except TimeoutError:
            raise web.HTTPRequestTimeout from None
        except (ValidationError, web.HTTPException):
            raise
        except (ValueError, LookupError, RuntimeError, RequestPayloadError, HttpProcessingError) as error:
            raise self.malformed from error

    @abstractmethod
    async def _read(self, request: web.Request) -> Mapping[str, Any]: ...

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """Return the body's media types and schemas, as OpenAPI has them."""


class JsonBody(Body):
    """A JSON object."""

    malformed = MalformedJson

    def __init__(self, schema: Schema, plain: Callable[[bytes], Mapping[str, Any] | None] | None = None) -> None:
        """Take bodies that a schema loads.

        :param plain: what is asked first: it returns what the schema would, or None where that has to look.
        """
        self._schema = schema
        self._plain = plain

    async def _read(self, request: web.Request) -> Mapping[str, Any]:
        body = await self._all_of(request)
        fields = None if self._plain is None else self._plain(body)
        return cast(Mapping[str, Any], self._schema.load(schemas.decode(body))) if fields is None else fields

    async def _all_of(self, request: web.Request) -> bytes:
        if not request.content.is_eof():
            return await request.read()
        body = request.content.read_nowait()  # in one piece, without the four calls that aiohttp's own way takes
        if len(body) > self.max_size:
            raise web.HTTPRequestEntityTooLarge(max_size=self.max_size, actual_size=len(body))
        return body

    def describe(self) -> dict[str, Any]:
        """Return the media type and schema."""
        return {"application/json": {"schema": self._schema}}


class FormBody(Body):
    """A form, URL-encoded or as multipart."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    async def _read(self, request: web.Request) -> Mapping[str, Any]:
        return cast(Mapping[str, Any], self._schema.load(await request.post()))

    def describe(self) -> dict[str, Any]:
        """Return the media type and schema."""
        return {"application/x-www-form-urlencoded": {"schema": self._schema}}


class UploadBody(Body):
    """A multipart form with one file in it."""

    max_size = MAX_UPLOAD + MAX_BODY

    def __init__(self, field: str) -> None:
        self._field = field

    async def _read(self, request: web.Request) -> Mapping[str, Any]:
        if request.content_type != "multipart/form-data":
            raise ValidationError({self._field: ["Missing data for required field."]})
        reader = await request.multipart()
        while (part := await reader.next()) is not None:
            if isinstance(part, BodyPartReader) and part.name == self._field:
                return {self._field: await _read_file(part)}
            await part.release()
        raise ValidationError({self._field: ["Missing data for required field."]})

    def describe(self) -> dict[str, Any]:
        """Return the media type and schema."""
        file = {"type": "string", "contentMediaType": "application/octet-stream"}
        schema = {"type": "object", "properties": {self._field: file}, "required": [self._field]}
        return {"multipart/form-data": {"schema": schema}}


async def _read_file(part: BodyPartReader) -> bytes:
    content = bytearray()
    while chunk := await part.read_chunk():
        content += chunk
        if len(content) > MAX_UPLOAD:
            raise web.HTTPRequestEntityTooLarge(max_size=MAX_UPLOAD, actual_size=len(content))
    return bytes(content)
