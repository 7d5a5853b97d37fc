"""Presence: who is there, told to those who share a conversation."""

import asyncio
from datetime import UTC, datetime

from chatd.http.context import REGISTRY
from tests.support import PATIENCE, Chat, Person, until
from tests.ws.v2_client import Frame, V2Client, add_group, connect, kinds, leave, live, logged


async def presence(client: V2Client, person: Person, *, online: bool) -> Frame:
    """Wait until a client is told that somebody is there, or is not any more."""
    async with asyncio.timeout(PATIENCE):
        while True:
            data: Frame = (await client.read_until("presence"))["data"]
            if (data["user_id"], data["online"]) == (person.id, online):
                return data


async def listed(client: V2Client) -> list[int]:
    """Return who is there by the list that comes after catching up."""
    frame = await client.read_until("presence_list")
    assert set(frame) == {"type", "data"}
    assert set(frame["data"]) == {"online"}
    return sorted(frame["data"]["online"])


async def gone(chat: Chat, person: Person, client: V2Client) -> None:
    """Close a person's connection, and see the server forget it."""
    registry = chat.server.app[REGISTRY]
    before = len(registry.of(person.id))
    await client.ws.close()
    await until(lambda: len(registry.of(person.id)) < before)


async def friends(chat: Chat) -> tuple[Person, Person, Person]:
    """Return two people who have spoken, and a stranger."""
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    await alice.send(bob, "hi")
    return alice, bob, carol


async def test_coming_and_going_is_told_to_those_who_share_a_conversation(chat: Chat) -> None:
    alice, bob, _ = await friends(chat)
    client = await live(alice)
    before = datetime.now(UTC)
    other = await connect(bob)
    came = await presence(client, bob, online=True)
    await other.ws.close()
    went = await presence(client, bob, online=False)
    for data in (came, went):
        assert set(data) == {"user_id", "online", "last_seen_at"}
        assert data["last_seen_at"].endswith("Z")
        assert abs((datetime.fromisoformat(data["last_seen_at"]) - before).total_seconds()) < 60


async def test_a_stranger_is_told_nothing_of_who_comes_and_goes(chat: Chat) -> None:
    alice, bob, carol = await friends(chat)
    friend, stranger = await live(alice), await live(carol)
    other = await connect(bob)
    await presence(friend, bob, online=True)
    await gone(chat, bob, other)
    await presence(friend, bob, online=False)
    assert await stranger.settle(passing=True) == [{"type": "presence_list", "data": {"online": []}}]


async def test_only_the_first_connection_comes_and_only_the_last_one_goes(chat: Chat) -> None:
    alice, bob, _ = await friends(chat)
    client = await live(alice)
    first = await connect(bob)
    await presence(client, bob, online=True)
    second = await connect(await bob.device())
    await gone(chat, bob, first)
    await gone(chat, bob, second)
    assert (await client.read_until("presence"))["data"]["online"] is False


async def test_a_classic_connection_makes_somebody_present_too(chat: Chat) -> None:
    alice, bob, _ = await friends(chat)
    client = await live(alice)
    socket = await bob.connect()
    await presence(client, bob, online=True)
    await socket.close()
    await presence(client, bob, online=False)


async def test_after_catching_up_comes_one_list_of_who_is_there(chat: Chat) -> None:
    alice, bob, carol = await friends(chat)
    dave = await chat.person("david")
    await dave.send(alice, "hi")
    add_group(chat, "friends", alice, carol)
    await connect(bob)
    await connect(carol)
    stranger = await chat.person("stranger")
    await connect(stranger)
    client = await connect(alice)
    _, _, more = await client.page(0, 1)
    assert more
    assert await client.settle(passing=True) == []
    await client.catch_up(since=1)
    assert await listed(client) == [bob.id, carol.id]
    await client.ack("sync")
    assert "presence_list" not in kinds(await client.settle(passing=True))


async def test_who_comes_while_a_client_goes_through_a_replay_again_is_in_another_list(chat: Chat) -> None:
    alice, bob, _ = await friends(chat)
    await alice.send(bob, "more")
    client, ready = await live(alice), await live(await alice.device())
    assert await listed(client) == []
    _, _, more = await client.page(0, 1)
    assert more
    await connect(bob)
    await presence(ready, bob, online=True)
    await client.catch_up(since=1)
    assert await listed(client) == [bob.id]


async def test_presence_has_no_seq_and_is_never_replayed(chat: Chat) -> None:
    alice, bob, _ = await friends(chat)
    client = await live(alice)
    cursor = await client.cursor()
    await live(bob)
    await presence(client, bob, online=True)
    assert await client.cursor() == cursor
    assert kinds(await logged(chat, alice)) == ["new_message"]


async def test_who_has_not_caught_up_is_told_of_nobody(chat: Chat) -> None:
    alice, bob, _ = await friends(chat)
    ready, waiting = await live(alice), await connect(await alice.device())
    await connect(bob)
    await presence(ready, bob, online=True)
    assert await waiting.settle(passing=True) == []


async def test_who_has_left_the_group_is_told_no_more(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    group = add_group(chat, "friends", alice, bob, carol)
    leave(chat, group, carol)
    inside, outside = await live(alice), await live(carol)
    await connect(bob)
    await presence(inside, bob, online=True)
    assert await outside.settle(passing=True) == [{"type": "presence_list", "data": {"online": []}}]


async def test_people_who_come_and_go_fast_are_told_of_as_they_are_in_the_end(chat: Chat) -> None:
    alice, bob, _ = await friends(chat)
    client = await live(alice)
    for _ in range(10):
        other = await connect(bob)
        await other.ws.close()
    stays = await connect(bob)
    await until(lambda: len(chat.server.app[REGISTRY].of(bob.id)) == 1)
    await stays.settle()
    marker = await chat.person("marker")
    await marker.send(alice, "hi")
    await connect(marker)
    last = {}
    while marker.id not in last:
        data = (await client.read_until("presence"))["data"]
        last[data["user_id"]] = data["online"]
    assert last == {bob.id: True, marker.id: True}


async def test_two_who_write_to_each_other_for_the_first_time_learn_that_the_other_is_there(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    one, other = await live(alice), await live(bob)
    await alice.send(bob, "have we met?")
    await presence(one, bob, online=True)
    await presence(other, alice, online=True)
