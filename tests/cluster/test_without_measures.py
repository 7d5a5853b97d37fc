"""A cluster without one of its measures, which a line to PostgreSQL takes away: the program is the same.

Each test runs twice, with the measure and without it. If one without it passed as well, the tests of faults would show
nothing.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import psycopg
import pytest

from chatd.storage.engine.postgresql.lock import LOCK
from tests.cluster.load import Load
from tests.cluster.relay import Relay
from tests.cluster.support import Processes, end_sessions
from tests.conftest import Figure
from tests.postgresql import Cluster
from tests.storage.postgresql.line import Line
from tests.support import until
from tests.ws.v2_client import contents, live

pytestmark = pytest.mark.timeout(300)

THE_LOCK = {b"SELECT pg_advisory_xact_lock(%d)" % LOCK: b"SELECT 1"}

THE_TOKEN = {b"AND token =": b"AND number < 0 AND token ="}

THE_GAP_CHECK = {b"FROM commits WHERE number >": b"FROM commits WHERE number < 0 AND number >"}

both = pytest.mark.parametrize("has_measure", [True, False], ids=["with it", "without it"])


class Pair(Processes):
    """Two processes, of which the second reaches PostgreSQL through a relay."""

    def __init__(self, url: str, relay: Relay, relayed: str, directory: Path) -> None:
        super().__init__(url, directory, 0)
        self.relay = relay
        #: The URL of the database behind the relay.
        self.relayed = relayed

    def url_for(self, number: int) -> str:
        """Return the URL by which a process reaches the database."""
        return self.relayed if number == 1 else self.url

    async def run(self) -> None:
        """Start both."""
        await self.start()
        await self.start()


@pytest.fixture
async def pair(cluster: Cluster, database_url: str, tmp_path: Path) -> AsyncIterator[Pair]:
    """Two processes that are not started yet."""
    async with AsyncExitStack() as stack:
        relay = await stack.enter_async_context(Relay(cluster.directory / ".s.PGSQL.5432", tmp_path / "relay"))
        relayed = database_url.replace(str(cluster.directory), str(relay.directory))
        pair = Pair(database_url, relay, relayed, tmp_path)
        await stack.enter_async_context(pair)
        yield pair


@both
async def test_without_the_lock_two_take_one_number_and_what_one_of_them_stores_is_refused(
    pair: Pair, figure: Figure, has_measure: bool
) -> None:
    pair.relay.changes = {} if has_measure else THE_LOCK
    await pair.run()

    def refused() -> int:
        return sum(server.log.count("duplicate key value") for server in pair.servers)

    async with Load(pair) as load:
        await load.goes_on(100)
        if not has_measure:
            await until(lambda: refused() > 5)
        figure(f"{load.acked} messages {'with' if has_measure else 'without'} the lock, {refused()} commits refused")
    assert (refused() == 0) is has_measure


@both
async def test_without_the_token_a_message_whose_answer_is_lost_is_said_to_be_lost_and_sent_twice(
    pair: Pair, tmp_path: Path, has_measure: bool
) -> None:
    pair.relay.changes = {} if has_measure else THE_TOKEN
    line = Line(pair.relay.directory / ".s.PGSQL.5432", tmp_path / "line", pair.relayed)
    await line.open()
    pair.relayed = line.url
    await pair.run()
    alice, bob = await pair.people("alice", "bobby")
    talking = await live(pair.at(1, alice))
    await asyncio.to_thread(end_sessions, pair.url)  # the first commits of a connection say COMMIT
    while (await talking.command("send", user=bob.id, content="before"))["type"] == "error":
        pass
    line.cut_at(b"marked", "after")
    answer = await talking.command("send", user=bob.id, content="marked")
    assert line.cuts == 1
    if answer["type"] == "error":
        await talking.send(bob, "marked")
    with psycopg.connect(pair.url, autocommit=True) as db:
        stored = db.execute("SELECT count(*) FROM messages WHERE content = 'marked'").fetchone()
    assert stored == (1 if has_measure else 2,)
    await line.close()


@both
async def test_without_the_check_for_gaps_nothing_is_told_any_more_after_a_lost_notification(
    pair: Pair, has_measure: bool
) -> None:
    pair.relay.changes = {} if has_measure else THE_GAP_CHECK
    await pair.run()
    alice, bob = await pair.people("alice", "bobby")
    here, there = await live(pair.at(0, alice)), await live(pair.at(1, bob))
    await here.send(bob, "heard")
    assert contents([await there.read_until("new_message")]) == ["heard"]
    pair.relay.is_deaf = True
    await here.send(bob, "not heard")
    await until(lambda: pair.relay.dropped)
    pair.relay.is_deaf = False
    await here.send(bob, "heard again")
    if has_measure:
        assert contents([await there.read_until("new_message") for _ in range(2)]) == ["not heard", "heard again"]
    else:
        asked = pair.relay.asked
        await until(lambda: pair.relay.asked > asked + 100)
        assert contents(await there.settle()) == []
