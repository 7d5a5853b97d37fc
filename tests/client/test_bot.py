"""Bots: what they hear, what they say, and that nothing ends them."""

import asyncio
import logging
from pathlib import Path

import pytest

from chatd.client import Bot, Cursor, Disconnected, Event, Message, NewMessage, SessionEnded
from tests.client.bots import bot_of, running
from tests.client.support import client_of, take, take_contents
from tests.conftest import Start
from tests.support import PASSWORD, PATIENCE, Chat, until


async def test_a_command_is_answered_where_it_was_given(chat: Chat) -> None:
    alice, robot = await chat.people("alice", "robot")
    bot = bot_of(robot)

    @bot.command("echo")
    def echo(message: Message, text: str) -> str:
        return f"[{text}]"

    @bot.command("silent")
    async def silent(message: Message, text: str) -> None:
        pass

    async with running(bot), client_of(alice) as client:
        answers = client.events()
        texts = ["!echo a  b ", "!ECHO", "!echoes no", "echo no", "!", "!silent", "!nothing", "!echo\nc"]
        for text in texts:
            await client.send(robot.id, text)
        told = await take(answers, len(texts) + 3)
        replies = [event.message for event in told if isinstance(event, NewMessage) and event.actor_id == robot.id]
        assert [reply.content for reply in replies] == ["[a  b ]", "[]", "[c]"]
        asked = [event.message for event in told if isinstance(event, NewMessage) and event.actor_id == alice.id]
        assert [reply.reply_to for reply in replies] == [asked[0].id, asked[1].id, asked[7].id]


async def test_handlers_hear_their_events_and_not_the_bots_own(chat: Chat) -> None:
    alice, robot = await chat.people("alice", "robot")
    bot = bot_of(robot)
    heard: list[str] = []
    all_heard: list[Event] = []

    @bot.on("new_message")
    async def answer(event: NewMessage) -> None:
        heard.append(event.message.content)
        reply = await bot.reply(event.message, event.message.content)
        assert reply is not None
        await bot.client.react(event.message, "👀")
        await bot.client.edit(reply, "edited")

    @bot.on("*")
    def note(event: Event) -> None:
        all_heard.append(event)

    async with running(bot), client_of(alice) as client:
        question = await client.send(robot.id, "one")
        await client.react(question, "👍")
        await client.send(robot.id, "two")
        await until(lambda: len(heard) == 2 and len(all_heard) > 2)
    assert heard == ["one", "two"]
    logged = [event for event in all_heard if event.cursor is not None]
    assert [(event.type, event.actor_id) for event in logged][:2] == [("new_message", alice.id), ("reaction", alice.id)]
    assert {event.actor_id for event in logged} == {alice.id}


