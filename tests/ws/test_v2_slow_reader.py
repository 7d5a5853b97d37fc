"""Clients of chatd.v2 that read slowly: what may be missed is left out first, and nothing else ever is."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chatd.delivery.connection import QUIET_LIMIT, Connection
from chatd.http.context import REGISTRY
from tests.raw import TEXT, Raw
from tests.raw import connect as raw_connect
from tests.support import Chat, Person, until
from tests.ws.test_slow_reader import LONG, OUTBOX_LIMIT, most_waiting, send_until_dropped, waiting
from tests.ws.v2_client import PASSING, Frame, connect, kinds, live, logged


async def frame(raw: Raw) -> Frame:
    """Return the next frame's JSON."""
    opcode, payload = await raw.receive_frame()
    assert opcode == TEXT
    found: Frame = json.loads(payload)
    return found


async def events(raw: Raw) -> list[Frame]:
    """Return all events until the connection ends, leaving out what has no place in the log."""
    found: list[Frame] = []
    try:
        while True:
            found.append(await frame(raw))
    except (asyncio.IncompleteReadError, ConnectionError):
        return [each for each in found if each["type"] not in PASSING]


@asynccontextmanager
async def slow(chat: Chat, person: Person) -> AsyncIterator[tuple[Raw, Connection]]:
    """Open a connection that has caught up and reads no more, with the server's side of it."""
    registry = chat.server.app[REGISTRY]
    before = set(registry.of(person.id))
    async with raw_connect(chat, receive_buffer=4096) as raw:
        await raw.upgrade(person.token, "Sec-WebSocket-Protocol: chatd.v2")
        await raw.send_frame(b'{"type":"sync","id":1}')
        assert [(await frame(raw))["type"] for _ in range(3)] == ["hello", "ack", "presence_list"]
        (connection,) = set(registry.of(person.id)) - before
        raw.transport.pause_reading()
        yield raw, connection


async def test_typing_is_left_out_under_pressure_and_messages_are_not(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    await alice.send(bob, "hi")
    acting, reading = await live(alice), await live(bob)
    async with slow(chat, bob) as (raw, connection):
        await acting.ack("typing", user=bob.id)
        while waiting(connection) <= 2 * QUIET_LIMIT:  # also when the kernel takes a little more
            await acting.send(bob, LONG)
        for _ in range(5):
            await acting.ack("typing", user=bob.id)
        await acting.send(bob, "last")
        raw.transport.resume_reading()
        told = [await frame(raw)]
        while told[-1]["data"].get("content") != "last":
            told.append(await frame(raw))
        await until(lambda: not waiting(connection))
        await acting.ack("typing", user=bob.id)
        while (again := await frame(raw))["type"] != "typing":
            pass
    assert kinds(told).count("typing") == 1
    assert kinds(await reading.settle(passing=True)).count("typing") == 7
    messages = [each["seq"] for each in told if each["type"] == "new_message"]
    assert messages == list(range(2, 2 + len(messages)))
    assert again == {"type": "typing", "data": {"user_id": alice.id, "group_id": None}}


async def test_who_comes_is_told_under_pressure_too(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    await carol.send(bob, "hi")
    acting, reading = await live(alice), await live(bob)
    async with slow(chat, bob) as (raw, connection):
        while waiting(connection) <= 2 * QUIET_LIMIT:
            await acting.send(bob, LONG)
        await connect(carol)
        while (await reading.read_until("presence"))["data"]["user_id"] != carol.id:
            pass
        await acting.send(bob, "last")
        raw.transport.resume_reading()
        told = [await frame(raw)]
        while told[-1]["data"].get("content") != "last":
            told.append(await frame(raw))
    came = [each["data"]["online"] for each in told if each["data"].get("user_id") == carol.id]
    assert came == [True]


async def test_who_is_dropped_has_missed_nothing_before_and_gets_the_rest_by_a_sync(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    other = await live(bob)
    contents: list[str] = []
    async with slow(chat, bob) as (raw, connection):
        sending = asyncio.create_task(send_until_dropped(chat, alice, bob, connection, contents))
        most = await most_waiting(connection, sending)
        await sending
        raw.transport.resume_reading()
        told = await events(raw)
    assert most <= OUTBOX_LIMIT
    log = await logged(chat, bob)
    assert 0 < len(told) < len(log) == len(contents)
    assert told == log[: len(told)]
    rest = await (await connect(bob)).catch_up(since=told[-1]["seq"])
    assert told + rest == log == await other.settle()


async def test_who_syncs_again_and_again_and_reads_nothing_is_dropped(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    await asyncio.gather(*(alice.send(bob, LONG) for _ in range(50)))
    epoch = (await connect(bob)).hello["epoch"]
    sync = json.dumps({"type": "sync", "id": 1, "data": {"epoch": epoch, "since": 0}}).encode()
    registry = chat.server.app[REGISTRY]
    async with slow(chat, bob) as (raw, connection):

        async def flood() -> None:
            for _ in range(200):
                if connection not in registry.of(bob.id):
                    return
                await raw.send_frame(sync)
                await asyncio.sleep(0.001)
            await until(lambda: connection not in registry.of(bob.id))

        most = await most_waiting(connection, asyncio.create_task(flood()))
        await until(lambda: connection not in registry.of(bob.id))
    assert most <= OUTBOX_LIMIT
    assert len(await (await connect(bob)).catch_up()) == 50
