"""Syncing: from now, from a place in the log, page by page."""

import asyncio
import json

import pytest

from tests.support import Chat
from tests.ws.v2_client import Frame, busy, connect, contents, kinds, live, logged


async def test_nothing_is_told_before_a_sync(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    client = await connect(bob)
    await alice.send(bob, "hi")
    sender = await live(alice)
    await sender.ack("typing", user=bob.id)
    assert await client.settle(passing=True) == []


async def test_a_sync_from_now_replays_nothing_and_tells_what_comes_from_then_on(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    await alice.send(bob, "old")
    client = await connect(bob)
    assert (await client.ack("sync"))["data"] == {"cursor": 1, "more": False}
    await alice.send(bob, "new")
    assert contents(await client.settle()) == ["new"]


@pytest.mark.parametrize("epoch", ["nonsense", None, "", "mine"])
async def test_without_since_the_epoch_does_not_matter(chat: Chat, epoch: str | None) -> None:
    client = await connect(await chat.person("alice"))
    answer = await client.ack("sync", epoch=client.hello["epoch"] if epoch == "mine" else epoch)
    assert answer["data"] == {"cursor": 0, "more": False}


async def test_a_sync_since_0_replays_everything_in_the_order_of_seq(chat: Chat) -> None:
    alice, _, events = await busy(chat)
    assert kinds(events) == [
        *["new_message"] * 5,
        "read",
        "message_edited",
        *["reaction"] * 3,
        "message_deleted",
        "new_message",
        "profile",
    ]
    assert [event["seq"] for event in events] == list(range(1, 14))
    assert await (await connect(alice)).catch_up() == events


async def test_what_was_told_live_is_what_is_replayed_where_nothing_changed_since(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    acting, other = await live(alice), await live(bob)
    sent = await acting.send(bob, "hi", client_id="c")
    await acting.ack("edit", message_id=sent["data"]["message"]["id"], content="ho")
    await other.ack("react", message_id=sent["data"]["message"]["id"], emoji="x")
    told = await acting.settle() + [each for each in await other.settle() if each["type"] == "message_edited"]
    replayed = await (await connect(bob)).catch_up(since=sent["seq"])
    for event in told:
        event["data"].pop("reactions", None)
    for event in replayed:
        event["data"].pop("reactions", None)
    assert sorted(told, key=lambda event: int(event["seq"])) == replayed


async def test_a_replay_tells_messages_as_they_are_now_and_their_edits_again(chat: Chat) -> None:
    alice, _, events = await busy(chat)
    edited, deleted = events[1]["data"], events[2]["data"]
    assert (edited["content"], edited["edited_at"] is None) == ("edited", False)
    assert events[6]["data"] == edited
    assert (deleted["content"], deleted["deleted_at"]) == ("", events[10]["data"]["deleted_at"])
    assert events[0]["data"]["reactions"] == [{"emoji": "🎉", "count": 1, "user_ids": [events[9]["data"]["user_id"]]}]
    assert edited["reactions"] == []
    assert events[0]["data"]["is_read"] is True
    assert events[0]["data"]["sender"]["nickname"] == "Al"
    assert events[12]["data"] == {**alice.brief, "nickname": "Al"}


@pytest.mark.parametrize("limit", [1, 2, 5, 13, 500])
async def test_pages_of_any_size_give_the_same_stream(chat: Chat, limit: int) -> None:
    _, bob, events = await busy(chat)
    client = await connect(bob)
    paged: list[Frame] = []
    cursor, more = 0, True
    while more:
        page, cursor, more = await client.page(cursor, limit)
        assert len(page) <= limit
        assert cursor == (page[-1]["seq"] if page else 13)
        assert more == (cursor < 13)
        paged += page
    assert paged == events


async def test_a_page_has_200_events_if_nothing_else_is_said(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    await asyncio.gather(*(alice.send(bob, "x") for _ in range(201)))
    client = await connect(bob)
    page, cursor, more = await client.page(0)
    assert (len(page), cursor, more) == (200, 200, True)
    page, cursor, more = await client.page(cursor)
    assert (len(page), cursor, more) == (1, 201, False)


async def test_a_page_of_long_messages_is_shorter_and_every_one_comes(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    await asyncio.gather(*(alice.send(bob, "\x01" * 1996 + f"{number:04}") for number in range(60)))
    client = await connect(bob)
    pages: list[list[Frame]] = []
    cursor, more = 0, True
    while more:
        page, cursor, more = await client.page(cursor, 500)
        size = sum(len(json.dumps(event)) for event in page)
        assert 0 < size < 256 * 1024
        pages.append(page)
    assert 1 < len(pages) < 60
    events = [event for page in pages for event in page]
    assert events == await logged(chat, bob)
    assert sorted(content[-4:] for content in contents(events)) == [f"{number:04}" for number in range(60)]


async def test_live_events_flow_only_once_there_is_no_more(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    for number in range(3):
        await alice.send(bob, f"n{number}")
    client = await connect(bob)
    assert (await client.page(0, 1))[2] is True
    await alice.send(bob, "n3")
    assert await client.settle(passing=True) == []
    page, cursor, more = await client.page(1, 3)
    assert (contents(page), more) == (["n1", "n2", "n3"], False)
    await alice.send(bob, "n4")
    assert [(event["seq"], event["data"]["content"]) for event in await client.settle()] == [(cursor + 1, "n4")]


async def test_a_later_sync_goes_back_to_replay(chat: Chat) -> None:
    _, bob, events = await busy(chat)
    client = await live(bob)
    page, _, more = await client.page(4, 2)
    assert (page, more) == (events[4:6], True)
    assert await client.cursor() is None
    assert await client.catch_up(since=6) == events[6:]
    assert await client.catch_up(since=13) == []
    assert await client.cursor() == 13


async def test_an_ack_carries_no_seq_before_the_connection_has_caught_up(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    await bob.send(alice, "first")
    client = await connect(alice)
    sent = await client.send(bob, "early")
    edited = await client.ack("edit", message_id=2, content="later")
    read = await client.ack("read", user=bob.id, up_to=1)
    reacted = await client.ack("react", message_id=1, emoji="x")
    for answer in (sent, edited, read, reacted):
        assert set(answer) == {"type", "re", "data"}
    page, _, more = await client.page(0, 2)
    assert (kinds(page), more) == (["new_message", "new_message"], True)
    assert "seq" not in await client.send(bob, "between")
    events = await client.catch_up(since=2)
    assert kinds(events) == ["message_edited", "read", "reaction", "new_message"]
    assert (await client.send(bob, "live"))["seq"] == events[-1]["seq"] + 1
    assert await client.settle() == []


async def test_commands_sent_right_behind_a_sync_are_answered_in_their_place(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    for number in range(3):
        await alice.send(bob, f"n{number}")
    client = await connect(alice)
    data = {"epoch": client.hello["epoch"], "since": 0}
    await client.write({"type": "send", "id": 1, "data": {"user": bob.id, "content": "before"}})
    await client.write({"type": "sync", "id": 2, "data": data})
    await client.write({"type": "send", "id": 3, "data": {"user": bob.id, "content": "behind"}})
    frames = await client.settle()
    assert [frame.get("re", frame.get("seq")) for frame in frames] == [1, 1, 2, 3, 4, 2, 3]
    assert [frame.get("seq") for frame in frames if frame["type"] == "ack"] == [None, None, 5]


async def test_a_profile_is_told_and_replayed_to_acquaintances_and_own_devices_only(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    await alice.send(bob, "hi")
    clients = [await live(person) for person in (alice, bob, carol)]
    async with await alice.request("PUT", "/users/me", json={"nickname": "Al"}) as response:
        assert response.status == 200
    event = {"type": "profile", "seq": 2, "data": {**alice.brief, "nickname": "Al"}}
    assert [await client.settle() for client in clients] == [[event], [event], []]
    assert [(await (await connect(person)).catch_up())[-1:] for person in (alice, bob, carol)] == [[event], [event], []]


async def test_a_profile_put_as_it_was_is_no_change(chat: Chat) -> None:
    alice = await chat.person("alice")
    client = await live(alice)
    async with await alice.request("PUT", "/users/me", json={"nickname": alice.nickname}) as response:
        assert response.status == 200
    assert await client.settle() == []


async def test_a_stranger_sees_nothing_but_the_cursor_move(chat: Chat) -> None:
    _, bob, events = await busy(chat)
    carol, dave = await chat.people("carol", "david")
    client = await connect(carol)
    assert await client.page(0, 1) == ([], 13, False)
    assert await logged(chat, carol) == []
    await carol.send(dave, "between others")
    assert await (await connect(bob)).page(0) == (events, 14, False)
