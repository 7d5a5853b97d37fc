"""The primary dies under load and its standby takes over: what was acknowledged, and what clients are told."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cluster.load import Load
from tests.cluster.pair import Pair
from tests.cluster.support import Processes, running, stored
from tests.conftest import Figure
from tests.support import until
from tests.ws.v2_client import ResyncNeeded, connect, contents, kinds, live

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    """A primary that does not wait for its standby."""
    pair = Pair()
    try:
        await asyncio.to_thread(pair.start)
        yield pair
    finally:
        pair.remove()


def renewals(processes: Processes) -> int:
    """Return how many times a process has renewed the epoch."""
    return sum("epoch_renewed" in server.log for server in processes.servers)


@pytest.mark.parametrize("lossless", [True, False])
async def test_a_synchronous_standby_that_takes_over_has_all_that_was_acknowledged(
    pair: Pair, tmp_path: Path, figure: Figure, lossless: bool
) -> None:
    await asyncio.to_thread(pair.require_both)
    variables = {"CHATD_DATABASE_LOSSLESS_FAILOVER": str(lossless).lower()}
    async with running(pair.url, tmp_path, 2, **variables) as processes, Load(processes) as load:
        await load.goes_on(60)
        await asyncio.to_thread(pair.fail_over)
        await load.goes_on(60)
        if not lossless:
            await until(lambda: min(load.resyncs) >= 1)
        await load.end()
        assert renewals(processes) == (0 if lossless else 1)
        if lossless:
            assert set(load.resyncs) == {0}
        figure(f"{load.acked} messages through a failover to a synchronous standby, none lost")


async def test_an_asynchronous_standby_that_takes_over_lacks_the_newest_and_every_client_is_told(
    pair: Pair, tmp_path: Path, figure: Figure
) -> None:
    async with running(pair.url, tmp_path, 2) as processes, Load(processes) as load:
        await load.goes_on()
        await asyncio.to_thread(pair.standby.cut)
        before = load.acked
        await load.goes_on(60)
        lag = load.acked - before
        await asyncio.to_thread(pair.fail_over)
        await load.goes_on()
        await until(lambda: min(load.resyncs) >= 1)
        lost = await load.lost()
        assert len(lost) >= lag - len(load.writers), "all but what was on its way back"
        given = {message_id for writer in load.writers for text, message_id in writer.acked.items() if text not in lost}
        assert set(lost.values()) & given, "their places are given again"
        assert renewals(processes) == 1
        figure(f"{len(lost)} of {load.acked} acknowledged messages lost with an asynchronous standby")


async def test_a_primary_that_takes_no_writes_any_more_is_left_though_no_connection_to_it_has_ended(
    pair: Pair, tmp_path: Path
) -> None:
    await asyncio.to_thread(pair.require_both)
    variables = {"CHATD_DATABASE_LOSSLESS_FAILOVER": "true"}
    async with running(pair.url, tmp_path, 2, **variables) as processes, Load(processes) as load:
        await load.goes_on()
        await asyncio.to_thread(pair.switch_over)
        await load.goes_on()
        await load.end()
        assert set(load.resyncs) == {0}
        assert renewals(processes) == 0


@pytest.mark.parametrize("lossless", [False, True])
async def test_who_comes_back_to_a_standby_that_lacked_something_loads_anew_unless_it_is_said_to_have_all(
    pair: Pair, tmp_path: Path, lossless: bool
) -> None:
    """What another epoch is for: without it, what got the places of what was lost would be missed."""
    variables = {"CHATD_DATABASE_LOSSLESS_FAILOVER": str(lossless).lower()}
    async with running(pair.url, tmp_path, 1, **variables) as processes:
        alice, bob = await processes.people("alice", "bobby")
        bobs = await live(bob)
        await asyncio.to_thread(pair.part)
        lost = [(await alice.send(bob, f"lost {number}"))["id"] for number in range(3)]
        await bobs.ws.close()
        await asyncio.to_thread(pair.fail_over)
        kept = [await stored(alice, bob, f"kept {number}") for number in range(5)]
        assert kept[:3] == lost
        back = await connect(bob)
        if lossless:
            assert contents(await back.catch_up(lost[-1])) == ["kept 3", "kept 4"]
        else:
            with pytest.raises(ResyncNeeded):
                await back.page(lost[-1], epoch=bobs.hello["epoch"])


async def test_while_no_synchronous_standby_answers_nothing_is_acknowledged_and_the_health_says_so(
    pair: Pair, tmp_path: Path
) -> None:
    await asyncio.to_thread(pair.require_both)
    async with running(pair.url, tmp_path, 2) as processes:
        alice, bob = await processes.people("alice", "bobby")
        here, there = await live(alice), await live(bob)
        pair.standby.freeze()
        waiting = asyncio.create_task(here.send(bob, "waits"))
        async with processes.clients[0].get("/health") as response:
            assert response.status == 503
        assert not waiting.done()
        assert kinds(await there.settle()) == []
        pair.standby.go_on()
        told = await there.read_until("new_message")
        assert (told["seq"], contents([told])) == ((await waiting)["seq"], ["waits"])


async def test_a_message_that_stopped_waiting_for_the_standby_is_not_acknowledged_and_yet_told_to_all(
    pair: Pair, tmp_path: Path
) -> None:
    """PostgreSQL keeps what it has committed where the wait for the standby is cancelled, and can only warn."""
    await asyncio.to_thread(pair.require_both)
    async with running(pair.url, tmp_path, 2) as processes:
        alice, bob = await processes.people("alice", "bobby")
        sending, watching = await live(alice), [await live(each) for each in processes.everywhere(bob)]
        pair.standby.freeze()
        answer = asyncio.create_task(sending.command("send", user=bob.id, content="doubtful", client_id="d"))
        await asyncio.to_thread(pair.cancel_wait)
        assert (await answer)["error"]["code"] == "storage_unavailable"
        told = [await each.read_until("new_message") for each in watching]
        assert contents(told) == ["doubtful", "doubtful"]
        pair.standby.go_on()
        again = await sending.send(bob, "doubtful", client_id="d")
        assert (again["data"]["duplicate"], again["data"]["message"]["id"]) == (True, told[0]["seq"])
