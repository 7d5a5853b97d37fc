"""Approval: who comes by a code or into a public group asks, and an admin lets them in."""

from typing import Any

import pytest

from chatd.services.asking import REQUESTS_MAX
from tests.conftest import Start
from tests.groups import act, change, code_of, done, leave, made_with, make, promote, refused, replayed, roles, undo
from tests.support import PASSWORD, Chat, Person
from tests.ws.v2_client import live

PENDING = {"status": "pending"}


async def ask(person: Person, path: str, note: str | None = None) -> None:
    """Ask to join a group."""
    assert await person.post(path, None if note is None else {"note": note}, 202) == PENDING


async def asking(admin: Person, group: int) -> list[tuple[int, str | None]]:
    """Return who asks to join a group, by their ids, and what they say."""
    return [(each["user"]["id"], each["note"]) for each in await admin.get(f"/groups/{group}/requests")]


async def asked(person: Person) -> list[int]:
    """Return the groups that somebody asks to join, by their ids."""
    return [each["id"] for each in (await person.get("/invitations"))["requests"]]


async def decide(admin: Person, group: int, person: Person, accept: bool) -> int:
    """Let somebody in or not, and return the status."""
    return await done(admin, "POST", f"/groups/{group}/requests/{person.id}", {"accept": accept})


def told(frames: list[dict[str, Any]]) -> list[tuple[int, bool, str | None]]:
    """Return who asks to join a group, and who no longer does, of some frames."""
    of_requests = [each["data"] for each in frames if each["type"] == "join_request"]
    return [(each["user"]["id"], each["on"], each["note"]) for each in of_requests]


async def test_who_comes_by_a_code_or_into_a_public_group_asks_and_is_let_in_or_not(chat: Chat) -> None:
    alice, bob, carol, dave = await chat.people("alice", "bobby", "carol", "david")
    group = await made_with(alice, bob)
    await change(alice, group, approval=True, public=True)
    code = await code_of(bob, group, max_uses=1)
    assert (await carol.get(f"/groups/{group}"))["preview"]["approval"] is True
    admins, members, theirs = await live(alice), await live(bob), await live(carol)
    for _ in range(2):
        await ask(carol, f"/groups/{group}/join", "It is me")
    await ask(dave, f"/join/{code}")
    assert await asking(alice, group) == [(carol.id, "It is me"), (dave.id, None)]
    assert await refused(bob, "GET", f"/groups/{group}/requests") == (403, "forbidden")
    assert await decide(bob, group, carol, True) == 403
    assert await asked(carol) == [group]
    assert set(await roles(alice, group)) == {alice.id, bob.id}
    for _ in range(2):
        assert await decide(alice, group, dave, True) == 204
    assert await decide(alice, group, carol, False) == 204
    assert await decide(alice, group, carol, True) == await decide(alice, group, carol, False) == 404
    assert (await asked(carol), await asking(alice, group)) == ([], [])
    (came,) = (await alice.get(f"/groups/{group}/members?via=2"))["members"]
    assert (came["user"]["id"], came["role"]) == (dave.id, "member")
    assert await refused(carol, "POST", f"/join/{code}") == (404, "invite_invalid")
    about_carol = [(carol.id, True, "It is me"), (carol.id, False, None)]
    about_dave = [(dave.id, True, None), (dave.id, False, None)]
    live_frames = await admins.settle()
    assert told(live_frames) == [about_carol[0], *about_dave, about_carol[1]]
    assert told(await theirs.settle()) == about_carol
    assert [each["type"] for each in await members.settle()] == ["membership"]
    note_is_gone = (carol.id, True, None)
    assert told(await replayed(alice)) == [note_is_gone, *about_dave, about_carol[1]]
    assert told(await replayed(carol)) == [note_is_gone, about_carol[1]]
    kinds = [each["type"] for each in await replayed(dave)]
    assert kinds == ["join_request", "join_request", "membership"]
    assert told(await replayed(bob)) == []


async def test_an_admins_invitation_is_an_approval_and_a_members_is_not(chat: Chat) -> None:
    alice, bob, carol, dave = await chat.people("alice", "bobby", "carol", "david")
    group = await made_with(alice, bob)
    await change(alice, group, approval=True)
    assert await refused(carol, "POST", f"/groups/{group}/join", {"note": "x"}) == (404, "not_found")
    for host, guest in ((alice, carol), (bob, dave)):
        await host.post(f"/groups/{group}/invitations", {"user": guest.id}, 202)
    assert (await carol.post(f"/groups/{group}/join"))["group"]["id"] == group
    await ask(dave, f"/groups/{group}/join", "bob knows me")
    assert await asking(alice, group) == [(dave.id, "bob knows me")]
    await alice.post(f"/groups/{group}/invitations", {"user": dave.id}, 202)
    assert (await dave.post(f"/groups/{group}/join"))["me"]["role"] == "member"
    assert await asking(alice, group) == []
    received = await dave.get("/invitations")
    assert received == {"invitations": [], "requests": []}


