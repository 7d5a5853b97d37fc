"""Groups: made, changed, handed over, left, ended and brought back."""

import pytest

from chatd.clock import DAY_MS
from chatd.errors import GroupNotFound
from chatd.http.context import CONFIG
from chatd.services import GroupErasure, joining
from chatd.storage.commit import write_once
from chatd.storage.database import Database
from tests.api.support import disable
from tests.conftest import Start
from tests.engines import open_engine
from tests.groups import change, code_of, done, leave, let_in, made_with, make, refused, roles, say, shown
from tests.support import PASSWORD, Chat, rows
from tests.ws.v2_client import kinds, live

NOWHERE = 999_999


async def test_who_makes_a_group_owns_it_and_newcomers_see_everything(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    made = await alice.post("/groups", {"name": "Chess", "description": "Mondays", "avatar_path": "/a"}, 201)
    group = made["id"]
    assert {**made, "created_at": 0, "history_since": 0} == {
        "id": group,
        "name": "Chess",
        "description": "Mondays",
        "avatar_path": "/a",
        "public": False,
        "approval": False,
        "history": "all",
        "history_since": 0,
        "rules": {"post": "member", "invite": "member", "pin": "member"},
        "slow_seconds": 0,
        "member_count": 1,
        "large": False,
        "created_at": 0,
    }
    seen = await alice.get(f"/groups/{group}")
    assert (seen["group"], seen["me"]["role"]) == (made, "owner")
    await say(alice, group, "first")
    await let_in(alice, group, bob)
    assert await shown(bob, group) == ["first"]
    assert (await bob.get(f"/groups/{group}"))["group"]["member_count"] == 2


async def test_making_a_group_may_be_repeated_and_the_key_belongs_to_one(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    body = {"name": "Chess", "client_id": "c"}
    first, second = await alice.post("/groups", body, 201), await alice.post("/groups", body, 201)
    assert first == second
    assert (await bob.post("/groups", body, 201))["id"] != first["id"]
    assert await refused(alice, "POST", "/groups", {"name": "Go", "client_id": "c"}) == (409, "client_id_reused")


async def test_only_so_many_groups_are_made_in_a_day_and_joined_in_all(start: Start) -> None:
    chat = await start(groups={"created_per_day": 2, "per_user": 3})
    alice, bob = await chat.people("alice", "bobby")
    codes = [await code_of(bob, await make(bob)) for _ in range(2)]
    assert await refused(bob, "POST", "/groups", {"name": "Third"}) == (429, "rate_limited")
    await make(alice)
    for code in codes:
        await alice.post(f"/join/{code}")
    assert await refused(alice, "POST", "/groups", {"name": "Fourth"}) == (409, "too_many_groups")


async def test_a_full_group_takes_nobody(start: Start) -> None:
    chat = await start(groups={"members_max": 2})
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    code = await code_of(alice, await made_with(alice, bob))
    assert await refused(carol, "POST", f"/join/{code}") == (409, "group_full")
    await bob.post(f"/join/{code}")


async def test_where_only_administrators_make_groups_nobody_else_does(start: Start) -> None:
    chat = await start(groups={"create": "admins"})
    alice, bob = await chat.people("alice", "bobby")
    await make(alice)
    assert await refused(bob, "POST", "/groups", {"name": "Mine"}) == (403, "administrators_only")


async def test_a_change_is_told_and_no_change_is_not(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await made_with(alice, bob)
    client = await live(bob)
    changed = await change(alice, group, name="Go", description="Mondays", rules={"post": "admin"})
    assert changed["rules"] == {"post": "admin", "invite": "member", "pin": "member"}
    assert await change(alice, group, name="Go") == changed
    assert (await change(alice, group, description=None))["description"] is None
    told = await client.settle()
    assert kinds(told) == ["group", "group"]
    assert told[0]["data"] == changed


async def test_who_may_change_what(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    group = await made_with(alice, bob, carol)
    await done(alice, "PUT", f"/groups/{group}/members/{bob.id}", {"role": "admin"})
    assert await refused(carol, "PATCH", f"/groups/{group}", {"name": "x"}) == (403, "forbidden")
    await change(bob, group, name="Go")
    for only_owner in ({"public": True}, {"history": "joined"}, {"name": "x", "history": "all"}):
        assert await refused(bob, "PATCH", f"/groups/{group}", only_owner) == (403, "forbidden")
    assert (await change(alice, group, history="joined"))["history"] == "joined"


async def test_where_admins_write_members_only_read(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await made_with(alice, bob)
    first = await say(bob, group, "once", client_id="c")
    await change(alice, group, rules={"post": "admin"})
    body = {"content": "x"}
    assert await refused(bob, "POST", f"/groups/{group}/messages", body) == (403, "forbidden")
    client = await live(bob)
    assert await client.error("send", group=group, content="x") == "forbidden"
    assert await client.error("edit", message_id=first, content="x") == "forbidden"
    await client.ack("react", message_id=first, emoji="👍")
    assert await say(bob, group, "once", client_id="c") == first
    await say(alice, group, "said")
    await change(alice, group, rules={"post": "member"})
    await say(bob, group, "again")


async def test_a_newcomer_sees_from_where_the_history_begins(chat: Chat) -> None:
    alice, bob, carol, dave, erin = await chat.people("alice", "bobby", "carol", "david", "erin")
    group = await make(alice, history="joined")
    await say(alice, group, "one")
    await let_in(alice, group, bob)
    await say(alice, group, "two")
    since = (await change(alice, group, history="all"))["history_since"]
    assert since is not None
    assert (await change(alice, group, history="all"))["history_since"] == since
    await say(alice, group, "three")
    await let_in(alice, group, carol)
    await change(alice, group, public=True)
    await say(alice, group, "four")
    await let_in(alice, group, dave)
    await change(alice, group, history="joined")
    await let_in(alice, group, erin)
    seen = [await shown(each, group) for each in (alice, bob, carol, dave, erin)]
    assert seen == [["one", "two", "three", "four"], ["two", "three", "four"], ["three", "four"], ["four"], []]


async def test_a_member_has_a_role_and_the_owner_gives_it(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    group = await made_with(alice, bob, carol)
    client = await live(carol)
    path = f"/groups/{group}/members"
    for role in ("admin", "admin", "member", "admin"):
        assert await done(alice, "PUT", f"{path}/{bob.id}", {"role": role}) == 200
    assert await refused(bob, "PUT", f"{path}/{carol.id}", {"role": "admin"}) == (403, "forbidden")
    assert await refused(alice, "PUT", f"{path}/{alice.id}", {"role": "member"}) == (403, "forbidden")
    assert await refused(alice, "PUT", f"{path}/{NOWHERE}", {"role": "member"}) == (404, "not_found")
    assert await done(alice, "PUT", f"{path}/{carol.id}", {"role": "owner"}) == 200
    assert await roles(bob, group) == {alice.id: "admin", bob.id: "admin", carol.id: "owner"}
    told = [(each["data"]["user_id"], each["data"]["role"], each["data"]["how"]) for each in await client.settle()]
    assert told == [
        *((bob.id, role, "role") for role in ("admin", "member", "admin")),
        (alice.id, "admin", "role"),
        (carol.id, "owner", "owner"),
    ]


async def test_members_are_found_by_name_and_role_page_by_page(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    group = await make(alice)
    code = await alice.post(f"/groups/{group}/invites", {}, 201)
    for person in (bob, carol):
        await person.post(f"/join/{code['code']}")
    path = f"/groups/{group}/members"
    page = await alice.get(f"{path}?limit=2")
    assert [each["user"] for each in page["members"]] == [alice.brief, bob.brief]
    assert [each["via"] for each in page["members"]] == [None, code["id"]]
    assert page["more"] is True
    rest = await alice.get(f"{path}?limit=2&after={bob.id}")
    assert ([each["user"]["id"] for each in rest["members"]], rest["more"]) == ([carol.id], False)
    for query, found in (("q=OBB", [bob.id]), ("role=owner", [alice.id]), (f"via={code['id']}", [bob.id, carol.id])):
        assert [each["user"]["id"] for each in (await alice.get(f"{path}?{query}"))["members"]] == found
    assert set((await bob.get(path))["members"][0]) == {"user", "role", "joined_at"}
    assert await refused(bob, "GET", f"{path}?via=1") == (403, "forbidden")


async def test_leaving_may_be_repeated_and_the_last_one_ends_the_group(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await made_with(alice, bob)
    client = await live(bob)
    for _ in range(2):
        await leave(alice, group)
    told = [(each["data"]["user_id"], each["data"]["role"], each["data"]["how"]) for each in await client.settle()]
    assert told == [(alice.id, None, "left"), (bob.id, "owner", "owner")]
    await leave(bob, group)
    assert rows(chat, "SELECT member_count FROM conversations WHERE id = :id AND ended_at > 0", id=group) == [(0,)]
    assert await refused(bob, "GET", f"/groups/{group}") == (404, "not_found")


async def test_the_owner_is_followed_by_admins_then_people_then_bots_and_the_disabled_last(chat: Chat) -> None:
    alice, bob, carol, dave, erin = await chat.people("alice", "bobby", "carol", "david", "erin")
    group = await made_with(alice, bob, carol, dave, erin)
    await done(alice, "PUT", f"/groups/{group}/members/{carol.id}", {"role": "admin"})
    await done(alice, "PUT", f"/groups/{group}/members/{dave.id}", {"role": "admin"})
    write_once(
        chat.server.app[CONFIG].store,
        lambda tx: tx.db.execute("UPDATE users SET is_ai = 1 WHERE id = :id", {"id": bob.id}),
    )
    disable(chat, carol)
    owners = []
    for person in (alice, dave, erin, bob):
        await leave(person, group)
        query = "SELECT user_id FROM memberships WHERE conversation_id = :id AND role = 'owner' AND left_seq IS NULL"
        owners += rows(chat, query, id=group)
    assert owners == [(dave.id,), (erin.id,), (bob.id,), (carol.id,)]


async def test_a_bot_is_made_no_owner(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await made_with(alice, bob)
    write_once(
        chat.server.app[CONFIG].store,
        lambda tx: tx.db.execute("UPDATE users SET is_ai = 1 WHERE id = :id", {"id": bob.id}),
    )
    assert await refused(alice, "PUT", f"/groups/{group}/members/{bob.id}", {"role": "owner"}) == (403, "forbidden")


async def test_who_deletes_their_account_leaves_every_group_in_that_moment(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group, alone = await made_with(alice, bob), await make(alice)
    client = await live(bob)
    assert await done(alice, "DELETE", "/users/me", {"password": PASSWORD}) == 204
    assert await roles(bob, group) == {bob.id: "owner"}
    assert rows(chat, "SELECT member_count FROM conversations WHERE id = :id AND ended_at > 0", id=alone) == [(0,)]
    gone = (await client.read_until("membership"))["data"]
    assert (gone["how"], gone["user"]["username"]) == ("deleted", f"deleted:{alice.id}")


async def test_an_ended_group_is_nowhere_and_can_be_brought_back_as_it_was(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    group = await made_with(alice, bob, carol, history="joined")
    await say(bob, group, "kept")
    await leave(carol, group)
    before = await bob.get("/conversations")
    path, client = f"/groups/{group}", await live(bob)
    assert await refused(alice, "DELETE", path, {"name": "Go"}) == (409, "name_differs")
    assert await done(alice, "DELETE", path, {"name": "Chess"}) == 204
    assert kinds(await client.settle()) == ["group_ended"]
    assert await refused(bob, "GET", path) == (404, "not_found")
    assert (await bob.get("/conversations"))["conversations"] == []
    assert await client.error("send", group=group, content="x") == "not_found"
    assert write_once(chat.server.app[CONFIG].store, lambda tx: joining.restore(tx, group, now=1)) == 2
    after = await bob.get("/conversations")
    for page in (before, after):
        page["conversations"][0].pop("activity")
    assert after == before
    assert await roles(bob, group) == {alice.id: "owner", bob.id: "member"}
    assert await refused(carol, "GET", path) == (404, "not_found")
    await say(bob, group, "more")


async def test_what_was_said_in_an_ended_group_is_erased_in_the_end(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await made_with(alice, bob, name="Secrets")
    message = await say(bob, group, "secret")
    await done(alice, "DELETE", f"/groups/{group}", {"name": "Secrets"})
    store = chat.server.app[CONFIG].store
    (ended_at,) = rows(chat, "SELECT ended_at FROM conversations WHERE id = :id", id=group)[0]
    db = Database(open_engine(store))
    await db.open()
    await GroupErasure(db, lambda: ended_at + DAY_MS - 1, 1).run()
    assert rows(chat, "SELECT content FROM messages WHERE id = :id", id=message) == [("secret",)]
    await GroupErasure(db, lambda: ended_at + DAY_MS + 1, 1).run()
    await db.close()
    assert rows(chat, "SELECT content FROM messages WHERE id = :id", id=message) == [("",)]
    assert rows(chat, "SELECT name FROM conversations WHERE id = :id", id=group) == [("",)]
    with pytest.raises(GroupNotFound):
        write_once(store, lambda tx: joining.restore(tx, group, now=1))
