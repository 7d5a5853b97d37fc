"""The server's own pings: who answers none is gone, who answers stays."""

import pytest

from chatd.delivery.connection import SocketTimeouts
from chatd.http.context import REGISTRY
from chatd.http.timeouts import Timeouts
from tests.conftest import Start
from tests.loop_time import LoopTime
from tests.raw import PING, PONG, TEXT, connect
from tests.support import Chat, until

#: How often the server pings, in seconds.
HEARTBEAT = 20


@pytest.fixture
async def chat(start: Start) -> Chat:
    """A server that pings often, and for which bytes never stand still for too long."""
    timeouts = Timeouts(sockets=SocketTimeouts(stall=10_000.0))
    return await start(server={"heartbeat_seconds": HEARTBEAT}, timeouts=timeouts)


async def test_a_peer_that_answers_no_pings_is_gone(chat: Chat, loop_time: LoopTime) -> None:
    alice = await chat.person("alice")
    registry = chat.server.app[REGISTRY]
    async with connect(chat) as raw:
        await raw.upgrade(alice.token)
        await until(lambda: registry.of(alice.id))
        assert await loop_time.fly(raw.receive_frame()) == (PING, b"")
        await loop_time.forward(HEARTBEAT)
        await until(lambda: not registry.of(alice.id))
        await raw.ended()


async def test_a_peer_that_neither_reads_nor_answers_is_gone_though_bytes_wait_for_it(
    chat: Chat, loop_time: LoopTime
) -> None:
    alice, bob = await chat.people("alice", "bobby")
    registry = chat.server.app[REGISTRY]
    async with connect(chat, receive_buffer=4096) as raw:
        await raw.upgrade(alice.token)
        raw.transport.pause_reading()
        await until(lambda: registry.of(alice.id))
        (connection,) = registry.of(alice.id)
        while not connection._transport.get_write_buffer_size():
            await bob.send(alice, "💥" * 2000)
        await loop_time.forward(2 * HEARTBEAT)
        await until(lambda: not registry.of(alice.id))
        await until(lambda: not connection._transport.get_write_buffer_size())


async def test_a_peer_that_answers_pings_stays(chat: Chat, loop_time: LoopTime) -> None:
    alice = await chat.person("alice")
    async with connect(chat) as raw:
        await raw.upgrade(alice.token)
        for _ in range(4):
            assert await loop_time.fly(raw.receive_frame()) == (PING, b"")
            await raw.send_frame(b"", PONG)
        await raw.send_frame(b'{"type":"ping"}')
        assert await raw.receive_frame() == (TEXT, b'{"type":"pong"}')
        assert chat.server.app[REGISTRY].of(alice.id)
