"""Blocking somebody, as both see it: over REST, on sockets of both dialects, by long polling, and in presence."""

from typing import Any

import pytest

from tests.support import Chat, Person, error_of
from tests.ws.test_v2_presence import presence
from tests.ws.v2_client import Frame, add_group, connect, contents, kinds, live, logged

NEWEST = "/messages?limit=50&user="


async def block(person: Person, other: Person) -> None:
    """Block somebody; the answer is empty."""
    async with await person.request("PUT", f"/users/{other.id}/block") as response:
        assert (response.status, await response.read()) == (204, b"")


async def unblock(person: Person, other: Person) -> None:
    """Block somebody no longer."""
    async with await person.request("DELETE", f"/users/{other.id}/block") as response:
        assert (response.status, await response.read()) == (204, b"")


async def refusal(person: Person, method: str, path: str, body: Any = None) -> tuple[int, str]:
    """Return the status and code of a request that fails."""
    async with await person.request(method, path, json=body) as response:
        return await error_of(response)


def plain(frame: Frame) -> Frame:
    """Return a frame as it can be compared with one about another message at another time."""
    message = {**frame["data"].get("message", {}), "id": 0, "created_at": "", "client_id": ""}
    return {**frame, "re": 0, "seq": 0, "data": {**frame["data"], "message": message}}


