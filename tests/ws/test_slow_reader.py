"""Clients that read slowly or not at all, and those beside them."""

import asyncio
import contextlib
import os
import socket as sockets
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

import pytest

from chatd.delivery.connection import Connection, SocketTimeouts
from chatd.http.context import REGISTRY
from chatd.http.timeouts import Timeouts
from tests.conftest import Start
from tests.loop_time import LoopTime
from tests.raw import PING, Raw, connect
from tests.support import Chat, Person, Socket, until

#: 8,000 bytes in UTF-8.
LONG = "💥" * 2000

OUTBOX_LIMIT = 256 * 1024

STALL_TIMEOUT = SocketTimeouts().stall


@contextlib.asynccontextmanager
async def slow_reader(chat: Chat, person: Person) -> AsyncIterator[tuple[Raw, Connection]]:
    """Open a socket that reads nothing, for which the kernel holds little, and return it with the server's side."""
    registry = chat.server.app[REGISTRY]
    async with connect(chat, receive_buffer=4096) as raw:
        before = set(registry.of(person.id))
        await raw.upgrade(person.token)
        raw.transport.pause_reading()
        await until(lambda: set(registry.of(person.id)) - before)
        (connection,) = set(registry.of(person.id)) - before
        yield raw, connection


def waiting(connection: Connection) -> int:
    """Return how many bytes the server holds for a connection."""
    return connection._outbox_size + connection._transport.get_write_buffer_size()


async def most_waiting(connection: Connection, end: "asyncio.Task[None]") -> int:
    """Look at a connection at every turn of the loop, and return the most it has had waiting."""
    most = 0
    while not end.done():
        most = max(most, waiting(connection))
        await asyncio.sleep(0)
    return most


def reasons(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return why connections were dropped."""
    return [record.getMessage() for record in caplog.records if record.getMessage().startswith("dropped")]


@pytest.fixture
def patient(start: Start) -> Callable[[], Awaitable[Chat]]:
    """Start a server for which bytes never stand still for too long, however slow the machine is."""
    return partial(start, timeouts=Timeouts(sockets=SocketTimeouts(stall=10_000.0)))


async def test_one_who_never_reads_is_dropped_and_fifty_others_get_every_message(
    patient: Callable[[], Awaitable[Chat]], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "chatd")
    chat = await patient()
    alice, bob = await chat.people("alice", "bobby")
    others = [await bob.connect() for _ in range(50)]
    for socket in others:
        await socket.ping()
    registry = chat.server.app[REGISTRY]
    contents: list[str] = []
    async with slow_reader(chat, bob) as (raw, slow):
        sending = asyncio.create_task(send_until_dropped(chat, alice, bob, slow, contents))
        most = await most_waiting(slow, sending)
        await sending
        assert slow not in registry.of(bob.id)
        assert len(registry.of(bob.id)) == 50
        raw.transport.resume_reading()
        await raw.ended()
    assert OUTBOX_LIMIT / 2 < most <= OUTBOX_LIMIT
    assert reasons(caplog) == ["dropped: the client leaves too much unread"]
    for socket in others:
        assert [(await socket.receive())["data"]["content"] for _ in contents] == contents
        await socket.ping()


async def send_until_dropped(
    chat: Chat, sender: Person, receiver: Person, slow: Connection, contents: list[str]
) -> None:
    """Send until the server gives a connection up, and then a little more."""
    registry = chat.server.app[REGISTRY]
    while slow in registry.of(receiver.id):
        assert len(contents) < 500
        content = f"{len(contents)} {LONG}"[:2000]
        await sender.send(receiver, content)
        contents.append(content)
    for content in ("one more", "and another"):
        await sender.send(receiver, content)
        contents.append(content)


async def test_one_whose_bytes_stand_still_is_dropped_long_before_the_outbox_is_full(
    chat: Chat, loop_time: LoopTime, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "chatd")
    alice, bob = await chat.people("alice", "bobby")
    reading = await bob.connect()
    await reading.ping()
    registry = chat.server.app[REGISTRY]
    async with slow_reader(chat, bob) as (_, slow):
        while not waiting(slow):
            await alice.send(bob, LONG)
            await reading.receive()
        assert waiting(slow) < OUTBOX_LIMIT / 2
        await loop_time.forward(STALL_TIMEOUT + 1)
        await until(lambda: slow not in registry.of(bob.id))
    assert reasons(caplog) == ["dropped: the client has stopped reading"]
    await reading.ping()


async def test_one_who_reads_slowly_but_steadily_stays(chat: Chat, loop_time: LoopTime) -> None:
    alice, bob = await chat.people("alice", "bobby")
    registry = chat.server.app[REGISTRY]
    async with slow_reader(chat, bob) as (raw, slow):
        while not waiting(slow):
            await alice.send(bob, LONG)
        for _ in range(5):
            while waiting(slow) < OUTBOX_LIMIT / 3:
                await alice.send(bob, LONG)
            before = waiting(slow)
            while waiting(slow) == before:
                read_a_little(raw)
                await asyncio.sleep(0)
            await loop_time.forward(STALL_TIMEOUT / 2)
            assert waiting(slow)
            assert slow in registry.of(bob.id)


def read_a_little(raw: Raw) -> None:
    """Take what the kernel holds for a client that has paused, and leave the rest with the server."""
    connection = raw.writer.get_extra_info("socket")
    with sockets.socket(fileno=os.dup(connection.fileno())) as reading, contextlib.suppress(BlockingIOError):
        reading.recv(4096)


async def test_one_who_stops_for_a_moment_and_catches_up_misses_nothing(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    async with slow_reader(chat, bob) as (raw, slow):
        sent = 0
        while not waiting(slow):
            await alice.send(bob, LONG)
            sent += 1
        raw.transport.resume_reading()
        for number in range(1, sent + 1):
            _, payload = await raw.receive_frame()
            assert b'"id":%d,' % number in payload
        await until(lambda: not waiting(slow))
        assert slow in chat.server.app[REGISTRY].of(bob.id)


async def test_one_who_pings_and_reads_no_pongs_is_dropped(
    patient: Callable[[], Awaitable[Chat]], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "chatd")
    chat = await patient()
    bob = await chat.person("bobby")
    registry = chat.server.app[REGISTRY]
    async with slow_reader(chat, bob) as (raw, slow):
        with pytest.raises(ConnectionError):
            await ping_without_end(raw)
        await until(lambda: slow not in registry.of(bob.id))
    assert reasons(caplog) == ["dropped: the client leaves too much unread"]
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def ping_without_end(raw: Raw) -> None:
    """Send the longest pings there are until that fails."""
    while True:
        await raw.send_frame(b"x" * 125, PING)


async def test_the_dropped_one_comes_back(chat: Chat, loop_time: LoopTime) -> None:
    alice, bob = await chat.people("alice", "bobby")
    registry = chat.server.app[REGISTRY]
    async with slow_reader(chat, bob) as (_, slow):
        while not waiting(slow):
            await alice.send(bob, LONG)
        await loop_time.forward(STALL_TIMEOUT + 1)
        await until(lambda: slow not in registry.of(bob.id))
        again: Socket = await bob.connect()
        await again.ping()
        message = await alice.send(bob, "welcome back")
        assert await again.receive() == {"type": "new_message", "data": message}
