"""What is changed of a group and of roles in it is in its audit log, and can be undone."""

from typing import Any

from chatd.http.context import CONFIG
from chatd.services import GroupErasure
from chatd.storage.database import Database
from tests.conftest import Start
from tests.engines import open_engine
from tests.groups import act, change, done, made_with, promote, refused, roles, say
from tests.support import Chat, Person, rows, until_true
from tests.ws.v2_client import kinds, live


async def audit(person: Person, group: int) -> list[dict[str, Any]]:
    """Return the audit log, the newest action first."""
    found: list[dict[str, Any]] = (await person.get(f"/groups/{group}/actions"))["actions"]
    return found


async def undo_last(person: Person, group: int) -> None:
    """Undo the newest action."""
    action = (await audit(person, group))[0]
    await person.post(f"/groups/{group}/actions/{action['id']}/undo")


async def test_a_change_is_noted_with_what_was_before_and_is_undone(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    group = await made_with(alice, bob, carol)
    await promote(alice, group, bob)
    before = (await alice.get(f"/groups/{group}"))["group"]
    hers, theirs = await live(alice), await live(carol)
    await change(bob, group, name="Go", description="Mondays", rules={"post": "admin"})
    await change(bob, group, name="Go")  # changes nothing
    noted = (await audit(alice, group))[0]
    assert (noted["kind"], noted["actor"], noted["user"], noted["undoable"]) == ("change", bob.brief, None, True)
    assert noted["before"] == {"name": "Chess", "description": None, "post": "member"}
    assert noted["after"] == {"name": "Go", "description": "Mondays", "post": "admin"}
    assert kinds(await hers.settle()) == ["group", "action"]
    assert kinds(await theirs.settle()) == ["group"]
    await change(alice, group, description="Tuesdays")
    await bob.post(f"/groups/{group}/actions/{noted['id']}/undo")
    assert (await alice.get(f"/groups/{group}"))["group"] == {**before, "description": "Tuesdays"}
    assert await refused(bob, "POST", f"/groups/{group}/actions/{noted['id']}/undo") == (409, "already_undone")
    assert await refused(bob, "POST", f"/groups/{group}/actions/{noted['id']}/end") == (409, "already_undone")
    assert len(await audit(alice, group)) == 3


async def test_what_only_the_owner_changes_only_the_owner_undoes(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await made_with(alice, bob, history="joined")
    await promote(alice, group, bob)
    for said in ({"public": True}, {"history": "joined"}):
        before = (await alice.get(f"/groups/{group}"))["group"]
        await change(alice, group, **said)
        action = (await audit(bob, group))[0]
        assert await refused(bob, "POST", f"/groups/{group}/actions/{action['id']}/undo") == (403, "forbidden")
        await undo_last(alice, group)
        assert (await alice.get(f"/groups/{group}"))["group"] == before
        await change(alice, group, public=True)


async def test_a_role_is_given_back_unless_it_is_another_by_now(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    group = await made_with(alice, bob, carol)
    await promote(alice, group, bob)
    await promote(alice, group, carol)
    noted = (await audit(alice, group))[0]
    assert (noted["kind"], noted["user"], noted["before"], noted["after"]) == (
        "role",
        carol.brief,
        {"role": "member"},
        {"role": "admin"},
    )
    assert await refused(bob, "POST", f"/groups/{group}/actions/{noted['id']}/undo") == (403, "forbidden")
    await undo_last(alice, group)
    assert (await roles(alice, group))[carol.id] == "member"
    await promote(alice, group, carol)
    older = (await audit(alice, group))[0]
    await act(alice, group, "kick", carol)
    await alice.post(f"/groups/{group}/actions/{older['id']}/undo")
    assert carol.id not in await roles(alice, group)


async def test_a_group_that_was_handed_over_is_handed_back_by_who_owns_it(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await made_with(alice, bob)
    for before in ("member", "admin"):
        assert (await roles(alice, group))[bob.id] == before
        assert await done(alice, "PUT", f"/groups/{group}/members/{bob.id}", {"role": "owner"}) == 200
        action = (await audit(alice, group))[0]
        assert await refused(alice, "POST", f"/groups/{group}/actions/{action['id']}/undo") == (403, "forbidden")
        await undo_last(bob, group)
        assert await roles(alice, group) == {alice.id: "owner", bob.id: before}
        if before == "member":
            await promote(alice, group, bob)


async def test_a_rogue_admins_changes_are_undone_with_the_rest(start: Start) -> None:
    now = [1_800_000_000_000]
    chat = await start(clock=lambda: now[0])
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    group = await made_with(alice, bob, carol)
    await promote(alice, group, bob)
    before = (await alice.get(f"/groups/{group}"))["group"]
    now[0] += 60_000
    await change(bob, group, name="Mine")
    await act(bob, group, "ban", carol)
    await change(bob, group, name="Mine alone", rules={"post": "admin", "invite": "admin"})
    assert await done(alice, "PUT", f"/groups/{group}/members/{bob.id}", {"role": "member"}) == 200
    body = {"actor": bob.id, "since": "2027-01-15T08:00:30Z"}
    await alice.post(f"/groups/{group}/actions/undo", body, 202)

    async def is_as_before() -> bool:
        return bool((await alice.get(f"/groups/{group}"))["group"] == before)

    await until_true(is_as_before)
    assert await roles(alice, group) == {alice.id: "owner", bob.id: "member", carol.id: "member"}


async def test_with_a_group_its_audit_log_and_what_was_removed_are_erased(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await made_with(alice, bob)
    await say(bob, group, "secret")
    await act(alice, group, "ban", bob, remove="all", reason="secret")
    await change(alice, group, description="secret")
    assert await done(alice, "DELETE", f"/groups/{group}", {"name": "Chess"}) == 204
    db = Database(open_engine(chat.server.app[CONFIG].store))
    await db.open()
    await GroupErasure(db, lambda: 2**42, 1).run()
    await db.close()
    assert rows(chat, "SELECT content FROM messages") == [("",)]
    assert rows(chat, "SELECT DISTINCT reason, before, after FROM actions") == [(None, None, None)]
