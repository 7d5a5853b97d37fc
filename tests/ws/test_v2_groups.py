"""Groups over chatd.v2: who is told what, live and in a replay."""

from typing import Any

from tests.groups import change, done, leave, let_in, made_with, make, replayed, say
from tests.support import Chat
from tests.ws.v2_client import Frame, contents, kinds, live, logged


def about(frames: list[Frame], *, but: tuple[str, ...] = ()) -> list[tuple[str, Any]]:
    """Return the types of frames with what each is about."""
    return [
        (frame["type"], frame["data"].get("content", frame["data"].get("how", frame["data"].get("emoji"))))
        for frame in frames
        if frame["type"] not in but
    ]


async def test_ones_own_joining_is_the_first_and_ones_leaving_the_last_thing_one_is_told(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await make(alice)
    await say(alice, group, "before")
    client = await live(bob)
    await let_in(alice, group, bob)
    await say(alice, group, "during")
    await leave(bob, group)
    await say(alice, group, "after")
    expected = [("membership", "joined"), ("new_message", "during"), ("membership", "left")]
    told = await client.settle()
    assert about(told) == expected
    assert told == await logged(chat, bob) == await replayed(bob)


async def test_what_is_done_to_a_message_is_told_to_those_who_see_it_live_and_in_the_replay(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    group = await made_with(alice, bob, history="joined")
    old = await say(alice, group, "old")
    acting, early, late = await live(alice), await live(bob), await live(carol)
    await let_in(alice, group, carol)
    new = await say(alice, group, "new")
    for message in (old, new):
        await acting.ack("edit", message_id=message, content=f"edited {message}")
        await early.ack("react", message_id=message, emoji="👍")
        await acting.ack("delete", message_id=message)
    both = ["message_edited", "reaction", "message_deleted"] * 2
    assert kinds(await acting.settle()) == ["membership", "new_message", "reaction", "reaction"]
    assert kinds(await early.settle()) == ["membership", "new_message", *[each for each in both if each != "reaction"]]
    told = await late.settle()
    assert kinds(told) == ["membership", "new_message", *both[:3]]
    again = await logged(chat, carol)
    assert [(each["type"], each["seq"]) for each in again] == [(each["type"], each["seq"]) for each in told]


async def test_an_ended_stay_is_replayed_to_its_end_with_what_was_there_then(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    group = await made_with(alice, bob, carol)
    one, two, three = [await say(alice, group, text) for text in ("one", "two", "three")]
    acting = await live(alice)
    await acting.ack("edit", message_id=one, content="edited while all were there")
    await acting.ack("react", message_id=two, emoji="👍")
    await leave(bob, group)
    await acting.ack("react", message_id=two, emoji="🎉")
    await acting.ack("edit", message_id=two, content="edited afterwards")
    await acting.ack("delete", message_id=three)
    await change(alice, group, name="Not for Bob")
    told = await logged(chat, bob)
    assert about(told) == [
        ("membership", "joined"),
        ("membership", "joined"),
        ("new_message", "edited while all were there"),
        ("new_message", ""),
        ("new_message", ""),
        ("message_edited", "edited while all were there"),
        ("reaction", "👍"),
        ("membership", "left"),
    ]
    second, third = told[3]["data"], told[4]["data"]
    assert second["edited_at"] is not None
    assert third["deleted_at"] is not None
    assert all(each["data"]["reactions"] == [] for each in told if "reactions" in each["data"])
    assert "edited afterwards" in contents(await logged(chat, carol))


async def test_a_change_of_the_group_is_not_replayed_to_who_has_left(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    group = await made_with(alice, bob, carol)
    await change(alice, group, name="Go")
    await leave(bob, group)
    await change(alice, group, name="Secret name")
    assert "Secret name" not in str(await logged(chat, bob))
    names = [each["data"]["name"] for each in await logged(chat, carol) if each["type"] == "group"]
    assert names == ["Secret name"] * 2


async def test_who_rejoins_sees_their_new_stay_and_both_in_the_replay(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await made_with(alice, bob, history="joined")
    mine = await say(bob, group, "first stay")
    await leave(bob, group)
    await say(alice, group, "between")
    await let_in(alice, group, bob)
    await say(alice, group, "second stay")
    client = await live(bob)
    assert contents(await logged(chat, bob)) == ["first stay", "second stay"]
    assert await client.error("edit", message_id=mine, content="x") == "not_found"
    assert await client.error("send", group=group, content="x", reply_to=mine) == "not_found"
    deleted = await client.ack("delete", message_id=mine)
    assert deleted["data"]["message"]["deleted_at"] is not None


async def test_who_has_left_takes_back_what_they_wrote_and_nothing_else(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await made_with(alice, bob)
    mine, theirs = await say(bob, group, "mine"), await say(alice, group, "theirs")
    await leave(bob, group)
    client, watching = await live(bob), await live(alice)
    assert await client.error("edit", message_id=mine, content="x") == "not_found"
    assert await client.error("delete", message_id=theirs) == "not_found"
    for _ in range(2):
        assert (await client.ack("delete", message_id=mine))["data"]["message"]["content"] == ""
    assert kinds(await watching.settle()) == ["message_deleted"]


async def test_a_repeated_send_is_answered_after_one_has_left(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await made_with(alice, bob)
    client, other = await live(bob), await live(alice)
    first = await client.ack("send", group=group, content="once", client_id="c")
    message = first["data"]["message"]["id"]
    await leave(bob, group)
    await other.ack("react", message_id=message, emoji="👍")
    again = await client.ack("send", group=group, content="once", client_id="c")
    assert (again["data"]["message"]["id"], again["data"]["duplicate"]) == (message, True)
    assert again["data"]["message"]["reactions"] == []
    assert await client.error("send", group=group, content="twice", client_id="c") == "client_id_reused"
    assert await client.error("send", group=group, content="twice", client_id="d") == "not_found"


async def test_a_read_marker_is_told_to_its_owners_devices_alone(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await made_with(alice, bob)
    message = await say(alice, group, "x")
    acting, other, watching = await live(bob), await live(bob), await live(alice)
    read = await acting.ack("read", group=group, up_to=message)
    (told,) = await other.settle()
    assert (told["type"], told["seq"]) == ("read", read["seq"])
    assert told["data"] == {"reader_id": bob.id, "user_id": None, "group_id": group, "up_to": message}
    assert await watching.settle() == []
    assert (await logged(chat, bob))[-1] == told
    assert await bob.post(f"/groups/{group}/read", {"up_to": message}) == {"up_to": message}
    (state,) = (await alice.get("/conversations"))["conversations"]
    assert (state["last_message"]["is_read"], state["others_read_up_to"]) == (False, 0)


async def test_typing_is_told_once_in_a_while_and_not_to_who_blocks(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    group = await made_with(alice, bob, carol)
    assert await done(carol, "PUT", f"/users/{alice.id}/block") == 204
    acting, two, three = await live(alice), await live(bob), await live(carol)
    for _ in range(3):
        await acting.ack("typing", group=group)
    typing = [each for each in await two.settle(passing=True) if each["type"] == "typing"]
    assert typing == [{"type": "typing", "data": {"user_id": alice.id, "group_id": group}}]
    assert "typing" not in kinds(await three.settle(passing=True))
    await say(alice, group, "a block hides no message")
    assert contents(await three.settle()) == ["a block hides no message"]


async def test_who_comes_into_a_group_and_its_members_learn_who_is_online(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await make(alice)
    old, new = await live(alice), await live(bob)
    found: dict[int, list[Frame]] = {alice.id: [], bob.id: []}
    await let_in(alice, group, bob)

    async def look() -> bool:
        for person, client in ((alice, old), (bob, new)):
            found[person.id] += [each for each in await client.settle(passing=True) if each["type"] == "presence"]
        return all(found.values())

    while not await look():
        pass
    assert found[alice.id][0]["data"]["user_id"] == bob.id
    assert found[bob.id][0]["data"]["user_id"] == alice.id


async def test_a_newcomer_has_read_everything_and_counts_what_comes(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await make(alice)
    last = [await say(alice, group, str(number)) for number in range(3)][-1]
    await let_in(alice, group, bob)

    async def state() -> dict[str, Any]:
        (found,) = (await bob.get("/conversations"))["conversations"]
        return dict(found)

    before = await state()
    assert (before["unread_count"], before["read_up_to"], before["last_message"]["id"]) == (0, last, last)
    assert before["activity"] > last
    new = await say(alice, group, "new")
    after = await state()
    assert (after["unread_count"], after["activity"], after["me"]) == (1, new, before["me"])


async def test_conversations_are_sorted_and_paged_by_activity(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    quiet = await made_with(alice, bob, name="quiet")
    busy = await made_with(alice, bob, name="busy")
    await alice.send(bob, "hi")
    await say(alice, quiet, "x")
    path, found = "/conversations?limit=1", []
    while True:
        page = await bob.get(path)
        if not page["conversations"]:
            break
        (state,) = page["conversations"]
        found.append(state["group"]["id"] if "group" in state else None)
        path = f"/conversations?limit=1&before={state.get('activity') or state['last_message']['id']}"
    assert found == [quiet, None, busy]
