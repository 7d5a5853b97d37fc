"""What a client does: every command, over lines that break, and under limits."""

import asyncio
from typing import Any

import pytest

from chatd.client import Client, Disconnected, Group, Message, MessageDeleted, MessageEdited, Reaction, Read, Refused
from tests.client.support import Line, PeerSocket, client_of, fast, peer, take
from tests.conftest import Start
from tests.support import PATIENCE, Chat, Person, until


async def contents(reader: Person, other: Person) -> list[str]:
    """Return what was said between two, oldest first."""
    history = await reader.get(f"/messages/history/{other.id}")
    return [message["content"] for message in history["items"]]


async def test_a_send_answers_the_stored_message(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    async with client_of(alice) as client:
        first = await client.send(bob.id, "hi")
        second = await client.send(await client.user(bob.id), "there", reply_to=first, client_id="mine")
        assert (first.content, first.sender_id, first.receiver_id) == ("hi", alice.id, bob.id)
        assert (second.reply_to, second.client_id) == (first.id, "mine")
        assert first.client_id
        assert (await client.messages(bob.id)).items == (first, second)


async def test_a_send_to_a_message_goes_where_that_is(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    async with client_of(alice) as hers, client_of(bob) as his:
        question = await hers.send(bob.id, "how are you?")
        answer = await his.send(question, "well")
        assert answer.receiver_id == alice.id
        again = await hers.send(question, "hello?")
        assert again.receiver_id == bob.id


async def test_a_refusal_is_raised(chat: Chat) -> None:
    alice = await chat.person("alice")
    async with client_of(alice) as client:
        places: list[Any] = [alice.id, 999, Group(999, "nowhere")]
        codes = []
        for place in places:
            with pytest.raises(Refused) as refusal:
                await client.send(place, "hi")
            codes.append(refusal.value.code)
        assert codes == ["cannot_message_self", "not_found", "not_found"]
        with pytest.raises(Refused, match="validation_error"):
            await client.send(999, "")


async def test_a_text_too_long_for_a_frame_is_refused_without_harm(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    async with client_of(alice) as client:
        with pytest.raises(Refused, match="frame_too_long"):
            await client.send(bob.id, "x" * 100_000)
        assert (await client.send(bob.id, "x")).content == "x"


async def test_messages_are_edited_deleted_reacted_to_and_read(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    async with client_of(alice) as hers, client_of(bob) as his:
        message = await hers.send(bob.id, "hallo")
        edited = await hers.edit(message, "hello")
        assert (edited.id, edited.content) == (message.id, "hello")
        assert edited.edited_at is not None
        await his.react(message, "👍")
        (stored,) = (await hers.messages(bob.id)).items
        assert [(each.emoji, each.user_ids) for each in stored.reactions] == [("👍", (bob.id,))]
        await his.unreact(message, "👍")
        assert (await hers.messages(bob.id)).items[0].reactions == ()
        assert await his.read(message) == message.id
        assert await his.read(alice.id, message.id) == message.id
        assert await his.unread_count() == 0
        await hers.typing(bob.id)
        await hers.delete(message)
        (gone,) = (await his.messages(alice.id)).items
        assert gone.content == ""
        assert gone.deleted_at is not None


async def test_nobody_edits_what_another_wrote(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    async with client_of(alice) as hers, client_of(bob) as his:
        message = await hers.send(bob.id, "hallo")
        with pytest.raises(Refused, match="forbidden"):
            await his.edit(message, "hello")


async def test_ones_own_doings_are_events_in_their_place(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    async with client_of(alice) as client, client_of(bob) as his, client_of(alice) as elsewhere:
        mine, others = client.events(), elsewhere.events()
        first = await client.send(bob.id, "one")
        answer = await his.send(alice.id, "two")
        await client.edit(first, "uno")
        await client.react(answer, "👍")
        await client.read(answer)
        await client.delete(first)
        events = await take(mine, 6)
        assert [type(event).__name__ for event in events] == [
            *("NewMessage", "NewMessage", "MessageEdited", "Reaction", "Read", "MessageDeleted")
        ]
        assert events == await take(others, 6)
        edited, reaction, read, deleted = events[2:]
        assert isinstance(edited, MessageEdited)
        assert edited.message.content == "uno"
        assert isinstance(reaction, Reaction)
        assert (reaction.message_id, reaction.user_id, reaction.on) == (answer.id, alice.id, True)
        assert isinstance(read, Read)
        assert (read.reader_id, read.user_id, read.up_to) == (alice.id, bob.id, answer.id)
        assert isinstance(deleted, MessageDeleted)
        assert (deleted.message_id, deleted.sender_id) == (first.id, alice.id)


async def test_a_send_whose_answer_was_lost_is_repeated_and_stored_once(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    async with Line(chat.server.url) as line, client_of(alice, line.url) as client:
        events = client.events()
        await client.send(bob.id, "before")
        line.is_deaf = True
        sending = asyncio.create_task(client.send(bob.id, "once"))
        async with asyncio.timeout(PATIENCE):
            while await contents(alice, bob) != ["before", "once"]:
                await asyncio.sleep(0.01)
        assert not sending.done()
        line.is_deaf = False
        line.cut()
        message = await sending
        assert message.content == "once"
        await client.send(bob.id, "after")
        assert await contents(alice, bob) == ["before", "once", "after"]
        told = [event.message.content for event in await take(events, 3)]  # type: ignore[attr-defined]
        assert told == ["before", "once", "after"]
        assert line.connections == 2


async def test_commands_wait_for_a_line_that_is_down(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    async with Line(chat.server.url) as line, client_of(alice, line.url) as client:
        line.is_down = True
        line.cut()
        await until(lambda: not client.is_connected)
        sending = [asyncio.create_task(client.send(bob.id, f"{number}")) for number in range(20)]
        await until(lambda: line.connections > 3)
        assert not any(task.done() for task in sending)
        line.is_down = False
        await asyncio.gather(*sending)
    assert sorted(await contents(alice, bob), key=int) == [f"{number}" for number in range(20)]


async def test_a_delete_whose_answer_was_lost_is_done() -> None:
    async def script(socket: PeerSocket, number: int) -> None:
        await socket.hello()
        await socket.catch_up()
        frame = await socket.receive()
        assert frame["type"] == "delete"
        if number == 2:
            await socket.refuse(frame, "message_deleted")
            await socket.refuse(await socket.receive(), "message_deleted")
            await socket.wait_closed()

    async with peer(script) as url, Client(url, token="t", backoff=fast()) as client:
        await client.delete(1)
        with pytest.raises(Refused, match="message_deleted"):
            await client.delete(1)


async def test_disconnecting_ends_what_waits(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    async with Line(chat.server.url) as line, client_of(alice, line.url) as client:
        events = client.events()
        line.is_deaf = True
        sending = asyncio.create_task(client.send(bob.id, "hi"))
        await asyncio.sleep(0)
        await client.disconnect()
        with pytest.raises(Disconnected):
            await sending
        assert [event async for event in events if event.cursor is not None] == []
        assert not client.is_connected


async def test_a_cancelled_send_still_tells_the_event(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    async with client_of(alice) as client:
        events = client.events()
        sending = asyncio.create_task(client.send(bob.id, "hi"))
        await asyncio.sleep(0)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        (event,) = await take(events, 1)
        assert event.data["content"] == "hi"


async def test_a_rate_limit_only_slows_down(start: Start) -> None:
    chat = await start(limits={"messages_per_second": 4})
    alice, bob = await chat.people("alice", "bobby")
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        await asyncio.sleep(seconds)

    async with client_of(alice, sleep=sleep) as client:
        texts = [f"{number}" for number in range(30)]
        messages = await asyncio.gather(*(client.send(bob.id, text) for text in texts))
        assert [message.content for message in messages] == texts
        assert len({message.id for message in messages}) == len(texts)
    assert waits
    assert max(waits) < 5


async def test_a_flood_of_commands_does_not_get_the_client_thrown_out(start: Start) -> None:
    chat = await start(limits={"commands_per_second": 40})
    alice, bob = await chat.people("alice", "bobby")
    async with Line(chat.server.url) as line, client_of(alice, line.url) as client:
        sending = [client.send(bob.id, f"{number}") for number in range(260)]
        messages: list[Message] = await asyncio.gather(*sending)
        assert len({message.id for message in messages}) == 260
        assert line.connections == 1
