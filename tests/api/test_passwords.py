"""Passwords as people type them, and those that everybody guesses."""

import unicodedata
from pathlib import Path

import argon2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd import clock
from chatd.services import accounts
from chatd.services.passwords import prepared
from chatd.services.usual_passwords import is_usual
from chatd.storage import users
from tests.api.support import write
from tests.api.test_accounts import register
from tests.conftest import Start
from tests.process import chatd, refusal
from tests.support import PASSWORD, Chat, Person, error_of, sign_in

COMPOSED = "motörhead café"
DECOMPOSED = unicodedata.normalize("NFD", COMPOSED)

USUAL = [
    *("password", "PASSWORD", "Password1", "12345678", "123456789", "1234567890", "qwertyuiop", "11111111", "iloveyou"),
    *("sunshine", "princess", "football", "baseball", "trustno1", "password123", "passw0rd", "p@ssw0rd", "1q2w3e4r"),
    *("1qaz2wsx", "letmein1", "abcd1234", "asdfghjkl", "superman", "starwars", "computer", "whatever", "qwerty123"),
]


async def wrong(chat: Chat, username: str, password: str) -> None:
    """See that a password is wrong."""
    data = {"username": username, "password": password}
    assert await chat.error("POST", "/auth/login", data=data) == (401, "wrong_credentials")


def stored(chat: Chat, user_id: int) -> str:
    """Return the hash of somebody's password."""
    found = write(chat, lambda tx: users.password_hash(tx.db, user_id))
    assert found is not None
    return found


def old_account(chat: Chat, username: str, password: str) -> int:
    """Make an account as it was made when passwords were hashed as they were typed."""
    hasher = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    return write(chat, lambda tx: accounts.create(tx, username, "X", hasher.hash(password), now=clock.now())).id


@pytest.mark.parametrize(
    ("chosen", "typed"),
    [
        (COMPOSED, DECOMPOSED),
        (DECOMPOSED, COMPOSED),
        ("한국어 비밀번호", unicodedata.normalize("NFD", "한국어 비밀번호")),
        ("四 words are　enough", "四 words are enough"),
        ("two\u00a0words é", "two words e\u0301"),
    ],
)
async def test_a_password_is_the_same_on_every_keyboard(chat: Chat, chosen: str, typed: str) -> None:
    assert (await register(chat, "alice", password=chosen))[0] == 201
    token = await sign_in(chat.client, "alice", typed)
    alice = Person(chat.client, 1, "alice", "Nick", token)
    await alice.post("/users/me/password", {"old_password": typed, "new_password": typed + "é"}, 204)
    await sign_in(chat.client, "alice", chosen + "e\u0301")
    await wrong(chat, "alice", chosen)
    async with await alice.request("DELETE", "/users/me", json={"password": chosen + "e\u0301"}) as response:
        assert response.status == 204


async def test_case_and_width_make_another_password(chat: Chat) -> None:
    assert (await register(chat, "alice", password="correct horse é"))[0] == 201
    for other in ("Correct horse é", "ｃorrect horse é", "correct horse e", "correct horse é ", " correct horse é"):
        await wrong(chat, "alice", other)


@pytest.mark.parametrize("typed", [DECOMPOSED, "two\u2003words and é", "tab\tand é", COMPOSED])
async def test_a_password_from_before_is_right_as_it_was_typed_and_from_then_on_in_every_form(
    chat: Chat, typed: str
) -> None:
    user_id = old_account(chat, "alice", typed)
    before = stored(chat, user_id)
    await wrong(chat, "alice", typed + "x")
    assert stored(chat, user_id) == before
    await sign_in(chat.client, "alice", typed)
    renewed = stored(chat, user_id)
    assert renewed != before or typed == prepared(typed)
    for form in ("NFC", "NFD"):
        await sign_in(chat.client, "alice", unicodedata.normalize(form, prepared(typed)))
    await sign_in(chat.client, "alice", typed)
    assert stored(chat, user_id) == renewed


