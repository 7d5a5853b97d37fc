"""Threads: what answers a message of a group, and what answers that."""

import io
import json
import zipfile
from typing import Any

from tests.groups import act, done, let_in, made_with, refused, replayed, say, undo
from tests.support import Chat, Person
from tests.ws.v2_client import live


async def thread(person: Person, message: int, query: str = "") -> list[int]:
    """Return what somebody sees of a thread, by the ids."""
    return [each["id"] for each in (await person.get(f"/messages?thread={message}{query}"))["items"]]


async def message_of(person: Person, group: int, message: int) -> dict[str, Any]:
    """Return a message as somebody sees it."""
    page = await person.get(f"/messages?group={group}&around={message}&limit=1")
    found: dict[str, Any] = page["items"][0]
    return found


def about(message: dict[str, Any]) -> tuple[int | None, int, int | None]:
    """Return what a message says of threads."""
    return message["thread"], message["replies"], message["last_reply"]


async def test_answers_to_answers_are_in_one_thread_and_counted_at_its_root(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await made_with(alice, bob)
    client = await live(bob)
    root, other = await say(alice, group, "root"), await say(alice, group, "other")
    first = await say(bob, group, "first", reply_to=root)
    second = await say(alice, group, "second", reply_to=first)
    aside = await say(bob, group, "aside", reply_to=other)
    third = await say(bob, group, "third", reply_to=second, client_id="c")
    told = {each["data"]["id"]: each["data"] for each in await client.settle()}
    assert [about(told[it]) for it in (root, first, second, third)] == [(None, 0, None), *[(root, 0, None)] * 3]
    assert (told[third]["reply_to"], told[aside]["thread"]) == (second, other)
    assert await say(bob, group, "third", reply_to=second, client_id="c") == third
    assert about(await message_of(bob, group, root)) == (None, 3, third)
    assert about(await message_of(bob, group, other)) == (None, 1, aside)
    for message in (root, first, third):
        assert await thread(alice, message) == [root, first, second, third]
    assert await thread(alice, aside) == [other, aside]
    lone = await say(alice, group, "lone")
    assert await thread(bob, lone) == [lone]
    again = {each["data"]["id"]: each["data"] for each in await replayed(bob) if each["type"] == "new_message"}
    assert about(again[root]) == (None, 3, third)
    state = (await alice.get("/conversations"))["conversations"][0]
    assert (state["last_message"]["id"], state["unread_count"]) == (lone, 3)


async def test_a_thread_comes_in_pages(chat: Chat) -> None:
    alice = await chat.person("alice")
    group = await made_with(alice)
    client = await live(alice)
    root = await say(alice, group, "root")
    frames = [{"group": group, "content": str(at), "reply_to": root} for at in range(7)]
    for at, data in enumerate(frames):
        await client.write({"type": "send", "id": at, "data": data})
    ids = [root, *[(await client.answer(at))["data"]["message"]["id"] for at in range(7)]]
    assert about(await message_of(alice, group, root)) == (None, 7, ids[-1])
    page = await alice.get(f"/messages?thread={root}&limit=3")
    assert ([each["id"] for each in page["items"]], page["more_before"], page["more_after"]) == (ids[-3:], True, False)
    assert await thread(alice, root, f"&limit=4&before={ids[5]}") == ids[1:5]
    assert await thread(alice, root, f"&limit=2&after={root}") == ids[1:3]
    page = await alice.get(f"/messages?thread={root}&after={ids[-1]}")
    assert (page["items"], page["more_before"], page["more_after"]) == ([], True, False)
    for query in (f"thread={root}&group={group}", f"thread={root}&around={root}", f"thread={root}&pinned=1"):
        assert await refused(alice, "GET", f"/messages?{query}") == (422, "validation_error")


async def test_who_comes_in_the_middle_sees_the_answers_since_then(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await made_with(alice, history="joined")
    root, quiet = await say(alice, group, "root"), await say(alice, group, "quiet")
    old = await say(alice, group, "old", reply_to=root)
    await let_in(alice, group, bob)
    for message in (root, quiet, old):
        assert await refused(bob, "GET", f"/messages?thread={message}") == (404, "not_found")
    new = await say(alice, group, "new", reply_to=root)
    shown = await message_of(bob, group, new)
    assert about(shown) == (root, 0, None)
    assert await thread(bob, root) == await thread(bob, new) == [new]
    page = await bob.get(f"/messages?thread={root}")
    assert (page["more_before"], page["more_after"]) == (False, False)
    for message in (quiet, old):
        assert await refused(bob, "GET", f"/messages?thread={message}") == (404, "not_found")
    mine = await say(bob, group, "mine", reply_to=new)
    assert await thread(bob, mine) == [new, mine]
    assert await thread(alice, mine) == [root, old, new, mine]
    await bob.post(f"/groups/{group}/leave", status=204)
    assert await refused(bob, "GET", f"/messages?thread={root}") == (404, "not_found")


async def test_deleted_and_removed_answers_keep_their_places(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await made_with(alice, bob)
    root = await say(bob, group, "root")
    gone, removed = [await say(bob, group, content, reply_to=root) for content in ("gone", "removed")]
    assert await done(bob, "DELETE", f"/messages/{gone}") == 200
    action = await act(alice, group, "remove", message_id=removed)
    assert await thread(alice, root) == [root, gone, removed]
    assert about(await message_of(alice, group, root)) == (None, 2, removed)
    shown = await message_of(alice, group, removed)
    assert (shown["removed"], about(shown)) == (True, (root, 0, None))
    await undo(alice, group, action)
    assert await done(bob, "DELETE", f"/messages/{root}") == 200
    assert await thread(alice, removed) == [root, gone, removed]


async def test_who_has_left_is_told_nothing_of_later_answers(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await made_with(alice, bob)
    root = await say(bob, group, "root", client_id="c")
    early = await say(alice, group, "early", reply_to=root)
    await bob.post(f"/groups/{group}/leave", status=204)
    await say(alice, group, "late", reply_to=root)
    told = {each["data"]["id"]: each["data"] for each in await replayed(bob) if each["type"] == "new_message"}
    assert [about(told[it]) for it in (root, early)] == [(None, 0, None), (root, 0, None)]
    path, body = f"/groups/{group}/messages", {"content": "root", "client_id": "c"}
    assert about((await bob.post(path, body))["message"]) == (None, 0, None)
    async with await bob.request("GET", "/users/me/export") as response:
        archive = zipfile.ZipFile(io.BytesIO(await response.read()))
        exported = json.loads(archive.read("data.json"))
    (own,) = exported["conversations"][0]["messages"]
    assert (own["id"], about(own)) == (root, (None, 0, None))
    for _ in range(2):
        async with await bob.request("DELETE", f"/messages/{root}") as response:
            assert about((await response.json())["message"]) == (None, 0, None)


async def test_private_messages_are_in_no_thread(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    client = await live(alice)
    first = (await client.send(bob, "hello"))["data"]["message"]
    second = (await client.send(bob, "again", reply_to=first["id"]))["data"]["message"]
    assert "thread" not in second
    for message in (first, second):
        assert await refused(alice, "GET", f"/messages?thread={message['id']}") == (404, "not_found")
