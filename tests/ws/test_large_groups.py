"""Large groups: nobody is told who types, who is there, who took another name, or that a plain member came or went."""

from typing import Any

import pytest

from chatd.http.context import SERVICES
from chatd.services import joining
from chatd.storage.stays import LARGE_ABOVE, SMALL_BELOW
from tests.groups import change, empty, fill, leave, let_in, made_with, refused, replayed, say
from tests.support import Chat, Person
from tests.ws.v2_client import Frame, V2Client, contents, kinds, live, logged


def comings(frames: list[Frame], *ids: int) -> list[tuple[int, str]]:
    """Return who of some people came or went, and how, by the frames."""
    told = [frame["data"] for frame in frames if frame["type"] == "membership"]
    return [(each["user_id"], each["how"]) for each in told if each["user_id"] in ids]


async def is_large(person: Person, group: int) -> bool:
    return bool((await person.get(f"/groups/{group}"))["group"]["large"])


async def large(chat: Chat, owner: Person, *people: Person) -> int:
    """Make a large group that some people are in, and return its id."""
    group = await made_with(owner, *people)
    await fill(chat, group, LARGE_ABOVE - len(people))
    assert await is_large(owner, group)
    return group


async def heard(*clients: V2Client) -> list[list[Frame]]:
    """Return what each client was told until now."""
    return [await client.settle(passing=True) for client in clients]


async def test_a_group_becomes_large_above_one_number_and_small_again_below_another(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await made_with(alice, bob)
    client = await live(bob)
    ids = await fill(chat, group, LARGE_ABOVE - 2)
    assert not await is_large(bob, group)
    ids += await fill(chat, group, 1, named="another")
    assert await is_large(bob, group)
    told = await client.settle()
    assert comings(told, *ids) == [(each, "joined") for each in ids]
    assert [each["data"]["large"] for each in told if each["type"] == "group"] == [True]

    await empty(chat, group, ids[: LARGE_ABOVE + 1 - SMALL_BELOW])
    assert await is_large(bob, group)
    await empty(chat, group, ids[LARGE_ABOVE + 1 - SMALL_BELOW :][:1])
    assert not await is_large(bob, group)
    told = await client.settle()
    assert comings(told, *ids) == []
    assert [each["data"]["large"] for each in told if each["type"] == "group"] == [False]
    await empty(chat, group, ids[-1:])
    assert comings(await client.settle(), *ids) == [(ids[-1], "left")]


async def test_that_a_plain_member_comes_or_goes_is_told_to_the_admins_and_to_them(chat: Chat) -> None:
    alice, bob, carol, dave = await chat.people("alice", "bobby", "carol", "davey")
    group = await large(chat, alice, bob, carol)
    await set_role(alice, group, bob, "admin")
    clients = [await live(each) for each in (alice, bob, carol, dave)]
    await let_in(alice, group, dave)
    await leave(dave, group)
    both = [(dave.id, "joined"), (dave.id, "left")]
    told = await heard(*clients)
    assert [comings(frames, dave.id) for frames in told] == [both, both, [], both]
    for person, expected in ((alice, both), (bob, both), (carol, []), (dave, both)):
        assert comings(await replayed(person), dave.id) == expected
        assert comings(await logged(chat, person), dave.id) == expected


async def test_who_is_or_becomes_an_admin_is_told_to_everybody(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    group = await large(chat, alice, bob, carol)
    client = await live(carol)
    await set_role(alice, group, bob, "admin")
    await leave(bob, group)
    expected = [(bob.id, "role"), (bob.id, "left")]
    assert comings(await client.settle(), bob.id) == expected
    assert comings(await replayed(carol), bob.id)[-2:] == expected


async def test_kicking_and_undoing_it_is_told_as_coming_and_going_is(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    group = await large(chat, alice, bob, carol)
    clients = [await live(each) for each in (alice, bob, carol)]
    done = await alice.post(f"/groups/{group}/actions", {"kind": "kick", "user": bob.id}, 201)
    await alice.post(f"/groups/{group}/actions/{done['actions'][0]['id']}/undo")
    both = [(bob.id, "kicked"), (bob.id, "restored")]
    told = await heard(*clients)
    assert [comings(frames, bob.id) for frames in told] == [both, both, []]
    assert comings(await replayed(carol), bob.id) == []


async def test_nobody_is_told_who_types_is_there_or_takes_another_name(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await large(chat, alice, bob)
    client = await live(alice)
    acting = await live(bob)
    await acting.ack("typing", group=group)
    async with await bob.request("PUT", "/users/me", json={"nickname": "Robert"}) as response:
        assert response.status == 200
    await acting.ws.close()
    await say(bob, group, "hello")
    present, told = await client.settle(passing=True)
    assert present == {"type": "presence_list", "data": {"online": []}}
    assert told["data"]["sender"]["nickname"] == "Robert"
    assert "profile" not in kinds(await replayed(alice))


async def test_who_also_talk_in_private_are_told_of_each_other_as_ever(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    await large(chat, alice, bob)
    await bob.send(alice, "between us")
    client = await live(alice)
    async with await bob.request("PUT", "/users/me", json={"nickname": "Robert"}) as response:
        assert response.status == 200
    assert kinds(await client.settle()) == ["profile"]


async def test_nobody_is_told_who_has_read_a_message(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await large(chat, alice, bob)
    message = await say(alice, group, "hello")
    await bob.post(f"/groups/{group}/read", {"up_to": message})
    assert await refused(alice, "GET", f"/messages/{message}/readers") == (409, "group_too_large")


async def test_everybody_has_every_message_and_every_change_of_the_group(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await large(chat, alice, bob)
    clients = [await live(each) for each in (alice, bob)]
    for number in range(3):
        await say(alice, group, str(number))
    await change(alice, group, name="Draughts")
    one, two = [await client.settle() for client in clients]
    assert contents(one) == contents(two) == ["0", "1", "2"]
    assert kinds(two) == [*["new_message"] * 3, "group"]


@pytest.mark.parametrize("way", ["delete", "restore"])
async def test_a_large_group_ends_for_all_and_comes_back_large(chat: Chat, way: str) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await large(chat, alice, bob)
    client = await live(bob)
    async with await alice.request("DELETE", f"/groups/{group}", json={"name": "Chess"}) as response:
        assert response.status == 204
    assert kinds(await client.settle()) == ["group_ended"]
    if way == "restore":
        await restore(chat, group)
        assert comings(await client.settle(), bob.id) == [(bob.id, "restored")]
        assert await is_large(bob, group)


async def set_role(owner: Person, group: int, person: Person, role: str) -> None:
    async with await owner.request("PUT", f"/groups/{group}/members/{person.id}", json={"role": role}) as response:
        assert response.status == 200, await response.text()


async def restore(chat: Chat, group: int) -> Any:
    return await chat.server.app[SERVICES].database.write(lambda tx: joining.restore(tx, group, now=1))
