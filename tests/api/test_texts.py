"""What cannot be seen: in names, messages and reactions, through every door."""

from typing import Any
from urllib.parse import quote

from chatd.storage import users
from tests.api.support import write
from tests.api.test_accounts import JOINED
from tests.support import PASSWORD, Chat, Person, error_of
from tests.ws.v2_client import kinds, live

#: No names: of nothing that is seen, or with something that is not.
NO_NAMES = [
    *("   ", "\u3000", "\u200b", "\u202e", "\x07", "\u3164" * 3, "\u2800", "\ufe0f", "🎉", "...", "—", "\u0301"),
    *("Ann\x07", "Ann\n", "A\tnn", "A\u200bnn", "\u202eannA", "Ann\u2069", "Ann\u00ad", "A\u034fnn", "Ann\ufeff"),
    *("Ann\u3164", "Ann\U000e0100", "Ann\ufe0f", "Ann\u200d", "A\u200cnn", "Ann\u20dd", "Ann\u2028x", "Ann\U000e0041"),
    *("Ann\x85", "Ann\u2800", "Ann\uffff", "👩\u200d Ann"),
]

INVISIBLE = [
    "   ",
    "\n\t",
    "\u200b",
    "\u202e\u202c",
    "\u3164",
    "\u2800",
    "\x07",
    "\ufe0f",
    "\u200d \u200d",
    "\u00a0\u3000",
]

VISIBLE = [" . ", "\u200b👍", "\u202eturned", "\n日", "\u0301", "\x07a", "می\u200cخواهم", "\ue000"]


async def refused(person: Person, method: str, path: str, body: Any, field: str) -> None:
    """See that a request is refused because of one field."""
    async with await person.request(method, path, json=body) as response:
        assert await error_of(response) == (422, "validation_error"), ascii(body)
        assert set((await response.json())["errors"]) == {field}


async def test_what_nobody_sees_makes_no_nickname(chat: Chat) -> None:
    alice = await chat.person("alice")
    for number, nickname in enumerate(NO_NAMES):
        await refused(alice, "PUT", "/users/me", {"nickname": nickname}, "nickname")
        body = {"username": f"user{number}", "password": PASSWORD, "nickname": nickname}
        await refused(alice, "POST", "/auth/register", body, "nickname")
    assert (await alice.get("/auth/me"))["nickname"] == "Alice"


async def test_a_nickname_has_what_its_language_and_its_emoji_need(chat: Chat) -> None:
    alice = await chat.person("alice")
    for nickname in [*JOINED, "John \uf8ff", "O’Neil (he)", "Ünï", "张 三", "№ 1", "ⅧⅨⅩ"]:
        async with await alice.request("PUT", "/users/me", json={"nickname": nickname}) as response:
            assert (response.status, (await response.json())["nickname"]) == (200, nickname)


async def test_what_was_there_before_the_rule_may_be_sent_along_with_a_change(chat: Chat) -> None:
    (alice,) = await chat.people("alice")
    old = {"nickname": "🎉\u202e", "avatar_path": "/a b"}
    write(chat, lambda tx: users.set_profile(tx.db, alice.id, **old, search_key="", bio=None))
    async with await alice.request("PUT", "/users/me", json={**old, "bio": "b"}) as response:
        assert response.status == 200
        user = await response.json()
    assert {name: user[name] for name in old} == old
    for field, value in (("nickname", "🎉"), ("avatar_path", "/a c")):
        await refused(alice, "PUT", "/users/me", {**old, field: value, "bio": "c"}, field)
    assert await alice.get("/auth/me") == user


async def test_a_message_of_nothing_that_can_be_seen_is_refused_at_every_door(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    client = await live(alice)
    sent = (await alice.send(bob, "seen"))["id"]
    for content in INVISIBLE:
        for more in ({}, {"client_id": "c"}):
            await refused(alice, "POST", f"/messages/send/{bob.id}", {"content": content, **more}, "content")
            assert await client.error("send", user=bob.id, content=content, **more) == "validation_error"
        await refused(alice, "PATCH", f"/messages/{sent}", {"content": content}, "content")
        assert await client.error("edit", message_id=sent, content=content) == "validation_error"
    history = await alice.get(f"/messages/history/{bob.id}")
    assert [item["content"] for item in history["items"]] == ["seen"]


async def test_a_message_with_anything_to_see_is_stored_exactly_as_it_was_sent(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    client = await live(alice)
    for number, content in enumerate(VISIBLE):
        assert (await alice.send(bob, content))["content"] == content
        assert (await alice.send(bob, content, client_id=f"r{number}"))["content"] == content
        answer = await client.ack("send", user=bob.id, content=content, client_id=f"s{number}")
        assert answer["data"]["message"]["content"] == content


async def reactions(person: Person, other: Person) -> list[tuple[str, list[int]]]:
    """Return the reactions on the first message, as a person sees them."""
    message = (await person.get(f"/messages?user={other.id}"))["items"][0]
    return [(each["emoji"], each["user_ids"]) for each in message["reactions"]]


async def test_a_reaction_is_one_with_and_without_its_selector(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    await alice.send(bob, "hi")
    heart, bare, text = "\u2764\ufe0f", "\u2764", "\u2764\ufe0e"
    other = await live(alice)
    async with await alice.request("PUT", f"/messages/1/reactions/{quote(bare)}") as response:
        assert response.status == 200
    client = await live(bob)
    assert "seq" in await client.ack("react", message_id=1, emoji=heart)
    for again in (bare, heart, text):
        assert "seq" not in await client.ack("react", message_id=1, emoji=again)
    assert await reactions(bob, alice) == [(heart, [alice.id, bob.id])]
    events = await other.settle()
    assert kinds(events) == ["reaction"] * 2
    assert [event["data"]["emoji"] for event in events] == [heart, heart]
    for person, form in ((alice, text), (bob, heart)):
        async with await person.request("DELETE", f"/messages/1/reactions/{quote(form)}") as response:
            assert response.status == 200
    assert await reactions(bob, alice) == []
    assert [event["data"]["on"] for event in await other.settle()] == [False, False]


async def test_what_is_no_emoji_is_no_reaction_at_either_door(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    await alice.send(bob, "hi")
    client = await live(bob)
    for text in (
        ".",
        "<script>",
        "\u200d",
        "\ufe0f",
        "%",
        "ok",
        "👍👍",
        "\u3164",
        "\u2800",
        "1\ufe0f",
        "a\u20dd",
        "\x07",
    ):
        assert await client.error("react", message_id=1, emoji=text) == "validation_error", ascii(text)
        async with await bob.request("PUT", f"/messages/1/reactions/{quote(text, safe='')}") as response:
            # A path that ends in /. is another path to every client.
            assert await error_of(response) == ((422, "validation_error") if text != "." else (404, "not_found"))
    assert await reactions(bob, alice) == []
