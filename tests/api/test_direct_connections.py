"""A connection with a send that is answered inside aiohttp's reader, while it waits for the disk and afterwards."""

import asyncio
import json
import logging
from typing import cast

import pytest

from chatd.fastpath.protocol import FastProtocol
from chatd.http.context import REGISTRY
from chatd.http.timeouts import Timeouts
from chatd.schemas import CONTENT_MAX
from tests.api.sends import held, newest, resting, send, waits
from tests.conftest import Start
from tests.loop_time import LoopTime
from tests.raw import connect
from tests.support import Chat, Person, until


async def test_what_comes_while_a_send_waits_is_answered_after_it(chat: Chat, people: tuple[Person, Person]) -> None:
    alice, bob = people
    async with resting(chat) as raw:
        go_on = await held(chat, raw, send(alice.token, bob.id, {"content": "first"}))
        await raw.send(send(alice.token, bob.id, {"content": "second"}) + b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n")
        await until(lambda: len(newest(chat)._messages) == 2)
        await go_on()
        for content in ("first", "second"):
            assert json.loads((await raw.answer())[2])["content"] == content
        assert (await raw.answer())[0] == 404
        await raw.send(send(alice.token, bob.id, {"content": "third"}))
        assert json.loads((await raw.answer())[2])["content"] == "third"


async def test_who_does_not_read_the_answers_is_not_heard_for_ever(chat: Chat, people: tuple[Person, Person]) -> None:
    alice, bob = people
    registry = chat.server.app[REGISTRY]
    sent = 0

    async def is_heard(since: int) -> bool:
        try:
            async with asyncio.timeout(2):
                await until(lambda: registry.head > since)
        except TimeoutError:
            return False
        return True

    async with connect(chat, receive_buffer=4096) as raw:
        while sent < 2000:
            before = registry.head
            await raw.send(send(alice.token, bob.id, {"content": "x" * CONTENT_MAX}))
            if not await is_heard(before):
                break
            sent += 1
    assert 10 < sent < 2000


@pytest.mark.parametrize("is_first", [True, False])
async def test_a_connection_waits_for_a_commit_longer_than_it_would_rest(
    start: Start, loop_time: LoopTime, is_first: bool
) -> None:
    chat = await start(timeouts=Timeouts(keepalive=20.0))
    alice, bob = await chat.people("alice", "bobby")
    await alice.get("/auth/me")
    async with connect(chat) if is_first else resting(chat) as raw:
        await waits(chat)
        go_on = await held(chat, raw, send(alice.token, bob.id, {"content": "hi"}))
        await loop_time.forward(60)
        await go_on()
        assert (await raw.answer())[0] == 200
        assert await loop_time.fly(raw.ended()) == b""


async def test_half_a_head_behind_a_send_that_waits_is_late_only_after_its_answer(
    chat: Chat, people: tuple[Person, Person], loop_time: LoopTime
) -> None:
    alice, bob = people
    async with resting(chat) as raw:
        go_on = await held(chat, raw, send(alice.token, bob.id, {"content": "hi"}))
        await raw.send("GET /health HTTP/1.1\r\n")
        await until(lambda: cast(FastProtocol, newest(chat))._head_begun)
        await loop_time.forward(3 * Timeouts().head)
        await go_on()
        assert (await raw.answer())[0] == 200
        assert (await loop_time.fly(raw.answer()))[0] == 408


async def test_who_leaves_while_a_send_waits_raises_no_alarm(
    chat: Chat, people: tuple[Person, Person], caplog: pytest.LogCaptureFixture
) -> None:
    alice, bob = people
    tasks = len(asyncio.all_tasks())
    async with resting(chat) as raw:
        go_on = await held(chat, raw, send(alice.token, bob.id, {"content": "hi"}))
        connection = newest(chat)
    await until(lambda: connection.transport is None)
    await go_on()
    assert [each["content"] for each in (await bob.get(f"/messages/history/{alice.id}"))["items"]] == ["hi"]
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    await until(lambda: len(asyncio.all_tasks()) <= tasks)


async def test_a_server_that_stops_answers_first(start: Start) -> None:
    chat = await start(timeouts=Timeouts(shutdown=3600.0))
    alice, bob = await chat.people("alice", "bobby")
    await alice.get("/auth/me")
    async with resting(chat) as raw:
        go_on = await held(chat, raw, send(alice.token, bob.id, {"content": "hi"}))
        connection = newest(chat)
        stopping = asyncio.create_task(chat.client.close())
        await until(lambda: connection._handler_waiter is not None)
        await go_on()
        assert (await raw.answer())[0] == 200
        assert await raw.ended() == b""
        await stopping
