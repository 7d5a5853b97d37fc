"""Nothing missed, nothing twice: thirty clients on a bad line, to a server that is killed again and again.

They write to one another and to two groups, into which they come, which they leave, and out of which they are put.
"""

import asyncio
import contextlib
import logging
import os
import random
from collections import Counter
from pathlib import Path

import pytest

from chatd.client import (
    Backoff,
    Client,
    GroupPlace,
    Rest,
    link,
)
from tests.faults.peers import POPULAR, Peer, content_of
from tests.faults.proxy import Fault, FaultProxy
from tests.faults.support import Disk, Keeper, add_bots, keeping_alive
from tests.support import PATIENCE, until

CLIENTS = 30

#: How often the server is killed, and once it is stopped.
KILLS = 4

#: How long the line fails between two ends of the server, in seconds.
ROUND = 1.8

#: How many different things a peer does.
DOINGS = 10


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
