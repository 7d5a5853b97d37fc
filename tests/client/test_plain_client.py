"""The client that was written from the pages about the protocol alone, as a program, against a real server."""

import asyncio
import contextlib
import json
import os
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from chatd.http.context import CONFIG, REGISTRY
from chatd.storage.change_log import renew_epoch
from chatd.storage.commit import write_once
from tests.client.support import Line
from tests.support import PASSWORD, PATIENCE, Chat, until

PROGRAM = Path(__file__).resolve().parent.parent.parent / "examples" / "plain_client.py"


@contextlib.asynccontextmanager
async def running(username: str, url: str, password: str = PASSWORD) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the program as a user; SIGTERM at its end must be enough."""
    who = {"CHAT_URL": url, "CHAT_USERNAME": username, "CHAT_PASSWORD": password}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, PROGRAM, env={**os.environ, **who}, stdin=pipe, stdout=pipe, stderr=pipe
    )
    try:
        yield process
        with contextlib.suppress(ProcessLookupError):  # it may have ended by itself
            process.terminate()
        await asyncio.wait_for(process.wait(), PATIENCE)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def shown(process: asyncio.subprocess.Process, content: str) -> dict[str, Any]:
    """Return the next message with a content that a program shows."""
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE):
        while True:
            message: dict[str, Any] = json.loads(await process.stdout.readline())
            if message["content"] == content:
                return message


async def test_the_plain_client_misses_and_doubles_nothing_through_a_cut_line_and_a_resync(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    await bob.send(alice, "before")

    async def say(content: str) -> None:
        """Send something from the program."""
        assert process.stdin is not None
        process.stdin.write(f"{bob.id} {content}\n".encode())
        await process.stdin.drain()

    def connections() -> int:
        return len(chat.server.app[REGISTRY].of(alice.id))

    async with Line(chat.server.url) as line, running("alice", line.url) as process:
        await shown(process, "before")
        await say("hello")
        message = await shown(process, "hello")
        assert (message["sender_id"], message["receiver_id"]) == (alice.id, bob.id)

        line.is_down = True
        line.cut()
        await until(lambda: not connections())
        await say("said without a line")
        missed = await bob.send(alice, "missed")
        await bob.request("PATCH", f"/messages/{missed['id']}", json={"content": "missed, and edited"})
        line.is_down = False
        await shown(process, "missed, and edited")
        await shown(process, "said without a line")

        line.is_down = True
        line.cut()
        await until(lambda: not connections())
        write_once(chat.server.app[CONFIG].store, lambda tx: renew_epoch(tx.db))
        await bob.send(alice, "in another log")
        line.is_down = False
        await shown(process, "in another log")
        await say("nonsense")
        await shown(process, "nonsense")
        deleted = await bob.send(alice, "to be deleted")
        await shown(process, "to be deleted")
        await bob.request("DELETE", f"/messages/{deleted['id']}")
        assert (await shown(process, ""))["id"] == deleted["id"]
    history = await bob.get(f"/messages?user={alice.id}")
    said = [each["content"] for each in history["items"] if each["sender_id"] == alice.id]
    assert said == ["hello", "said without a line", "nonsense"]


async def test_the_plain_client_says_in_one_line_why_it_cannot_sign_in(chat: Chat) -> None:
    for url, password in ((chat.server.url, "wrong"), ("http://127.0.0.1:1", PASSWORD)):
        async with running("nobody", url, password) as process:
            assert process.stderr is not None
            text = (await process.stderr.read()).decode()
            assert len(text.splitlines()) == 1
            await process.wait()


def test_the_plain_client_is_short_and_has_nothing_of_chatd() -> None:
    text = PROGRAM.read_text()
    assert not re.search(r"^\s*(from|import) (chatd|examples|tests)", text, re.MULTILINE)
    client = text[text.index("class Chat:") : text.index("async def type_in")]
    assert sum(bool(line.strip()) for line in client.splitlines()) < 80