async def test_a_request_is_withdrawn(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await make(alice, public=True, approval=True)
    admins, others = await live(alice), await live(bob)
    await ask(bob, f"/groups/{group}/join", "please")
    for _ in range(2):
        assert await done(bob, "DELETE", f"/invitations/{group}") == 204
    assert (await asked(bob), await asking(alice, group)) == ([], [])
    frames = [(bob.id, True, "please"), (bob.id, False, None)]
    assert told(await admins.settle()) == told(await others.settle()) == frames
    await ask(bob, f"/groups/{group}/join", "again")
    await change(alice, group, approval=False)
    assert (await bob.post(f"/groups/{group}/join"))["me"]["role"] == "member"
    assert await asking(alice, group) == []


async def test_bans_count_when_somebody_asks_and_when_they_are_let_in(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    group = await make(alice, public=True, approval=True)
    code = await code_of(alice, group)
    await ask(bob, f"/groups/{group}/join")
    ban = await act(alice, group, "ban", bob)
    await act(alice, group, "ban", carol)
    for path in (f"/groups/{group}/join", f"/join/{code}"):
        assert await refused(carol, "POST", path, {"note": "let me in"}) == (403, "banned")
    assert (await asked(bob), await asking(alice, group)) == ([], [])
    path = f"/groups/{group}/requests/{bob.id}"
    assert await refused(alice, "POST", path, {"accept": True}) == (403, "banned")
    await undo(alice, group, ban)
    assert await asking(alice, group) == [(bob.id, None)]
    assert await decide(alice, group, bob, True) == 204
    assert bob.id in await roles(alice, group)


async def test_approval_is_in_the_audit_log_and_is_undone(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    group = await made_with(alice, bob)
    await promote(alice, group, bob)
    assert (await change(bob, group, approval=True))["approval"] is True
    noted = (await alice.get(f"/groups/{group}/actions"))["actions"][0]
    assert (noted["kind"], noted["before"], noted["after"]) == ("change", {"approval": False}, {"approval": True})
    await undo(alice, group, noted)
    code = await code_of(alice, group)
    assert (await carol.post(f"/join/{code}"))["group"]["approval"] is False


async def test_what_was_asked_ends_with_the_group_the_account_and_the_return(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    group = await made_with(alice, carol, public=True)
    kick = await act(alice, group, "kick", carol)
    await change(alice, group, approval=True)
    for person in (bob, carol):
        await ask(person, f"/groups/{group}/join")
    await undo(alice, group, kick)
    assert await asking(alice, group) == [(bob.id, None)]
    assert told(await replayed(carol)) == [(carol.id, True, None), (carol.id, False, None)]
    assert await done(bob, "DELETE", "/users/me", {"password": PASSWORD}) == 204
    assert await asking(alice, group) == []


@pytest.mark.parametrize("is_left", [True, False])
async def test_who_asks_to_join_a_group_that_ends_is_told_that_they_ask_no_more(chat: Chat, is_left: bool) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    group = await make(alice, "Go", public=True, approval=True)
    for person in (bob, carol):
        await ask(person, f"/groups/{group}/join", "please")
    theirs = await live(bob)
    if is_left:
        await leave(alice, group)
    else:
        assert await done(alice, "DELETE", f"/groups/{group}", {"name": "Go"}) == 204
    assert (await asked(bob), await asked(carol)) == ([], [])
    assert told(await theirs.settle()) == [(bob.id, False, None)]
    assert told(await replayed(carol)) == [(carol.id, True, None), (carol.id, False, None)]


async def test_so_many_requests_are_open_and_so_many_people_come_in(start: Start) -> None:
    chat = await start(groups={"members_max": 2, "created_per_day": 0}, limits={"joins_per_minute": 100})
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    groups = [await make(alice, f"Group {number}", public=True, approval=True) for number in range(REQUESTS_MAX + 1)]
    for group in groups[:-1]:
        await ask(bob, f"/groups/{group}/join")
    last = f"/groups/{groups[-1]}/join"
    assert await refused(bob, "POST", last) == (409, "too_many_join_requests")
    await ask(carol, f"/groups/{groups[0]}/join")
    assert await decide(alice, groups[0], bob, True) == 204
    path = f"/groups/{groups[0]}/requests/{carol.id}"
    assert await refused(alice, "POST", path, {"accept": True}) == (409, "group_full")
    assert await asking(alice, groups[0]) == [(carol.id, None)]
    await ask(bob, last)


async def test_a_note_has_so_many_characters_at_most(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await make(alice, public=True, approval=True)
    for note in ("x" * 301, 5):
        assert await refused(bob, "POST", f"/groups/{group}/join", {"note": note}) == (422, "validation_error")
    await ask(bob, f"/groups/{group}/join", "x" * 300)
