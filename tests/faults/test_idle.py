"""Many who say nothing: they are held, cost little memory, and do not slow down those who talk."""

import asyncio
import statistics
import time
from pathlib import Path

import pytest

from bench.idle import SPARE_FILES, raise_file_limit, resident_kib
from tests.conftest import Figure, Size
from tests.faults.observed import PROGRAM, observe
from tests.faults.quiet import Quiet, many_quiet
from tests.faults.support import add_bots
from tests.process import ServerProcess

#: How often the server pings, in seconds, in the long form and in the short one: clients that are slow to answer on a
#: busy machine are not lost.
HEARTBEAT, SHORT_HEARTBEAT = 30, 5

#: How many messages are timed.
MESSAGES = 200

#: Above what one connection takes today, in KiB; a server that compressed, for example, would take 100.
RESIDENT_KIB = 60.0


async def latencies(sender: Quiet, receiver: Quiet, receiver_id: int) -> list[float]:
    """Return how long each of some messages took from one to another, one after the other, in milliseconds."""
    found = []
    for number in range(MESSAGES):
        content = f"message {number}"
        began = time.perf_counter()
        sender.say({"type": "send", "id": number + 1, "data": {"user": receiver_id, "content": content}})
        while content not in receiver.heard:
            await asyncio.sleep(0)
        found.append((receiver.heard.pop(content) - began) * 1000)
    return found


@pytest.mark.timeout(900)
async def test_idle_connections_are_held_and_slow_nobody_down(tmp_path: Path, size: Size, figure: Figure) -> None:
    count, seconds = size(short=300, long=10_000), size(short=6, long=180)
    assert raise_file_limit(count + SPARE_FILES), "ulimit -Hn is too low"
    data_dir = tmp_path / "data"
    tokens = add_bots(data_dir, count + 2)
    sending, receiving, *idle = tokens.values()
    heartbeat = str(HEARTBEAT if seconds > HEARTBEAT else SHORT_HEARTBEAT)
    with ServerProcess(data_dir, program=PROGRAM, CHATD_SERVER_HEARTBEAT_SECONDS=heartbeat) as server:
        sender, receiver = await many_quiet(server.url, [sending, receiving])
        alone = await latencies(sender, receiver, list(tokens)[1])
        before = await resident_kib(server.pid)
        clients = await many_quiet(server.url, idle)
        await observe(server)
        await asyncio.sleep(seconds)
        each = (await resident_kib(server.pid) - before) / count
        among = await latencies(sender, receiver, list(tokens)[1])
        seen = await observe(server)
        figure(
            f"{count} idle connections held for {seconds} s: {each:.1f} KiB each, loop lag {seen['lag_ms']} ms; "
            f"a message takes {statistics.median(among):.2f} ms (p99 {percentile(among):.2f}), "
            f"without them {statistics.median(alone):.2f} ms (p99 {percentile(alone):.2f})"
        )
        assert seen["connections"] == count + 2
        assert not any(client.is_lost.done() for client in clients)
        assert each < RESIDENT_KIB
        for client in (sender, receiver, *clients):
            client.abort()
        await until_empty(server)
        assert "Traceback" not in server.log


def percentile(values: list[float]) -> float:
    """Return what 99 of 100 are below."""
    return statistics.quantiles(values, n=100)[-1]


async def until_empty(server: ServerProcess) -> None:
    """Wait until all have been seen to be gone."""
    while (await observe(server))["connections"]:
        await asyncio.sleep(0.1)
