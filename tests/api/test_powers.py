"""Who may act on whom in a group, what silence is, and undoing all that somebody did."""

import pytest

from chatd.clock import DAY_MS
from tests.conftest import Start
from tests.groups import act, done, let_in, made_with, make, promote, refused, roles, say, shown, undo
from tests.support import Chat, until_true
from tests.ws.v2_client import live

FORBIDDEN = (403, "forbidden")
FOREVER = "2999-01-01T00:00:00.000Z"


async def test_who_is_silenced_reads_leaves_deletes_and_reports_and_does_nothing_else(start: Start) -> None:
    now = [1_800_000_000_000]
    chat = await start(clock=lambda: now[0])
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    group = await made_with(alice, bob, carol)
    theirs, own = await say(carol, group, "theirs"), await say(bob, group, "own", client_id="c")
    await promote(alice, group, bob)
    client = await live(bob)
    until = "2027-01-15T09:00:00.000Z"
    action = await act(alice, group, "silence", bob, until=until)
    assert (await bob.get(f"/groups/{group}"))["me"]["silenced_until"] == until
    listed = {each["user"]["id"]: each for each in (await alice.get(f"/groups/{group}/members"))["members"]}
    assert listed[bob.id]["silenced_until"] == until
    assert "silenced_until" not in (await carol.get(f"/groups/{group}/members"))["members"][0]
    silenced = (403, "silenced")
    tries: list[tuple[str, str, object]] = [
        ("POST", f"/groups/{group}/messages", {"content": "x"}),
        ("PATCH", f"/messages/{own}", {"content": "x"}),
        ("PUT", f"/messages/{theirs}/reactions/👍", None),
        ("DELETE", f"/messages/{theirs}/reactions/👍", None),
        ("POST", f"/groups/{group}/invites", {}),
        ("POST", f"/groups/{group}/invitations", {"user": carol.id}),
        ("DELETE", f"/groups/{group}/invitations/{carol.id}", None),
        ("DELETE", f"/groups/{group}/invites/1", None),
        ("PATCH", f"/groups/{group}", {"name": "x"}),
        ("POST", f"/groups/{group}/actions", {"kind": "kick", "user": carol.id}),
        ("POST", f"/groups/{group}/actions/{action['id']}/undo", None),
        ("POST", f"/groups/{group}/reports/1/resolve", None),
    ]
    for method, path, body in tries:
        assert await refused(bob, method, path, body) == silenced, path
    for kind, data in (("send", {"content": "x"}), ("typing", {})):
        refusal = (await client.command(kind, group=group, **data))["error"]
        assert (refusal["code"], refusal["until"]) == ("silenced", until)
    assert (await say(bob, group, "own", client_id="c")) == own  # the message was stored
    await bob.post(f"/groups/{group}/read", {"up_to": own})
    await bob.post(f"/messages/{theirs}/report", {"reason": "spam"}, 201)
    assert await done(bob, "DELETE", f"/messages/{own}") == 200
    now[0] += 3600 * 1000
    await say(bob, group, "at last")
    action = await act(alice, group, "silence", bob, until=FOREVER)
    await bob.post(f"/groups/{group}/leave", status=204)
    await let_in(alice, group, bob)
    assert await refused(bob, "POST", f"/groups/{group}/messages", {"content": "x"}) == silenced
    await undo(alice, group, action)
    await say(bob, group, "heard")
    assert (await bob.get(f"/groups/{group}"))["me"]["silenced_until"] == until  # has passed


async def test_one_acts_on_who_is_below_alone(chat: Chat) -> None:
    alice, bob, carol, dave, eve = await chat.people("alice", "bobby", "carol", "david", "evelyn")
    group = await made_with(alice, bob, carol, dave)
    for admin in (bob, carol):
        await promote(alice, group, admin)
    path = f"/groups/{group}/actions"
    for person, whom in ((bob, alice), (bob, carol), (bob, bob), (alice, alice), (dave, carol), (dave, dave)):
        for body in ({"kind": "kick"}, {"kind": "ban"}, {"kind": "silence", "until": FOREVER}):
            assert await refused(person, "POST", path, {**body, "user": whom.id}) == FORBIDDEN
    assert await refused(eve, "POST", path, {"kind": "kick", "user": dave.id}) == (404, "not_found")
    for kind, user_id in (("kick", eve.id), ("ban", 999)):
        assert await refused(alice, "POST", path, {"kind": kind, "user": user_id}) == (404, "not_found")
    assert await refused(bob, "POST", path, {"kind": "kick", "users": [dave.id, carol.id]}) == FORBIDDEN
    assert len(await roles(alice, group)) == 4  # all of it or nothing
    action = await act(alice, group, "ban", bob)
    for way in ("undo", "end"):
        assert await refused(carol, "POST", f"{path}/{action['id']}/{way}") == FORBIDDEN
        assert await refused(dave, "POST", f"{path}/{action['id']}/{way}") == FORBIDDEN
        assert await refused(alice, "POST", f"{path}/999999/{way}") == (404, "not_found")
    theirs = await act(carol, group, "kick", dave)
    await undo(alice, group, theirs)
    await undo(alice, group, action)
    assert await roles(alice, group) == {alice.id: "owner", bob.id: "admin", carol.id: "admin", dave.id: "member"}


