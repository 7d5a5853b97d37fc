"""The registry forgets: connections that are gone, and what they counted for."""

import asyncio
import gc
import weakref
from typing import Any

import pytest
from aiohttp import WSServerHandshakeError

from chatd.delivery.registry import Registry
from chatd.http.context import REGISTRY
from tests.conftest import Start
from tests.raw import connect, upgrade_head
from tests.support import Chat, Person, until


def is_empty(registry: Registry) -> bool:
    """Report whether nothing at all is left."""
    return not (registry._by_user or registry._addresses or registry._admitted)


def is_gone(reference: "weakref.ref[Any]") -> bool:
    """Report whether nothing holds a connection any more but a cycle; its task may need a moment to end."""
    gc.collect()
    return reference() is None


async def test_a_connection_that_ends_is_taken_out_without_the_collector(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    registry = chat.server.app[REGISTRY]
    staying = await bob.connect()
    await staying.ping()
    gc.disable()
    try:
        sockets = [await alice.connect() for _ in range(5)]
        await until(lambda: len(registry.of(alice.id)) == 5)
        held = registry.of(alice.id)
        for socket in sockets:
            await socket.close()
        await until(lambda: not registry.of(alice.id))
        assert len(held) == 5
        assert alice.id not in registry._by_user
        assert [each.identity.user_id for each in registry.all()] == [bob.id]
    finally:
        gc.enable()


async def test_a_connection_that_ends_is_kept_by_nobody(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    registry = chat.server.app[REGISTRY]
    socket = await alice.connect()
    await socket.ping()
    (reference,) = [weakref.ref(each) for each in registry.of(alice.id)]
    await bob.send(alice, "hello")
    await socket.receive()
    await socket.close()
    await until(lambda: is_empty(registry))
    await until(lambda: is_gone(reference))


async def test_the_registry_alone_keeps_no_connection(chat: Chat) -> None:
    alice = await chat.person("alice")
    registry = chat.server.app[REGISTRY]
    socket = await alice.connect()
    await socket.ping()
    other = Registry(per_user=0, per_address=0, in_all=0)
    (entry,) = registry._by_user[alice.id]
    client = entry()
    assert client is not None
    other.add(client)
    reference = weakref.ref(client)
    del client
    await socket.close()
    await until(lambda: is_empty(registry))
    await until(lambda: is_gone(reference))
    assert other.all() == []


async def test_nothing_is_left_of_many_that_came_and_went(start: Start) -> None:
    chat = await start(limits={"connections_per_address": 10, "connections_per_user": 3})
    alice, bob = await chat.people("alice", "bobby")
    registry = chat.server.app[REGISTRY]
    await asyncio.gather(*(come_and_go(person, token) for person in (alice, bob) for token in TOKENS * 5))
    await asyncio.gather(*(vanish(chat, alice, percent) for percent in range(0, 101, 4)))
    await until(lambda: is_empty(registry))
    sockets = []
    for person in (alice, alice, alice, bob, bob, bob):
        sockets.append(await person.connect())
        await sockets[-1].ping()


TOKENS = ("", "garbage", None, None)


async def come_and_go(person: Person, token: str | None) -> None:
    """Connect with a token, one's own if it is None, and go; being refused is fine."""
    path = f"/messages/ws?token={person.token if token is None else token}"
    try:
        ws = await person.client.ws_connect(path)
    except WSServerHandshakeError as error:
        if error.status != 503:
            raise
    else:
        await ws.close()


async def vanish(chat: Chat, person: Person, percent: int) -> None:
    """Send so much of a handshake, and be gone without a word."""
    async with connect(chat) as raw:
        head = upgrade_head(person.token)
        await raw.send(head[: len(head) * percent // 100])


async def test_a_handshake_that_fails_counts_for_nothing(start: Start) -> None:
    chat = await start(limits={"connections": 1})
    alice = await chat.person("alice")
    for headers in ({"Sec-WebSocket-Key": "bad"}, {"Origin": "https://evil.org"}, {"Sec-WebSocket-Version": "8"}, {}):
        request = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", **headers}
        async with chat.client.get("/messages/ws", headers=request) as response:
            assert response.status in (400, 403, 426)
    socket = await alice.connect()
    await socket.ping()


@pytest.mark.parametrize("frames", [b"", b"\x81\xff", b"\x89\x80\0\0\0\0" * 3, b"\xff\xff\xff"])
async def test_a_client_that_vanishes_leaves_nothing_and_no_traceback(
    chat: Chat, frames: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    alice = await chat.person("alice")
    registry = chat.server.app[REGISTRY]
    for _ in range(5):
        async with connect(chat) as raw:
            await raw.upgrade(alice.token)
            await raw.send(frames)
    await until(lambda: is_empty(registry))
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
