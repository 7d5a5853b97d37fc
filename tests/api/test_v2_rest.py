"""What clients of chatd.v2 ask over REST: conversations, messages by id, and the twins of the commands."""

import asyncio
from typing import Any
from urllib.parse import quote

import pytest

from tests.support import Chat, Person, error_of
from tests.ws.v2_client import Frame, V2Client, add_group, connect, live

CLASSIC_KEYS = {"id", "sender_id", "receiver_id", "group_id", "content", "is_read", "created_at", "sender"}
MESSAGE_KEYS = CLASSIC_KEYS | {"client_id", "edited_at", "deleted_at", "reply_to", "reactions"}


async def answer(person: Person, method: str, path: str, body: Any = None) -> Any:
    """Send a request that succeeds, and return its JSON."""
    async with await person.request(method, path, json=body) as response:
        assert response.status == 200, await response.text()
        return await response.json()


async def refused(person: Person, method: str, path: str, body: Any = None) -> tuple[int, str]:
    """Send a request that fails, and return its status and code."""
    async with await person.request(method, path, json=body) as response:
        return await error_of(response)


async def talk(chat: Chat, count: int) -> tuple[Person, Person]:
    """Return two people; the first has sent the other so many messages, numbered from 1."""
    alice, bob = await chat.people("alice", "bobby")
    for number in range(1, count + 1):
        await alice.send(bob, f"n{number}")
    return alice, bob


async def ids(person: Person, path: str) -> tuple[list[int], bool, bool]:
    """Return the ids on a page of messages, and whether there are more on either side."""
    page = await person.get(path)
    assert set(page) == {"items", "more_before", "more_after"}
    return [message["id"] for message in page["items"]], page["more_before"], page["more_after"]


async def test_a_conversation_says_who_what_was_last_and_what_is_read(chat: Chat) -> None:
    alice, bob = await talk(chat, 3)
    client = await live(bob)
    await client.ack("read", user=alice.id, up_to=2)
    for person, other, expected in ((bob, alice, (1, 2, 0)), (alice, bob, (0, 0, 2))):
        page = await person.get("/conversations")
        assert set(page) == {"conversations", "more"}
        assert page["more"] is False
        (state,) = page["conversations"]
        assert set(state) == {"user", "last_message", "unread_count", "read_up_to", "others_read_up_to"}
        assert state["user"] == other.brief
        assert set(state["last_message"]) == MESSAGE_KEYS
        assert state["last_message"]["content"] == "n3"
        assert (state["unread_count"], state["read_up_to"], state["others_read_up_to"]) == expected


async def test_a_group_without_messages_is_a_conversation_too(chat: Chat) -> None:
    alice, _ = await talk(chat, 1)
    group = add_group(chat, "friends", alice)
    second, first = (await alice.get("/conversations"))["conversations"]
    assert "group" not in first
    assert (second["group"]["id"], second["group"]["name"]) == (group, "friends")
    assert second["last_message"] is None
    assert [second[name] for name in ("unread_count", "read_up_to", "others_read_up_to")] == [0, 0, 0]
    assert set(second) == {*set(first) - {"user"}, "group", "me", "activity", "mention_count"}


async def test_conversations_come_newest_first_and_page_by_page(chat: Chat) -> None:
    alice, bob, carol, dave = await chat.people("alice", "bobby", "carol", "david")
    for other in (bob, carol, dave, bob):
        await alice.send(other, "x")
    found: list[int] = []
    path = "/conversations?limit=1"
    for number in range(3):
        page = await alice.get(path)
        assert page["more"] is (number < 2)
        (state,) = page["conversations"]
        found.append(state["user"]["id"])
        path = f"/conversations?limit=1&before={state['last_message']['id']}"
    assert found == [bob.id, dave.id, carol.id]
    assert await alice.get(path) == {"conversations": [], "more": False}


async def test_the_headers_of_conversations_are_the_place_they_were_read_at(chat: Chat) -> None:
    alice, bob = await talk(chat, 2)
    hello = (await connect(bob)).hello
    async with await bob.request("GET", "/conversations") as response:
        assert response.headers["Chatd-Epoch"] == hello["epoch"]
        assert response.headers["Chatd-Cursor"] == "2"
    sending = asyncio.gather(*(alice.send(bob, "x") for _ in range(50)))
    cursor = 0
    while cursor < 52:
        async with await bob.request("GET", "/conversations") as response:
            (state,) = (await response.json())["conversations"]
            cursor = int(response.headers["Chatd-Cursor"])
            assert state["unread_count"] == cursor == state["last_message"]["id"]
    await sending


