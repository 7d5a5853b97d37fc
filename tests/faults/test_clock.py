"""The wall clock jumps: order is that of the log, tokens go by the clock there is, and nothing waits for its time."""

import asyncio
from pathlib import Path

import pytest

from chatd.clock import DAY_MS
from chatd.http.context import SERVICES
from chatd.storage import change_log
from chatd.storage.engine import Sql
from tests.api.support import Clock
from tests.conftest import Start
from tests.faults.shim import Shim
from tests.process import ServerProcess, client_of
from tests.support import LOG, Chat, Person, error_of, register, sign_in
from tests.ws import v2_client

HOUR = 3600.0
DECADE = 10 * 365.25 * 24 * HOUR


async def require_well(person: Person) -> None:
    """See that the server stores, answers, and lets nobody wait."""
    async with await person.request("GET", "/health") as response:
        assert response.status == 200
    async with await person.request("GET", "/conversations") as response:
        place = f"epoch={response.headers['Chatd-Epoch']}&since={response.headers['Chatd-Cursor']}"
    assert (await person.get(f"/messages/events?{place}&timeout=1"))["events"] == []


async def with_a_token_that_works(person: Person) -> Person:
    """Return a person after a login, if the token does not work any more."""
    async with await person.request("GET", "/auth/me") as response:
        if response.status == 200:
            return person
        assert await error_of(response) == (401, "not_authenticated")
    return await person.device()


@pytest.mark.parametrize("seconds", [HOUR, -HOUR, DECADE, -DECADE], ids=["hour", "hour-back", "decade", "decade-back"])
async def test_a_clock_that_jumps_and_comes_back_changes_no_order_and_stops_nothing(
    tmp_path: Path, seconds: float
) -> None:
    data_dir = tmp_path / "data"
    shim = Shim(data_dir, tmp_path / "shim")
    with ServerProcess(data_dir, **shim.variables) as server:
        async with client_of(server) as client:
            alice, bob = await register(client, "alice"), await register(client, "bobby")
            carol = await register(client, "carol")
            listening = await v2_client.live(bob)
            for number, moved in enumerate((0.0, seconds, 0.0)):
                shim.move_clock(moved)
                async with await alice.request("GET", "/auth/me") as response:
                    is_expired = response.status == 401
                assert is_expired or number != 1 or seconds < DECADE
                alice, bob, carol = [await with_a_token_that_works(each) for each in (alice, bob, carol)]
                await alice.send(bob, f"{number} from alice")
                await carol.send(bob, f"{number} from carol")
                for kind in ("alice", "carol"):
                    frame = await listening.read_until("new_message")
                    assert frame["data"]["content"] == f"{number} from {kind}"
                await require_well(bob)
                newest_first = (await bob.get("/messages/conversations"))["conversations"]
                assert [each["user"]["username"] for each in newest_first] == ["carol", "alice"]
            history = (await bob.get(f"/messages/history/{alice.id}"))["items"]
            assert [each["content"] for each in history] == [f"{number} from alice" for number in range(3)]
            replay = await (await v2_client.connect(bob)).catch_up()
            told = [frame for frame in replay if frame["type"] == "new_message"]
            assert [frame["seq"] for frame in told] == sorted({frame["seq"] for frame in told})
            assert v2_client.contents(told) == [
                f"{number} from {name}" for number in range(3) for name in ("alice", "carol")
            ]
            assert await asyncio.to_thread(server.stop) == 0
        assert not [entry for entry in server.entries if entry["level"] in ("error", "critical")]


async def test_a_token_made_while_the_clock_was_ahead_works_when_it_is_right_again(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    shim = Shim(data_dir, tmp_path / "shim")
    with ServerProcess(data_dir, **shim.variables) as server:
        async with client_of(server) as client:
            alice = await register(client, "alice")
            shim.move_clock(DECADE)
            alice.token = await sign_in(client, "alice")
            shim.move_clock(0)
            assert (await alice.get("/auth/me"))["id"] == alice.id
            socket = await v2_client.live(alice)
            assert await socket.cursor() == 0
            shim.move_clock(-DECADE)
            assert (await alice.get("/auth/me"))["id"] == alice.id


async def logged(chat: Chat) -> int:
    """Return how many changes the log reaches back over."""
    query = f"SELECT count(*) FROM {LOG} WHERE seq > ?"

    def read(db: Sql) -> int:
        return int(db.execute(query, (change_log.pruned_up_to(db),)).fetchone()[0])

    return await chat.server.app[SERVICES].database.read(read)


async def test_changes_of_a_time_that_has_not_come_do_not_keep_the_log_from_being_pruned(start: Start) -> None:
    clock = Clock()
    chat = await start(clock=clock, server={"change_log_days": 30})
    alice, bob = await chat.people("alice", "bobby")
    right = clock.now
    clock.now = right + 3650 * DAY_MS
    alice, bob = [await each.device() for each in (alice, bob)]
    for number in range(12):
        await alice.send(bob, f"from the future {number}")
    clock.now = right + DAY_MS
    await bob.send(alice, "now")
    await chat.server.app[SERVICES].sync.prune(step=5)
    assert await logged(chat) <= 3
    await alice.send(bob, "later")
    clock.now += 31 * DAY_MS
    await chat.server.app[SERVICES].sync.prune(step=5)
    assert await logged(chat) == 0
