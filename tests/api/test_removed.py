"""Removed messages: nowhere to be seen, kept for a while, restored by undoing, and erased."""

import io
import json
import zipfile
from typing import Any

from chatd.clock import DAY_MS
from chatd.http.context import SERVICES
from chatd.services import moderating, removing
from tests.conftest import Start
from tests.groups import act, done, let_in, made_with, make, refused, say, shown, undo
from tests.support import PASSWORD, Chat, Person, rows, until_true
from tests.ws.v2_client import connect, kinds, live

SECRET = "buy this at once"


async def exported(person: Person) -> str:
    """Return somebody's export as one text."""
    async with await person.request("GET", "/users/me/export") as response:
        archive = zipfile.ZipFile(io.BytesIO(await response.read()))
        return "".join(archive.read(name).decode() for name in archive.namelist())


async def everything(person: Person, group: int) -> str:
    """Return all that somebody can load of a group."""
    again = await connect(person)
    texts = [json.dumps(await again.catch_up())]
    await again.ws.close()
    for path in (f"/messages?group={group}", "/conversations", "/mentions", "/unread"):
        texts.append(json.dumps(await person.get(path)))
    return "".join(texts)


async def counts(person: Person) -> tuple[int, int]:
    """Return how much of a group somebody has not read, and how much of that names them."""
    (state,) = (await person.get("/conversations"))["conversations"]
    return state["unread_count"], state["mention_count"]