async def test_messages_are_paged_by_id_in_both_directions(chat: Chat) -> None:
    alice, bob = await talk(chat, 10)
    path = f"/messages?user={alice.id}"
    assert await ids(bob, path) == (list(range(1, 11)), False, False)
    assert await ids(bob, f"{path}&limit=3") == ([8, 9, 10], True, False)
    assert await ids(bob, f"{path}&limit=3&before=8") == ([5, 6, 7], True, True)
    assert await ids(bob, f"{path}&limit=5&before=5") == ([1, 2, 3, 4], False, True)
    assert await ids(bob, f"{path}&limit=3&after=0") == ([1, 2, 3], False, True)
    assert await ids(bob, f"{path}&limit=3&after=3") == ([4, 5, 6], True, True)
    assert await ids(bob, f"{path}&limit=3&after=8") == ([9, 10], True, False)
    found, before, after = await ids(bob, f"{path}&limit=4&around=5")
    assert (5 in found, found, before, after) == (True, list(range(found[0], found[0] + 4)), True, True)
    assert 4 in found
    assert 6 in found
    assert await ids(bob, f"{path}&limit=1&around=5") == ([5], True, True)


async def test_a_page_past_either_end_is_empty_and_knows_the_other_side(chat: Chat) -> None:
    alice, bob = await talk(chat, 3)
    assert await ids(bob, f"/messages?user={alice.id}&after=3") == ([], True, False)
    assert await ids(bob, f"/messages?user={alice.id}&before=1") == ([], False, True)
    carol = await chat.person("carol")
    for end in ("", "&after=0", "&before=9", "&around=9"):
        assert await ids(carol, f"/messages?user={alice.id}{end}") == ([], False, False)


async def test_pages_stay_while_messages_arrive(chat: Chat) -> None:
    alice, bob = await talk(chat, 6)
    path = f"/messages?user={alice.id}&limit=2"
    found, before = (await ids(bob, path))[:2]
    while before:
        await alice.send(bob, "meanwhile")
        await bob.send(alice, "meanwhile")
        page, before, after = await ids(bob, f"{path}&before={found[0]}")
        assert after
        found = page + found
    assert found == [1, 2, 3, 4, 5, 6]


async def test_messages_are_of_one_conversation_only_and_in_the_full_form(chat: Chat) -> None:
    alice, bob = await talk(chat, 2)
    carol = await chat.person("carol")
    group = add_group(chat, "friends", alice, bob)
    client = await live(alice)
    await alice.send(carol, "elsewhere")
    await client.ack("send", group=group, content="to all", client_id="c")
    (message,) = (await bob.get(f"/messages?group={group}"))["items"]
    assert set(message) == {*MESSAGE_KEYS, "mentions", "mentions_all", "removed", "thread", "replies", "last_reply"}
    assert (message["group_id"], message["receiver_id"], message["client_id"]) == (group, None, "c")
    assert await ids(bob, f"/messages?user={alice.id}") == ([1, 2], False, False)
    assert await refused(carol, "GET", f"/messages?group={group}") == (404, "not_found")
    assert await refused(bob, "GET", "/messages?group=1") == (404, "not_found")
    assert await refused(bob, "GET", "/messages?user=99") == (404, "not_found")


@pytest.mark.parametrize(
    "query",
    [
        "",
        "user=1&group=1",
        "user=x",
        "user=0",
        f"user={2**53}",
        "user=1&before=2&after=1",
        "user=1&before=2&around=1",
        "user=1&before=-1",
        "user=1&limit=0",
        "user=1&limit=101",
        "user=1&around=1e3",
    ],
)
async def test_a_query_for_messages_that_makes_no_sense_is_422(chat: Chat, query: str) -> None:
    alice = await chat.person("alice")
    assert await refused(alice, "GET", f"/messages?{query}") == (422, "validation_error")


async def devices(alice: Person, bob: Person) -> list[V2Client]:
    """Return connections of both, two of the first."""
    return [await live(alice), await live(await alice.device()), await live(bob)]


async def told(clients: list[V2Client]) -> Frame:
    """Return the one event that all were told."""
    streams = [await client.settle() for client in clients]
    assert all(stream == streams[0] for stream in streams)
    (event,) = streams[0]
    return event


