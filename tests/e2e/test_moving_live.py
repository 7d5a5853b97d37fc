"""``chatd move --live``: a community moves while it talks, and its server is stopped for the last seconds only."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatd.client import Client, NewMessage
from tests.client.support import Line, fast
from tests.conftest import Figure, Size
from tests.e2e.moves import LiveMove, fill, move, number_of, rows, serving
from tests.postgresql import Cluster
from tests.process import ServerProcess, client_of
from tests.support import Person, register, until
from tests.ws.v2_client import connect

pytestmark = pytest.mark.postgresql

#: What is said as each part of a move begins.
BEGUN, COPIED, WAITING, LAST = (
    "everything is copied",
    "rows are copied",
    "stop the server now",
    "the server has stopped",
)


@pytest.fixture
def url(cluster: Cluster) -> Iterator[str]:
    """A database with no tables in it."""
    url = cluster.database(empty=True)
    yield url
    cluster.drop(url)


class Talk:
    """Somebody who writes without a pause and somebody who listens, over a line to whichever server there is."""

    def __init__(self, line: Line, writer: Person, listener: Person) -> None:
        """Create a talk that ``async with`` begins."""
        self.line = line
        self._to = listener.id
        self._writer = Client(line.url, token=writer.token, backoff=fast())
        self._listener = Client(line.url, token=listener.token, backoff=fast())
        self.acked: list[str] = []
        self.heard: list[str] = []
        #: What came that is no message.
        self.others: list[object] = []
        self._is_over = False

    async def __aenter__(self) -> "Talk":
        await self._writer.connect()
        await self._listener.connect()
        self._tasks = [asyncio.create_task(self._write()), asyncio.create_task(self._listen())]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._writer.close()
        await self._listener.close()

    async def goes_on(self) -> None:
        """Wait until more is acknowledged."""
        count = len(self.acked)
        await until(lambda: len(self.acked) > count + 3 or any(task.done() for task in self._tasks))
        assert not [task.exception() for task in self._tasks if task.done()]

    async def ends(self) -> None:
        """Write no more, and wait until all is heard."""
        self._is_over = True
        await self._tasks[0]
        await until(lambda: self.acked[-1] in self.heard)

    async def _write(self) -> None:
        for number in itertools.count():
            await self._writer.send(self._to, f"n{number}")
            self.acked.append(f"n{number}")
            if self._is_over:
                return

    async def _listen(self) -> None:
        async for event in self._listener.events():
            if isinstance(event, NewMessage):
                self.heard.append(event.message.content)
            elif event.cursor is not None:
                self.others.append(event)


async def test_people_write_while_it_moves_there_and_back_and_nothing_is_missed(
    tmp_path: Path, url: str, size: Size
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    fill(first / "chatd.db", size(short=5_000, long=300_000))
    async with contextlib.AsyncExitStack() as stack:
        with ServerProcess(first) as server:
            async with client_of(server) as client:
                alice, bob = await register(client, "alice"), await register(client, "bobby")
                epoch = (await connect(alice)).hello["epoch"]
                line = await stack.enter_async_context(Line(server.url))
                talk = await stack.enter_async_context(Talk(line, alice, bob))
                async with LiveMove(first, url) as moving:
                    for step in (BEGUN, COPIED, WAITING):
                        await moving.says(step)
                        await talk.goes_on()
                    await asyncio.to_thread(server.stop)
                    await moving.says(LAST)
                    assert "messages" in await moving.is_done()
        with (
            ServerProcess(tmp_path / "one", CHATD_DATABASE_URL=url) as one,
            ServerProcess(tmp_path / "two", CHATD_DATABASE_URL=url) as two,
        ):
            line.target = type(line.target)(one.url)
            await talk.goes_on()
            async with LiveMove(tmp_path / "one", str(second), url) as moving:
                await moving.says(WAITING)
                await talk.goes_on()
                await asyncio.to_thread(two.stop)
                await talk.goes_on()
                await asyncio.to_thread(one.stop)
                await moving.says(LAST)
                assert "messages" in await moving.is_done()
        async with serving(second, alice, bob) as server:
            line.target = type(line.target)(server.url)
            await talk.goes_on()
            await talk.ends()
            assert (await connect(alice)).hello["epoch"] == epoch
            stored = [row[3] for row in sorted(rows(second / "chatd.db")["messages"]) if row[2] == alice.id]
            assert talk.heard == stored
            assert talk.heard[: len(talk.acked)] == talk.acked
            assert talk.others == []


async def test_a_move_that_is_killed_in_any_of_its_parts_leaves_nothing_and_the_server_goes_on(
    tmp_path: Path, url: str
) -> None:
    data_dir, back = tmp_path / "data", tmp_path / "back"
    data_dir.mkdir()
    fill(data_dir / "chatd.db", 5_000)
    async with serving(data_dir) as server, client_of(server) as client:
        alice, bob = await register(client, "alice"), await register(client, "bobby")
        for step in (BEGUN, COPIED, WAITING):
            async with LiveMove(data_dir, url) as moving:
                await moving.says(step)
                await moving.kill()
            await alice.send(bob, step)
        files = {each.name for each in data_dir.iterdir()}
    assert files - {"chatd.db-wal", "chatd.db-shm"} == {"chatd.db", "chatd.lock", "signing.key"}
    before = rows(data_dir / "chatd.db")
    async with LiveMove(data_dir, url) as moving:
        await moving.says(LAST)
        await moving.kill()
    assert rows(data_dir / "chatd.db") == before
    await until(lambda: number_of(url, "users") == number_of(url, "messages") == 0)
    move(data_dir, url)
    other = tmp_path / "other"
    async with contextlib.AsyncExitStack() as running:
        await running.enter_async_context(serving(other, url=url))
        for step in (BEGUN, COPIED, WAITING, LAST):
            async with LiveMove(other, str(back), url) as moving:
                if step == LAST:
                    await running.aclose()
                await moving.says(step)
                await moving.kill()
            assert "chatd.db" not in {each.name for each in back.iterdir()}
    async with LiveMove(other, str(back), url) as moving:
        await moving.is_done()
    assert {each.name for each in back.iterdir()} == {"chatd.db", "chatd.lock", "signing.key"}
    assert rows(back / "chatd.db")["messages"] == before["messages"]


@pytest.mark.timeout(900)
async def test_the_server_is_stopped_for_seconds(tmp_path: Path, cluster: Cluster, size: Size, figure: Figure) -> None:
    durable = Cluster({}) if size(short=0, long=1) else cluster
    data_dir, other, back = tmp_path / "data", tmp_path / "other", tmp_path / "back"
    data_dir.mkdir()
    fill(data_dir / "chatd.db", count := size(short=2_000, long=1_000_000))
    try:
        if durable is not cluster:
            durable.start()
        url = durable.database(empty=True)
        ways = [(data_dir, url, ""), (other, str(back), url)]
        for home, to, at in ways[: size(short=1, long=2)]:
            with ServerProcess(home, CHATD_DATABASE_URL=at) as server:
                async with LiveMove(home, to, at) as moving:
                    await moving.says(WAITING)
                    await asyncio.to_thread(server.stop)
                    stopped_at = time.monotonic()
                    await moving.is_done()
                    seconds = time.monotonic() - stopped_at
            kind = "SQLite" if at else "PostgreSQL"
            figure(f"{count} messages moved to {kind} live: stopped for {seconds:.1f} s")
    finally:
        if durable is not cluster:
            durable.remove()
