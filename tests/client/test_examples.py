"""The examples, and what the documentation prints, as they are, against a real server."""

import asyncio
import contextlib
import itertools
import os
import re
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path

from chatd.client import Client, EventStream, NewMessage, PresenceList
from examples.follow_log import lines_of, messages_of
from tests.client.support import client_of
from tests.support import PASSWORD, PATIENCE, Chat, until

ROOT = Path(__file__).resolve().parent.parent.parent


@contextlib.asynccontextmanager
async def program(
    chat: Chat, username: str, *arguments: str, **variables: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a Python program as a user; SIGTERM at its end must be enough."""
    chats = {"CHAT_URL": chat.server.url, "CHAT_USERNAME": username, "CHAT_PASSWORD": PASSWORD}
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **chats, **variables}
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, cwd=ROOT, env=environment)
    try:
        yield process
        process.terminate()
        await asyncio.wait_for(process.wait(), PATIENCE)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def wake(client: Client, stream: EventStream, user_id: int) -> None:
    """Talk to a user until there is an answer."""
    text = ""
    for number in itertools.count():
        await client.send(user_id, f"are you there? {number}")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.1):
                async for event in stream:
                    if isinstance(event, NewMessage) and event.actor_id == user_id:
                        text = event.message.content
                        break
        if text:
            break
    assert text.startswith("are you there?")


async def answer(stream: EventStream, user_id: int, question: str) -> str:
    """Return what a user answers to a question."""
    asked = 0
    async with asyncio.timeout(PATIENCE):
        async for event in stream:
            if not isinstance(event, NewMessage):
                continue
            message = event.message
            if message.sender_id != user_id and message.content == question:
                asked = message.id
            elif message.sender_id == user_id and message.reply_to == asked:
                return message.content
    raise AssertionError("the stream ended")


async def test_the_echo_bot_says_what_it_hears_and_misses_nothing(chat: Chat, tmp_path: Path) -> None:
    alice, echo = await chat.people("alice", "echo")
    cursor_file = tmp_path / "cursor"
    async with client_of(alice) as client:
        events = client.events()
        async with program(chat, "echo", "examples/echo_bot.py", CHAT_CURSOR_FILE=str(cursor_file)) as first:
            await until(cursor_file.exists)
            await client.send(echo.id, "hello")
            assert await answer(events, echo.id, "hello") == "hello"
        assert first.returncode == 0
        await client.send(echo.id, "are you there?")
        async with program(chat, "echo", "examples/echo_bot.py", CHAT_CURSOR_FILE=str(cursor_file)):
            assert await answer(events, echo.id, "are you there?") == "are you there?"
            async with asyncio.timeout(PATIENCE):
                while await echo.get("/messages/unread_count") != {"unread_count": 0}:
                    await asyncio.sleep(0.01)


async def test_the_dice_bot_rolls_what_it_is_told(chat: Chat, tmp_path: Path) -> None:
    alice, dice = await chat.people("alice", "dice")
    cursor_file = tmp_path / "cursor"
    async with client_of(alice) as client:
        events = client.events()
        async with program(chat, "dice", "examples/dice_bot.py", CHAT_CURSOR_FILE=str(cursor_file)):
            await until(cursor_file.exists)
            for question, pattern in [
                ("!roll", r"🎲 [1-6]"),
                ("!roll 1", r"🎲 1"),
                ("!roll 3d1", r"🎲 1 \+ 1 \+ 1 = 3"),
                ("!roll nonsense", r"I roll dice .*"),
                ("!roll 0d0", r"I roll dice .*"),
            ]:
                await client.send(dice.id, question)
                assert re.fullmatch(pattern, await answer(events, dice.id, question)), question


async def test_the_bridge_sends_the_new_lines_of_a_log(chat: Chat, tmp_path: Path) -> None:
    alice, _ = await chat.people("alice", "logs")
    log = tmp_path / "some.log"
    log.write_text("old\n")
    async with client_of(alice) as client:
        events = client.events()
        arguments = ("examples/follow_log.py", str(log), "ALICE", "--pause", "0.01")
        async with program(chat, "logs", *arguments):
            text = ""
            with log.open("a") as file:
                for number in itertools.count():
                    file.write(f"{number}\n")
                    file.flush()
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(0.1):
                            event = await anext(events)
                            assert isinstance(event, NewMessage | PresenceList), event
                            text = event.message.content if isinstance(event, NewMessage) else ""
                    if text:
                        break
            first, *more = map(int, text.splitlines())
            assert more == list(range(first + 1, first + 1 + len(more)))


async def test_the_bridge_goes_on_after_a_line_that_cannot_be_sent(chat: Chat, tmp_path: Path) -> None:
    alice, _ = await chat.people("alice", "logs")
    log = tmp_path / "some.log"
    async with client_of(alice) as client:
        events = client.events()
        async with program(chat, "logs", "examples/follow_log.py", str(log), "alice", "--pause", "0.01"):
            heard: set[str] = set()
            async with asyncio.timeout(PATIENCE):
                while "b" * 2000 not in heard:  # whenever it has begun to look
                    with log.open("a") as file:  # 2,000 characters are a message of their own
                        file.write(f"{'a' * 2000}{' ' * 2000}\n\x07\x1b\n{'b' * 2000}\n")
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(0.1):
                            event = await anext(events)
                            heard |= {event.message.content} if isinstance(event, NewMessage) else set()
            assert heard <= {"a" * 2000, "b" * 2000}


async def collect(lines: AsyncGenerator[list[str], None], count: int) -> list[str]:
    """Return the next ``count`` lines."""
    found: list[str] = []
    async with asyncio.timeout(PATIENCE):
        while len(found) < count:
            found += await anext(lines)
    return found


async def test_lines_are_followed_through_rotation_truncation_and_absence(tmp_path: Path) -> None:
    log = tmp_path / "some.log"
    log.write_text("before\n")
    async with contextlib.aclosing(lines_of(log, pause=0.01)) as lines:
        following = asyncio.create_task(collect(lines, 1))
        await asyncio.sleep(0)
        old = log.open("a")
        old.write("one\ntw")
        old.flush()
        assert await following == ["one"]
        old.write("o\r\n")
        old.flush()
        assert await collect(lines, 1) == ["two"]
        log.rename(tmp_path / "some.log.1")
        old.write("three\nfour, without an end")
        old.flush()
        assert await collect(lines, 1) == ["three"]
        log.write_text("five\n")
        assert await collect(lines, 2) == ["four, without an end", "five"]
        old.close()
        log.write_text("")
        following = asyncio.create_task(collect(lines, 1))
        await asyncio.sleep(0)
        with log.open("a") as new:
            new.write("6\n")
        assert await following == ["6"]
        log.unlink()
        following = asyncio.create_task(collect(lines, 1))
        await asyncio.sleep(0)
        log.write_text("seven\n")
        assert await following == ["seven"]


def test_lines_share_messages_as_far_as_they_fit() -> None:
    assert messages_of(["a", "", " ", "b"]) == ["a\nb"]
    assert messages_of(["a" * 1999, "b"]) == ["a" * 1999, "b"]
    assert messages_of(["a" * 1998, "b"]) == ["a" * 1998 + "\nb"]
    assert messages_of(["a", "b" * 4500, "c"]) == ["a", "b" * 2000, "b" * 2000, "b" * 500 + "\nc"]
    assert messages_of([]) == []
