"""What people say of themselves, and finding each other."""

from typing import Any
from urllib.parse import urlencode

from chatd.services import accounts
from chatd.storage.commit import Transaction
from tests.api.support import add_bot, disable, write
from tests.support import Chat, Person, error_of


async def change(person: Person, **fields: Any) -> Any:
    """Change somebody's profile and return the answer."""
    async with await person.request("PUT", "/users/me", json=fields) as response:
        assert response.status == 200, await response.text()
        return await response.json()


async def found(person: Person, query: str) -> list[str]:
    """Return the usernames that a search answers."""
    return [brief["username"] for brief in await person.get(f"/users/?{query}")]


async def test_each_field_of_a_profile_can_be_changed_alone(chat: Chat) -> None:
    alice = await chat.person("alice")
    expected = await alice.get("/auth/me")
    for field, value in [
        ("nickname", "x"),
        ("nickname", "x" + "😀" * 49),
        ("nickname", " x "),
        ("avatar_path", "/files/avatars/a.png"),
        ("avatar_path", "/" + "x" * 499),
        ("avatar_path", "https://example.org/a.png"),
        ("bio", ""),
        ("bio", "😀" * 500),
        ("bio", " two\nlines\t"),
    ]:
        expected[field] = value
        assert await change(alice, **{field: value}) == expected
        assert await alice.get("/auth/me") == expected


async def test_a_field_that_breaks_a_rule_changes_nothing(chat: Chat) -> None:
    alice = await chat.person("alice")
    before = await alice.get("/auth/me")
    others = {"nickname": "new", "avatar_path": "/new", "bio": "new"}
    for field, value in [
        ("nickname", ""),
        ("nickname", "x" * 51),
        ("avatar_path", ""),
        ("avatar_path", "/" + "x" * 500),
        ("avatar_path", "a.png"),
        ("avatar_path", "http://example.org/a.png"),
        ("avatar_path", "//example.org/a.png"),
        ("avatar_path", "/\\example.org/a.png"),
        ("avatar_path", "javascript:alert(1)"),
        ("avatar_path", "data:image/png;base64,AAAA"),
        ("bio", "x" * 501),
    ]:
        async with await alice.request("PUT", "/users/me", json={**others, field: value}) as response:
            assert await error_of(response) == (422, "validation_error"), (field, value)
            assert set((await response.json())["errors"]) == {field}
    assert await alice.get("/auth/me") == before


async def test_several_fields_change_at_once_and_null_empties_two_of_them(chat: Chat) -> None:
    alice = await chat.person("alice")
    changed = await change(alice, nickname="Al", avatar_path="/a", bio="b")
    assert (changed["nickname"], changed["avatar_path"], changed["bio"]) == ("Al", "/a", "b")
    emptied = await change(alice, avatar_path=None, bio=None)
    assert emptied == {**changed, "avatar_path": None, "bio": None}


async def test_what_is_left_out_stays_and_unknown_fields_are_ignored(chat: Chat) -> None:
    alice = await chat.person("alice")
    before = await change(alice, bio="b")
    assert await change(alice) == before
    assert await change(alice, username="mallory", id=7, is_ai=True, role="admin") == before


