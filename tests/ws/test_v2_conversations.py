"""The commands of chatd.v2 that are about conversations: reading, typing, and all of them in groups."""

import itertools
from collections.abc import Awaitable, Callable

from tests.support import Chat, Person, rows
from tests.ws.v2_client import Frame, V2Client, add_group, contents, join, kinds, leave, live, logged


async def pair(chat: Chat) -> tuple[Person, Person]:
    """Return two people; the first has sent the other messages 1, 2 and 3."""
    alice, bob = await chat.people("alice", "bobby")
    for content in ("one", "two", "three"):
        await alice.send(bob, content)
    return alice, bob


async def unread(reader: Person) -> int:
    """Return how many private messages somebody has not read."""
    return int((await reader.get("/messages/unread_count"))["unread_count"])


async def test_read_moves_the_marker_and_every_other_connection_of_both_is_told(chat: Chat) -> None:
    alice, bob = await pair(chat)
    acting = await live(bob)
    others = [await live(bob), await live(await bob.device()), await live(alice), await live(await alice.device())]
    carol = await live(await chat.person("carol"))
    answer = await acting.ack("read", user=alice.id, up_to=2)
    assert answer["data"] == {"up_to": 2}
    data = {"reader_id": bob.id, "user_id": alice.id, "group_id": None, "up_to": 2}
    for client in others:
        assert await client.settle() == [{"type": "read", "seq": answer["seq"], "data": data}]
    assert await acting.settle() == await carol.settle() == []
    assert await unread(bob) == 1
    history = (await alice.get(f"/messages/history/{bob.id}"))["items"]
    assert [message["is_read"] for message in history] == [True, True, False]


async def test_a_read_that_moves_nothing_has_no_seq_and_tells_nobody(chat: Chat) -> None:
    alice, bob = await pair(chat)
    acting, other = await live(bob), await live(alice)
    await acting.ack("read", user=alice.id, up_to=2)
    for up_to in (2, 1):
        answer = await acting.ack("read", user=alice.id, up_to=up_to)
        assert set(answer) == {"type", "re", "data"}
        assert answer["data"] == {"up_to": 2}
    assert kinds(await other.settle()) == ["read"]
    assert await unread(bob) == 1


async def test_a_marker_goes_no_further_than_the_last_message_there_is(chat: Chat) -> None:
    alice, bob = await pair(chat)
    client = await live(bob)
    assert (await client.ack("read", user=alice.id, up_to=2**53 - 1))["data"] == {"up_to": 3}
    await alice.send(bob, "four")
    assert await unread(bob) == 1


async def test_marking_all_as_read_over_rest_is_told_to_the_sockets_of_both(chat: Chat) -> None:
    alice, bob = await pair(chat)
    clients = [await live(bob), await live(alice)]
    await bob.post(f"/messages/read/{alice.id}")
    for client in clients:
        (event,) = await client.settle()
        data = {"reader_id": bob.id, "user_id": alice.id, "group_id": None, "up_to": 3}
        assert (event["type"], event["data"]) == ("read", data)


async def test_a_conversation_that_is_not_there_cannot_be_read(chat: Chat) -> None:
    alice, bob = await pair(chat)
    carol = await chat.person("carol")
    client = await live(carol)
    for where in ({"user": alice.id}, {"user": 99}, {"user": carol.id}, {"group": 1}, {"group": 99}):
        assert await client.error("read", **where, up_to=1) == "not_found"
    assert await unread(bob) == 3


