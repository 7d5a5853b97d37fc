"""The server's own pings: who answers none is gone, who answers stays."""

import pytest

from chatd.http.context import REGISTRY
from tests.conftest import Start
from tests.raw import PING, PONG, TEXT, connect
from tests.support import Chat, until


@pytest.fixture
async def beating(start: Start) -> Chat:
    """A server with a quick heartbeat."""
    return await start(server={"heartbeat_seconds": 0.2})


async def test_a_peer_that_answers_no_pings_is_gone(beating: Chat) -> None:
    alice = await beating.person("alice")
    registry = beating.server.app[REGISTRY]
    async with connect(beating) as raw:
        await raw.upgrade(alice.token)
        await until(lambda: registry.of(alice.id))
        assert await raw.receive_frame() == (PING, b"")
        await until(lambda: not registry.of(alice.id))
        await raw.ended()


async def test_a_peer_that_neither_reads_nor_answers_is_gone_though_bytes_wait_for_it(beating: Chat) -> None:
    alice, bob = await beating.people("alice", "bobby")
    registry = beating.server.app[REGISTRY]
    async with connect(beating, receive_buffer=4096) as raw:
        await raw.upgrade(alice.token)
        raw.transport.pause_reading()
        await until(lambda: registry.of(alice.id))
        (connection,) = registry.of(alice.id)
        while registry.of(alice.id) and not connection._transport.get_write_buffer_size():
            await bob.send(alice, "💥" * 2000)
        await until(lambda: not registry.of(alice.id))
        await until(lambda: not connection._transport.get_write_buffer_size())


async def test_a_peer_that_answers_pings_stays(start: Start) -> None:
    chat = await start(server={"heartbeat_seconds": 0.5})
    alice = await chat.person("alice")
    async with connect(chat) as raw:
        await raw.upgrade(alice.token)
        for _ in range(4):
            assert await raw.receive_frame() == (PING, b"")
            await raw.send_frame(b"", PONG)
        await raw.send_frame(b'{"type":"ping"}')
        assert await raw.receive_frame() == (TEXT, b'{"type":"pong"}')
        assert chat.server.app[REGISTRY].of(alice.id)
