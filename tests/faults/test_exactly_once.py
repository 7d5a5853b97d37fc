"""Nothing missed, nothing twice: thirty clients on a bad line, to a server that is killed again and again.

They write to one another and to two groups, into which they come, which they leave, and out of which they are put.
"""

import asyncio
import contextlib
import logging
import os
import random
import zlib
from collections import Counter
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from chatd.client import (
    Backoff,
    Client,
    Cursor,
    Disconnected,
    EventStream,
    GroupPlace,
    Place,
    Refused,
    Rest,
    Resync,
    Unreachable,
    UserPlace,
    link,
)
from tests.faults.proxy import Fault, FaultProxy
from tests.faults.support import Disk, Entry, Keeper, add_bots, entry_of, keeping_alive
from tests.support import PATIENCE, until

CLIENTS = 30

#: How many of them, the first, get half of all that is said.
POPULAR = 2

#: How often the server is killed, and once it is stopped.
KILLS = 4

#: How long the line fails between two ends of the server, in seconds.
ROUND = 1.8

#: How many different things a peer does.
DOINGS = 10

#: How long a call over HTTP may hang on the bad line before it is made again, in seconds.
HANGS = 1.0


class Reader:
    """Somebody who keeps every event of a client, and the cursor to go on from."""

    def __init__(self, since: Cursor) -> None:
        self._cursor = since
        self.entries: list[Entry] = []

    async def read(self, stream: EventStream) -> None:
        """Read until the client disconnects."""
        async for event in stream:
            assert not isinstance(event, Resync), event
            if event.cursor is not None:
                self.entries.append(entry_of(event, event.cursor.seq))
                self._cursor = event.cursor

    def start(self, client: Client) -> "asyncio.Task[None]":
        """Read on where it stopped."""
        return asyncio.create_task(self.read(client.events(self._cursor)))