async def test_others_see_a_changed_profile_beside_messages(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    message = await alice.send(bob, "hi")
    await change(alice, nickname="Al", avatar_path="/a")
    brief = {**alice.brief, "nickname": "Al", "avatar_path": "/a"}
    assert message["sender"] == alice.brief
    history = await bob.get(f"/messages/history/{alice.id}")
    assert (history["other_user"], history["items"][0]["sender"]) == (brief, brief)
    assert (await bob.get("/messages/conversations"))["conversations"][0]["user"] == brief


async def test_a_user_is_seen_by_others_as_by_themselves(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    await change(alice, bio="b")
    assert await bob.get(f"/users/{alice.id}") == await alice.get("/auth/me")


async def test_a_user_that_is_not_there_is_404(chat: Chat) -> None:
    alice = await chat.person("alice")
    for user_id in (2, 2**53 - 1):
        async with await alice.request("GET", f"/users/{user_id}") as response:
            assert await error_of(response) == (404, "not_found")


async def test_users_are_shown_to_nobody_without_a_token(chat: Chat) -> None:
    await chat.person("alice")
    for method, path in [("GET", "/users/1"), ("GET", "/users/"), ("PUT", "/users/me"), ("GET", "/auth/me")]:
        assert await chat.error(method, path) == (401, "not_authenticated"), path


async def test_a_search_lists_briefs_by_id(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    assert await alice.get("/users/") == [alice.brief, bob.brief]
    assert await alice.get("/users/?q=BOB") == [bob.brief]


async def test_a_search_finds_part_of_either_name_in_any_case_and_script(chat: Chat) -> None:
    alice, jurgen, _, _ = await chat.people("alice", "Jürgen", "Σίσυφος", "張三丰")
    await change(alice, nickname="Alice Liddell")
    await change(jurgen, nickname="von der Straße")
    expected = {
        "alic": ["alice"],
        "LICE": ["alice"],
        "liddell": ["alice"],
        "strasse": ["Jürgen"],
        "JÜRGEN": ["Jürgen"],
        "ju\u0308r": ["Jürgen"],
        "ΣΊΣΥΦΟΣ": ["Σίσυφος"],
        "三": ["張三丰"],
        "ＡＬＩＣＥ": ["alice"],
        "%": [],
        "_": [],
        "*": [],
        "nobody": [],
        "": ["alice", "Jürgen", "Σίσυφος", "張三丰"],
    }
    assert {query: await found(alice, urlencode({"q": query})) for query in expected} == expected


async def test_a_search_goes_by_the_nickname_of_now(chat: Chat) -> None:
    alice = await chat.person("alice")
    await change(alice, nickname="first")
    await change(alice, nickname="second")
    assert await found(alice, "q=first") == []
    assert await found(alice, "q=SECOND") == ["alice"]


async def test_a_search_can_ask_for_bots_or_for_people(chat: Chat) -> None:
    alice = await chat.person("alice")
    add_bot(chat, "robot")
    assert await found(alice, "") == ["alice", "robot"]
    assert await found(alice, "is_ai=true") == ["robot"]
    assert await found(alice, "is_ai=false") == ["alice"]
    assert await found(alice, "is_ai=true&q=alice") == []
    assert (await alice.get("/users/?is_ai=true"))[0]["is_ai"] is True


async def test_a_search_leaves_out_who_is_disabled(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    disable(chat, bob)
    assert await found(alice, "") == ["alice"]


async def test_skip_and_limit_cut_a_search_into_pages(chat: Chat) -> None:
    alice = await chat.person("alice")

    def register_24(tx: Transaction) -> None:
        for number in range(24):
            accounts.create(tx, f"user{number}", "x", None, now=0)

    write(chat, register_24)
    names = await found(alice, "limit=100")
    assert len(names) == 25
    assert await found(alice, "") == names[:20]
    assert await found(alice, "limit=1") == names[:1]
    assert await found(alice, "skip=20") == names[20:]
    assert await found(alice, "skip=3&limit=2") == names[3:5]
    assert await found(alice, "skip=25") == []
    assert await found(alice, f"skip={2**53 - 1}") == []


async def test_a_search_outside_the_ranges_is_refused(chat: Chat) -> None:
    alice = await chat.person("alice")
    for query in ["limit=0", "limit=101", "limit=-1", "skip=-1", f"skip={2**53}", "is_ai=perhaps"]:
        async with await alice.request("GET", f"/users/?{query}") as response:
            assert await error_of(response) == (422, "validation_error"), query
            assert set((await response.json())["errors"]) == {query.partition("=")[0]}