async def test_an_error_in_a_handler_does_not_end_the_bot(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    alice, robot = await chat.people("alice", "robot")
    bot = bot_of(robot)

    @bot.command("fail")
    def fail(message: Message, text: str) -> str:
        raise ValueError("a bug of the bot's author")

    @bot.command("ok")
    def ok(message: Message, text: str) -> str:
        return "ok"

    async with running(bot), client_of(alice) as client:
        answers = client.events()
        await client.send(robot.id, "!fail")
        await client.send(robot.id, "!ok")
        assert await take_contents(answers, 3) == ["!fail", "!ok", "ok"]
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert "a bug of the bot's author" in str(record.exc_info and record.exc_info[1])


async def test_errors_go_to_the_error_handler_whose_own_are_only_logged(
    chat: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    alice, robot = await chat.people("alice", "robot")
    bot = bot_of(robot)
    errors: list[tuple[str, str]] = []

    @bot.on("new_message")
    def fail(event: NewMessage) -> None:
        raise ValueError(event.message.content)

    @bot.error
    async def note(error: Exception, event: Event) -> None:
        errors.append((str(error), event.type))
        raise TypeError("the error handler fails as well")

    async with running(bot), client_of(alice) as client:
        await client.send(robot.id, "one")
        await client.send(robot.id, "two")
        await until(lambda: len(errors) == 2)
    assert errors == [("one", "new_message"), ("two", "new_message")]
    assert [record.name for record in caplog.records if record.exc_info] == ["chatd.client.bot"] * 2


async def test_a_refused_answer_is_an_error_like_any_other(chat: Chat) -> None:
    alice, robot = await chat.people("alice", "robot")
    bot = bot_of(robot)
    errors: list[Exception] = []
    bot.error(lambda error, event: errors.append(error))

    @bot.command("long")
    def long(message: Message, text: str) -> str:
        return "x" * 2001

    async with running(bot), client_of(alice) as client:
        await client.send(robot.id, "!long")
        await until(lambda: errors)
    assert "validation_error" in str(errors[0])


async def test_a_bot_that_is_started_again_goes_on_where_it_was(chat: Chat, tmp_path: Path) -> None:
    alice, robot = await chat.people("alice", "robot")
    cursor_file = tmp_path / "cursor"
    heard: list[str] = []

    def new_bot() -> Bot:
        bot = bot_of(robot, cursor_file=cursor_file)
        bot.on("new_message")(lambda event: heard.append(event.message.content))
        return bot

    await alice.send(robot, "before the first start")
    async with running(new_bot()):
        await until(cursor_file.exists)
    await alice.send(robot, "1")
    async with running(new_bot()):
        await until(lambda: heard == ["1"])
        await alice.send(robot, "2")
        await until(lambda: heard == ["1", "2"])
        seq = Cursor.parse(cursor_file.read_text()).seq
    await alice.send(robot, "3")
    async with running(new_bot()):
        await until(lambda: len(heard) > 2 and Cursor.parse(cursor_file.read_text()).seq > seq)
    assert heard == ["1", "2", "3"]


async def test_a_bot_hears_nothing_of_a_message_but_that_it_was_taken_back_meanwhile(
    chat: Chat, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    alice, robot = await chat.people("alice", "robot")
    cursor_file = tmp_path / "cursor"
    heard: list[Event] = []

    def new_bot() -> Bot:
        bot = bot_of(robot, cursor_file=cursor_file)
        bot.on("new_message")(lambda event: bot.reply(event.message, event.message.content))
        bot.on("*")(heard.append)
        return bot

    async with running(new_bot()):
        await until(cursor_file.exists)
    heard.clear()
    async with client_of(alice) as client:
        gone = await client.send(robot.id, "never mind")
        await client.edit(gone, "never mind!")
        await client.delete(gone)
        await client.send(robot.id, "hello")
    async with running(new_bot()):
        await until(lambda: any(event.type == "new_message" for event in heard))
        await until(lambda: any(event.type == "message_deleted" for event in heard))
        history = await alice.get(f"/messages/history/{robot.id}")
        await until(lambda: Cursor.parse(cursor_file.read_text()).seq >= history["items"][-1]["id"])
    told = sorted(event.type for event in heard if not event.type.startswith("presence"))
    assert told == ["message_deleted", "new_message"]
    history = await alice.get(f"/messages/history/{robot.id}")
    assert [message["content"] for message in history["items"]] == ["", "hello", "hello"]
    assert not [record for record in caplog.records if record.name.startswith("chatd.client")]


async def test_a_bot_killed_before_it_could_note_its_answer_does_not_answer_twice(chat: Chat, tmp_path: Path) -> None:
    alice, robot = await chat.people("alice", "robot")
    cursor_file = tmp_path / "cursor"
    handled: list[str] = []

    def new_bot(text: str) -> Bot:
        bot = bot_of(robot, cursor_file=cursor_file)

        @bot.on("new_message")
        async def answer(event: NewMessage) -> None:
            for number in range(2):
                await bot.reply(event.message, f"{text} {number}")
            handled.append(text)

        return bot

    async with running(new_bot("")):
        await until(cursor_file.exists)
    noted = cursor_file.read_text()
    await alice.send(robot, "hi")
    for text in ("first", "first", "second"):
        async with running(new_bot(text)):
            await until(lambda: handled and cursor_file.read_text() != noted)
        assert handled.pop() == text
        cursor_file.write_text(noted)
        assert handled == []
    history = await alice.get(f"/messages/history/{robot.id}")
    assert [message["content"] for message in history["items"]] == ["hi", "first 0", "first 1"]


async def test_a_bot_waits_where_it_speaks_too_fast(start: Start) -> None:
    chat = await start(limits={"messages_per_second": 10})
    alice, robot = await chat.people("alice", "robot")
    bot = bot_of(robot)
    errors: list[Exception] = []
    bot.error(lambda error, event: errors.append(error))

    @bot.command("count")
    async def count(message: Message, text: str) -> None:
        for number in range(60):
            await bot.reply(message, f"{number}")

    async with running(bot), client_of(alice) as client:
        answers = client.events()
        await client.send(robot.id, "!count")
        assert await take_contents(answers, 61) == ["!count", *(f"{number}" for number in range(60))]
    assert errors == []


async def test_the_server_ends_a_bot_for_good_and_it_says_why(chat: Chat) -> None:
    robot = await chat.person("robot")
    async with running(bot_of(robot)) as task:
        await robot.post("/auth/logout", status=204)
        with pytest.raises(SessionEnded):
            await asyncio.wait_for(asyncio.shield(task), PATIENCE)


async def test_a_bot_may_end_itself(chat: Chat, tmp_path: Path) -> None:
    alice, robot = await chat.people("alice", "robot")
    bot = bot_of(robot, cursor_file=tmp_path / "cursor")

    @bot.command("quit")
    async def quit_(message: Message, text: str) -> None:
        await bot.client.disconnect()

    async with running(bot) as task:
        await until((tmp_path / "cursor").exists)
        before = (tmp_path / "cursor").read_text()
        await alice.send(robot, "!quit")
        await asyncio.wait_for(asyncio.shield(task), PATIENCE)
    assert (tmp_path / "cursor").read_text() != before


async def test_a_reply_outside_of_an_event_is_a_message_like_any_other(chat: Chat) -> None:
    alice, robot = await chat.people("alice", "robot")
    bot = Bot(chat.server.url, username="robot", password=PASSWORD)
    async with running(bot), client_of(alice) as client:
        question = await client.send(robot.id, "hi")
        for _ in range(2):
            reply = await bot.reply(question, "ho")
            assert reply is not None
            assert reply.reply_to == question.id
        assert [message.content for message in (await client.messages(robot.id)).items] == ["hi", "ho", "ho"]


async def test_who_does_not_run_has_no_client() -> None:
    with pytest.raises(Disconnected):
        Bot("http://localhost:1", token="t").client  # noqa: B018
