"""What its sender has taken back is not unread, previews nowhere, and cannot be said again as something else."""

import hashlib
from typing import Any

import pytest

from tests.support import Chat, Person, error_of, rows
from tests.ws.v2_client import live


async def take_back(person: Person, *messages: dict[str, Any]) -> None:
    """Delete messages."""
    for each in messages:
        async with await person.request("DELETE", f"/messages/{each['id']}") as response:
            assert response.status == 200


async def counts(person: Person) -> tuple[int, int, int]:
    """Return what is unread by each of the three that tell."""
    classic = (await person.get("/messages/conversations"))["conversations"]
    states = (await person.get("/conversations"))["conversations"]
    total = (await person.get("/messages/unread_count"))["unread_count"]
    return sum(each["unread_count"] for each in classic), sum(each["unread_count"] for each in states), total


async def preview(person: Person) -> tuple[str, bool] | None:
    """Return what the only classic conversation previews, and whether that is one's own; None where there is none."""
    found = (await person.get("/messages/conversations"))["conversations"]
    return (found[0]["last_message"]["content"], found[0]["last_message"]["is_mine"]) if found else None


async def test_what_was_taken_back_is_neither_unread_nor_the_last_thing_said(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    first, second, third = [await alice.send(bob, text) for text in ("first", "second", "third")]
    assert await counts(bob) == (3, 3, 3)
    await take_back(alice, second)
    assert await counts(bob) == (2, 2, 2)
    assert await preview(bob) == ("third", False)
    await take_back(alice, third)
    assert await counts(bob) == (1, 1, 1)
    assert await preview(bob) == ("first", False)
    assert await preview(alice) == ("first", True)
    await bob.post(f"/messages/read/{alice.id}")
    assert await counts(bob) == (0, 0, 0)
    fourth = await alice.send(bob, "fourth")
    assert await counts(bob) == (1, 1, 1)
    await take_back(alice, first, fourth)
    assert await counts(bob) == (0, 0, 0)


async def test_where_all_was_taken_back_a_classic_client_has_no_conversation_to_preview(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    await take_back(alice, await alice.send(bob, "only"))
    assert await preview(bob) is None
    assert await preview(alice) is None
    assert await counts(bob) == (0, 0, 0)
    (state,) = (await bob.get("/conversations"))["conversations"]
    assert state["last_message"]["deleted_at"] is not None, "who knows of deleting is told"
    await bob.send(alice, "what was it?")
    assert await preview(bob) == ("what was it?", True)
    assert await preview(alice) == ("what was it?", False)


async def test_what_a_deleted_account_had_said_is_not_unread(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    for number in range(3):
        await alice.send(bob, f"n{number}")
    socket = await live(bob)
    async with await alice.request("DELETE", "/users/me", json={"password": "correct horse"}) as response:
        assert response.status == 204
    for _ in range(3):
        await socket.read_until("message_deleted")
    assert await counts(bob) == (0, 0, 0)
    assert await preview(bob) is None
    await socket.ws.close()


@pytest.mark.parametrize("is_edited", [False, True])
async def test_a_repeated_client_id_after_the_deletion_is_the_deleted_message_or_reused(
    chat: Chat, is_edited: bool
) -> None:
    alice, bob = await chat.people("alice", "bobby")
    sent = await alice.send(bob, "yes", "c1")
    if is_edited:
        async with await alice.request("PATCH", f"/messages/{sent['id']}", json={"content": "no"}) as response:
            assert response.status == 200
    await take_back(alice, sent)
    again = await alice.send(bob, "yes", "c1")
    assert (again["id"], again["content"]) == (sent["id"], "")
    socket = await live(alice)
    for content in ("no", "Yes", "yes "):
        body = {"content": content, "client_id": "c1"}
        async with await alice.request("POST", f"/messages/send/{bob.id}", json=body) as response:
            assert await error_of(response) == (409, "client_id_reused"), content
        assert await socket.error("send", user=bob.id, **body) == "client_id_reused"
    answer = await socket.send(bob, "yes", client_id="c1")
    assert (answer["data"]["duplicate"], answer["data"]["message"]["id"]) == (True, sent["id"])
    await socket.ws.close()


async def test_of_a_deleted_text_nothing_is_kept_by_which_it_could_be_found(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    await take_back(alice, *[await alice.send(bob, "yes", f"c{number}") for number in range(2)])
    await take_back(alice, await alice.send(bob, "yes"))
    kept = [digest for (digest,) in rows(chat, "SELECT first_digest FROM messages ORDER BY id")]
    assert [len(each or b"") for each in kept] == [12, 12, 0]
    assert kept[0] != kept[1], "the same text leaves something else each time"
    known = [hashlib.blake2b(b"yes", digest_size=size).digest()[:4] for size in (4, 16, 32, 64)]
    assert not any(each in digest for digest in kept[:2] for each in known)