async def test_an_action_of_one_group_is_none_of_another(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    one, other = await made_with(alice, bob), await make(alice)
    action = await act(alice, one, "kick", bob)
    for path in (f"/groups/{other}/actions/{action['id']}/undo", f"/groups/{other}/actions/{action['id']}/end"):
        assert await refused(alice, "POST", path) == (404, "not_found")
    assert await refused(alice, "GET", f"/groups/{other}/actions/{action['id']}/messages") == (404, "not_found")
    assert (await alice.get(f"/groups/{other}/actions"))["actions"] == []


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "kick"},
        {"kind": "kick", "user": 1, "users": [1]},
        {"kind": "kick", "users": []},
        {"kind": "kick", "users": list(range(1, 102))},
        {"kind": "scold", "user": 1},
        {"kind": "kick", "user": 1, "until": FOREVER},
        {"kind": "kick", "user": 1, "remove": "day"},
        {"kind": "silence", "user": 1},
        {"kind": "silence", "user": 1, "until": "1999-01-01T00:00:00Z"},
        {"kind": "ban", "user": 1, "remove": "year"},
        {"kind": "ban", "user": 1, "message_id": 1},
        {"kind": "remove", "user": 1},
        {"kind": "remove", "user": 1, "remove": "none"},
        {"kind": "remove", "message_id": 1, "remove": "day"},
        {"kind": "remove"},
        {"kind": "ban", "user": 1, "reason": "x" * 301},
    ],
)
async def test_what_makes_no_sense_is_refused(chat: Chat, body: object) -> None:
    alice = await chat.person("alice")
    group = await make(alice)
    assert await refused(alice, "POST", f"/groups/{group}/actions", body) == (422, "validation_error")


async def test_actions_are_limited(start: Start) -> None:
    chat = await start(limits={"actions_per_minute": 2})
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    group = await made_with(alice, bob, carol)
    action = await act(alice, group, "kick", bob, carol)
    await undo(alice, group, action)
    for path in (f"{action['id']}/undo", f"{action['id']}/end"):
        assert await refused(alice, "POST", f"/groups/{group}/actions/{path}") == (429, "rate_limited")
    body = {"kind": "kick", "user": bob.id}
    assert await refused(alice, "POST", f"/groups/{group}/actions", body) == (429, "rate_limited")


async def test_the_owner_undoes_all_that_a_rogue_admin_has_done_since(start: Start) -> None:
    now = [1_800_000_000_000]
    chat = await start(clock=lambda: now[0])
    alice, bob, carol, dave = await chat.people("alice", "bobby", "carol", "david")
    group = await made_with(alice, bob, carol, dave)
    await promote(alice, group, bob)
    await say(carol, group, "mine")
    deserved = await act(bob, group, "kick", dave)
    now[0] += DAY_MS
    since = "2027-01-16T08:00:00Z"
    await act(bob, group, "remove", carol, remove="all")
    await act(bob, group, "silence", carol, until=FOREVER)
    await act(bob, group, "kick", carol)
    path = f"/groups/{group}/actions/undo"
    assert await refused(bob, "POST", path, {"actor": bob.id, "since": since}) == FORBIDDEN
    await alice.post(path, {"actor": bob.id, "since": since}, 202)

    async def undone() -> list[bool]:
        found = (await alice.get(f"/groups/{group}/actions"))["actions"]
        return [each["undone_by"] == alice.brief for each in found]

    async def is_done() -> bool:
        return await undone() == [True, True, True, False, False]

    await until_true(is_done)
    assert (await roles(alice, group))[carol.id] == "member"
    assert dave.id not in await roles(alice, group)
    assert (await alice.get(f"/groups/{group}/actions?kind=kick"))["actions"][-1]["id"] == deserved["id"]
    await say(carol, group, "again")
    assert await shown(alice, group) == ["mine", "again"]
