"""Checks and normalizes the head of a request before it reaches a handler."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol, cast

from aiohttp import HttpVersion10, HttpVersion11, StreamReader
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import RawRequestMessage
from aiohttp.http_exceptions import BadHttpMessage, HttpProcessingError, LineTooLong
from aiohttp.web import BaseRequest, RequestHandler
from multidict import CIMultiDict, CIMultiDictProxy, MultiMapping

#: The longest target of a request (the path with its query) in bytes: RFC 9112, section 3, asks for at least 8000. It
#: differs from :data:`MAX_FIELD`, as by this number alone aiohttp tells which of the two was too long.
MAX_TARGET = 8192

#: The longest header in bytes, its name included.
MAX_FIELD = 8190

#: How many headers a request may have.
MAX_FIELDS = 128

#: How long the values of all headers may be together, in bytes, as in nginx. Some headers are lists, and splitting a
#: megabyte of list would block all clients for a second.
MAX_HEADERS = 32 * 1024

_VERSIONS = (HttpVersion11, HttpVersion10)

#: Headers of an upgrade: lists, which may be spread over several lines.
_UPGRADE, _SUBPROTOCOLS = "Upgrade", "Sec-WebSocket-Protocol"


RequestFactory = Callable[
    [RawRequestMessage, StreamReader, RequestHandler, AbstractStreamWriter, "asyncio.Task[None]"], BaseRequest
]


class Begins(Protocol):
    """A connection that is told when a request object is made."""

    def begin(self, body: StreamReader) -> None:
        """Called when a request is about to be answered."""


class UnfitHead(BadHttpMessage):
    """A head that cannot become a request."""


class HeadTooLarge(UnfitHead):
    """A head whose headers are too long together."""


def readable(build: RequestFactory) -> RequestFactory:
    """Return a request factory that normalizes each head and then tells the connection, which :class:`Begins`.

    :param build: makes the requests; the connection answers what it raises.
    """

    def build_readable(
        message: RawRequestMessage,
        payload: StreamReader,
        connection: RequestHandler,
        writer: AbstractStreamWriter,
        task: "asyncio.Task[None]",
    ) -> BaseRequest:
        request = build(fit(message), payload, connection, writer, task)
        cast(Begins, connection).begin(payload)
        return request

    return build_readable


def fit(message: RawRequestMessage) -> RawRequestMessage:
    """Return a normalized head: every header is text, and one that offers WebSocket offers nothing else.

    :raises HeadTooLarge: its headers are longer than :data:`MAX_HEADERS` together.
    :raises UnfitHead: the target is not text, the version is unknown, or it is unclear where the request ends.
    """
    headers = message.headers
    values = "".join(headers.values())
    if len(values) > MAX_HEADERS:
        raise HeadTooLarge("the headers are too large together")
    if message.version not in _VERSIONS:
        raise UnfitHead("neither HTTP/1.0 nor HTTP/1.1")
    if "Transfer-Encoding" in headers and not (message.chunked and message.version == HttpVersion11):
        raise UnfitHead("where the body ends is unclear")  # RFC 9112, sections 6.1 and 6.3
    if not message.path.isascii() and not _is_text(message.path):
        raise UnfitHead("the target is not UTF-8")
    if not values.isascii():
        texts = ((name, _text(value)) for name, value in headers.items())
        message = message._replace(headers=CIMultiDictProxy(CIMultiDict(texts)))
    return _with_upgrade(message) if _UPGRADE in headers else message


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:  # aiohttp reads a byte that is not UTF-8 as a lone surrogate
        return False
    return True


def _text(value: str) -> str:
    """Return a header's value with each byte that is not UTF-8 replaced by U+FFFD, which is not white space."""
    return value if _is_text(value) else value.encode(errors="surrogateescape").decode(errors="replace")


def _with_upgrade(message: RawRequestMessage) -> RawRequestMessage:
    """Return a head that offers WebSocket alone or, in HTTP/1.0, nothing: RFC 9110, section 7.8."""
    headers = CIMultiDict(message.headers)
    offers = [item.lower() for item in items(message.headers, _UPGRADE)]
    upgrade = message.version >= HttpVersion11 and "websocket" in offers
    if upgrade:
        headers[_UPGRADE] = "websocket"
        if subprotocols := items(message.headers, _SUBPROTOCOLS):
            headers[_SUBPROTOCOLS] = ", ".join(subprotocols)
        upgrade = "upgrade" in (item.lower() for item in items(message.headers, "Connection"))
    else:
        del headers[_UPGRADE]
    return message._replace(headers=CIMultiDictProxy(headers), upgrade=upgrade)


def items(headers: MultiMapping[str], name: str) -> list[str]:
    """Return the items of a list header, from all its lines: RFC 9110, section 5.6.1."""
    parts = (part.strip() for value in headers.getall(name, ()) for part in value.split(","))
    return [part for part in parts if part]


def bearer_token(headers: Mapping[str, str]) -> str | None:
    """Return the bearer token of a request, or None: RFC 6750, section 2.1."""
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def status_of(error: HttpProcessingError) -> int:
    """Return the status for a head that was refused."""
    if isinstance(error, LineTooLong):
        return 414 if error.args[1] == MAX_TARGET else 431
    return 431 if isinstance(error, HeadTooLarge) or error.message.startswith("Too many headers") else 400