async def test_unread_counts_stay_right_through_edits_deletes_and_reads_in_any_order(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    acting, reading = await live(alice), await live(bob)
    steps = itertools.permutations(("edit", "delete", "read"))
    sent: list[int] = []
    deleted: set[int] = set()
    marker = 0
    for order in steps:
        for _ in range(3):
            sent.append((await acting.send(bob, "x"))["data"]["message"]["id"])
        for step in order:
            if step == "edit":
                await acting.ack("edit", message_id=sent[-3], content=str(order))
            elif step == "delete":
                await acting.ack("delete", message_id=sent[-2])
                deleted.add(sent[-2])
            else:
                marker = (await reading.ack("read", user=alice.id, up_to=sent[-2]))["data"]["up_to"]
            expected = sum(each > marker and each not in deleted for each in sent)
            assert await unread(bob) == expected
            (state,) = (await bob.get("/conversations"))["conversations"]
            assert (state["unread_count"], state["read_up_to"]) == (expected, marker)


async def test_typing_is_told_to_every_other_connection_of_both_without_a_seq(chat: Chat) -> None:
    alice, bob = await pair(chat)
    acting = await live(alice)
    others = [await live(alice), await live(bob), await live(await bob.device())]
    carol = await live(await chat.person("carol"))
    for client in [acting, *others, carol]:
        await client.settle(passing=True)
    answer = await acting.ack("typing", user=bob.id)
    assert set(answer) == {"type", "re", "data"}
    assert answer["data"] == {}
    frame = {"type": "typing", "data": {"user_id": alice.id, "group_id": None}}
    for client in others:
        assert [each for each in await client.settle(passing=True) if each["type"] == "typing"] == [frame]
    for client in (acting, carol):
        assert "typing" not in kinds(await client.settle(passing=True))


async def test_typing_is_never_replayed_and_moves_no_cursor(chat: Chat) -> None:
    alice, bob = await pair(chat)
    acting, other = await live(alice), await live(bob)
    before = await other.cursor()
    await acting.ack("typing", user=bob.id)
    assert await other.cursor() == before
    assert kinds(await logged(chat, bob)) == ["new_message"] * 3


async def test_who_is_not_there_is_not_typed_to(chat: Chat) -> None:
    alice, bob = await pair(chat)
    group = add_group(chat, "others", bob)
    client = await live(alice)
    for where in ({"user": 99}, {"group": 99}, {"group": 1}, {"group": group}):
        assert await client.error("typing", **where) == "not_found"
    assert await client.error("typing", user=alice.id) == "cannot_message_self"
    assert await client.error("send", user=alice.id, content="x") == "cannot_message_self"


async def test_a_private_conversation_is_no_group_and_a_group_of_others_is_not_found(chat: Chat) -> None:
    alice, bob = await pair(chat)
    group = add_group(chat, "others", bob)
    client = await live(alice)
    for where in (1, group, 99):
        assert await client.error("send", group=where, content="x") == "not_found"
        assert await client.error("read", group=where, up_to=1) == "not_found"
    assert await client.error("send", user=99, content="x") == "not_found"


async def heard(client: V2Client) -> list[Frame]:
    """Return what a client was told, without those who have come meanwhile."""
    return [frame for frame in await client.settle(passing=True) if frame["type"] != "presence"]


async def test_a_groups_messages_reads_and_typing_reach_all_its_members_and_nobody_else(chat: Chat) -> None:
    alice, bob, carol, dave = await chat.people("alice", "bobby", "carol", "david")
    group = add_group(chat, "friends", alice, bob, carol)
    acting, outside = await live(alice), await live(dave)
    others = [await live(alice), await live(bob), await live(carol)]
    for client in others:
        await client.settle(passing=True)
    sent = await acting.ack("send", group=group, content="hi all")
    message = sent["data"]["message"]
    assert (message["group_id"], message["receiver_id"], message["is_read"]) == (group, None, False)
    edited = await acting.ack("edit", message_id=message["id"], content="hi")
    read = await others[1].ack("read", group=group, up_to=message["id"])
    reacted = await others[2].ack("react", message_id=message["id"], emoji="👍")
    await acting.ack("typing", group=group)
    deleted = await acting.ack("delete", message_id=message["id"])
    expected = [
        ("new_message", sent["seq"]),
        ("message_edited", edited["seq"]),
        ("reaction", reacted["seq"]),
        ("typing", None),
        ("message_deleted", deleted["seq"]),
    ]
    every = await heard(others[0])
    assert [(each["type"], each.get("seq")) for each in every] == expected
    assert every[3]["data"] == {"user_id": alice.id, "group_id": group}
    assert every[4]["data"]["group_id"] == group
    assert every == await heard(others[1])
    (marker,) = [each for each in await logged(chat, bob) if each["type"] == "read"]
    assert marker["data"] == {"reader_id": bob.id, "user_id": None, "group_id": group, "up_to": message["id"]}
    assert marker["seq"] == read["seq"]
    assert "read" not in kinds(await logged(chat, alice))
    assert [each for each in every if each["type"] != "reaction"] == await heard(others[2])
    assert await outside.settle(passing=True) == [{"type": "presence_list", "data": {"online": []}}]
    assert await outside.error("react", message_id=message["id"], emoji="👍") == "not_found"


async def test_a_group_counts_its_unread_messages_for_each_member(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    group = add_group(chat, "friends", alice, bob, carol)
    client, reading = await live(alice), await live(bob)
    ids = [(await client.ack("send", group=group, content="x"))["data"]["message"]["id"] for _ in range(3)]
    await reading.ack("read", group=group, up_to=ids[1])
    found = []
    for person in (alice, bob, carol):
        (state,) = (await person.get("/conversations"))["conversations"]
        assert (state["group"]["id"], state["group"]["name"]) == (group, "friends")
        assert "user" not in state
        assert state["last_message"]["id"] == ids[2]
        found.append((state["unread_count"], state["read_up_to"], state["others_read_up_to"]))
    assert found == [(0, 0, 0), (1, ids[1], 0), (3, 0, 0)]
    assert await unread(carol) == 0


async def say(client: V2Client, group: int, *lines: str) -> list[int]:
    """Send messages to a group, and return their ids."""
    return [(await client.ack("send", group=group, content=line))["data"]["message"]["id"] for line in lines]


async def test_a_groups_events_are_replayed_between_joining_and_leaving(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = add_group(chat, "friends", alice)
    client = await live(alice)
    await say(client, group, "before")
    join(chat, group, bob)
    await say(client, group, "during")
    leave(chat, group, bob)
    await say(client, group, "away")
    join(chat, group, bob)
    await say(client, group, "again")
    leave(chat, group, bob)
    await say(client, group, "after")
    events = await logged(chat, bob)
    assert kinds(events) == ["membership", "new_message", "membership"] * 2
    assert contents(events) == ["during", "again"]
    roles = [each["data"] for each in events if each["type"] == "membership"]
    who = {"group_id": group, "user_id": bob.id, "user": bob.brief}
    assert roles == [{**who, "role": "member", "how": "joined"}, {**who, "role": None, "how": "left"}] * 2
    assert contents(await logged(chat, alice)) == ["before", "during", "away", "again", "after"]


async def test_who_has_left_a_group_is_told_nothing_more_and_may_say_nothing(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = add_group(chat, "friends", alice, bob)
    acting, other = await live(alice), await live(bob)
    message = (await other.ack("send", group=group, content="mine"))["data"]["message"]["id"]
    leave(chat, group, bob)
    await say(acting, group, "gone?")
    assert await other.settle() == []
    attempts: list[Callable[[], Awaitable[str]]] = [
        lambda: other.error("send", group=group, content="x"),
        lambda: other.error("read", group=group, up_to=message),
        lambda: other.error("typing", group=group),
        lambda: other.error("edit", message_id=message, content="x"),
        lambda: other.error("react", message_id=message, emoji="x"),
        lambda: other.error("send", user=alice.id, content="x", reply_to=message),
    ]
    for attempt in attempts:
        assert await attempt() == "not_found"
    assert (await bob.get("/conversations"))["conversations"] == []


async def test_counts_in_the_tables_are_what_the_messages_say(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = add_group(chat, "friends", alice, bob)
    one, two = await live(alice), await live(bob)
    first, second = await say(one, group, "a", "b")
    await two.ack("read", group=group, up_to=first)
    (last,) = await say(two, group, "c")
    await one.ack("delete", message_id=second)
    await one.ack("read", group=group, up_to=last)
    query = "SELECT user_id, read_up_to, sent_count, read_count FROM memberships WHERE conversation_id = :id"
    members = rows(chat, query, id=group)
    assert rows(chat, "SELECT message_count FROM conversations WHERE id = :id", id=group) == [(3,)]
    assert sorted(members) == [(alice.id, last, 2, 1), (bob.id, first, 1, 1)]