async def test_patch_edits_and_all_sockets_of_both_are_told(chat: Chat) -> None:
    alice, bob = await talk(chat, 1)
    clients = await devices(alice, bob)
    body = await answer(alice, "PATCH", "/messages/1", {"content": "edited"})
    assert set(body) == {"message"}
    assert set(body["message"]) == MESSAGE_KEYS
    event = await told(clients)
    assert (event["type"], event["data"]) == ("message_edited", body["message"])
    assert body["message"]["content"] == "edited"
    assert (await answer(alice, "PATCH", "/messages/1", {"content": "edited"}))["message"] == body["message"]
    assert await clients[0].settle() == []


async def test_delete_deletes_and_all_sockets_of_both_are_told(chat: Chat) -> None:
    alice, bob = await talk(chat, 1)
    clients = await devices(alice, bob)
    message = (await answer(alice, "DELETE", "/messages/1"))["message"]
    assert (message["content"], message["deleted_at"][-1:]) == ("", "Z")
    event = await told(clients)
    data = {"id": 1, "sender_id": alice.id, "receiver_id": bob.id, "group_id": None}
    assert (event["type"], event["data"]) == ("message_deleted", {**data, "deleted_at": message["deleted_at"]})
    assert (await answer(alice, "DELETE", "/messages/1"))["message"] == message
    assert await clients[0].settle() == []


async def test_reactions_are_put_and_deleted_and_all_sockets_of_both_are_told(chat: Chat) -> None:
    alice, bob = await talk(chat, 1)
    clients = await devices(alice, bob)
    for emoji in ("👍", "👨‍👩‍👧‍👦", "1️⃣", "é"):
        for method, on in (("PUT", True), ("DELETE", False)):
            for _ in range(2):
                assert await answer(bob, method, f"/messages/1/reactions/{quote(emoji)}") == {}
            event = await told(clients)
            data = {"message_id": 1, "user_id": bob.id, "emoji": emoji, "on": on}
            assert (event["type"], event["data"]) == ("reaction", data)


async def test_the_twins_refuse_what_the_commands_refuse(chat: Chat) -> None:
    alice, bob = await talk(chat, 2)
    carol = await chat.person("carol")
    thumb = f"reactions/{quote('👍')}"
    assert await refused(bob, "PATCH", "/messages/1", {"content": "x"}) == (403, "forbidden")
    assert await refused(bob, "DELETE", "/messages/1") == (403, "forbidden")
    calls = [("PATCH", "", {"content": "x"}), ("DELETE", "", None), ("PUT", thumb, None), ("DELETE", thumb, None)]
    for method, rest, body in calls:
        for person, message_id in ((carol, 1), (alice, 99)):
            path = f"/messages/{message_id}/{rest}".rstrip("/")
            assert await refused(person, method, path, body) == (404, "not_found")
    await answer(alice, "DELETE", "/messages/1")
    assert await refused(alice, "PATCH", "/messages/1", {"content": "x"}) == (409, "message_deleted")
    for method in ("PUT", "DELETE"):
        assert await refused(bob, method, f"/messages/1/{thumb}") == (409, "message_deleted")
    for number in range(20):
        await answer(bob, "PUT", f"/messages/2/reactions/{quote(chr(0x1F600 + number))}")
    assert await refused(bob, "PUT", f"/messages/2/{thumb}") == (409, "too_many_reactions")
    assert await answer(bob, "PUT", f"/messages/2/reactions/{quote(chr(0x1F600))}") == {}


async def test_the_twins_check_what_they_are_given(chat: Chat) -> None:
    alice, _ = await talk(chat, 1)
    bodies: list[Any] = [{}, {"content": ""}, {"content": "x" * 2001}, {"content": None}, {"content": "\0"}, []]
    for body in bodies:
        assert await refused(alice, "PATCH", "/messages/1", body) == (422, "validation_error")
    for emoji in ("%20", "a%20b", "%E2%80%AE", "x" * 17):
        assert await refused(alice, "PUT", f"/messages/1/reactions/{emoji}") == (422, "validation_error")
    for path in ("/messages/0", "/messages/x"):
        assert await refused(alice, "PATCH", path, {"content": "x"}) == (422, "validation_error")
    async with chat.client.patch("/messages/1", json={"content": "x"}) as response:
        assert response.status == 401
