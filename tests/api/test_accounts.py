"""Making accounts."""

import asyncio
import re
from typing import Any

import argon2
import pytest
from marshmallow import ValidationError

from chatd import clock
from chatd.schemas import RegisterBody
from chatd.services import accounts, invites
from chatd.storage import users
from tests.api.support import add_bot, write
from tests.conftest import Start
from tests.support import PASSWORD, Chat, Person, error_of, sign_in

#: Names with what nobody sees in the places where it is of use.
JOINED = [
    "می\u200cخواهم",
    "ශ\u0dca\u200dරී",
    "র\u200d\u09cdযা",
    "ന\u0d4d\u200d",
    "👩\u200d🚀 Ann",
    "1️⃣st",
    "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f Mac",
    "👁️\u200d🗨️ c",
]

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


async def register(chat: Chat, username: Any = "alice", **fields: Any) -> tuple[int, Any]:
    """Register and return the status and, of an error whose form is checked, the code; else the user."""
    body = {"username": username, "password": PASSWORD, "nickname": "Nick", **fields}
    async with chat.client.post("/auth/register", json=body) as response:
        return (201, await response.json()) if response.status == 201 else await error_of(response)


async def wrong_fields(chat: Chat, body: Any) -> set[str]:
    """Register in vain and return which fields are named as wrong."""
    async with chat.client.post("/auth/register", json=body) as response:
        assert await error_of(response) == (422, "validation_error")
        errors: dict[str, list[str]] = (await response.json())["errors"]
        assert all(isinstance(sentence, str) for sentences in errors.values() for sentence in sentences)
        return set(errors)


def invitation(chat: Chat) -> str:
    """Return the code of a new invitation."""
    return write(chat, lambda tx: invites.create(tx, now=clock.now()))


def roles(chat: Chat) -> dict[str, str]:
    """Return everybody's role by username."""
    return {user.username: user.role for user in write(chat, lambda tx: users.all_users(tx.db))}


async def test_a_new_account_is_answered_as_a_user_and_nothing_more(chat: Chat) -> None:
    status, user = await register(chat, "Alice", nickname="Alice Liddell")
    assert status == 201
    assert TIME.fullmatch(user.pop("created_at"))
    assert user == {
        "id": 1,
        "username": "Alice",
        "nickname": "Alice Liddell",
        "avatar_path": None,
        "bio": None,
        "is_ai": False,
    }


async def test_unknown_fields_are_ignored_and_give_no_rights(chat: Chat) -> None:
    await register(chat, "alice")
    extra = {"id": 99, "role": "admin", "is_ai": True, "bio": "x", "created_at": 1}
    status, user = await register(chat, "mallory", **extra)
    assert (status, user["id"], user["is_ai"], user["bio"]) == (201, 2, False, None)
    assert roles(chat) == {"alice": "admin", "mallory": "member"}


async def test_a_username_has_3_to_50_letters_marks_and_digits_of_any_script(chat: Chat) -> None:
    for username in [
        "abc",
        "a" * 50,
        "𐐨" * 50,
        "張三丰",
        "नमस्ते",
        "e\u0301a\u0301o\u0301",
        "٣٤٥",
        "Ünï_c.ö-dé9",
        *("日本", "김씨", "بو", "הי", "日1"),
        "e\u0301" * 50,
        "1--",
        "0.0",
    ]:
        status, user = await register(chat, username)
        assert (status, user["username"]) == (201, username)