class Peer:
    """A user with a client, who does this and that, and knows what came of it."""

    def __init__(
        self, user_id: int, client: Client, others: list[int], groups: list[GroupPlace], chance: random.Random
    ) -> None:
        self.user_id = user_id
        self.readers: list[Reader] = []
        #: The message of each ``client_id`` whose sending returned.
        self.sent: dict[str, int] = {}
        #: Each ``client_id`` of which it is not known whether it was stored.
        self.unsure: set[str] = set()
        self.done: Counter[str] = Counter()
        self.put_out = 0
        self._client = client
        self._others = others
        self._groups = groups
        self._chance = chance
        self._count = 0
        self._reading: list[asyncio.Task[None]] = []

    async def begin(self) -> None:
        """Connect, and read from the first event on."""
        await self._client.connect()
        await self._read_from_the_beginning()

    async def talk(self, stop: asyncio.Event) -> None:
        """Do this and that until ``stop`` is set, and send once more."""
        doings = {
            self._send: 50,
            self._send_impatiently: 10,
            self._repeat: 10,
            self._mark_as_read: 10,
            self._react: 10,
            self._disconnect_and_return: 2,
            self._join_a_group: 6,
            self._leave_a_group: 3,
            self._put_somebody_out: 20 if self.user_id <= POPULAR else 0,  # each of these owns a group
            self._read_from_the_beginning: 10 if self.user_id <= POPULAR else 1,
        }
        while not stop.is_set():
            (doing,) = self._chance.choices(list(doings), list(doings.values()))
            await doing()
            self.done[doing.__name__] += 1
            await asyncio.sleep(self._chance.uniform(0, 0.2))
        await self._send()

    async def end(self) -> None:
        """Disconnect, and read what is left."""
        await self._client.close()
        await asyncio.gather(*self._reading)

    async def _send(self) -> None:
        self._count += 1
        client_id = f"{self.user_id}-{self._count}"
        self.unsure.add(client_id)
        await self._send_as(client_id)

    async def _send_impatiently(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._chance.uniform(0, 0.05)):
                await self._send()

    async def _repeat(self) -> None:
        known = [*self.sent, *sorted(self.unsure)]
        if known:
            await self._send_as(self._chance.choice(known))

    async def _send_as(self, client_id: str) -> None:
        to = self._place_of(client_id)
        try:
            message = await self._client.send(to, content_of(client_id), client_id=client_id)
        except Refused:
            assert isinstance(to, GroupPlace)  # one is not in it now; an earlier try may have come through
            assert client_id not in self.sent
            return
        assert self.sent.setdefault(client_id, message.id) == message.id
        self.unsure.discard(client_id)

    def _place_of(self, client_id: str) -> Place:
        """Return where the message goes that has this ``client_id``, the same each time."""
        digest = zlib.crc32(client_id.encode())
        if digest % 3 == 0:
            return self._groups[digest // 3 % len(self._groups)]
        return UserPlace(self._others[digest % (POPULAR if digest % 2 else len(self._others))])

    async def _mark_as_read(self) -> None:
        if (message := self._last_heard()) is not None:
            _, _, sender_id, message_id, _, group_id = message
            place = UserPlace(sender_id) if group_id is None else GroupPlace(group_id)
            with contextlib.nullcontext() if group_id is None else contextlib.suppress(Refused):
                await self._client.read(place, message_id)

    async def _react(self) -> None:
        if (message := self._last_heard()) is not None:
            with contextlib.nullcontext() if message[-1] is None else contextlib.suppress(Refused):
                await self._client.react(message[3], self._chance.choice("👍👎😀"))

    async def _join_a_group(self) -> None:
        group = self._chance.choice(self._groups)
        await self._until_answered(lambda: self._client.groups.join(group))

    async def _leave_a_group(self) -> None:
        if self.user_id > POPULAR:  # somebody stays, or the group would end
            group = self._chance.choice(self._groups)
            with contextlib.suppress(Refused):
                await self._until_answered(lambda: self._client.groups.leave(group))

    async def _put_somebody_out(self) -> None:
        group, other = self._groups[self.user_id - 1], self._chance.choice(self._others[POPULAR:])
        with contextlib.suppress(Refused):  # who is not in it
            await self._until_answered(lambda: self._client.groups.act(group, "kick", other))
            self.put_out += 1

    async def _until_answered(self, call: Callable[[], Coroutine[Any, Any, object]]) -> None:
        while True:
            with contextlib.suppress(Unreachable, TimeoutError):
                async with asyncio.timeout(HANGS):
                    await call()
                return
            await asyncio.sleep(0.02)

    async def _disconnect_and_return(self) -> None:
        sending = asyncio.create_task(self._send())
        await asyncio.sleep(self._chance.uniform(0, 0.02))
        await self._client.disconnect()
        with contextlib.suppress(Disconnected):
            await sending
        await asyncio.gather(*self._reading)
        await self._client.connect()
        self._reading = [reader.start(self._client) for reader in self.readers]

    async def _read_from_the_beginning(self) -> None:
        place = self._client.cursor
        assert place is not None
        reader = Reader(Cursor(place.epoch, 0))
        self.readers.append(reader)
        self._reading.append(reader.start(self._client))

    def _last_heard(self) -> Entry | None:
        heard = (each for each in reversed(self.readers[0].entries) if each[1] == "message" and each[2] != self.user_id)
        return next(heard, None)


def content_of(client_id: str) -> str:
    """Return the text that goes with a ``client_id``."""
    return f"this is {client_id}"


async def fail(proxy: FaultProxy, chance: random.Random) -> None:
    """Make the line fail until cancelled."""
    while True:
        await asyncio.sleep(chance.uniform(0, 0.1))
        proxy.fail_at_random(longest=0.5)


async def go_through_it(keeper: Keeper, proxy: FaultProxy, peers: list[Peer], chance: random.Random) -> None:
    """Let all talk while everything fails, until nothing fails and all have come to the end of the log."""
    stop = asyncio.Event()
    gently = [True] + [False] * KILLS
    chance.shuffle(gently)
    async with asyncio.TaskGroup() as group:
        for peer in peers:
            group.create_task(peer.talk(stop))
        failing = group.create_task(fail(proxy, chance))
        for is_gentle in gently:
            await asyncio.sleep(ROUND)
            await keeper.restart(gently=is_gentle)
            proxy.target = keeper.server.url
        await asyncio.sleep(ROUND)
        await until(lambda: proxy.done.keys() == set(Fault))
        failing.cancel()
        proxy.mend()
        await until(lambda: all(peer.done.total() >= 5 for peer in peers))
        await until(lambda: len({name for peer in peers for name in peer.done}) == DOINGS)
        await until(lambda: any(peer.put_out for peer in peers))
        stop.set()


async def until_all_have_read(disk: Disk, peers: list[Peer]) -> None:
    """Wait until every reader has come to the end of the log; what is still missing then, the comparison shows."""
    ends: dict[int, int] = {}
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE * 2):
            while ends != (ends := disk.last_seqs()):
                for peer in peers:
                    for reader in peer.readers:
                        while not reader.entries or reader.entries[-1][0] < ends[peer.user_id]:
                            await asyncio.sleep(0.02)


