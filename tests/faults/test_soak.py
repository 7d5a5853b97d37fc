"""Churn for a long time: what comes also goes, memory stands still after a while, and the log stays short."""

import asyncio
import contextlib
import random
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bench.idle import resident_kib
from chatd.storage.engine.sqlite.connections import LOG_LIMIT
from tests.conftest import Figure, Size
from tests.faults.observed import PROGRAM, observe
from tests.faults.quiet import quiet
from tests.faults.support import add_bots
from tests.process import ServerProcess
from tests.support import PATIENCE

PEOPLE = 40

#: Rounds until the memory has seen everything.
WARM_UP = 3

#: What the memory may still grow by, in KiB: what SQLite and the allocator keep varies by less.
GROWTH_KIB = 8 * 1024

#: What has to come back to where it was before anybody came.
HELD = ("connections", "registry", "tasks", "threads", "files")


class Visitor:
    """A user who comes, does this and that, and goes in one way or another."""

    def __init__(self, url: str, user_id: int, token: str, others: list[int], chance: random.Random) -> None:
        self._url = url
        self._user_id = user_id
        self._headers = {"Authorization": f"Bearer {token}"}
        self._token = token
        self._others = others
        self._chance = chance

    async def visit(self) -> None:
        """Come and go once."""
        ways = (self._talk, self._browse, self._listen_classically, self._leave_rudely, self._poll)
        await self._chance.choice(ways)()

    async def _talk(self) -> None:
        client = await quiet(self._url, self._token)
        for number in range(10):
            data = {"user": self._chance.choice(self._others), "content": f"message {number}"}
            client.say({"type": "send", "id": number + 1, "data": data})
            await asyncio.sleep(0)
        client.say({"type": "ping"})
        client.abort()

    async def _browse(self) -> None:
        other = self._chance.choice(self._others)
        async with aiohttp.ClientSession(self._url, headers=self._headers) as session:
            message = await self._ask(session, "POST", f"/messages/send/{other}", {"content": "by REST"})
            await self._ask(session, "PATCH", f"/messages/{message['id']}", {"content": "edited"})
            await self._ask(session, "PUT", f"/messages/{message['id']}/reactions/👍")
            await self._ask(session, "GET", f"/messages/history/{other}")
            await self._ask(session, "GET", "/conversations")
            await self._ask(session, "POST", f"/messages/read/{other}")
            await self._ask(session, "DELETE", f"/messages/{message['id']}")

    async def _listen_classically(self) -> None:
        async with (
            aiohttp.ClientSession(self._url) as session,
            session.ws_connect(f"/messages/ws?token={self._token}") as socket,
        ):
            await socket.send_str('{"type":"ping"}')
            await socket.receive(PATIENCE)

    async def _leave_rudely(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._chance.uniform(0, 0.02)):
                (await quiet(self._url, self._token)).abort()

    async def _poll(self) -> None:
        async with aiohttp.ClientSession(self._url, headers=self._headers) as session:
            page = await self._ask(session, "GET", "/messages/events?timeout=0")
            assert page["events"] == []

    async def _ask(self, session: aiohttp.ClientSession, method: str, path: str, body: Any = None) -> Any:
        async with session.request(method, path, json=body) as response:
            assert response.status == 200, await response.text()
            return await response.json()


async def until_all_are_gone(server: ServerProcess, before: dict[str, Any]) -> dict[str, Any]:
    """Wait until the server holds no more than before, and return what it holds, which the comparison shows."""
    seen: dict[str, Any] = {}
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while any(seen.get(name) != before[name] for name in HELD):
                seen = await observe(server)
                await asyncio.sleep(0.05)
    return {name: seen[name] for name in HELD}


@pytest.mark.timeout(7200)
async def test_churn_leaves_nothing_behind(tmp_path: Path, size: Size, figure: Figure) -> None:
    rounds, visits = size(short=7, long=400), 10
    data_dir = tmp_path / "data"
    tokens = add_bots(data_dir, PEOPLE)
    chance = random.Random(0)
    memory, log_sizes = [], []
    with ServerProcess(data_dir, program=PROGRAM) as server:
        people = [
            Visitor(server.url, user_id, token, [each for each in tokens if each != user_id], chance)
            for user_id, token in tokens.items()
        ]
        async with aiohttp.ClientSession(server.url) as session, session.get("/health") as response:
            assert response.status == 200
        before: dict[str, Any] = {}
        for number in range(rounds):
            if number == WARM_UP:  # by now every reader of the database has been used
                before = await observe(server)
                while before["connections"] or before["registry"]:
                    before = await observe(server)
            for _ in range(visits):
                await asyncio.gather(*(person.visit() for person in people))
                log_sizes.append((data_dir / "chatd.db-wal").stat().st_size)
            if number >= WARM_UP:
                memory.append(await resident_kib(server.pid))
        assert await until_all_are_gone(server, before) == {name: before[name] for name in HELD}
        figure(
            f"{rounds * visits * PEOPLE} visits: memory {memory[0] / 1024:.1f} MiB after the warm-up, "
            f"{memory[-1] / 1024:.1f} MiB at the end; log {max(log_sizes) / 2**20:.1f} MiB at most"
        )
        assert memory[-1] - memory[0] < GROWTH_KIB
        assert max(log_sizes) < 2 * LOG_LIMIT
        assert "Traceback" not in server.log
        assert await asyncio.to_thread(server.stop) == 0
