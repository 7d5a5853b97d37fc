"""The stream of events: from where it begins, and who reads it."""

import asyncio
from typing import Any

import pytest

from chatd.client import (
    Client,
    Cursor,
    Event,
    Message,
    NewMessage,
    Presence,
    PresenceList,
    Profile,
    Typing,
)
from chatd.client import stream as stream_module
from tests.client.support import Line, PeerSocket, client_of, fast, peer, take, take_contents
from tests.support import PATIENCE, Chat, until


async def test_messages_come_as_they_are_written(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    async with client_of(bob) as client:
        events = client.events()
        sent = await alice.send(bob, "hi", "mine")
        (event,) = await take(events, 1)
        assert isinstance(event, NewMessage)
        assert (event.type, event.message.id, event.message.client_id) == ("new_message", sent["id"], "mine")
        assert event.message.sender.nickname == "Alice"


async def test_what_is_missed_while_away_comes_by_the_cursor(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    async with client_of(bob) as client:
        events = client.events()
        await alice.send(bob, "one")
        (event,) = await take(events, 1)
        assert event.cursor == events.cursor == client.cursor
        kept = str(client.cursor)
    await alice.send(bob, "two")
    for since in (kept, Cursor.parse(kept)):
        async with client_of(bob) as client:
            events = client.events(since)
            await alice.send(bob, "three")
            assert (await take_contents(events, 2))[0] == "two"


async def test_a_replay_of_many_pages_is_complete(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    async with client_of(bob) as client:
        start = client.cursor
    async with client_of(alice) as client:
        texts = [f"{number}" for number in range(450)]
        for text in texts:
            await client.send(bob.id, text)
    async with client_of(bob) as client:
        live, replayed = client.events(), client.events(start)
        await alice.send(bob, "at last")
        assert await take_contents(replayed, 451) == [*texts, "at last"]
        assert await take_contents(live, 1) == ["at last"]


async def test_streams_share_one_connection_and_each_has_its_own_place(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    async with Line(chat.server.url) as line, client_of(bob, line.url) as client:
        first = client.events()
        start = client.cursor
        await alice.send(bob, "1")
        assert await take_contents(first, 1) == ["1"]
        await alice.send(bob, "2")
        second = client.events(start)
        assert await take_contents(second, 2) == ["1", "2"]
        assert client.cursor is not None
        assert second.cursor is not None
        assert client.cursor.seq < second.cursor.seq
        await alice.send(bob, "3")
        assert await take_contents(first, 2) == ["2", "3"]
        assert await take_contents(second, 1) == ["3"]
        assert first.cursor == second.cursor == client.cursor
        assert line.connections == 1


async def test_a_stream_that_is_left_is_forgotten(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    async with client_of(bob) as client:
        await alice.send(bob, "1")
        assert client.cursor is not None
        seq = 0
        async for event in client.events(Cursor(client.cursor.epoch, 0)):
            if event.cursor is not None:
                seq = event.cursor.seq
                break
        await alice.send(bob, "2")
        await until(lambda: client.cursor is not None and client.cursor.seq > seq)


async def test_a_slow_reader_misses_nothing(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_module, "MAX_WAITING", 5)
    alice, bob = await chat.people("alice", "bobby")
    async with client_of(bob) as client:
        slow, quick = client.events(), client.events()
        texts = [f"{number}" for number in range(40)]
        for text in texts:
            await alice.send(bob, text)
            assert await take_contents(quick, 1) == [text]
        assert await take_contents(slow, 40) == texts
        await alice.send(bob, "at last")
        assert await take_contents(slow, 1) == ["at last"]


async def test_what_is_not_logged_comes_too(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    await alice.send(bob, "so that they know each other")
    client = client_of(bob)
    events = client.events()
    async with client:
        seen: list[Event] = []

        async def see(kind: type[Event]) -> Any:
            async for event in events:
                seen.append(event)
                if isinstance(event, kind):
                    assert (event.cursor is None) == (kind is not Profile)
                    return event
            raise AssertionError(seen)

        async with asyncio.timeout(PATIENCE):
            assert (await see(PresenceList)).online == frozenset()
            async with client_of(alice) as other:
                presence = await see(Presence)
                assert (presence.user_id, presence.online) == (alice.id, True)
                await other.typing(bob.id)
                assert (await see(Typing)).user_id == alice.id
                await other.update_profile(nickname="Ally")
                assert (await see(Profile)).user.nickname == "Ally"


async def test_events_of_unknown_types_pass_through() -> None:
    async def script(socket: PeerSocket, number: int) -> None:
        await socket.hello(cursor=6)
        await socket.catch_up(cursor=6)
        await socket.send(type="poll_opened", seq=7, data={"question": "tea?"})
        await socket.send(type="weather", data={"rain": True})
        await socket.wait_closed()

    async with peer(script) as url:
        client = Client(url, token="t", backoff=fast())
        events = client.events()
        async with client, asyncio.timeout(PATIENCE):
            logged, passing = await anext(events), await anext(events)
            assert (logged.type, logged.data, logged.cursor) == ("poll_opened", {"question": "tea?"}, Cursor("e", 7))
            assert (passing.type, passing.cursor) == ("weather", None)
            assert client.cursor == Cursor("e", 7)


async def test_handlers_of_messages_hear_the_others_until_they_unsubscribe(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    heard: list[str] = []
    also: list[str] = []

    async def listen(message: Message) -> None:
        heard.append(message.content)
        if message.content == "boom":
            raise ValueError("a bug of the handler's author")

    async with Line(chat.server.url) as line, client_of(bob, line.url) as client:
        unsubscribe = client.on_message(listen)
        client.on_message(lambda message: also.append(message.content))
        await client.send(alice.id, "what one says oneself is not heard")
        for text in ("1", "boom", "2"):
            await alice.send(bob, text)
        await until(lambda: len(heard) == len(also) == 3)
        unsubscribe()
        unsubscribe()
        await alice.send(bob, "3")
        await until(lambda: len(also) == 4)
        assert line.connections == 1
    assert heard == ["1", "boom", "2"]
    assert also == ["1", "boom", "2", "3"]


async def test_handlers_hear_what_came_while_the_client_was_away(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    heard: list[str] = []
    client = client_of(bob)
    client.on_message(lambda message: heard.append(message.content))
    await client.connect()
    await alice.send(bob, "1")
    await until(lambda: len(heard) == 1)
    await client.disconnect()
    assert not client.is_connected
    await alice.send(bob, "2")
    await client.connect()
    await client.connect()
    assert client.is_connected
    await alice.send(bob, "3")
    await until(lambda: len(heard) == 3)
    await client.close()
    assert heard == ["1", "2", "3"]


async def test_a_handler_may_disconnect_and_is_left_to_end_when_it_unsubscribes(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    ended: list[str] = []

    async with client_of(bob) as client:

        async def handle(message: Message) -> None:
            unsubscribe()
            await client.disconnect()
            ended.append(message.content)

        unsubscribe = client.on_message(handle)
        await alice.send(bob, "1")
        await alice.send(bob, "2")
        await until(lambda: ended)
        assert not client.is_connected
        await client.connect()
        await alice.send(bob, "3")
        events = client.events(Cursor(client.cursor.epoch, 0) if client.cursor is not None else None)
        await take(events, 3)
    assert ended == ["1"]


async def test_a_closed_stream_holds_nothing_up(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    async with client_of(bob) as client:
        async with client.events() as closed:
            await alice.send(bob, "1")
            await take(closed, 1)
        await alice.send(bob, "2")
        await until(lambda: client.cursor is not None and client.cursor != closed.cursor)
        with pytest.raises(StopAsyncIteration):
            await anext(closed)


async def test_a_handler_may_use_the_client(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    async with client_of(bob) as his, client_of(alice) as hers:
        his.on_message(lambda message: his.send(message, message.content.upper()))
        answers = hers.events()
        await hers.send(bob.id, "hi")
        assert await take_contents(answers, 2) == ["hi", "HI"]


async def test_the_token_goes_into_the_header_and_nowhere_else() -> None:
    seen: list[str] = []

    async def script(socket: PeerSocket, number: int) -> None:
        seen.extend([str(socket.request.url), socket.request.headers["Authorization"]])
        seen.append(socket.request.headers["Sec-WebSocket-Protocol"])
        await socket.hello()
        await socket.wait_closed()

    async with peer(script) as url, Client(url, token="secret", backoff=fast()):
        pass
    assert seen == [f"{url}messages/ws", "Bearer secret", "chatd.v2"]