async def test_the_blocked_send_as_always_and_the_blocker_gets_nothing(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    await bob.send(alice, "before")
    classic, modern, other_device = await alice.connect(), await live(alice), await live(await bob.device())
    sender = await live(bob)
    ordinary = await sender.send(alice, "now", client_id="c1")
    assert contents(await modern.settle()) == contents(await other_device.settle()) == ["now"]
    assert (await classic.receive())["data"]["content"] == "now"
    paths = ("/messages/conversations", "/messages/unread_count", NEWEST + str(bob.id))
    before = [await alice.get(path) for path in paths]

    await block(alice, bob)
    hidden = await sender.send(alice, "now", client_id="c2")
    assert plain(hidden) == plain(ordinary)
    assert hidden["seq"] > ordinary["seq"]
    again = await sender.send(alice, "now", client_id="c2")
    assert again["data"] == {"message": hidden["data"]["message"], "duplicate": True}
    assert await bob.send(alice, "now", "c2") == {
        name: value for name, value in hidden["data"]["message"].items() if name in await bob.send(alice, "now", "c1")
    }
    assert contents(await other_device.settle()) == ["now"]
    assert [each["content"] for each in (await bob.get(NEWEST + str(alice.id)))["items"]] == ["before", "now", "now"]
    assert (await bob.get(f"/messages/history/{alice.id}"))["total"] == 3

    await classic.ping()
    assert await modern.settle() == []
    assert [await alice.get(path) for path in paths] == before
    assert (await alice.get(f"/messages/history/{bob.id}"))["total"] == 2
    assert contents(await logged(chat, alice)) == ["before", "now"]
    assert contents(await logged(chat, bob)) == ["before", "now", "now"]


async def test_after_the_block_has_ended_later_messages_come_and_those_of_meanwhile_do_not(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    modern, sender = await live(alice), await live(bob)
    await block(alice, bob)
    meanwhile = (await sender.send(alice, "meanwhile"))["data"]["message"]["id"]
    await unblock(alice, bob)
    assert (await alice.get("/conversations"))["conversations"] == []
    await sender.send(alice, "afterwards", reply_to=meanwhile)
    (frame,) = await modern.settle()
    assert (frame["data"]["content"], frame["data"]["reply_to"]) == ("afterwards", None)
    assert contents(await logged(chat, alice)) == ["afterwards"]
    (found,) = (await alice.get("/conversations"))["conversations"]
    assert (found["last_message"]["content"], found["unread_count"]) == ("afterwards", 1)
    assert await refusal(alice, "PUT", f"/messages/{meanwhile}/reactions/👍") == (404, "not_found")
    assert await modern.error("send", user=bob.id, content="what?", reply_to=meanwhile) == "not_found"
    await alice.post(f"/messages/read/{bob.id}")
    assert [each["is_read"] for each in (await bob.get(NEWEST + str(alice.id)))["items"]] == [True, True]


async def test_a_long_poll_of_the_blocker_waits_on(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    await bob.send(alice, "before")
    await block(alice, bob)
    epoch = (await live(alice)).hello["epoch"]
    await bob.send(alice, "meanwhile")
    page = await alice.get(f"/messages/events?epoch={epoch}&since=0&timeout=0")
    assert contents(page["events"]) == ["before"]
    page = await alice.get(f"/messages/events?epoch={epoch}&since={page['cursor']}&timeout=1")
    assert page["events"] == []


async def test_what_the_blocked_do_to_old_messages_is_theirs_alone_but_for_taking_them_away(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    said, answered = (await bob.send(alice, "hello"))["id"], (await alice.send(bob, "hi"))["id"]
    await block(alice, bob)
    modern, sender, other_device = await live(alice), await live(bob), await live(await bob.device())
    await sender.ack("edit", message_id=said, content="rude")
    await sender.ack("react", message_id=answered, emoji="💩")
    assert kinds(await other_device.settle()) == ["message_edited", "reaction"]
    assert await modern.settle() == []
    hers, his = [(await one.get(NEWEST + str(other.id)))["items"] for one, other in ((alice, bob), (bob, alice))]
    assert [(each["content"], each["edited_at"], each["reactions"]) for each in hers] == [
        ("hello", None, []),
        ("hi", None, []),
    ]
    assert [(each["content"], each["edited_at"] is None, len(each["reactions"])) for each in his] == [
        ("rude", False, 0),
        ("hi", True, 1),
    ]
    await sender.ack("delete", message_id=said)
    assert kinds(await modern.settle()) == ["message_deleted"]
    await unblock(alice, bob)
    await modern.ack("edit", message_id=answered, content="hi again")
    edited = (await other_device.settle())[-1]
    assert edited["data"]["reactions"] == [{"emoji": "💩", "count": 1, "user_ids": [bob.id]}]


async def test_the_blocked_neither_type_nor_come_nor_go_for_the_blocker(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    await alice.send(bob, "hi")
    modern, sender = await live(alice), await live(bob)
    await presence(modern, bob, online=True)
    await modern.settle(passing=True)
    await sender.settle(passing=True)
    await block(alice, bob)
    await presence(modern, bob, online=False)
    assert await sender.ack("typing", user=alice.id) == {"type": "ack", "re": 2, "data": {}}
    await sender.ws.close()
    sender = await live(bob)
    assert await modern.settle(passing=True) == []
    fresh = await live(await alice.device())
    assert await fresh.settle(passing=True) == [{"type": "presence_list", "data": {"online": []}}]
    assert (await sender.read_until("presence_list"))["data"] == {"online": [alice.id]}
    await unblock(alice, bob)
    await presence(modern, bob, online=True)


async def test_blocking_a_stranger_does_not_tell_whether_they_are_there(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    modern, _ = await live(alice), await live(bob)
    await modern.read_until("presence_list")
    await block(alice, bob)
    await unblock(alice, bob)
    assert await modern.settle(passing=True) == []


async def test_the_blocked_hear_nothing_of_the_block(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    await bob.send(alice, "hi")
    client = await live(bob)
    before = await logged(chat, bob)
    await client.settle(passing=True)
    await block(alice, bob)
    await unblock(alice, bob)
    assert await client.settle(passing=True) == []
    assert await logged(chat, bob) == before
    assert (await bob.get(f"/users/{alice.id}"))["username"] == "alice"


async def test_who_blocks_somebody_cannot_write_to_them_but_may_repeat_what_was_stored(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    first = await alice.send(bob, "hi", "c1")
    await block(alice, bob)
    assert await refusal(alice, "POST", f"/messages/send/{bob.id}", {"content": "hi"}) == (403, "blocked")
    assert await (await connect(alice)).error("send", user=bob.id, content="hi") == "blocked"
    assert await alice.send(bob, "hi", "c1") == first
    await unblock(alice, bob)
    assert (await alice.send(bob, "hi again"))["content"] == "hi again"


async def test_blocks_are_listed_newest_first_and_repeat_without_effect(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    for other in (bob, carol, bob):
        await block(alice, other)
    found = await alice.get("/users/me/blocks")
    assert {each["user"]["username"] for each in found} == {"bobby", "carol"}
    assert all(set(each) == {"user", "created_at"} for each in found)
    assert await alice.get("/users/me/blocks?skip=1&limit=1") == found[1:]
    assert await bob.get("/users/me/blocks") == []
    for _ in range(2):
        await unblock(alice, carol)
    assert [each["user"] for each in await alice.get("/users/me/blocks")] == [bob.brief]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_nobody_blocks_themselves_or_nobody(chat: Chat, method: str) -> None:
    alice = await chat.person("alice")
    assert await refusal(alice, method, "/users/99/block") == (404, "not_found")
    if method == "PUT":
        assert await refusal(alice, method, f"/users/{alice.id}/block") == (400, "cannot_block_self")


async def test_in_a_group_the_blocked_are_heard(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = add_group(chat, "Chess", alice, bob)
    await block(alice, bob)
    modern, sender = await live(alice), await live(bob)
    await sender.ack("send", group=group, content="e4")
    assert contents(await modern.settle()) == ["e4"]
