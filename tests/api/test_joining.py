"""Ways into groups: public ones, codes, and invitations."""

from tests.conftest import Start
from tests.groups import change, code_of, done, leave, made_with, make, refused, roles
from tests.support import PASSWORD, Chat, Person, rows
from tests.ws.v2_client import kinds, live

INVALID = (404, "invite_invalid")


async def invite(person: Person, group: int, whom: Person) -> None:
    """Invite somebody."""
    await person.post(f"/groups/{group}/invitations", {"user": whom.id}, 202)


async def invited(person: Person) -> list[tuple[int, int]]:
    """Return the groups that somebody is invited to, and by whom."""
    found = (await person.get("/invitations"))["invitations"]
    return [(each["group"]["id"], each["from"]["id"]) for each in found]


async def test_a_public_group_shows_a_preview_and_lets_everybody_in(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await make(alice, public=True)
    shown = await bob.get(f"/groups/{group}")
    preview = {
        "id": group,
        "name": "Chess",
        "description": None,
        "avatar_path": None,
        "approval": False,
        "member_count": 1,
    }
    assert shown == {"preview": preview}
    joined = await bob.post(f"/groups/{group}/join")
    assert (joined["group"]["member_count"], joined["me"]["role"]) == (2, "member")
    assert await bob.post(f"/groups/{group}/join") == joined == await bob.get(f"/groups/{group}")
    assert await refused(bob, "GET", f"/groups/{group + 1}") == (404, "not_found")


async def test_a_code_shows_where_it_leads_and_lets_in(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await make(alice)
    made = await alice.post(f"/groups/{group}/invites", {"max_uses": 2}, 201)
    assert made["path"] == f"/join/{made['code']}"
    assert (made["max_uses"], made["uses"]) == (2, 0)
    way = await bob.get(made["path"])
    assert (way["preview"]["id"], way["from"]) == (group, alice.brief)
    client = await live(alice)
    joined = await bob.post(made["path"])
    assert joined["me"]["role"] == "member"
    assert await bob.post(made["path"]) == joined
    (told,) = await client.settle()
    assert told["data"] == {
        "group_id": group,
        "user_id": bob.id,
        "role": "member",
        "how": "joined",
        "user": bob.brief,
    }
    (listed,) = await alice.get(f"/groups/{group}/invites")
    assert (listed["id"], listed["uses"], listed["from"]) == (made["id"], 1, alice.brief)
    assert "code" not in listed


async def test_a_code_counts_people_and_each_once(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    group = await make(alice)
    code = await code_of(alice, group, max_uses=1)
    for _ in range(2):
        await bob.post(f"/join/{code}")
        await leave(bob, group)
    assert await refused(carol, "POST", f"/join/{code}") == INVALID
    assert await refused(carol, "GET", f"/join/{code}") == INVALID
    await bob.post(f"/join/{code}")


async def test_all_codes_that_let_nobody_in_are_answered_alike(start: Start) -> None:
    now = [1_800_000_000_000]
    chat = await start(clock=lambda: now[0])
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    group, ended = await made_with(alice, bob), await make(alice, "Go")
    used_up = await code_of(alice, group, max_uses=1)
    await carol.post(f"/join/{used_up}")
    await leave(carol, group)
    dave = await chat.person("david")
    expired, revoked, of_ended = (
        await code_of(alice, group, expires_in=60),
        await alice.post(f"/groups/{group}/invites", {}, 201),
        await code_of(alice, ended),
    )
    resting, kept = await code_of(bob, group), await code_of(alice, group, expires_in=None)
    now[0] += 60_000
    assert await done(alice, "DELETE", f"/groups/{group}/invites/{revoked['id']}") == 204
    await done(alice, "DELETE", f"/groups/{ended}", {"name": "Go"})
    await change(alice, group, rules={"invite": "admin"})
    answers = set()
    for code in (used_up, expired, revoked["code"], of_ended, resting, "unknown"):
        for method in ("GET", "POST"):
            async with await dave.request(method, f"/join/{code}") as response:
                answers.add((response.status, await response.read()))
    assert len(answers) == 1
    assert {status for status, _ in answers} == {404}
    await dave.post(f"/join/{kept}")
    await change(alice, group, rules={"invite": "member"})
    await leave(bob, group)
    await carol.post(f"/join/{resting}")  # leaving does not take a code back


async def test_a_code_lasts_a_week_unless_it_says_otherwise(start: Start) -> None:
    now = [1_800_000_000_000]
    chat = await start(clock=lambda: now[0])
    alice, bob = await chat.people("alice", "bobby")
    group = await make(alice)
    code = await code_of(alice, group)
    now[0] += 7 * 24 * 3600 * 1000 - 1
    await bob.get(f"/join/{code}")
    now[0] += 1
    assert await refused(bob, "GET", f"/join/{code}") == INVALID


async def test_a_group_has_only_so_many_codes_and_members_see_their_own(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await made_with(alice, bob)
    theirs = [(await alice.post(f"/groups/{group}/invites", {}, 201))["id"] for _ in range(48)]
    own = (await bob.post(f"/groups/{group}/invites", {}, 201))["id"]
    assert await refused(bob, "POST", f"/groups/{group}/invites", {}) == (409, "too_many_invites")
    assert [each["id"] for each in await bob.get(f"/groups/{group}/invites")] == [own]
    assert len(await alice.get(f"/groups/{group}/invites")) == 50
    assert await refused(bob, "DELETE", f"/groups/{group}/invites/{theirs[0]}") == INVALID
    assert await done(bob, "DELETE", f"/groups/{group}/invites/{own}") == 204
    await change(alice, group, rules={"invite": "admin"})
    assert await refused(bob, "POST", f"/groups/{group}/invites", {}) == (403, "forbidden")
    assert await refused(bob, "POST", f"/groups/{group}/invitations", {"user": alice.id}) == (403, "forbidden")


async def test_an_invitation_is_accepted_or_declined_and_nobody_is_added(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    group = await make(alice)
    hers, his = await live(alice), await live(bob)
    await invite(alice, group, bob)
    assert await invited(bob) == [(group, alice.id)]
    assert await roles(alice, group) == {alice.id: "owner"}
    assert await refused(bob, "GET", f"/groups/{group}") == (404, "not_found")
    for _ in range(2):
        assert await done(bob, "DELETE", f"/invitations/{group}") == 204
    assert await refused(bob, "POST", f"/groups/{group}/join") == (404, "not_found")
    await invite(alice, group, bob)
    await bob.post(f"/groups/{group}/join")
    assert await invited(bob) == []
    told = await his.settle()
    assert [(each["type"], each["data"].get("on")) for each in told] == [
        *(("invitation", on) for on in (True, False, True)),
        ("membership", None),
    ]
    assert told[0]["data"]["group"]["id"] == group
    assert told[0]["data"]["from"] == alice.brief
    assert kinds(await hers.settle()) == ["membership"]
    assert await refused(carol, "POST", f"/groups/{group}/join") == (404, "not_found")


async def test_an_invitation_is_taken_back_by_who_sent_it_or_an_admin(chat: Chat) -> None:
    alice, bob, carol, dave = await chat.people("alice", "bobby", "carol", "david")
    group = await made_with(alice, bob, carol)
    for withdrawing, is_there in ((carol, True), (bob, False), (alice, False)):
        await invite(bob, group, dave)
        for _ in range(2):
            assert await done(withdrawing, "DELETE", f"/groups/{group}/invitations/{dave.id}") == 204
        assert bool(await invited(dave)) is is_there


async def test_who_blocks_is_never_invited_and_who_invites_cannot_tell(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    group = await make(alice)
    assert await done(bob, "PUT", f"/users/{alice.id}/block") == 204
    client = await live(bob)
    answers = []
    for whom in (bob, carol, alice):
        async with await alice.request("POST", f"/groups/{group}/invitations", json={"user": whom.id}) as response:
            answers.append((response.status, await response.read()))
    assert answers == [(202, b"")] * 3
    assert await done(carol, "PUT", f"/users/{alice.id}/block") == 204  # afterwards
    for person in (bob, carol):
        assert await invited(person) == []
        assert await refused(person, "POST", f"/groups/{group}/join") == (404, "not_found")
    assert await client.settle() == []
    assert await refused(alice, "POST", f"/groups/{group}/invitations", {"user": 999}) == (404, "not_found")


async def test_an_invitation_ends_with_the_group_and_with_the_account(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await make(alice)
    await invite(alice, group, bob)
    await leave(alice, group)
    assert await invited(bob) == []
    assert await refused(bob, "POST", f"/groups/{group}/join") == (404, "not_found")
    group = await make(alice)
    await invite(alice, group, bob)
    assert await done(bob, "DELETE", "/users/me", {"password": PASSWORD}) == 204
    assert rows(chat, "SELECT 1 FROM invitations") == []


async def test_joining_and_inviting_are_limited(start: Start) -> None:
    chat = await start(limits={"joins_per_minute": 2, "invitations_per_hour": 1})
    alice, bob = await chat.people("alice", "bobby")
    group = await make(alice)
    for _ in range(2):
        assert await refused(bob, "GET", "/join/guess") == INVALID
    for method, path in (("GET", "/join/guess"), ("POST", "/join/guess"), ("POST", f"/groups/{group}/join")):
        assert await refused(bob, method, path) == (429, "rate_limited")
    await invite(alice, group, bob)
    assert await refused(alice, "POST", f"/groups/{group}/invitations", {"user": bob.id}) == (429, "rate_limited")


async def test_public_groups_are_listed_by_size_and_found_by_name(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    small, large = await make(alice, "Schach Café", public=True), await make(alice, "Chess club", public=True)
    private, ended = await make(alice, "Chess in private"), await make(alice, "Chess no more", public=True)
    await bob.post(f"/groups/{large}/join")
    await leave(alice, ended)
    found = await bob.get("/groups")
    assert [each["id"] for each in found] == [large, small]
    assert set(found[0]) == {"id", "name", "description", "avatar_path", "approval", "member_count"}
    expected = {"q=CHESS": [large], "q=cafe": [small], "q=no": [], "skip=1": [small], "limit=1": [large]}
    for query, ids in expected.items():
        assert [each["id"] for each in await bob.get(f"/groups?{query}")] == ids
    await change(alice, private, public=True, name="Go")
    assert [each["id"] for each in await bob.get("/groups?q=go")] == [private]
