"""Sockets that outlive the request they came by, and the public way, in which the request lasts as long."""

import asyncio
import gc
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from chatd.errors import TooManyConnections
from chatd.http.context import REGISTRY
from tests import raw
from tests.conftest import Start, both_ways
from tests.support import Chat, Person, Socket, until


def requests() -> int:
    """Return how many requests the process holds in its memory."""
    gc.collect()
    return sum(isinstance(each, web.Request) for each in gc.get_objects())


async def nobody_is_there(chat: Chat) -> None:
    """Wait until no socket is counted any more: a limit of one lets one in again."""
    registry = chat.server.app[REGISTRY]

    def is_free() -> bool:
        try:
            registry.admit("127.0.0.1")
        except TooManyConnections:
            return False
        registry.dismiss("127.0.0.1")
        return True

    await until(is_free)
    assert registry.all() == []


@pytest.fixture
async def chat(start: Start) -> Chat:
    """A server that admits one connection."""
    return await start(limits={"connections": 1})


@both_ways
async def test_an_open_socket_holds_its_request_only_by_the_public_way(chat: Chat, fast: bool) -> None:
    alice = await chat.person("alice")
    socket = await alice.connect()
    await socket.ping()
    assert requests() == (0 if fast else 1)
    await socket.close()


async def leave(chat: Chat, alice: Person) -> None:
    """Close as RFC 6455 has it."""
    socket = await alice.connect()
    await socket.ping()
    await socket.close()


async def vanish(chat: Chat, alice: Person) -> None:
    """Be gone without a word."""
    async with raw.connect(chat) as connection:
        await connection.upgrade(alice.token)
        connection.transport.abort()


async def sign_out(chat: Chat, alice: Person) -> None:
    """End the session."""
    socket = await alice.connect()
    await alice.post("/auth/logout", status=204)
    assert await socket.closed() == 4002


async def break_the_rules(chat: Chat, alice: Person) -> None:
    """Send what may not be sent."""
    socket = await alice.connect()
    await socket.ws.send_bytes(b"binary")
    assert await socket.closed() == 1003


@both_ways
@pytest.mark.parametrize("come_and_go", [leave, vanish, sign_out, break_the_rules])
async def test_however_a_socket_ends_its_place_is_free_again(
    chat: Chat, come_and_go: Callable[[Chat, Person], Awaitable[None]]
) -> None:
    await come_and_go(chat, await chat.person("alice"))
    await nobody_is_there(chat)


@both_ways
async def test_who_is_refused_or_leaves_during_the_handshake_takes_no_place(chat: Chat) -> None:
    alice = await chat.person("alice")
    assert await Socket(await chat.client.ws_connect("/messages/ws?token=nonsense")).closed() == 4002
    await nobody_is_there(chat)
    for _ in range(20):
        async with raw.connect(chat) as connection:
            await connection.send(raw.upgrade_head(alice.token))
            connection.transport.abort()
    await nobody_is_there(chat)


@both_ways
async def test_a_stop_closes_a_socket_politely(chat: Chat) -> None:
    alice = await chat.person("alice")
    socket = await alice.connect()
    await socket.ping()
    _, code = await asyncio.gather(chat.server.stop(), socket.closed())
    assert code == 1012


@both_ways
async def test_an_unforeseen_error_ends_the_socket_and_is_logged(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    alice = await chat.person("alice")
    socket = await alice.connect()
    await socket.ping()
    connection: Any
    (connection,) = chat.server.app[REGISTRY].of(alice.id)
    connection._lifetime = None
    await socket.ws.send_bytes(b"which is refused with a goodbye")
    assert await socket.closed() == 1006
    await nobody_is_there(chat)
    assert "socket_failed" in [getattr(record, "event", None) for record in caplog.records]
