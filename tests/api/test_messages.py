"""Sending private messages over REST."""

import asyncio
from typing import Any

from tests.support import Chat, Person, error_of


async def refused(sender: Person, to: int, **body: Any) -> tuple[int, str]:
    """Send in vain; return the status and the code."""
    async with await sender.request("POST", f"/messages/send/{to}", json=body) as response:
        return await error_of(response)


async def contents(reader: Person, other: Person) -> list[str]:
    """Return what was said between two, oldest first."""
    history = await reader.get(f"/messages/history/{other.id}")
    return [message["content"] for message in history["items"]]


async def test_a_message_is_answered_in_the_classic_form_and_nothing_more(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    message = await alice.send(bob, " hé\n")
    assert message.pop("created_at").endswith("Z")
    assert message == {
        "id": 1,
        "sender_id": alice.id,
        "receiver_id": bob.id,
        "group_id": None,
        "content": " hé\n",
        "is_read": False,
        "sender": alice.brief,
    }


async def test_a_message_is_in_both_histories_as_it_was_answered(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    message = await alice.send(bob, "hi")
    for reader, other in [(alice, bob), (bob, alice)]:
        assert (await reader.get(f"/messages/history/{other.id}"))["items"] == [message]


async def test_content_has_1_to_2000_characters_and_is_stored_exactly(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    sent = [
        *("x", " x ", "\nx\n", "\t two\r\nlines \u2028", "\ufeffx", "x\u200b", "\x01\x7fx\x85"),
        *(
            "e\u0301 é",
            "👩‍👩‍👧‍👦",
            "\u202eabc",
            "<b>&amp;</b>",
            "'; DROP TABLE messages; --",
            "\\u0000",
            "\ufffea\U0010ffff",
        ),
        *("x" * 2000, "é" * 2000, "😀" * 2000),
    ]
    for content in sent:
        assert (await alice.send(bob, content))["content"] == content
    assert await contents(bob, alice) == sent


async def test_content_too_short_too_long_or_missing_is_refused(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    bodies: list[dict[str, Any]] = [{"content": ""}, {"content": "x" * 2001}, {"content": "😀" * 2001}, {}]
    for body in bodies:
        async with await alice.request("POST", f"/messages/send/{bob.id}", json=body) as response:
            assert await error_of(response) == (422, "validation_error")
            assert set((await response.json())["errors"]) == {"content"}
    assert await contents(alice, bob) == []


async def test_unknown_fields_of_a_message_are_ignored(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    body = {"content": "hi", "sender_id": bob.id, "is_read": True, "group_id": 5, "message_type": "text"}
    message = await alice.post(f"/messages/send/{bob.id}", body)
    assert (message["sender_id"], message["is_read"], message["group_id"]) == (alice.id, False, None)


async def test_nobody_writes_to_themselves_or_to_nobody(chat: Chat) -> None:
    alice = await chat.person("alice")
    assert await refused(alice, alice.id, content="hi") == (400, "cannot_message_self")
    for nobody in (2, 2**53 - 1):
        assert await refused(alice, nobody, content="hi") == (404, "not_found")
        assert await refused(alice, nobody, content="hi", client_id="c") == (404, "not_found")
    assert await alice.get("/messages/conversations") == {"conversations": []}


async def test_messages_are_for_those_who_are_signed_in(chat: Chat) -> None:
    await chat.person("alice")
    for method, path in [
        ("POST", "/messages/send/1"),
        ("POST", "/messages/read/1"),
        ("GET", "/messages/history/1"),
        ("GET", "/messages/conversations"),
        ("GET", "/messages/unread_count"),
    ]:
        assert await chat.error(method, path) == (401, "not_authenticated"), path


async def test_without_a_client_id_the_same_words_are_two_messages(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    await alice.send(bob, "hi")
    await alice.send(bob, "hi")
    await alice.post(f"/messages/send/{bob.id}", {"content": "hi", "client_id": None})
    assert await contents(bob, alice) == ["hi"] * 3


async def test_a_duplicate_send_answers_the_first_message(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    socket = await bob.connect()
    first = await alice.send(bob, "hi", "c1")
    await alice.send(bob, "between")
    assert await alice.send(bob, "hi", "c1") == first
    assert await (await alice.device()).send(bob, "hi", "c1") == first
    assert await contents(bob, alice) == ["hi", "between"]
    assert [(await socket.receive())["data"]["content"] for _ in range(2)] == ["hi", "between"]
    await socket.ping()


async def test_a_duplicate_send_of_a_message_since_read_answers_it_as_it_is_now(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    first = await alice.send(bob, "hi", "c1")
    await bob.post(f"/messages/read/{alice.id}")
    assert await alice.send(bob, "hi", "c1") == {**first, "is_read": True}


async def test_a_client_id_stands_for_one_message_only(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    first = await alice.send(bob, "hi", "c1")
    for content in ("Hi", "hi ", "hi\n", "h\u0131"):
        assert await refused(alice, bob.id, content=content, client_id="c1") == (409, "client_id_reused")
    assert await refused(alice, carol.id, content="hi", client_id="c1") == (409, "client_id_reused")
    assert await contents(alice, bob) == ["hi"]
    assert await contents(alice, carol) == []
    assert await alice.send(bob, "hi", "c1") == first


async def test_a_client_id_is_its_senders_own_and_exact(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    ids = {(await alice.send(bob, "hi", client_id))["id"] for client_id in ("c1", "C1", "c1 ", "é", "e\u0301")}
    ids.add((await bob.send(alice, "hi", "c1"))["id"])
    assert len(ids) == 6


async def test_a_client_id_has_1_to_64_characters(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    for client_id in ("c", " ", "x" * 64, "😀" * 64):
        first = await alice.send(bob, "hi", client_id)
        assert await alice.send(bob, "hi", client_id) == first
    for client_id in ("", "x" * 65, "😀" * 65):
        assert await refused(alice, bob.id, content="hi", client_id=client_id) == (422, "validation_error")


async def test_twenty_sends_of_one_client_id_at_once_store_one_message(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    socket = await bob.connect()
    answers = await asyncio.gather(*(alice.send(bob, "hi", "c1") for _ in range(20)))
    assert answers == [answers[0]] * 20
    assert await contents(bob, alice) == ["hi"]
    assert (await socket.receive())["data"] == answers[0]
    await socket.ping()


async def test_of_different_sends_of_one_client_id_at_once_one_is_stored(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")

    async def send(content: str) -> int:
        body = {"content": content, "client_id": "c1"}
        async with await alice.request("POST", f"/messages/send/{bob.id}", json=body) as response:
            return response.status

    statuses = await asyncio.gather(*(send(f"number {number}") for number in range(20)))
    assert sorted(statuses) == [200] + [409] * 19
    assert await contents(bob, alice) == [f"number {statuses.index(200)}"]
