"""A process whose database is out of reach: what it answers, whom it keeps, and what it does first when it is back."""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from tests.cluster.support import Processes, end_sessions
from tests.conftest import Size
from tests.faults.proxy import FaultProxy
from tests.ports import free_port
from tests.postgresql import Cluster
from tests.storage.postgresql.line import Line as CutLine
from tests.storage.postgresql.line import Where
from tests.support import Person, until_true
from tests.ws.v2_client import V2Client, contents, live

pytestmark = pytest.mark.timeout(300)


class Line:
    """Two processes, of which the second reaches PostgreSQL by a line that can be cut."""

    def __init__(self, processes: Processes, proxy: FaultProxy) -> None:
        self.processes = processes
        self.proxy = proxy

    def cut(self) -> None:
        self.proxy.is_refusing = True
        for line in self.proxy.lines:
            line.reset()


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[Line]:
    """Two processes on one PostgreSQL."""
    port = free_port()
    postgresql = Cluster(port=port)
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(postgresql.remove)
        await asyncio.to_thread(postgresql.start)
        url = postgresql.database()
        proxy = await stack.enter_async_context(FaultProxy(f"http://127.0.0.1:{port}", random.Random(1)))
        name = url.removeprefix("postgresql:///").partition("?")[0]
        processes = await stack.enter_async_context(Processes(url, tmp_path, 1))
        processes.url = f"postgresql://postgres@127.0.0.1:{URL(proxy.url).port}/{name}"
        await processes.start()
        yield Line(processes, proxy)


async def health(processes: Processes, number: int) -> int:
    async with processes.clients[number].get("/health") as response:
        return response.status


async def is_well(processes: Processes, number: int) -> bool:
    """Report whether a process says that it can store something; what it found is good for a second."""
    return await health(processes, number) == 200


async def test_a_process_without_its_database_says_so_keeps_its_sockets_and_goes_on(line: Line) -> None:
    processes = line.processes
    alice, bob = await processes.people("alice", "bobby")
    here, there = await live(processes.at(0, bob)), await live(processes.at(1, bob))
    line.cut()
    assert await there.error("send", user=alice.id, content="lost") == "storage_unavailable"
    assert (await health(processes, 0), await health(processes, 1)) == (200, 503)
    sent = await processes.at(0, alice).send(bob, "hello")
    assert contents([await here.read_until("new_message")]) == ["hello"]
    line.proxy.mend()
    assert (await there.read_until("new_message"))["seq"] == sent["id"]
    await there.send(alice, "again")
    await until_true(lambda: is_well(processes, 1))


async def test_a_session_that_ended_meanwhile_is_told_nothing_when_the_line_is_back(line: Line) -> None:
    processes = line.processes
    alice, bob = await processes.people("alice", "bobby")
    laptop = await processes.at(0, alice).device()
    phone, other = await live(processes.at(1, alice)), await live(processes.at(1, laptop))
    line.cut()
    assert await other.error("send", user=bob.id, content="lost") == "storage_unavailable"
    await processes.at(0, bob).send(alice, "before")
    await processes.at(0, alice).post("/auth/logout", status=204)
    await processes.at(0, bob).send(alice, "after")
    line.proxy.mend()
    assert await phone.closed() == 4002
    assert contents(phone._kept) == []
    assert [(await other.read_until("new_message"))["data"]["content"] for _ in range(2)] == ["before", "after"]


async def test_after_half_a_minute_clients_are_sent_away(line: Line, size: Size) -> None:
    if not size(short=0, long=1):
        pytest.skip("takes half a minute: --long")
    processes = line.processes
    _, bob = await processes.people("alice", "bobby")
    there = await live(processes.at(1, bob))
    line.cut()
    began = time.monotonic()
    code = await asyncio.wait_for(told_to_leave(there), 60)
    assert code == 1012
    assert time.monotonic() - began > 25


async def test_who_was_at_a_process_that_was_killed_is_gone_after_a_while(line: Line, size: Size) -> None:
    if not size(short=0, long=1):
        pytest.skip("takes a minute: --long")
    processes = line.processes
    alice, bob = await processes.people("alice", "bobby")
    await processes.at(0, alice).send(bob, "hello")
    watching = await live(processes.at(0, alice))
    await live(processes.at(1, bob))
    assert (await watching.read_until("presence"))["data"] | {"last_seen_at": 0} == gone(bob, online=True)
    processes.servers[1].kill()
    found: list[dict[str, Any]] = []
    while not found:
        await watching.ws.send_str('{"type":"ping"}')
        frame = await watching.read_until("presence", "pong")
        found += [frame] if frame["type"] == "presence" else []
        await asyncio.sleep(0.5)
    assert found[0]["data"] | {"last_seen_at": 0} == gone(bob, online=False)


async def told_to_leave(client: V2Client) -> int | None:
    """Read whatever comes until the server closes, and return the code."""
    async for _ in client.ws:
        pass
    return client.ws.close_code


def gone(person: Person, *, online: bool) -> dict[str, object]:
    return {"user_id": person.id, "online": online, "last_seen_at": 0}


async def is_sent(client: V2Client, to: Person, content: str) -> bool:
    """Send a message, and report whether it is stored now."""
    answer = await client.command("send", user=to.id, content=content, client_id=content)
    return bool(answer["type"] == "ack")


@pytest.mark.parametrize("where", ["after", "before"])
async def test_a_line_that_is_cut_in_a_commit_leaves_one_message_or_none_on_every_process(
    cluster: Cluster, database_url: str, tmp_path: Path, where: Where
) -> None:
    path = tmp_path / "line"
    line = CutLine(cluster.directory / ".s.PGSQL.5432", path, database_url)
    await line.open()
    async with Processes(database_url, tmp_path, 1) as processes:
        processes.url = line.url
        await processes.start()
        alice, bob = await processes.people("alice", "bobby")
        talking = await live(processes.at(1, alice))
        watching = [await live(processes.at(number, bob)) for number in (0, 1)]
        await asyncio.to_thread(end_sessions, database_url)  # the first commits of a connection say COMMIT
        await until_true(lambda: is_sent(talking, bob, "before"))
        line.cut_at(b"marked", where)
        answer = await talking.command("send", user=bob.id, content="marked", client_id="m")
        assert line.cuts == 1
        assert answer["type"] == ("ack" if where == "after" else "error")
        again = await talking.send(bob, "marked", client_id="m")
        assert again["data"]["duplicate"] is (where == "after")
        await processes.at(0, alice).send(bob, "afterwards")
        for client in watching:
            seen = [(await client.read_until("new_message"))["data"]["content"] for _ in range(3)]
            assert seen == ["before", "marked", "afterwards"]
    await line.close()
