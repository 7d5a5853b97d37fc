"""Who is named in groups, what is unread, and what of it disturbs."""

from typing import Any

import pytest

from tests.conftest import Start
from tests.groups import change, done, leave, let_in, made_with, make, refused, say
from tests.support import PASSWORD, Chat, Person, register
from tests.ws.v2_client import kinds, live, logged


async def state(person: Person) -> dict[str, Any]:
    """Return somebody's one conversation."""
    (found,) = (await person.get("/conversations"))["conversations"]
    return dict(found)


async def counts(person: Person) -> tuple[int, int]:
    """Return how much somebody has not read in their one conversation, and how much of it names them."""
    found = await state(person)
    return found["unread_count"], found["mention_count"]


async def named(person: Person, group: int, content: str, **data: Any) -> tuple[list[int], bool]:
    """Send a message and return whom it names, and whether it names everybody."""
    answer = await person.post(f"/groups/{group}/messages", {"content": content, **data})
    message = answer["message"]
    return message["mentions"], message["mentions_all"]


async def level(person: Person, group: int, **said: Any) -> dict[str, Any]:
    """Set what disturbs somebody, and return what they are in the group."""
    async with await person.request("PUT", f"/groups/{group}/me", json=said) as response:
        assert response.status == 200, await response.text()
        changed: dict[str, Any] = await response.json()
        return changed


@pytest.mark.parametrize(
    ("content", "finds"),
    [
        ("@bobby", True),
        ("@BOBBY, hello", True),
        ("ＨＩ ＠bobby", False),
        ("hi @bobby.", True),
        ("hi @bobby-_.", True),
        ("(@bobby)", True),
        ("@@bobby", True),
        ("mail@bobby", False),
        ("mail_@bobby", False),
        ("9@bobby", False),
        ("@bobbyx", False),
        ("@bobby.x", False),
        ("@ bobby", False),
        ("@ｂｏｂｂｙ", True),
        ("早@bobby", False),
        ("「@bobby」", True),
        ("`@bobby` does it", False),
        ("```\n@bobby\n```\nthis", False),
        ("`code` for @bobby", True),
        ("it`s @bobby", True),
    ],
)
async def test_what_names_somebody(chat: Chat, content: str, finds: bool) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await made_with(alice, bob)
    assert await named(alice, group, content) == ([bob.id] if finds else [], False)


async def test_a_username_that_ends_like_a_sentence_is_found_first(chat: Chat) -> None:
    alice, bob, dots = await chat.people("alice", "bobby", "bobby..")
    group = await made_with(alice, bob, dots)
    assert await named(alice, group, "@bobby.. @bobby... @bobby.") == ([bob.id, dots.id], False)
    assert await named(alice, group, "@bobby..") == ([dots.id], False)


async def test_only_present_others_are_named_and_twenty_at_the_most(start: Start) -> None:
    chat = await start()
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    group = await made_with(alice, bob)
    assert await named(alice, group, "@alice @bobby @bobby @carol @nobody") == ([bob.id], False)
    await leave(bob, group)
    assert await named(alice, group, "@bobby") == ([], False)
    crowd = [await register(chat.client, f"crowd{number}") for number in range(22)]
    await let_in(alice, group, *crowd)
    everybody = " ".join(f"@{person.username}" for person in crowd)
    assert await named(alice, group, everybody) == ([person.id for person in crowd[:20]], False)
    assert await named(crowd[0], group, "@all") == ([], False)
    assert await named(alice, group, "@all.") == ([], True)
    assert (await carol.get("/mentions"))["items"] == []