async def test_a_username_that_breaks_a_rule_is_refused(chat: Chat) -> None:
    for username in [
        *("", "ab", "aé", "ae\u0301", "аб", "αβ", "12", "日", "a日", "a" * 51, "𐐨" * 51, "日" * 51, "ﷺﷺﷺ"),
        *("a b", " abc", "abc ", "abc\n", "ab\u200bc", "a" * 30 + "\u0301" * 171),
        *("a@bc", "a/bc", "ab﹏c", "½¾¼", "ⅧⅨⅩ", "😀😀😀"),
        *("...", "-rf", "_ana", ".ana", "--", "\u0301ana", "___", "\u0903\u0903\u0903"),
        *("victim\ufe0f", "victim\u034f", "vic\u115ftim", "victim\U000e0100", "\u3164" * 3, "\uffa0" * 3),
        *("victim\u20dd", "vic\u0488tim", "ℹ\ufe0fℹℹ", "ab\u17b4", "\U00013441" * 3, "می\u200cخواهم\u200c"),
        *(
            "vic\u200dtim",
            "vic\u200ctim",
            "日\u200d本",
            "김\u200c씨",
            "علی\u200c\u200cرضا",
            "ක\u0dca\u200d\u200dරිෂ",
        ),
    ]:
        body = {"username": username, "password": PASSWORD, "nickname": "x"}
        assert await wrong_fields(chat, body) == {"username"}, username


async def test_a_username_that_may_pass_for_another_is_refused_in_words(chat: Chat) -> None:
    body = {"username": "аna", "password": PASSWORD, "nickname": "x"}
    async with chat.client.post("/auth/register", json=body) as response:
        assert await error_of(response) == (422, "validation_error")
        errors = (await response.json())["errors"]
    assert errors == {
        "username": [
            "Must not mix letters or digits of different scripts, such as Latin and Cyrillic: some look the same."
        ]
    }
    assert (await register(chat, "ana"))[0] == 201
    assert (await register(chat, "анна"))[0] == 201


async def test_an_account_from_before_that_rule_stays_as_good_as_any(chat: Chat) -> None:
    hashed = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
    write(chat, lambda tx: accounts.create(tx, "аna", "Ana", hashed, now=clock.now()))
    ana = Person(chat.client, 1, "аna", "Ana", await sign_in(chat.client, "аna"))
    assert (await ana.get("/auth/me"))["username"] == "аna"
    async with await ana.request("PUT", "/users/me", json={"nickname": "Anna"}) as response:
        assert response.status == 200


def test_a_username_too_long_is_refused_before_anything_is_made_of_it() -> None:
    username = "a" + "\u0315\u0316" * 1_000_000  # folding it would take hours
    with pytest.raises(ValidationError) as raised:
        RegisterBody(password_min=8).load({"username": username, "password": PASSWORD, "nickname": "x"})
    assert set(raised.value.messages_dict) == {"username"}


@pytest.mark.parametrize("password", ["rosebuds", " " * 8, "😀" * 8, "é" * 512, " pass word ", "e\u0301" * 512])
async def test_a_password_has_8_characters_to_1024_bytes_and_is_taken_exactly(chat: Chat, password: str) -> None:
    assert (await register(chat, password=password))[0] == 201
    assert await sign_in(chat.client, "alice", password)
    for other in (password + " ", password[:-1]):
        data = {"username": "alice", "password": other}
        assert await chat.error("POST", "/auth/login", data=data) == (401, "wrong_credentials")


async def test_a_password_too_short_or_too_long_is_refused(chat: Chat) -> None:
    for password in ["", "1234567", "😀" * 7, "é" * 512 + "a", "a" * 1025, "e\u0301" * 7, "\u0301" * 9_000]:
        body = {"username": "alice", "password": password, "nickname": "x"}
        assert await wrong_fields(chat, body) == {"password"}, password


async def test_the_shortest_password_is_a_setting(start: Start) -> None:
    chat = await start(accounts={"password_min": 12})
    assert await register(chat, password="a" * 11) == (422, "validation_error")
    assert (await register(chat, password="a" * 12))[0] == 201


async def test_a_nickname_has_1_to_50_characters_and_is_stored_exactly(chat: Chat) -> None:
    for number, nickname in enumerate(
        ["x", "1", "x" + "😀" * 49, " two  words ", "e\u0301", "日", "ﷺ" * 50, "❤️ Ada", *JOINED]
    ):
        status, user = await register(chat, f"user{number}", nickname=nickname)
        assert (status, user["nickname"]) == (201, nickname)


async def test_a_nickname_too_short_or_too_long_is_refused(chat: Chat) -> None:
    for nickname in ["", "x" * 51, "😀" * 51]:
        body = {"username": "alice", "password": PASSWORD, "nickname": nickname}
        assert await wrong_fields(chat, body) == {"nickname"}, nickname