async def test_a_password_from_before_can_be_changed_and_deletes_the_account(chat: Chat) -> None:
    old_account(chat, "alice", DECOMPOSED)
    hers = Person(chat.client, 1, "alice", "X", await sign_in(chat.client, "alice", DECOMPOSED))
    old_account(chat, "bobby", "tab\tand é")
    his = Person(chat.client, 2, "bobby", "X", await sign_in(chat.client, "bobby", "tab\tand é"))
    await hers.post("/users/me/password", {"old_password": COMPOSED, "new_password": PASSWORD}, 204)
    async with await his.request("DELETE", "/users/me", json={"password": "tab\tand é"}) as response:
        assert response.status == 204


async def refused(chat: Chat, person: Person, username: str, password: str) -> list[str]:
    """See that a password is refused at registration and when it is changed, and return what is said."""
    body = {"username": username, "password": password, "nickname": "x"}
    async with chat.client.post("/auth/register", json=body) as response:
        assert await error_of(response) == (422, "validation_error"), ascii(password)
        first = (await response.json())["errors"]
    change = {"old_password": PASSWORD, "new_password": password}
    async with await person.request("POST", "/users/me/password", json=change) as response:
        assert await error_of(response) == (422, "validation_error"), ascii(password)
        second = (await response.json())["errors"]
    assert first == {"password": second["new_password"]}
    sentences: list[str] = first["password"]
    return sentences


async def test_the_most_usual_passwords_are_refused_in_words(chat: Chat) -> None:
    alice = await chat.person("alice")
    for password in [*USUAL, " password "]:
        (sentence,) = await refused(chat, alice, "bobby", password)
        assert sentence == "This password is too common: choose another."
    await sign_in(chat.client, "alice")


async def test_the_usual_ones_are_refused_also_where_they_may_be_short(start: Start) -> None:
    chat = await start(accounts={"password_min": 4})
    alice = await chat.person("alice")
    for password in ("123456", "qwerty", "1234", "monkey", "dragon"):
        await refused(chat, alice, "bobby", password)
    assert (await register(chat, "bobby", password="xkpq"))[0] == 201


async def test_a_username_is_no_password_of_its_own(chat: Chat) -> None:
    straße = await chat.person("Straßenfest")
    for password in ("Straßenfest", "STRASSENFEST", "strassenfest", "tsefnessarts", " straßenfest "):
        assert await refused(chat, straße, "strassenfest", password) == ["Must not be the username."]
    assert (await register(chat, "bobbybobby", password="strassenfest"))[0] == 201


async def test_what_nobody_sees_is_in_no_new_password(chat: Chat) -> None:
    alice = await chat.person("alice")
    for password in ("rose\tbuds", "rosebuds\n", "rose\x07buds", "rosebuds\u200b", "\ufeffrosebuds", "rose\u202ebuds"):
        (sentence,) = await refused(chat, alice, "bobby", password)
        assert sentence == "Must not contain control or invisible characters."
    for number, password in enumerate(("👩\u200d🚀 is here", "❤️❤️❤️❤️ 1️⃣", "می\u200cخواهم بروم", "ⅠⅡⅢ ﬁ½ ﷺ")):
        assert (await register(chat, f"user{number}", password=password))[0] == 201
        await sign_in(chat.client, f"user{number}", password)


def test_commands_refuse_them_as_well(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    assert chatd(data_dir, "user", "add", "alice", "--password-stdin", stdin="rosebuds and é\n").returncode == 0
    for command in (("user", "add", "Gertrude"), ("user", "password", "alice")):
        said = refusal(data_dir, *command, "--password-stdin", stdin="password1\n")
        assert said == "password: This password is too common: choose another."
    for command, password in ((("user", "add", "Gertrude"), "gertrude"), (("user", "add", "Gertrude"), "edurtreg")):
        assert refusal(data_dir, *command, "--password-stdin", stdin=password) == "password: Must not be the username."
    with_control = refusal(data_dir, "user", "password", "alice", "--password-stdin", stdin="rose\tbuds\n")
    assert with_control == "password: Must not contain control or invisible characters."


def test_no_password_that_the_documents_use_is_usual() -> None:
    assert not any(map(is_usual, ("", "correct horse", "engine no. 1", "moth in relay 70", "polly wants a cracker")))


@given(st.text())
def test_preparing_a_password_twice_is_preparing_it_once_and_its_form_does_not_matter(text: str) -> None:
    once = prepared(text)
    assert prepared(once) == once == prepared(unicodedata.normalize("NFD", text))
    assert not any(unicodedata.category(character) == "Zs" and character != " " for character in once)
