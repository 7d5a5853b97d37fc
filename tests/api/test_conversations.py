"""Histories, lists of conversations, and what is unread."""

import asyncio
from typing import Any

from tests.api.support import Clock, disable
from tests.conftest import Start
from tests.support import Chat, Person, error_of

LAST_ID = 2**53 - 1


async def history(reader: Person, other: Person, query: str = "") -> Any:
    """Return a page of what was said between two."""
    return await reader.get(f"/messages/history/{other.id}?{query}")


async def page(reader: Person, other: Person, number: int, size: int) -> list[str]:
    """Return the contents of a page."""
    answer = await history(reader, other, f"page={number}&page_size={size}")
    return [message["content"] for message in answer["items"]]


async def unread(reader: Person) -> int:
    """Return how many messages somebody has not read."""
    answer = await reader.get("/messages/unread_count")
    assert set(answer) == {"unread_count"}
    return int(answer["unread_count"])


async def unread_by_user(reader: Person) -> dict[str, int]:
    """Return the same for each conversation, the newest first."""
    overviews = (await reader.get("/messages/conversations"))["conversations"]
    return {each["user"]["username"]: each["unread_count"] for each in overviews}


async def mark_read(reader: Person, other: Person) -> None:
    """Mark as read what somebody has written to the reader."""
    answer = await reader.post(f"/messages/read/{other.id}")
    assert set(answer) == {"success", "message"}
    assert answer["success"] is True
    assert isinstance(answer["message"], str)


