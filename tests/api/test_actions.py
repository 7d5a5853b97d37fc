"""Putting people out of groups and keeping them out; undoing that, and ending it."""

from tests.conftest import Start
from tests.groups import act, code_of, done, let_in, made_with, make, promote, refused, roles, say, shown, undo
from tests.support import Chat
from tests.ws.v2_client import kinds, live

INVALID = (404, "invite_invalid")
BANNED = (403, "banned")
FOREVER = "2999-01-01T00:00:00.000Z"


async def test_who_is_kicked_is_out_and_comes_back_by_no_older_code(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await made_with(alice, bob)
    older = await code_of(alice, group)
    hers, his = await live(alice), await live(bob)
    action = await act(alice, group, "kick", bob, reason="enough")
    assert action == {
        "id": action["id"],
        "group_id": group,
        "kind": "kick",
        "actor": alice.brief,
        "user": bob.brief,
        "reason": "enough",
        "from_id": None,
        "to_id": None,
        "until": None,
        "before": None,
        "after": None,
        "created_at": action["created_at"],
        "undone_at": None,
        "undone_by": None,
        "ended_at": None,
        "undoable": True,
    }
    out = {"group_id": group, "user_id": bob.id, "role": None, "how": "kicked", "user": bob.brief}
    for_admins, membership = await hers.settle()
    assert (for_admins["type"], for_admins["seq"], for_admins["data"]) == ("action", action["id"], action)
    assert membership["data"] == out
    moderated, last = await his.settle()
    told = {"group_id": group, "kind": "kick", "reason": "enough", "until": None, "undone": False}
    assert (moderated["type"], moderated["data"]) == ("moderated", told)
    assert last["data"] == out
    assert await refused(bob, "GET", f"/groups/{group}") == (404, "not_found")
    for method in ("GET", "POST"):
        assert await refused(bob, method, f"/join/{older}") == INVALID
    await bob.post(f"/join/{await code_of(alice, group)}")


async def test_who_is_banned_comes_in_by_no_door_until_the_ban_ends(start: Start) -> None:
    now = [1_800_000_000_000]
    chat = await start(clock=lambda: now[0])
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    group, public = await made_with(alice, bob, carol), await make(alice, "Go", public=True)
    await bob.post(f"/groups/{public}/join")
    assert (await act(alice, public, "ban", bob))["until"] is None
    assert await refused(bob, "POST", f"/groups/{public}/join") == BANNED
    until = "2027-01-15T09:00:00.000Z"
    assert (await act(alice, group, "ban", bob, until=until))["until"] == until
    code = await code_of(alice, group)
    for method in ("GET", "POST"):
        assert await refused(bob, method, f"/join/{code}") == BANNED
    await alice.post(f"/groups/{group}/invitations", {"user": bob.id}, 202)  # nothing can be told from the answer
    assert (await bob.get("/invitations"))["invitations"] == []
    assert await refused(bob, "POST", f"/groups/{group}/join") == (404, "not_found")
    active = (await alice.get(f"/groups/{group}/actions?active=1"))["actions"]
    assert [each["user"]["id"] for each in active] == [bob.id]
    now[0] += 3600 * 1000
    assert (await alice.get(f"/groups/{group}/actions?active=1"))["actions"] == []
    await bob.post(f"/join/{code}")


async def test_an_invitation_from_before_a_ban_lets_nobody_in(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await make(alice)
    await alice.post(f"/groups/{group}/invitations", {"user": bob.id}, 202)
    action = await act(alice, group, "ban", bob)
    assert (await bob.get("/invitations"))["invitations"] == []
    assert await refused(bob, "POST", f"/groups/{group}/join") == BANNED
    await undo(alice, group, action)
    await bob.post(f"/groups/{group}/join")


async def test_a_ban_of_somebody_who_never_was_there_is_not_told_them(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await make(alice)
    client = await live(bob)
    action = await act(alice, group, "ban", bob)
    await alice.post(f"/groups/{group}/actions/{action['id']}/end")
    await undo(alice, group, action)
    assert await client.settle() == []


async def test_the_codes_of_who_is_put_out_are_revoked_and_live_again_when_that_is_undone(chat: Chat) -> None:
    alice, bob, carol, dave = await chat.people("alice", "bobby", "carol", "david")
    group = await made_with(alice, bob)
    code = await code_of(bob, group)
    kicked = await act(alice, group, "kick", bob)
    assert await refused(carol, "POST", f"/join/{code}") == INVALID
    assert await alice.get(f"/groups/{group}/invites") == [
        each for each in await alice.get(f"/groups/{group}/invites") if each["from"]["id"] == alice.id
    ]
    banned = await act(alice, group, "ban", bob)
    await undo(alice, group, kicked)
    assert await refused(carol, "POST", f"/join/{code}") == INVALID
    await alice.post(f"/groups/{group}/actions/{banned['id']}/end")
    assert await refused(carol, "POST", f"/join/{code}") == INVALID  # nothing comes back by an end
    await undo(alice, group, banned)
    await carol.post(f"/join/{code}")
    await dave.post(f"/join/{code}")


async def test_undoing_brings_somebody_back_as_they_were_and_what_was_said_meanwhile_is_unread(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await make(alice, history="joined")
    await say(alice, group, "before")
    await let_in(alice, group, bob)
    await promote(alice, group, bob)
    read = await say(alice, group, "read")
    await bob.post(f"/groups/{group}/read", {"up_to": read})
    await say(alice, group, "unread")
    assert await done(bob, "PUT", f"/groups/{group}/me", {"notify": "named"}) == 200
    before = (await bob.get(f"/groups/{group}"))["me"]
    for kind, how in (("kick", "kicked"), ("ban", "banned")):
        action = await act(alice, group, kind, bob)
        await say(alice, group, f"while {how}")
        his, hers = await live(bob), await live(alice)
        undone = await undo(alice, group, action)
        assert (undone["undone_by"], undone["undoable"]) == (alice.brief, False)
        back, moderated = await his.settle()
        assert (back["data"]["how"], back["data"]["role"]) == ("restored", "admin")
        assert (moderated["data"]["kind"], moderated["data"]["undone"]) == (kind, True)
        assert kinds(await hers.settle()) == ["action", "membership"]
        assert (await bob.get(f"/groups/{group}"))["me"] == before
    assert await shown(bob, group) == ["read", "unread", "while kicked", "while banned"]
    (state,) = (await bob.get("/conversations"))["conversations"]
    assert (state["read_up_to"], state["unread_count"]) == (read, 3)
    assert await refused(alice, "POST", f"/groups/{group}/actions/{action['id']}/undo") == (409, "already_undone")


async def test_who_has_come_back_by_themselves_stays_as_they_are_when_a_kick_is_undone(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await made_with(alice, bob, history="joined")
    action = await act(alice, group, "kick", bob)
    await let_in(alice, group, bob)
    mine = (await bob.get(f"/groups/{group}"))["me"]
    await undo(alice, group, action)
    assert (await bob.get(f"/groups/{group}"))["me"] == mine
    again = await act(alice, group, "kick", bob)
    await let_in(alice, group, bob)
    await bob.post(f"/groups/{group}/leave", status=204)
    await undo(alice, group, again)
    assert await roles(alice, group) == {alice.id: "owner"}


async def test_an_end_lets_somebody_come_again_and_brings_nothing_back(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await made_with(alice, bob)
    ban, silence = await act(alice, group, "silence", bob, until=FOREVER), await act(alice, group, "ban", bob)
    client = await live(bob)
    for action in (ban, silence):
        path = f"/groups/{group}/actions/{action['id']}/end"
        ended = await alice.post(path)
        assert (ended["ended_at"] is None, ended["undone_at"], ended["undoable"]) == (False, None, True)
        assert await alice.post(path) == ended
    assert [each["data"]["until"] is None for each in await client.settle()] == [False, False]
    assert await roles(alice, group) == {alice.id: "owner"}
    await let_in(alice, group, bob)
    await say(bob, group, "here again")
    kick = await act(alice, group, "kick", bob)
    assert await refused(alice, "POST", f"/groups/{group}/actions/{kick['id']}/end") == (409, "not_in_force")
    await undo(alice, group, ban)
    assert await refused(alice, "POST", f"/groups/{group}/actions/{ban['id']}/end") == (409, "already_undone")


async def test_a_raid_is_found_by_its_code_and_put_out_by_one_call(chat: Chat) -> None:
    alice, *raiders = await chat.people("alice", *(f"raider{number}" for number in range(5)))
    group = await make(alice)
    await let_in(alice, group, *raiders)
    invite = (await alice.get(f"/groups/{group}/invites"))[0]["id"]
    came = (await alice.get(f"/groups/{group}/members?via={invite}"))["members"]
    assert [each["user"]["id"] for each in came] == [each.id for each in raiders]
    for raider in raiders:
        await say(raider, group, "spam")
    await act(alice, group, "ban", *raiders, *raiders[:1], remove="day")
    assert await roles(alice, group) == {alice.id: "owner"}
    assert await shown(alice, group) == [""] * 5
    page = await alice.get(f"/groups/{group}/actions?limit=2")
    assert (len(page["actions"]), page["more"]) == (2, True)
    rest = await alice.get(f"/groups/{group}/actions?before={page['actions'][-1]['id']}")
    assert (len(rest["actions"]), rest["more"]) == (3, False)
    one = await alice.get(f"/groups/{group}/actions?user={raiders[2].id}&kind=ban")
    assert [each["user"]["id"] for each in one["actions"]] == [raiders[2].id]
    assert (await alice.get(f"/groups/{group}/actions?kind=kick"))["actions"] == []
