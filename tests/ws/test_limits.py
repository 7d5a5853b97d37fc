"""How many sockets there may be, and how much a client may send over one."""

import asyncio
import json

import pytest
from aiohttp import WSMsgType, WSServerHandshakeError

from chatd.http.context import REGISTRY
from tests.conftest import Start
from tests.raw import CLOSE, TEXT, connect
from tests.support import PATIENCE, Chat, Person, Socket, error_of, until
from tests.ws.test_handshake import UPGRADE

FRAME = 64 * 1024


def ping_of(size: int) -> bytes:
    """Return a ping of ``size`` bytes."""
    empty = json.dumps({"type": "ping", "padding": ""})
    return json.dumps({"type": "ping", "padding": "x" * (size - len(empty))}).encode()


async def connected(person: Person) -> Socket:
    """Connect, and see that the server has taken the connection in."""
    socket = await person.connect()
    await socket.ping()
    return socket


async def close(chat: Chat, socket: Socket) -> None:
    """Close a socket and see the server forget it."""
    registry = chat.server.app[REGISTRY]
    before = len(registry.all())
    await socket.close()
    await until(lambda: len(registry.all()) < before)


async def is_refused(chat: Chat, person: Person, address: str) -> bool:
    """Try to connect from an address behind a proxy, and report whether there was no handshake."""
    headers = {"X-Forwarded-For": address}
    try:
        socket = Socket(await person.client.ws_connect(f"/messages/ws?token={person.token}", headers=headers))
    except WSServerHandshakeError as error:
        if error.status != 503:
            raise
        return True
    await socket.ping()
    await close(chat, socket)
    return False


async def test_one_connection_too_many_closes_the_users_oldest(start: Start) -> None:
    chat = await start(limits={"connections_per_user": 2})
    alice, bob = await chat.people("alice", "bobby")
    other = await bob.connect()
    first, second, third = [await connected(alice) for _ in range(3)]
    assert await first.closed() == 4009
    fourth = await connected(alice)
    assert await second.closed() == 4009
    for socket in (third, fourth, other):
        await socket.ping()


async def test_a_connection_that_was_closed_counts_no_more(start: Start) -> None:
    chat = await start(limits={"connections_per_user": 2})
    alice = await chat.person("alice")
    first, second = await connected(alice), await connected(alice)
    await close(chat, second)
    third = await alice.connect()
    await first.ping()
    await third.ping()


async def test_one_connection_too_many_of_an_address_is_refused_with_503(start: Start) -> None:
    chat = await start(limits={"connections_per_address": 2})
    alice = await chat.person("alice")
    first, _second = await connected(alice), await connected(alice)
    async with chat.client.get("/messages/ws", headers=UPGRADE) as response:
        assert await error_of(response) == (503, "too_many_connections")
        assert int(response.headers["Retry-After"]) > 0
        assert "Sec-WebSocket-Accept" not in response.headers
    await close(chat, first)
    third = await alice.connect()
    await third.ping()


async def test_addresses_are_counted_apart_and_an_ipv6_customer_as_one(start: Start) -> None:
    chat = await start(limits={"connections_per_address": 1}, server={"trusted_proxies": ["127.0.0.1"]})
    alice = await chat.person("alice")
    path = f"/messages/ws?token={alice.token}"
    for address in ("192.0.2.1", "2001:db8:1:1::1"):
        await Socket(await chat.client.ws_connect(path, headers={"X-Forwarded-For": address})).ping()
    assert await is_refused(chat, alice, "192.0.2.1")
    assert await is_refused(chat, alice, "::ffff:192.0.2.1")
    assert not await is_refused(chat, alice, "192.0.2.2")
    assert await is_refused(chat, alice, "2001:db8:1:1::2")
    assert not await is_refused(chat, alice, "2001:db8:1:2::1")


async def test_one_connection_too_many_in_all_is_refused_with_503(start: Start) -> None:
    chat = await start(limits={"connections": 2}, server={"trusted_proxies": ["127.0.0.1"]})
    alice, bob = await chat.people("alice", "bobby")
    first, _second = await connected(alice), await connected(bob)
    assert await is_refused(chat, alice, "192.0.2.1")
    assert await is_refused(chat, bob, "192.0.2.2")
    await close(chat, first)
    assert not await is_refused(chat, alice, "192.0.2.1")


async def test_a_frame_of_64_kib_is_heard_and_one_byte_more_is_1009(chat: Chat) -> None:
    alice = await chat.person("alice")
    socket, other = await alice.connect(), await alice.connect()
    await socket.send(ping_of(FRAME).decode())
    assert await socket.receive() == {"type": "pong"}
    await socket.send(ping_of(FRAME + 1).decode())
    assert await socket.closed() == 1009
    await other.ping()


async def test_a_message_in_fragments_is_heard_up_to_64_kib_too(chat: Chat) -> None:
    alice = await chat.person("alice")
    for size, expected in ((FRAME, (TEXT, b'{"type":"pong"}')), (FRAME + 1, (CLOSE, b"\x03\xf1"))):
        async with connect(chat) as raw:
            await raw.upgrade(alice.token)
            ping = ping_of(size)
            await raw.send_frame(ping[:40_000], final=False)
            await raw.send_frame(ping[40_000:], opcode=0)
            opcode, payload = await raw.receive_frame()
            assert (opcode, payload[:15] if opcode == TEXT else payload[:2]) == expected


async def test_a_binary_frame_is_1003(chat: Chat) -> None:
    alice = await chat.person("alice")
    socket = await alice.connect()
    await socket.ws.send_bytes(b'{"type":"ping"}')
    assert await socket.closed() == 1003


@pytest.mark.parametrize("text", [b"\xff", b'{"type":"ping"}\xc3', b"\xed\xa0\x80"])
async def test_text_that_is_not_utf8_is_1007(chat: Chat, text: bytes) -> None:
    alice = await chat.person("alice")
    socket = await alice.connect()
    await socket.ws.send_frame(text, WSMsgType.TEXT)
    assert await socket.closed() == 1007


async def test_frames_above_the_limit_are_not_heard(start: Start) -> None:
    chat = await start(limits={"commands_per_second": 0.1})
    alice = await chat.person("alice")
    socket = await alice.connect()
    await socket.ping()
    await socket.send({"type": "ping"})
    bob = await chat.person("bobby")
    await bob.send(alice, "still here")
    assert (await socket.receive())["type"] == "new_message"


async def test_who_floods_regardless_is_closed_with_1008(start: Start) -> None:
    chat = await start(limits={"commands_per_second": 1})
    alice, bob = await chat.people("alice", "bobby")
    socket, other = await alice.connect(), await bob.connect()
    for _ in range(200):
        await socket.send("anything")
    assert await socket.closed() == 1008
    await other.ping()


async def test_a_flood_over_two_sockets_is_one_flood(start: Start) -> None:
    chat = await start(limits={"commands_per_second": 1})
    alice = await chat.person("alice")
    sockets = [await alice.connect(), await alice.connect()]
    for _ in range(15):
        for socket in sockets:
            await socket.send("anything")
    waits = [asyncio.create_task(socket.closed()) for socket in sockets]
    done, pending = await asyncio.wait(waits, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
    assert {wait.result() for wait in done} == {1008}
    for wait in pending:
        wait.cancel()
