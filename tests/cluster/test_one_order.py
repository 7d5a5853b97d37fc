"""Three processes that are written to at once: one order on every connection, and one message for one client_id."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cluster.support import Processes, running
from tests.conftest import Figure, Size
from tests.support import Person, error_of
from tests.ws.v2_client import PASSING, V2Client, contents, live

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
async def three(database_url: str, tmp_path: Path) -> AsyncIterator[Processes]:
    """Three processes on an empty database."""
    async with running(database_url, tmp_path, 3) as processes:
        yield processes


async def test_answers_and_events_of_each_connection_are_in_the_order_of_seq(
    database_url: str, tmp_path: Path, size: Size, figure: Figure
) -> None:
    each = size(short=1_500, long=25_000)
    async with running(database_url, tmp_path, 3) as three:
        alice, bob = await three.people("alice", "bobby")
        talkers = [
            (await live(three.at(number % 3, me)), to)
            for number, (me, to) in enumerate([(alice, bob)] * 2 + [(bob, alice)] * 2)
        ]
        began = time.monotonic()
        await asyncio.gather(*(_talk(client, to, each, 4 * each) for client, to in talkers))
        seconds = time.monotonic() - began
        figure(f"{4 * each} messages through three processes in {seconds:.0f} s, each socket in the order of seq")


async def _talk(client: V2Client, to: Person, count: int, in_all: int) -> None:
    """Send messages, some at once, and check that everything comes in order, others' messages and our own."""
    written = 0

    async def write() -> None:
        nonlocal written
        await client.write({"type": "send", "id": written, "data": {"user": to.id, "content": f"{written}"}})
        written += 1

    for _ in range(32):
        await write()
    last = seen = 0
    while seen < in_all:
        frame = await client.read()
        assert frame["type"] in ("ack", "new_message", *PASSING), frame
        if "seq" in frame:
            assert frame["seq"] > last
            last, seen = frame["seq"], seen + 1
        if frame["type"] == "ack" and written < count:
            await write()


async def test_one_client_id_at_all_processes_at_once_is_one_message_and_other_content_is_refused_everywhere(
    three: Processes,
) -> None:
    alice, bob = await three.people("alice", "bobby")
    watching = [await live(each) for each in three.everywhere(bob)]
    sockets = [await live(each) for each in three.everywhere(alice)]
    for number in range(20):
        client_id = f"c{number}"
        sent = await asyncio.gather(
            *(each.send(bob, "once", client_id) for each in three.everywhere(alice) * 2),
            *(each.send(bob, "once", client_id=client_id) for each in sockets),
        )
        ids = {each["data"]["message"]["id"] if "data" in each else each["id"] for each in sent}
        assert len(ids) == 1
    for each, socket in zip(three.everywhere(alice), sockets, strict=True):
        body = {"content": "x", "client_id": "c1"}
        async with await each.request("POST", f"/messages/send/{bob.id}", json=body) as response:
            assert await error_of(response) == (409, "client_id_reused")
        assert await socket.error("send", user=bob.id, content="x", client_id="c1") == "client_id_reused"
    await three.at(0, alice).send(bob, "last")
    for client in watching:
        told: list[str] = []
        while told[-1:] != ["last"]:
            told += contents([await client.read_until("new_message")])
        assert told == ["once"] * 20 + ["last"]