async def test_everybody_is_named_and_counts_once_who_is_named_besides(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    group = await made_with(alice, bob, carol)
    assert await named(bob, group, "@all and @alice") == ([alice.id], True)
    assert [await counts(person) for person in (alice, bob, carol)] == [(1, 1), (0, 0), (1, 1)]
    assert [len((await person.get("/mentions"))["items"]) for person in (alice, bob, carol)] == [1, 0, 0]


async def test_nobody_is_called_all(chat: Chat) -> None:
    for name in ("all", "All", "ＡＬＬ"):
        body = {"username": name, "password": PASSWORD, "nickname": "x"}
        assert await chat.error("POST", "/auth/register", json=body) == (400, "username_taken")


async def test_an_answer_names_the_author_and_ones_own_never_count(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await made_with(alice, bob)
    first = await say(alice, group, "first")
    assert await named(bob, group, "an answer", reply_to=first) == ([alice.id], False)
    assert await named(alice, group, "to myself", reply_to=first) == ([], False)
    assert await counts(alice) == (1, 1)


async def test_after_an_edit_others_are_named_and_after_a_deletion_nobody(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await made_with(alice, bob)
    first = await say(bob, group, "first")
    client, watching = await live(alice), await live(bob)
    message = (await client.ack("send", group=group, content="hello"))["data"]["message"]["id"]
    answering = (await client.ack("send", group=group, content="@bobby", reply_to=first))["data"]["message"]["id"]
    assert await counts(bob) == (2, 1)
    for content, expected in (("@bobby", 2), ("@all", 2), ("nobody", 1), ("@bobby @all", 2)):
        edited = await client.ack("edit", message_id=message, content=content)
        assert await counts(bob) == (2, expected)
    assert (edited["data"]["message"]["mentions"], edited["data"]["message"]["mentions_all"]) == ([bob.id], True)
    told = [each for each in await watching.settle() if each["type"] == "message_edited"]
    assert told[-1]["data"] == edited["data"]["message"]
    still = await client.ack("edit", message_id=answering, content="named by the answer")
    assert still["data"]["message"]["mentions"] == [bob.id]
    deleted = await client.ack("delete", message_id=message)
    assert (deleted["data"]["message"]["mentions"], deleted["data"]["message"]["mentions_all"]) == ([], False)
    assert await counts(bob) == (1, 1)
    await client.ack("delete", message_id=answering)
    assert await counts(bob) == (0, 0)


async def test_reading_takes_mentions_along_and_the_list_keeps_them(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await made_with(alice, bob)
    ids = [await say(alice, group, "@bobby") for _ in range(3)]
    await bob.post(f"/groups/{group}/read", {"up_to": ids[1]})
    assert await counts(bob) == (1, 1)
    page = await bob.get("/mentions?limit=2")
    assert ([each["id"] for each in page["items"]], page["more"]) == (ids[:0:-1], True)
    rest = await bob.get(f"/mentions?limit=2&before={ids[1]}")
    assert ([each["id"] for each in rest["items"]], rest["more"]) == (ids[:1], False)
    await leave(bob, group)
    assert (await bob.get("/mentions"))["items"] == []


async def test_what_the_blocked_write_names_and_counts_nowhere(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    group = await made_with(alice, bob, carol)
    assert await done(bob, "PUT", f"/users/{alice.id}/block") == 204
    assert await named(alice, group, "@bobby @carol @all") == ([bob.id, carol.id], True)
    message = await say(alice, group, "x")
    client = await live(alice)
    await client.ack("edit", message_id=message, content="@bobby")
    assert await counts(bob) == (2, 0)
    assert (await bob.get("/mentions"))["items"] == []
    assert await counts(carol) == (2, 1)
    assert await bob.get("/unread") == {"badge": 2, "unread": 2, "mentions": 0}


async def test_a_level_says_what_counts_in_the_badge(start: Start) -> None:
    now = [1_800_000_000_000]
    chat = await start(clock=lambda: now[0])
    alice, bob = await chat.people("alice", "bobby")
    group = await made_with(alice, bob)
    await alice.send(bob, "private")
    for content in ("x", "@bobby", "@all", "@bobby @all"):
        await say(alice, group, content)
    for notify, badge in (("all", 5), ("mentions", 4), ("named", 3), ("none", 1)):
        assert (await level(bob, group, notify=notify))["notify"] == notify
        assert await bob.get("/unread") == {"badge": badge, "unread": 5, "mentions": 3}
    muted = await level(bob, group, notify="all", muted_until="2027-01-15T08:00:01.000Z")
    assert muted["muted_until"] == "2027-01-15T08:00:01.000Z"
    assert (await bob.get("/unread"))["badge"] == 1
    now[0] += 1000
    assert (await bob.get("/unread"))["badge"] == 5
    assert (await level(bob, group, muted_until=None))["muted_until"] is None


async def test_a_level_is_told_to_ones_own_devices_alone(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await made_with(alice, bob)
    own, other = await live(bob), await live(alice)
    for _ in range(2):
        await level(bob, group, notify="named", muted_until="2030-01-31T08:15:00Z")
    (told,) = await own.settle()
    assert told["type"] == "notify"
    assert told["data"] == {
        "user_id": None,
        "group_id": group,
        "notify": "named",
        "muted_until": "2030-01-31T08:15:00.000Z",
    }
    assert (await logged(chat, bob))[-1] == told
    assert await other.settle() == []
    assert "notify" not in kinds(await logged(chat, alice))
    assert (await state(bob))["me"]["notify"] == "named"


async def test_the_level_begins_by_what_the_group_is(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    private, public = await made_with(alice, bob), await make(alice, public=True)
    joined = await bob.post(f"/groups/{public}/join")
    assert (joined["me"]["notify"], joined["me"]["muted_until"]) == ("mentions", None)
    assert (await bob.get(f"/groups/{private}"))["me"]["notify"] == "all"


async def test_a_sender_sees_who_has_read_and_nobody_else_does(chat: Chat) -> None:
    alice, bob, carol, dave = await chat.people("alice", "bobby", "carol", "david")
    group = await made_with(alice, bob, carol)
    message = await say(alice, group, "x")
    path = f"/messages/{message}/readers"
    assert await alice.get(path) == {"user_ids": []}
    await bob.post(f"/groups/{group}/read", {"up_to": message})
    await let_in(alice, group, dave)  # who was not there when it was sent
    assert await alice.get(path) == {"user_ids": [bob.id]}
    assert await refused(bob, "GET", path) == (403, "forbidden")
    private = await alice.send(bob, "hi")
    assert await refused(alice, "GET", f"/messages/{private['id']}/readers") == (404, "not_found")
    await change(alice, group, history="joined")


async def test_a_private_message_has_nothing_of_groups(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    await alice.send(bob, "@bobby @all")
    (message,) = (await bob.get(f"/messages?user={alice.id}"))["items"]
    assert not {"mentions", "mentions_all"} & set(message)
    assert not {"mention_count", "activity", "me"} & set(await state(bob))
    assert await bob.get("/unread") == {"badge": 1, "unread": 1, "mentions": 0}
