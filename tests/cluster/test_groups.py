"""A group is one over all processes: who is in it, who may write, and what a code is still good for."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cluster.support import Processes, running
from tests.groups import change, code_of, done, leave, let_in, make, refused, say
from tests.support import Person
from tests.ws.v2_client import Frame, contents, live


@pytest.fixture
async def two(database_url: str, tmp_path: Path) -> AsyncIterator[Processes]:
    """Two processes on an empty database."""
    async with running(database_url, tmp_path, 2) as processes:
        yield processes


async def test_who_comes_and_goes_at_one_process_is_known_to_the_next_message_at_the_other(two: Processes) -> None:
    alice, bob = await two.people("alice", "bobby")
    group = await make(two.at(0, alice))
    clients = {number: await live(two.at(number, bob)) for number in (0, 1)}
    await say(two.at(1, alice), group, "before")
    await let_in(two.at(0, alice), group, two.at(0, bob))
    await say(two.at(1, alice), group, "one @bobby")
    await leave(two.at(1, bob), group)
    await say(two.at(0, alice), group, "away")
    await let_in(two.at(1, alice), group, two.at(0, bob))
    await say(two.at(1, alice), group, "last")
    for client in clients.values():
        told: list[Frame] = []
        while contents(told)[-1:] != ["last"]:
            told.append(await client.read_until("new_message", "membership"))
        assert contents(told) == ["one @bobby", "last"]
        assert [each["data"]["mentions"] for each in told if each["type"] == "new_message"] == [[bob.id], []]


async def test_a_rule_and_a_role_hold_at_every_process_at_once(two: Processes) -> None:
    alice, bob = await two.people("alice", "bobby")
    group = await make(two.at(0, alice))
    await let_in(two.at(0, alice), group, two.at(1, bob))
    await say(two.at(1, bob), group, "allowed")
    path, body = f"/groups/{group}/messages", {"content": "x"}
    await change(two.at(0, alice), group, rules={"post": "admin"})
    assert await refused(two.at(1, bob), "POST", path, body) == (403, "forbidden")
    assert await done(two.at(0, alice), "PUT", f"/groups/{group}/members/{bob.id}", {"role": "admin"}) == 200
    await say(two.at(1, bob), group, "allowed again")


async def test_a_code_lets_in_no_more_than_it_says_whichever_process_is_asked(two: Processes) -> None:
    alice, *others = await two.people("alice", *(f"guest{number}" for number in range(6)))
    group = await make(two.at(0, alice))
    code = await code_of(two.at(0, alice), group, max_uses=2)

    async def join(number: int, person: Person) -> int:
        return await done(two.at(number % 2, person), "POST", f"/join/{code}")

    statuses = await asyncio.gather(*(join(number, person) for number, person in enumerate(others)))
    assert sorted(statuses) == [200, 200, 404, 404, 404, 404]
    assert (await alice.get(f"/groups/{group}"))["group"]["member_count"] == 3
