"""No gap and no duplicate, whatever becomes of the connection."""

import asyncio
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from yarl import URL

from chatd.client import Client, Cursor, NewMessage, Resync
from chatd.http.context import CONFIG
from chatd.storage.change_log import renew_epoch
from chatd.storage.commit import write_once
from tests.client.support import Line, PeerSocket, client_of, cut_again_and_again, fast, nap, peer, take, take_contents
from tests.conftest import Start
from tests.process import ServerProcess
from tests.process import client_of as rest_client_of
from tests.support import PATIENCE, Chat, register, until


async def test_a_stream_has_no_gap_and_no_duplicate_however_often_the_line_is_cut(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    texts = [f"{number}" for number in range(300)]
    async with (
        Line(chat.server.url) as line,
        client_of(alice) as sender,
        client_of(bob, line.url) as client,
        client_of(bob, line.url) as other,
    ):
        streams = [client.events(), other.events()]
        cutting = asyncio.create_task(cut_again_and_again(line))
        for start in range(0, 300, 3):
            await asyncio.gather(*(sender.send(bob.id, text) for text in texts[start : start + 3]))
        cutting.cancel()
        for stream in streams:
            assert sorted(await take_contents(stream, 300), key=int) == texts
        assert line.connections > 4
        await alice.send(bob, "at last")
        assert await take_contents(streams[0], 1) == await take_contents(streams[1], 1) == ["at last"]


async def test_both_sides_over_bad_lines_see_the_same_record(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    texts = [f"{number}" for number in range(100)]
    async with Line(chat.server.url) as hers, Line(chat.server.url) as his:
        async with client_of(alice, hers.url) as sender, client_of(bob, his.url) as receiver:
            sent, received = sender.events(), receiver.events()
            cutting = asyncio.create_task(cut_again_and_again(hers, his))
            messages = [await sender.send(bob.id, text) for text in texts]
            cutting.cancel()
            assert [message.content for message in messages] == texts
            assert await take_contents(sent, 100) == await take_contents(received, 100) == texts
            assert sent.cursor == received.cursor
        history = await bob.get(f"/messages/history/{alice.id}?page_size=100")
        assert [message["content"] for message in history["items"]] == texts


async def test_kill_9_and_a_restart_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    server = ServerProcess(data_dir)
    with server:
        async with rest_client_of(server) as rest, Line(server.url) as line:
            alice, bob = await register(rest, "alice"), await register(rest, "bobby")
            async with (
                client_of(alice, line.url, sleep=nap) as sender,
                client_of(bob, line.url, sleep=nap) as receiver,
            ):
                record, events = sender.events(), receiver.events()
                texts = [f"{number}" for number in range(150)]
                sending = [asyncio.create_task(sender.send(bob.id, text)) for text in texts[:100]]
                await sending[3]
                server.signal(signal.SIGKILL)
                await asyncio.to_thread(server.wait)
                with ServerProcess(data_dir) as second:
                    line.target = URL(second.url)
                    await asyncio.gather(*sending)
                    assert await asyncio.to_thread(second.stop) == 0
                sending = [asyncio.create_task(sender.send(bob.id, text)) for text in texts[100:]]
                with ServerProcess(data_dir) as third:
                    line.target = URL(third.url)
                    messages = await asyncio.gather(*sending)
                    assert len({message.id for message in messages}) == 50
                    told = await take_contents(events, 150)
                    assert sorted(told, key=int) == texts
                    assert await take_contents(record, 150) == told


async def test_another_log_is_told_with_how_things_stand(start: Start, tmp_path: Path) -> None:
    data_dir = tmp_path / "shared"
    chat = await start(data_dir=data_dir)
    alice, bob = await chat.people("alice", "bobby")
    async with Line(chat.server.url) as line, client_of(bob, line.url, sleep=nap) as client:
        events = client.events()
        await alice.send(bob, "before")
        assert await take_contents(events, 1) == ["before"]
        line.is_down = True
        await chat.server.stop()
        another = write_once(chat.server.app[CONFIG].store, lambda tx: renew_epoch(tx.db))
        again = await start(data_dir=data_dir)
        alice = replace(alice, client=again.client)
        await alice.send(bob, "meanwhile")
        line.target = URL(again.server.url)
        line.is_down = False
        (resync,) = await take(events, 1)
        assert isinstance(resync, Resync)
        assert resync.cursor == resync.conversations.cursor == client.cursor
        assert resync.cursor is not None
        assert resync.cursor.epoch == another
        (conversation,) = resync.conversations.items
        assert conversation.user is not None
        assert (conversation.user.id, conversation.unread_count) == (alice.id, 2)
        assert conversation.last_message is not None
        assert conversation.last_message.content == "meanwhile"
        await alice.send(bob, "after")
        assert await take_contents(events, 1) == ["after"]


@pytest.mark.parametrize("since", ["nonsense:1", "{epoch}:999999"])
async def test_a_cursor_the_log_does_not_know_resyncs_one_stream_and_not_the_others(chat: Chat, since: str) -> None:
    alice, bob = await chat.people("alice", "bobby")
    async with client_of(bob) as client:
        good = client.events()
        await alice.send(bob, "1")
        assert await take_contents(good, 1) == ["1"]
        assert client.cursor is not None
        bad = client.events(since.format(epoch=client.cursor.epoch))
        await alice.send(bob, "2")
        first = (await take(bad, 1))[0]
        assert isinstance(first, Resync)
        await alice.send(bob, "3")
        assert await take_contents(good, 2) == ["2", "3"]
        rest = [event async for event in until_text(bad, "3")]
        known = first.conversations.items[0].last_message
        assert known is not None
        assert [event.message.content for event in rest] == [text for text in "123" if text > known.content]


async def until_text(stream: Any, text: str) -> Any:
    """Go through the messages of a stream up to the one that says ``text``."""
    async for event in stream:
        if isinstance(event, NewMessage):
            yield event
            if event.message.content == text:
                return


async def test_live_events_before_a_refused_sync_are_not_lost_to_the_others() -> None:
    async def conversations(request: web.Request) -> web.Response:
        headers = {"Chatd-Epoch": "e", "Chatd-Cursor": "9"}
        return web.json_response({"conversations": [], "more": False}, headers=headers)

    async def script(socket: PeerSocket, number: int) -> None:
        await socket.hello(cursor=5)
        await socket.catch_up(cursor=5)
        refused = await socket.receive()
        assert refused["data"] == {"epoch": "e", "since": 3}
        await socket.send(type="x", seq=6, data={})
        await socket.refuse(refused, "resync")
        replay = await socket.receive()
        assert replay["data"] == {"epoch": "e", "since": 5}
        for seq in (6, 7, 9):
            await socket.send(type="x", seq=seq, data={})
        await socket.ack(replay, {"cursor": 9, "more": False})
        await socket.send(type="x", seq=10, data={})
        await socket.wait_closed()

    async with peer(script, web.get("/conversations", conversations)) as url:
        client = Client(url, token="t", backoff=fast())
        good = client.events()
        async with client:
            await until(lambda: good.state.name == "LIVE")
            bad = client.events(Cursor("e", 3))
            assert [event.cursor and event.cursor.seq for event in await take(good, 4)] == [6, 7, 9, 10]
            events = await take(bad, 2)
            assert [(event.type, event.cursor and event.cursor.seq) for event in events] == [("resync", 9), ("x", 10)]


async def test_live_events_before_a_replay_come_in_their_order() -> None:
    async def script(socket: PeerSocket, number: int) -> None:
        await socket.hello(cursor=5)
        await socket.catch_up(cursor=5)
        replay = await socket.receive()
        assert replay["data"] == {"epoch": "e", "since": 2}
        await socket.send(type="x", seq=6, data={})
        for seq in (3, 4):
            await socket.send(type="x", seq=seq, data={})
        await socket.ack(replay, {"cursor": 4, "more": True})
        replay = await socket.receive()
        assert replay["data"] == {"epoch": "e", "since": 4}
        for seq in (5, 6, 7):
            await socket.send(type="x", seq=seq, data={})
        await socket.ack(replay, {"cursor": 8, "more": False})
        await socket.send(type="x", seq=9, data={})
        await socket.wait_closed()

    async with peer(script) as url:
        client = Client(url, token="t", backoff=fast())
        live = client.events()
        async with client:
            await until(lambda: live.state.name == "LIVE")
            replayed = client.events("e:2")
            assert [event.cursor and event.cursor.seq for event in await take(replayed, 6)] == [3, 4, 5, 6, 7, 9]
            assert [event.cursor and event.cursor.seq for event in await take(live, 3)] == [6, 7, 9]


async def test_an_acknowledgement_before_a_replay_comes_in_its_order() -> None:
    async def script(socket: PeerSocket, number: int) -> None:
        await socket.hello(cursor=5)
        await socket.catch_up(cursor=5)
        replay, react = await socket.receive(), await socket.receive()
        assert (replay["type"], react["type"]) == ("sync", "react")
        await socket.ack(react, {}, seq=6)
        for seq in (3, 4):
            await socket.send(type="x", seq=seq, data={})
        reaction = {"message_id": 7, "user_id": 1, "emoji": "👍", "on": True}
        await socket.send(type="reaction", seq=6, data=reaction)
        await socket.ack(replay, {"cursor": 6, "more": False})
        await socket.wait_closed()

    async with peer(script) as url:
        client = Client(url, token="t", backoff=fast())
        live = client.events()
        async with client:
            await until(lambda: live.state.name == "LIVE")
            replayed = client.events("e:2")
            await until(lambda: replayed.state.name == "CATCHING_UP")
            await client.react(7, "👍")
            assert [event.cursor and event.cursor.seq for event in await take(replayed, 3)] == [3, 4, 6]
            (own,) = await take(live, 1)
            assert own.data == {"message_id": 7, "user_id": 1, "emoji": "👍", "on": True}


async def test_who_begins_to_read_after_the_log_was_changed_begins_in_the_new_one() -> None:
    synced, may_answer = asyncio.Event(), asyncio.Event()

    async def script(socket: PeerSocket, number: int) -> None:
        if number == 1:
            await socket.hello(cursor=5)
            await socket.catch_up(cursor=5)
            return
        await socket.hello(cursor=1, epoch="f")
        frame = await socket.receive()
        assert frame["data"] == {"epoch": "f", "since": 1}
        synced.set()
        await may_answer.wait()
        await socket.ack(frame, {"cursor": 1, "more": False})
        await socket.send(type="x", seq=2, data={})
        await socket.wait_closed()

    async with peer(script) as url, Client(url, token="t", backoff=fast()) as client:
        await asyncio.wait_for(synced.wait(), PATIENCE)
        events = client.events()
        assert events.cursor == Cursor("f", 1)
        may_answer.set()
        (event,) = await take(events, 1)
        assert event.cursor == Cursor("f", 2)