async def test_a_removed_message_is_nowhere_but_in_the_audit_log_and_in_its_authors_export(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    group = await made_with(alice, bob, carol)
    kept = await say(bob, group, "fine @carol")
    message = await say(bob, group, f"{SECRET} @carol @all", client_id="c")
    assert await done(alice, "PUT", f"/messages/{message}/reactions/👍") == 200
    await carol.post(f"/messages/{message}/report", {"reason": "spam"}, 201)
    assert await counts(carol) == (2, 2)
    before = await alice.get(f"/messages?group={group}")
    client = await live(carol)
    action = await act(alice, group, "remove", message_id=message, reason="spam")
    assert (action["user"], action["from_id"], action["to_id"]) == (bob.brief, message, message)
    (told,) = await client.settle()
    data = {"group_id": group, "user_id": bob.id, "from_id": message, "to_id": message, "action_id": action["id"]}
    assert (told["type"], told["data"]) == ("messages_removed", data)
    page = (await carol.get(f"/messages?group={group}"))["items"]
    gone = page[1]
    assert (gone["content"], gone["removed"], gone["reactions"], gone["mentions"]) == ("", True, [], [])
    assert gone["mentions_all"] is False
    assert gone["deleted_at"] is not None
    assert await counts(carol) == (1, 1)
    assert [each["id"] for each in (await carol.get("/mentions"))["items"]] == [kept]
    for person in (alice, bob, carol):
        assert SECRET not in await everything(person, group)
    assert SECRET in await exported(bob)
    for person in (alice, carol):
        assert SECRET not in await exported(person)
    audit = f"/groups/{group}/actions/{action['id']}/messages"
    assert [each["content"] for each in (await alice.get(audit))["items"]] == [f"{SECRET} @carol @all"]
    assert await refused(carol, "GET", audit) == (403, "forbidden")
    removed = (409, "message_removed")
    assert await refused(bob, "PATCH", f"/messages/{message}", {"content": "x"}) == removed
    assert await refused(carol, "PUT", f"/messages/{message}/reactions/👍") == removed
    assert await refused(carol, "POST", f"/messages/{message}/report", {"reason": "spam"}) == removed
    body = {"kind": "remove", "message_id": message}
    assert await refused(alice, "POST", f"/groups/{group}/actions", body) == removed
    assert await say(bob, group, f"{SECRET} @carol @all", client_id="c") == message
    again = {"content": "another", "client_id": "c"}
    assert await refused(bob, "POST", f"/groups/{group}/messages", again) == (409, "client_id_reused")
    await undo(alice, group, action)
    (told,) = await client.settle()
    assert (told["type"], told["data"]) == ("messages_restored", data)
    assert await alice.get(f"/messages?group={group}") == before
    assert await counts(carol) == (2, 2)
    assert (await alice.get(audit))["items"] == []


async def test_a_message_is_removed_by_its_id_in_its_group_by_who_sees_it(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    group = await made_with(alice, bob, history="joined")
    other = await made_with(alice, bob)
    old, elsewhere = await say(bob, group, "old"), await say(bob, other, "elsewhere")
    own, deleted = await say(alice, group, "own"), await say(bob, group, "deleted")
    assert await done(bob, "DELETE", f"/messages/{deleted}") == 200
    await let_in(alice, group, carol)
    assert await done(alice, "PUT", f"/groups/{group}/members/{carol.id}", {"role": "admin"}) == 200
    path = f"/groups/{group}/actions"
    expected = {old: (404, "not_found"), 999_999: (404, "not_found")}
    for message, answer in expected.items():
        assert await refused(carol, "POST", path, {"kind": "remove", "message_id": message}) == answer
    expected = {elsewhere: (404, "not_found"), own: (403, "forbidden"), deleted: (409, "message_deleted")}
    for message, answer in expected.items():
        assert await refused(alice, "POST", path, {"kind": "remove", "message_id": message}) == answer
    body = {"kind": "remove", "message_id": old, "user": carol.id}
    assert await refused(alice, "POST", path, body) == (404, "not_found")
    action = await act(alice, group, "remove", bob, message_id=old)
    audit = f"/groups/{group}/actions/{action['id']}/messages"
    assert len((await alice.get(audit))["items"]) == 1
    assert (await carol.get(audit))["items"] == []  # what an admin does not see is not there for them


async def test_messages_of_a_time_are_removed_with_a_ban_or_without_one(start: Start) -> None:
    now = [1_800_000_000_000]
    chat = await start(clock=lambda: now[0])
    alice, bob = await chat.people("alice", "bobby")
    group = await made_with(alice, bob)
    for text in ("long ago", "this week", "today"):
        await say(bob, group, text)
        await say(alice, group, "between")
        now[0] += 3 * DAY_MS if text == "this week" else 6 * DAY_MS if text == "long ago" else 0
    everything_said = await shown(alice, group)
    gone = {"day": ["today"], "week": ["this week", "today"], "all": ["long ago", "this week", "today"]}
    for kind in ("remove", "ban"):
        for span, texts in gone.items():
            action = await act(alice, group, kind, bob, remove=span)
            assert await shown(alice, group) == [("" if each in texts else each) for each in everything_said]
            removed = await alice.get(f"/groups/{group}/actions/{action['id']}/messages?limit=2")
            assert [each["content"] for each in removed["items"]] == texts[:-3:-1]
            assert removed["more"] is (span == "all")
            await undo(alice, group, action)
            assert await shown(alice, group) == everything_said
    nothing = await act(alice, group, "ban", bob, remove="none")
    assert nothing["from_id"] is None
    assert await shown(alice, group) == everything_said
    now[0] += 2 * DAY_MS
    assert (await act(alice, group, "remove", bob, remove="day"))["from_id"] is None  # who is out, too


async def test_undoing_restores_what_no_other_action_covers_and_what_its_author_has_left(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await made_with(alice, bob)
    first, second, third = [await say(bob, group, text) for text in ("first", "second", "third")]
    one = await act(alice, group, "remove", message_id=second)
    both = await act(alice, group, "remove", bob, remove="all")
    assert await shown(alice, group) == ["", "", ""]
    assert await done(bob, "DELETE", f"/messages/{third}") == 200
    audit = (await alice.get(f"/groups/{group}/actions/{both['id']}/messages"))["items"]
    assert [each["id"] for each in audit] == [second, first]
    await undo(alice, group, both)
    assert await shown(alice, group) == ["first", "", ""]
    await undo(alice, group, one)
    assert await shown(alice, group) == ["first", "second", ""]
    last = (await alice.get(f"/messages?group={group}"))["items"][-1]
    assert (last["removed"], last["deleted_at"] is None) == (False, False)


async def test_who_is_banned_takes_back_what_was_removed_for_ever(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await made_with(alice, bob)
    message = await say(bob, group, SECRET)
    action = await act(alice, group, "ban", bob, remove="all")
    assert await done(bob, "DELETE", f"/messages/{message}") == 200
    assert SECRET not in await exported(bob)
    assert rows(chat, "SELECT content FROM messages") == [("",)]
    await undo(alice, group, action)
    assert await shown(bob, group) == [""]


async def many(chat: Chat, group: int, person: Person, count: int) -> None:
    """Let somebody have said a lot."""

    def work(tx: Any) -> None:
        tx.db.insert_many(
            "messages",
            ("id", "conversation_id", "sender_id", "content", "created_at"),
            [(10_000 + number, group, person.id, f"n{number}", 1) for number in range(count)],
        )

    await chat.server.app[SERVICES].database.write(work)


async def test_many_messages_go_in_steps_each_told_with_its_range(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await made_with(alice, bob)
    await many(chat, group, bob, 1_100)
    client = await live(alice)
    action = await act(alice, group, "remove", bob, remove="all")

    async def left() -> bool:
        return rows(chat, "SELECT count(*) FROM messages WHERE deleted_at IS NULL") == [(0,)]

    await until_true(left)
    told = [each for each in await client.settle() if each["type"] == "messages_removed"]
    ranges = [(each["data"]["from_id"], each["data"]["to_id"]) for each in told]
    assert ranges == [(10_000, 10_499), (10_500, 10_999), (11_000, 11_099)]
    await undo(alice, group, action)

    async def restored() -> bool:
        return rows(chat, "SELECT count(*) FROM messages WHERE deleted_at IS NULL") == [(1_100,)]

    await until_true(restored)
    assert kinds(await client.settle()).count("messages_restored") == 3


async def test_an_undo_in_the_middle_stops_a_removal_and_restores_what_was_done(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await made_with(alice, bob)
    await many(chat, group, bob, 1_100)
    services = chat.server.app[SERVICES]
    wanted = moderating.Wanted("remove", (bob.id,), None, None, "all", None)

    def both(tx: Any) -> None:
        (action,) = moderating.act(tx, alice.id, group, wanted, now=1)
        found = rows_of(tx)
        assert found == removing.STEP
        moderating.undo(tx, action, alice.id, now=1)

    def rows_of(tx: Any) -> int:
        return int(tx.db.execute("SELECT count(*) AS n FROM messages WHERE deleted_at IS NOT NULL").fetchone()["n"])

    await services.database.write(both)
    await services.actions.go_on()
    assert rows(chat, "SELECT count(*) FROM messages WHERE deleted_at IS NOT NULL") == [(0,)]
    assert rows(chat, "SELECT todo FROM actions") == [(None,)]


async def test_what_was_removed_is_erased_in_the_end_and_then_it_is_too_late(start: Start) -> None:
    now = [1_800_000_000_000]
    chat = await start(clock=lambda: now[0], groups={"removed_days": 2})
    alice, bob = await chat.people("alice", "bobby")
    group = await made_with(alice, bob)
    await say(bob, group, SECRET, client_id="c")
    first = await act(alice, group, "ban", bob, remove="all")
    tidy = chat.server.app[SERVICES].actions.tidy
    now[0] += 2 * DAY_MS
    await tidy()
    assert SECRET in await exported(bob)
    now[0] += 1
    second = await act(alice, group, "remove", bob, remove="all")
    await tidy()
    assert rows(chat, "SELECT content FROM messages") == [("",)]
    assert SECRET not in await exported(bob)
    (message,) = (await alice.get(f"/messages?group={group}"))["items"]
    assert message["removed"] is True
    for body, answer in (({"content": SECRET, "client_id": "c"}, 200), ({"content": "x", "client_id": "c"}, 409)):
        assert await done(bob, "POST", f"/groups/{group}/messages", body) == answer  # it was stored once
    shown_action = (await alice.get(f"/groups/{group}/actions?kind=ban"))["actions"][0]
    assert shown_action["undoable"] is False
    assert await refused(alice, "POST", f"/groups/{group}/actions/{first['id']}/undo") == (410, "too_late")
    await undo(alice, group, second)
    assert await shown(alice, group) == [""]
    assert (await alice.get(f"/groups/{group}/actions/{first['id']}/messages"))["items"] == []


async def test_deleting_an_account_erases_what_was_removed_of_it(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await made_with(alice, bob)
    await say(bob, group, SECRET)
    await act(alice, group, "ban", bob, remove="all")
    assert await done(bob, "DELETE", "/users/me", {"password": PASSWORD}) == 204

    async def is_gone() -> bool:
        return rows(chat, "SELECT content FROM messages") == [("",)]

    await until_true(is_gone)


async def test_who_joined_later_is_not_told_of_what_they_do_not_see(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    group = await make(alice, history="joined")
    await let_in(alice, group, bob)
    message = await say(bob, group, "old")
    await let_in(alice, group, carol)
    client = await live(carol)
    await undo(alice, group, await act(alice, group, "remove", message_id=message))
    assert await client.settle() == []
    told = [each["type"] for each in await (await connect(carol)).catch_up()]
    assert told == ["membership"]
