"""How long a client waits before it comes back, and when a line is dead."""

import asyncio
import random
from typing import Any

import pytest

from chatd.client import (
    Backoff,
    Client,
    Disconnected,
)
from tests.client.support import PeerSocket, fast, peer
from tests.loop_time import LoopTime
from tests.support import PATIENCE, until


class Highest(random.Random):
    """A random number generator that always gives the highest."""

    def uniform(self, a: float, b: float) -> float:
        return b


class Waits:
    """A sleep that notes how long it should be, and is over at once."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await asyncio.sleep(0)


def client_at(url: str, **options: Any) -> Client:
    """Return a client that is quick to come back."""
    return Client(url, **{"token": "t", "backoff": fast(), **options})


async def test_any_other_end_is_a_reason_to_come_back() -> None:
    codes = [1000, 1001, 1006, 1008, 1011, 1012, 1013, 4008]
    done = asyncio.Event()

    async def script(socket: PeerSocket, number: int) -> None:
        if number <= len(codes):
            await socket.hello()
            await socket.catch_up()
            transport = socket.request.transport
            assert transport is not None
            code = codes[number - 1]
            transport.abort() if code == 1006 else await socket.socket.close(code=code)
        else:
            await socket.hello()
            await socket.catch_up()
            done.set()
            await socket.wait_closed()

    async with peer(script) as url, client_at(url, sleep=Waits()):
        await asyncio.wait_for(done.wait(), PATIENCE)


async def test_it_waits_longer_each_time_and_begins_anew_once_it_has_caught_up() -> None:
    waits = Waits()
    done = asyncio.Event()

    async def script(socket: PeerSocket, number: int) -> None:
        if number in (4, 7):
            await socket.hello()
            await socket.catch_up()
        if number == 7:
            done.set()
            await socket.wait_closed()

    async with peer(script) as url, client_at(url, sleep=waits, backoff=Backoff(random=Highest())):
        await asyncio.wait_for(done.wait(), PATIENCE)
    assert waits.seconds == [3, 6, 12, 3, 6, 12]


async def test_who_was_thrown_out_for_flooding_waits_the_longest() -> None:
    waits = Waits()
    done = asyncio.Event()

    async def script(socket: PeerSocket, number: int) -> None:
        await socket.hello()
        await socket.catch_up()
        if number == 2:
            done.set()
            await socket.wait_closed()
        await socket.socket.close(code=1008)

    async with peer(script) as url, client_at(url, sleep=waits, backoff=Backoff(random=Highest())):
        await asyncio.wait_for(done.wait(), PATIENCE)
    assert waits.seconds == [30]


async def test_who_is_told_when_to_come_back_comes_then() -> None:
    waits = Waits()
    done = asyncio.Event()

    async def script(socket: PeerSocket, number: int) -> None:
        await socket.hello()
        await socket.catch_up()
        if number == 2:
            done.set()
            await socket.wait_closed()
        await socket.send(type="restarting", data={"retry_after_ms": 4321})
        await socket.socket.close(code=1012)

    async with peer(script) as url, client_at(url, sleep=waits):
        await asyncio.wait_for(done.wait(), PATIENCE)
    assert waits.seconds == [4.321]


async def test_a_silent_line_is_dead_after_two_beats(loop_time: LoopTime) -> None:
    heard: list[Any] = []
    done = asyncio.Event()

    async def script(socket: PeerSocket, number: int) -> None:
        await socket.hello()
        await socket.catch_up()
        if number == 2:
            done.set()
            return
        async for message in socket.socket:
            heard.append(message.data)

    async with peer(script) as url, client_at(url):
        await loop_time.fly(done.wait())
    assert set(heard) == {'{"type":"ping"}'}


async def test_a_quiet_line_that_answers_pings_lives(loop_time: LoopTime) -> None:
    pings = 0
    enough = asyncio.Event()

    async def script(socket: PeerSocket, number: int) -> None:
        nonlocal pings
        assert number == 1
        await socket.hello()
        await socket.catch_up()
        async for message in socket.socket:
            assert message.json() == {"type": "ping"}
            pings += 1
            await socket.send(type="pong", data={"cursor": 40 + pings})
            if pings == 3:
                enough.set()

    async with peer(script) as url, client_at(url) as client:
        await loop_time.fly(enough.wait())
        await until(lambda: client.cursor is not None and client.cursor.seq >= 43)


async def test_a_server_that_is_not_there_yet_is_waited_for() -> None:
    async def script(socket: PeerSocket, number: int) -> None:
        await socket.hello()
        await socket.catch_up()
        await socket.wait_closed()

    waits = Waits()
    async with peer(script) as url:
        pass
    client = client_at(url, sleep=waits)
    connecting = asyncio.create_task(client.connect())
    await until(lambda: len(waits.seconds) > 3)
    assert not connecting.done()
    await client.close()
    with pytest.raises(Disconnected):
        await connecting


async def test_who_is_not_connected_is_told_so() -> None:
    client = Client("http://localhost:1", token="t")
    assert not client.is_connected
    with pytest.raises(Disconnected):
        await client.send(2, "hi")
    with pytest.raises(Disconnected):
        await client.wait_ended()
    await client.close()