async def test_every_field_that_is_wrong_or_missing_is_named_at_once(chat: Chat) -> None:
    assert await wrong_fields(chat, {}) == {"username", "password", "nickname"}
    body = {"username": "a", "password": "b", "nickname": "", "invite": 5}
    assert await wrong_fields(chat, body) == {"username", "password", "nickname", "invite"}


async def test_a_username_written_differently_is_the_same(chat: Chat) -> None:
    for first, second in [
        ("alice", "ALICE"),
        ("Straße", "STRASSE"),
        ("Ｂobby", "bobby"),
        ("ﬁona", "FIONA"),
        ("Éva", "e\u0301va"),
        ("𝔻avid", "david"),
        ("Σίσυφος", "σίσυφοσ"),
    ]:
        assert (await register(chat, first))[0] == 201
        assert await register(chat, second) == (400, "username_taken"), second
        assert await sign_in(chat.client, second)


async def test_of_two_who_register_one_name_at_once_one_has_it(chat: Chat) -> None:
    answers = await asyncio.gather(*(register(chat, name) for name in ("alice", "ALICE", "Alice")))
    assert sorted(status for status, _ in answers) == [201, 400, 400]
    assert [code for status, code in answers if status == 400] == ["username_taken"] * 2
    assert len(roles(chat)) == 1


async def test_the_first_account_is_the_administrators_bots_aside(chat: Chat) -> None:
    add_bot(chat, "robot")
    await register(chat, "alice")
    await register(chat, "bobby")
    assert roles(chat) == {"robot": "member", "alice": "admin", "bobby": "member"}


async def test_of_two_who_register_first_at_once_one_is_the_administrator(chat: Chat) -> None:
    await asyncio.gather(*(register(chat, name) for name in ("alice", "bobby", "carol")))
    assert sorted(roles(chat).values()) == ["admin", "member", "member"]


async def test_nobody_registers_where_registration_is_closed(start: Start) -> None:
    chat = await start(accounts={"registration": "closed"})
    assert await register(chat) == (403, "registration_closed")
    assert await register(chat, invite=invitation(chat)) == (403, "registration_closed")
    assert roles(chat) == {}


async def test_an_invitation_is_ignored_where_registration_is_open(chat: Chat) -> None:
    assert (await register(chat, "alice", invite="nonsense"))[0] == 201
    assert (await register(chat, "bobby", invite=None))[0] == 201


async def test_an_invitation_lets_one_person_in(start: Start) -> None:
    chat = await start(accounts={"registration": "invite"})
    code = invitation(chat)
    for invite in (None, "", "nonsense", code + "x", code.swapcase()):
        assert await register(chat, invite=invite) == (403, "invite_invalid")
    assert (await register(chat, "alice", invite=code))[0] == 201
    assert await register(chat, "bobby", invite=code) == (403, "invite_invalid")
    assert roles(chat) == {"alice": "admin"}


async def test_an_invitation_lets_one_in_of_two_who_use_it_at_once(start: Start) -> None:
    chat = await start(accounts={"registration": "invite"})
    code = invitation(chat)
    names = ("alice", "bobby", "carol")
    answers = await asyncio.gather(*(register(chat, name, invite=code) for name in names))
    assert sorted(status for status, _ in answers) == [201, 403, 403]
    assert [code for status, code in answers if status == 403] == ["invite_invalid"] * 2
    (winner,) = roles(chat)
    loser = next(name for name in names if name != winner)
    assert (await register(chat, loser, invite=invitation(chat)))[0] == 201


async def test_a_registration_that_fails_does_not_use_up_the_invitation(start: Start) -> None:
    chat = await start(accounts={"registration": "invite"})
    await register(chat, "alice", invite=invitation(chat))
    code = invitation(chat)
    assert await register(chat, "alice", invite=code) == (400, "username_taken")
    assert await register(chat, "bobby", invite=code, nickname="") == (422, "validation_error")
    assert (await register(chat, "bobby", invite=code))[0] == 201
