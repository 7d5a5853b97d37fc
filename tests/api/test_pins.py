"""Pins: who may pin what, who sees it, and what becomes of it when a message goes."""

from chatd.services.pinning import PINS_MAX
from tests.groups import act, change, done, let_in, made_with, promote, refused, replayed, say, undo
from tests.support import Chat, Person
from tests.ws.v2_client import live


async def pin(person: Person, message: int) -> int:
    """Pin a message and return the status."""
    return await done(person, "PUT", f"/messages/{message}/pin")


async def unpin(person: Person, message: int) -> int:
    """Pin a message no longer and return the status."""
    return await done(person, "DELETE", f"/messages/{message}/pin")


async def pinned(person: Person, group: int) -> list[int]:
    """Return what somebody sees of the pinned messages of a group, by their ids."""
    page = await person.get(f"/messages?group={group}&pinned=1")
    assert (page["more_before"], page["more_after"]) == (False, False)
    return [each["id"] for each in page["items"]]


async def test_a_member_pins_a_message_and_all_who_see_it_are_told(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    group = await made_with(alice, bob, history="joined")
    first = await say(alice, group, "first")
    await let_in(alice, group, carol)
    second = await say(alice, group, "second")
    hers, theirs = await live(alice), await live(carol)
    for message in (second, first, first):
        assert await pin(bob, message) == 204
    events = [each for each in await hers.settle() if each["type"] == "pin"]
    about = {"group_id": group, "user_id": bob.id, "on": True}
    assert [each["data"] for each in events] == [{**about, "message_id": it} for it in (second, first)]
    assert [each["data"]["message_id"] for each in await theirs.settle()] == [second]
    assert await pinned(alice, group) == [first, second]
    assert await pinned(carol, group) == [second]
    assert await pin(carol, first) == await unpin(carol, first) == 404
    for _ in range(2):
        assert await unpin(alice, second) == 204
    (told,) = await theirs.settle()
    assert told["data"] == {**about, "message_id": second, "user_id": alice.id, "on": False}
    assert await pinned(alice, group) == [first]
    for person, messages in ((alice, [second, first, second]), (carol, [second, second])):
        again = [each for each in await replayed(person) if each["type"] == "pin"]
        assert [each["data"]["message_id"] for each in again] == messages
        assert again[-1] == told


async def test_the_rule_says_who_pins_and_is_in_the_audit_log(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    group = await made_with(alice, bob, carol)
    message = await say(bob, group, "mine")
    await act(alice, group, "silence", carol, until="2999-01-01T00:00:00Z")
    assert await refused(carol, "PUT", f"/messages/{message}/pin") == (403, "silenced")
    await change(alice, group, rules={"pin": "admin"})
    noted = (await alice.get(f"/groups/{group}/actions"))["actions"][0]
    assert (noted["kind"], noted["before"], noted["after"]) == ("change", {"pin": "member"}, {"pin": "admin"})
    for method in ("PUT", "DELETE"):
        assert await refused(bob, method, f"/messages/{message}/pin") == (403, "forbidden")
    assert await pin(alice, message) == 204
    await promote(alice, group, bob)
    assert await unpin(bob, message) == 204
    changed = await undo(alice, group, noted)
    assert changed["undone_at"] is not None
    assert (await alice.get(f"/groups/{group}"))["group"]["rules"]["pin"] == "member"


async def test_what_is_deleted_is_pinned_no_longer_and_what_is_removed_until_it_is_restored(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await made_with(alice, bob)
    gone, removed, kept = [await say(bob, group, content) for content in ("gone", "removed", "kept")]
    for message in (gone, removed, kept):
        assert await pin(alice, message) == 204
    assert await done(bob, "DELETE", f"/messages/{gone}") == 200
    action = await act(alice, group, "remove", message_id=removed)
    assert await pinned(bob, group) == [kept]
    assert await refused(alice, "PUT", f"/messages/{gone}/pin") == (409, "message_deleted")
    assert await refused(alice, "PUT", f"/messages/{removed}/pin") == (409, "message_removed")
    await undo(alice, group, action)
    assert await pinned(bob, group) == [removed, kept]
    action = await act(alice, group, "remove", message_id=removed)
    assert await unpin(alice, removed) == 204
    await undo(alice, group, action)
    assert await pinned(bob, group) == [kept]


async def test_so_many_are_pinned_in_a_group_and_they_come_in_pages(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await made_with(alice, bob)
    client = await live(alice)
    messages = [
        (await client.ack("send", group=group, content=str(number)))["data"]["message"]["id"]
        for number in range(PINS_MAX + 1)
    ]
    for message in messages[:-1]:
        assert await pin(alice, message) == 204
    assert await refused(alice, "PUT", f"/messages/{messages[-1]}/pin") == (409, "too_many_pins")
    assert await pinned(bob, group) == messages[:-1]
    page = await bob.get(f"/messages?group={group}&pinned=1&limit=20&before={messages[40]}")
    assert [each["id"] for each in page["items"]] == messages[20:40]
    assert (page["more_before"], page["more_after"]) == (True, True)
    await client.ack("delete", message_id=messages[0])
    assert await pin(alice, messages[-1]) == 204


async def test_nothing_is_pinned_in_a_private_conversation(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    message = (await alice.send(bob, "hello"))["id"]
    assert await pin(alice, message) == await unpin(bob, message) == 404
    for query in (f"user={bob.id}&pinned=1", "group=1&pinned=1&around=1"):
        assert await refused(alice, "GET", f"/messages?{query}") == (422, "validation_error")
