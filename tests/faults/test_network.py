"""Half-open peers, a partition, loss and delay: who is not there is gone soon, and nothing is lost or doubled."""

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from chatd.client import Backoff, Client, Cursor, link
from tests.conftest import Figure, Size
from tests.faults import namespaces, network
from tests.faults.network import Network
from tests.faults.peers import Reader
from tests.faults.support import Disk, add_bots
from tests.process import ServerProcess
from tests.support import PATIENCE, until

#: How often the server pings, in seconds.
HEARTBEAT = 1

CLIENTS = 6

Make = Callable[..., AbstractAsyncContextManager[Network]]

#: Where namespaces cannot be made the proxy is all there is.
NETWORKS = [network.through_a_proxy, *([network.in_a_namespace] if namespaces.can_make_namespaces() else [])]


def count(server: ServerProcess, message: str) -> int:
    """Return how often the log says something."""
    return sum(entry["message"] == message for entry in server.entries)


class Talker:
    """A client that sends without a pause, and keeps what it hears."""

    def __init__(self, user_id: int, client: Client, others: list[int]) -> None:
        self.user_id = user_id
        self.client = client
        self.sent: dict[str, int] = {}
        self._others = others

    async def begin(self) -> None:
        """Connect, and read from the first event on."""
        await self.client.connect()
        assert self.client.cursor is not None
        self.reader = Reader(Cursor(self.client.cursor.epoch, 0))
        self.reading = self.reader.start(self.client)

    async def talk(self, stop: asyncio.Event) -> None:
        """Send message after message; each returns when it is stored, through whatever happens to the line."""
        while not stop.is_set():
            content = f"{len(self.sent)} from {self.user_id}"
            message = await self.client.send(self._others[len(self.sent) % len(self._others)], content)
            self.sent[content] = message.id
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("make", NETWORKS, ids=lambda make: make.__name__)
async def test_peers_are_gone_within_two_heartbeats_and_nothing_is_lost_or_doubled_when_they_are_back(
    make: Make, tmp_path: Path, size: Size, figure: Figure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "OPEN_TIMEOUT", 2.0)
    monkeypatch.setattr(link, "CLOSE_TIMEOUT", 0.2)
    data_dir = tmp_path / "data"
    tokens = add_bots(data_dir, CLIENTS)
    async with make(data_dir, CHATD_SERVER_HEARTBEAT_SECONDS=str(HEARTBEAT)) as line:
        talkers = [
            Talker(
                user_id,
                Client(line.url, token=token, backoff=Backoff(0.05, 0.3, random.Random(user_id))),
                [each for each in tokens if each != user_id],
            )
            for user_id, token in tokens.items()
        ]
        gone: list[float] = []
        stop = asyncio.Event()
        try:
            await asyncio.gather(*(talker.begin() for talker in talkers))
            async with asyncio.timeout(PATIENCE * 4), asyncio.TaskGroup() as group:
                for talker in talkers:
                    group.create_task(talker.talk(stop))
                for _ in range(size(short=1, long=10)):
                    line.spoil()
                    await more(talkers, 10)
                    gone.append(await cut_until_all_are_gone(line))
                    line.heal()
                    await more(talkers, 10)
                stop.set()
            await settled(Disk(data_dir), talkers)
        finally:
            await asyncio.gather(*(talker.client.close() for talker in talkers))
            await asyncio.gather(*(talker.reading for talker in talkers))
        assert not [entry for entry in line.server.entries if entry["level"] in ("error", "critical")]
        figure(f"{make.__name__} ({line.badness}), cut: all gone after {max(gone):.2f} s, heartbeat {HEARTBEAT} s")
    check(Disk(data_dir), talkers)
    assert max(gone) < 2 * HEARTBEAT + PATIENCE / 3


async def more(talkers: list[Talker], messages: int) -> None:
    """Wait until everybody has sent so many messages more."""
    enough = [len(talker.sent) + messages for talker in talkers]
    await until(lambda: all(len(talker.sent) >= least for talker, least in zip(talkers, enough, strict=True)))


async def cut_until_all_are_gone(line: Network) -> float:
    """Cut the line, and return how long it took the server to notice, in seconds."""
    line.cut()
    began = time.monotonic()
    await until(lambda: count(line.server, "connected") == count(line.server, "disconnected"))
    return time.monotonic() - began


async def settled(disk: Disk, talkers: list[Talker]) -> None:
    """Wait until everybody has read to the end; what is missing then, the comparison shows."""
    ends = disk.last_seqs()
    await until(lambda: all(t.reader.entries and t.reader.entries[-1][0] >= ends[t.user_id] for t in talkers))


def check(disk: Disk, talkers: list[Talker]) -> None:
    """Hold what everybody knows to what is stored."""
    stored = {content: message_id for _, message_id, content in disk.messages()}
    assert len(stored) == len(disk.messages())
    assert stored == {content: message_id for talker in talkers for content, message_id in talker.sent.items()}
    for talker in talkers:
        assert talker.reader.entries == disk.log_of(talker.user_id), f"user {talker.user_id}"