def check(disk: Disk, peers: list[Peer]) -> None:
    """Hold what everybody knows to what is stored."""
    for peer in peers:
        log = disk.log_of(peer.user_id)
        for reader in peer.readers:
            assert reader.entries == log, f"user {peer.user_id}"
    stored = disk.messages()
    assert len({content for *_, content in stored}) == len(stored)
    ids = {client_id: message_id for client_id, message_id, _ in stored}
    assert [content for *_, content in stored] == [content_of(client_id) for client_id in ids]
    sent = {client_id: message_id for peer in peers for client_id, message_id in peer.sent.items()}
    assert {client_id: ids.get(client_id) for client_id in sent} == sent
    assert ids.keys() - sent.keys() <= {client_id for peer in peers for client_id in peer.unsure}


@pytest.mark.timeout(300)
async def test_nothing_is_missed_and_nothing_comes_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    seed = int(os.environ.get("FAULTS_SEED") or random.SystemRandom().randrange(2**32))
    monkeypatch.setattr(link, "OPEN_TIMEOUT", 4.0)
    monkeypatch.setattr(link, "CLOSE_TIMEOUT", 0.2)
    try:
        await try_everything(tmp_path / "data", random.Random(seed))
        assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
    except BaseException as error:
        error.add_note(f"FAULTS_SEED={seed}")
        raise


async def make_groups(url: str, tokens: list[str]) -> list[GroupPlace]:
    """Make a public group for each of some people, who are in all of them."""
    members = [Rest(url, token=token) for token in tokens]
    groups = []
    for number, owner in enumerate(members):
        history = ("all", "joined")[number % 2]
        group = await owner.groups.create(f"Group {number}", public=True, history=history)
        groups.append(GroupPlace(group.id))
        for member in members:
            await member.groups.join(group)
    for member in members:
        await member.close()
    return groups


async def try_everything(data_dir: Path, chance: random.Random) -> None:
    """Let the clients talk through all that fails, and compare what they know with what is stored."""
    tokens = add_bots(data_dir, CLIENTS)
    disk = Disk(data_dir)
    with keeping_alive(data_dir) as keeper:
        groups = await make_groups(keeper.server.url, list(tokens.values())[:POPULAR])
        async with FaultProxy(keeper.server.url, chance) as proxy:
            peers = []
            for user_id, token in tokens.items():
                own = random.Random(chance.random())
                client = Client(proxy.url, token=token, backoff=Backoff(0.05, 0.5, own))
                peers.append(Peer(user_id, client, [each for each in tokens if each != user_id], groups, own))
            try:
                await asyncio.gather(*(peer.begin() for peer in peers))
                async with asyncio.timeout(PATIENCE * 5):
                    await go_through_it(keeper, proxy, peers, chance)
                await until_all_have_read(disk, peers)
            finally:
                await asyncio.gather(*(peer.end() for peer in peers))
        assert keeper.errors == []
    check(disk, peers)
    assert len(disk.messages()) > CLIENTS * 5
    assert any(peer.unsure for peer in peers)
    told = Counter(entry[-1] for peer in peers for entry in peer.readers[0].entries if entry[1] == "membership")
    assert min(told["joined"], told["left"], told["kicked"]) > 0
    assert {entry[-1] for entry in peers[0].readers[0].entries if entry[1] == "message"} >= {each.id for each in groups}
