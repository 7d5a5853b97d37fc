"""Processes are killed, PostgreSQL restarts, notifications die: every device has every event, once, in order."""

import asyncio
import contextlib
import random
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
from yarl import URL

from chatd.storage.engine.postgresql.lock import LOCK
from tests.cluster.load import Load
from tests.cluster.support import Processes, end_sessions, running, stored
from tests.conftest import Figure, Size
from tests.faults.proxy import FaultProxy
from tests.ports import free_port
from tests.postgresql import Cluster
from tests.support import until
from tests.ws.v2_client import live

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
async def three(database_url: str, tmp_path: Path) -> AsyncIterator[Processes]:
    """Three processes on an empty database."""
    async with running(database_url, tmp_path, 3) as processes:
        yield processes


async def test_processes_that_are_killed_lose_nothing_and_double_nothing(
    three: Processes, size: Size, figure: Figure
) -> None:
    async with Load(three) as load:
        for kill in range(size(short=4, long=20)):
            await load.goes_on(60)
            number = kill % 3
            three.servers[number].kill()
            await load.goes_on()  # the others go on
            await three.replace(number)
        await load.goes_on()
        await load.end()
        figure(f"{load.acked} messages through kills of processes")


async def test_a_process_that_is_stopped_for_a_while_catches_up(three: Processes) -> None:
    async with Load(three) as load:
        await load.goes_on()
        three.servers[1].signal(signal.SIGSTOP)
        await load.goes_on()
        three.servers[1].signal(signal.SIGCONT)
        await load.goes_on()
        await load.end()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
async def test_a_restart_of_postgresql_loses_nothing(how: signal.Signals, tmp_path: Path) -> None:
    postgresql = Cluster({"fsync": "off"})  # a restart is no power cut: what was written stays
    try:
        await asyncio.to_thread(postgresql.start)
        async with running(postgresql.database(), tmp_path, 2) as processes, Load(processes) as load:
            for _ in range(2):
                await load.goes_on()
                await asyncio.to_thread(postgresql.stop, how)
                await asyncio.to_thread(postgresql.start)
            await load.goes_on()
            await load.end()
    finally:
        postgresql.remove()


async def test_connections_that_postgresql_ends_lose_nothing(three: Processes) -> None:
    async with Load(three) as load:
        for _ in range(5):
            await load.goes_on()
            assert await asyncio.to_thread(end_sessions, three.url)
        await load.goes_on()
        await load.end()


@pytest.fixture
async def deaf(tmp_path: Path) -> AsyncIterator[tuple[Processes, FaultProxy]]:
    """Two processes, and the line on which they listen: it goes dead, and nobody is told."""
    port = free_port()
    postgresql = Cluster(port=port)
    try:
        await asyncio.to_thread(postgresql.start)
        url = postgresql.database()
        async with FaultProxy(f"http://127.0.0.1:{port}", random.Random(1)) as proxy:
            name = url.removeprefix("postgresql:///").partition("?")[0]
            listen_url = f"postgresql://postgres@127.0.0.1:{URL(proxy.url).port}/{name}"
            async with running(url, tmp_path, 2, CHATD_DATABASE_LISTEN_URL=listen_url) as processes:
                yield processes, proxy
    finally:
        postgresql.remove()


async def test_where_no_notification_arrives_any_more_everything_still_does(
    deaf: tuple[Processes, FaultProxy],
) -> None:
    processes, proxy = deaf
    async with Load(processes) as load:
        await load.goes_on()
        proxy.is_refusing = True
        assert len(proxy.lines) == 2
        for line in proxy.lines:
            line.half_open()
        await load.goes_on(100)
        person = load.people[0]
        await load.end()
    here, there = processes.everywhere(person)
    socket = await live(there)
    await there.get("/auth/me")
    await here.post("/auth/logout", status=204)
    assert await socket.closed() == 4002


async def test_who_stops_while_it_holds_the_lock_holds_nobody_up(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path, 1) as processes:
        alice, bob = await processes.people("alice", "bobby")
        with (
            contextlib.suppress(psycopg.OperationalError),  # it is ended
            psycopg.connect(database_url, autocommit=True) as stopped,
            stopped.pipeline(),
        ):
            stopped.execute("BEGIN")
            stopped.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))  # no Sync: the server waits for more
            await until_locked(database_url)
            await alice.send(bob, "hello")


async def until_locked(url: str) -> None:
    """Wait until somebody holds the lock of writers."""
    with psycopg.connect(url, autocommit=True) as db:
        await until(
            lambda: db.execute(
                "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND granted", (LOCK,)
            ).fetchone()
        )


async def test_a_process_that_was_away_for_longer_than_commits_are_kept_sends_its_clients_away(
    three: Processes,
) -> None:
    alice, bob = await three.people("alice", "bobby")
    there = await live(three.at(1, bob))
    three.servers[1].signal(signal.SIGSTOP)
    await asyncio.to_thread(end_sessions, three.url)  # else it would still hear what was announced
    sent = [await stored(three.at(0, alice), bob, f"n{number}") for number in range(5)]
    with psycopg.connect(three.url, autocommit=True) as db:  # ten minutes later
        db.execute("DELETE FROM commits WHERE number < (SELECT max(number) FROM commits)")
    three.servers[1].signal(signal.SIGCONT)
    seen = []
    with contextlib.suppress(AssertionError):  # it is closed
        while True:
            seen.append((await there.read_until("new_message"))["seq"])
    assert there.ws.close_code == 1012
    back = await live(three.at(1, bob))
    missed = await back.catch_up(seen[-1] if seen else 0)
    assert seen + [each["seq"] for each in missed if each["type"] == "new_message"] == sent
    again = await three.at(2, alice).send(bob, "on it goes")
    assert (await back.read_until("new_message"))["seq"] == again["id"]