async def test_a_history_has_pages_from_the_newest_each_oldest_first(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    for number in range(7):
        sender, receiver = (alice, bob) if number % 3 else (bob, alice)
        await sender.send(receiver, str(number))
    assert await page(bob, alice, 1, 3) == ["4", "5", "6"]
    assert await page(bob, alice, 2, 3) == ["1", "2", "3"]
    assert await page(bob, alice, 3, 3) == ["0"]
    assert await page(bob, alice, 4, 3) == []
    assert await page(bob, alice, 1, 7) == await page(alice, bob, 1, 100) == ["0", "1", "2", "3", "4", "5", "6"]


async def test_a_page_says_which_it_is_of_how_many_messages_with_whom(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    message = await alice.send(bob, "hi")
    answer = {"items": [message], "total": 1, "page": 1, "page_size": 50, "other_user": alice.brief}
    assert await history(bob, alice) == answer
    past = await history(bob, alice, "page=2&page_size=7")
    assert past == {**answer, "items": [], "page": 2, "page_size": 7}


async def test_a_page_far_past_the_end_is_empty(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    await alice.send(bob, "hi")
    for number in (2**31, 2**52, LAST_ID):
        for size in (1, 100):
            answer = await history(bob, alice, f"page={number}&page_size={size}")
            assert (answer["items"], answer["total"], answer["page"]) == ([], 1, number)


async def test_a_page_outside_the_ranges_is_refused(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    for query in ("page=0", "page=-1", f"page={2**53}", "page_size=0", "page_size=101", "page_size=-1"):
        async with await alice.request("GET", f"/messages/history/{bob.id}?{query}") as response:
            assert await error_of(response) == (422, "validation_error"), query
            assert set((await response.json())["errors"]) == {query.partition("=")[0]}


async def test_a_history_with_somebody_never_written_to_is_empty(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    empty = {"items": [], "total": 0, "page": 1, "page_size": 50}
    assert await history(alice, bob) == {**empty, "other_user": bob.brief}
    assert await history(alice, alice) == {**empty, "other_user": alice.brief}


async def test_a_history_with_nobody_is_404(chat: Chat) -> None:
    alice = await chat.person("alice")
    for method, path in [("GET", "/messages/history/"), ("POST", "/messages/read/")]:
        for nobody in (2, LAST_ID):
            async with await alice.request(method, f"{path}{nobody}") as response:
                assert await error_of(response) == (404, "not_found")


async def test_a_history_is_between_two_and_nobody_else(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    await alice.send(bob, "secret")
    await alice.send(carol, "other")
    assert await page(carol, alice, 1, 50) == ["other"]
    assert await page(carol, bob, 1, 50) == []
    assert await unread_by_user(carol) == {"alice": 1}


async def test_a_conversation_is_listed_with_its_last_message(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    assert await alice.get("/messages/conversations") == {"conversations": []}
    await alice.send(bob, "first")
    last = await alice.send(bob, "last")
    shown = {"id": last["id"], "content": "last", "created_at": last["created_at"]}
    assert await alice.get("/messages/conversations") == {
        "conversations": [{"user": bob.brief, "last_message": {**shown, "is_mine": True}, "unread_count": 0}]
    }
    assert await bob.get("/messages/conversations") == {
        "conversations": [{"user": alice.brief, "last_message": {**shown, "is_mine": False}, "unread_count": 2}]
    }


async def test_conversations_are_listed_newest_first(chat: Chat) -> None:
    alice, bob, carol, dave = await chat.people("alice", "bobby", "carol", "david")
    await alice.send(bob, "1")
    await carol.send(alice, "2")
    await alice.send(dave, "3")
    assert list(await unread_by_user(alice)) == ["david", "carol", "bobby"]
    await bob.send(alice, "4")
    assert list(await unread_by_user(alice)) == ["bobby", "david", "carol"]
    await mark_read(alice, carol)
    assert list(await unread_by_user(alice)) == ["bobby", "david", "carol"]


async def test_newest_is_what_was_stored_last_even_where_the_clock_goes_back(start: Start, clock: Clock) -> None:
    chat = await start(clock=clock)
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    await bob.send(alice, "1")
    clock.advance(seconds=-60)
    await carol.send(alice, "2")
    await bob.send(carol, "3")
    await bob.send(carol, "4")
    assert list(await unread_by_user(alice)) == ["carol", "bobby"]
    assert await page(carol, bob, 1, 1) == ["4"]


async def test_unread_messages_are_counted_in_all_and_by_conversation(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    assert await unread(alice) == 0
    for number in range(3):
        await bob.send(alice, str(number))
    await carol.send(alice, "hi")
    assert await unread(alice) == 4
    assert await unread_by_user(alice) == {"carol": 1, "bobby": 3}
    assert (await unread(bob), await unread(carol)) == (0, 0)


async def test_marking_read_reads_one_users_messages_and_no_others(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    await bob.send(alice, "1")
    await bob.send(alice, "2")
    await carol.send(alice, "3")
    await alice.send(bob, "4")
    await mark_read(alice, bob)
    assert (await unread(alice), await unread_by_user(alice)) == (1, {"bobby": 0, "carol": 1})
    assert await unread(bob) == 1
    await bob.send(alice, "5")
    assert await unread_by_user(alice) == {"bobby": 1, "carol": 1}


async def test_marking_read_may_be_repeated_and_may_find_nothing(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    await mark_read(alice, bob)
    await bob.send(alice, "hi")
    await asyncio.gather(*(mark_read(alice, bob) for _ in range(5)))
    await mark_read(alice, bob)
    assert await unread(alice) == 0
    await bob.send(alice, "more")
    assert await unread(alice) == 1


async def test_answering_or_looking_does_not_mark_read(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    await bob.send(alice, "question")
    await alice.send(bob, "answer")
    await history(alice, bob)
    await alice.get("/messages/conversations")
    assert await unread(alice) == 1
    assert await unread_by_user(alice) == {"bobby": 1}
    (question, answer) = (await history(bob, alice))["items"]
    assert (question["is_read"], answer["is_read"]) == (False, False)


async def test_is_read_tells_both_sides_whether_the_receiver_has_read(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    await alice.send(bob, "1")
    await bob.send(alice, "2")
    await mark_read(bob, alice)
    await alice.send(bob, "3")
    for reader, other in [(alice, bob), (bob, alice)]:
        items = (await history(reader, other))["items"]
        assert {item["content"]: item["is_read"] for item in items} == {"1": True, "2": False, "3": False}


async def test_one_can_read_what_a_disabled_user_wrote(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    await bob.send(alice, "hi")
    disable(chat, bob)
    assert await page(alice, bob, 1, 50) == ["hi"]
    await mark_read(alice, bob)
    assert await unread(alice) == 0
