"""Sends over REST as bytes, on connections that wait for a request as those of busy clients do."""

import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from aiohttp import web

from chatd.http.context import SERVICES
from tests.raw import Raw, connect
from tests.storage.support import hold
from tests.support import Chat, until


def head(token: str, receiver_id: int | str, *lines: str, version: str = "1.1") -> str:
    """Return the head of a send, without its end."""
    first = f"POST /messages/send/{receiver_id} HTTP/{version}"
    return "\r\n".join((first, "Host: a", f"Authorization: Bearer {token}", *lines, ""))


def send(token: str, receiver_id: int | str, body: Any, *lines: str, version: str = "1.1") -> bytes:
    """Return a whole send; a body that is no text is made JSON."""
    data = body if isinstance(body, str) else json.dumps(body)
    return f"{head(token, receiver_id, *lines, version=version)}Content-Length: {len(data)}\r\n\r\n{data}".encode()


@contextlib.asynccontextmanager
async def resting(chat: Chat) -> AsyncIterator[Raw]:
    """Connect, and ask for something else first: then the server waits for the next request."""
    async with connect(chat) as raw:
        await raw.send("GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (await raw.answer())[0] == 200
        await waits(chat)
        yield raw


def server_of(chat: Chat) -> web.Server:
    """Return aiohttp's server."""
    runner = chat.server._runner
    assert runner is not None
    assert runner.server is not None
    return runner.server


def newest(chat: Chat) -> web.RequestHandler:
    """Return the server's side of the connection that was opened last."""
    return server_of(chat).connections[-1]


async def waits(chat: Chat) -> None:
    """Return when the newest connection waits for a request."""
    await until(lambda: newest(chat)._waiter is not None)


async def held(chat: Chat, raw: Raw, request: bytes) -> Callable[[], Awaitable[None]]:
    """Send a request and have its commit wait; return what lets it go on."""
    database = chat.server.app[SERVICES].database
    gate, holding = await hold(database)
    await raw.send(request)
    await until(lambda: database.queue_length)

    async def go_on() -> None:
        gate.open()
        await holding
        await database.write(lambda _: None)  # which comes after it

    return go_on
