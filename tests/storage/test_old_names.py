"""A database from before names were folded as now: everybody signs in as ever, is found, and reactions are merged."""

import contextlib
import shutil
import sqlite3
from pathlib import Path

import argon2
import pytest
from aiohttp import ClientResponse

from chatd import clock
from chatd.services import name_keys
from chatd.services.names import KEYS
from chatd.storage import users
from chatd.storage.engine.sqlite.migrate import migrate, migrations_directory
from tests.api.support import write
from tests.conftest import Start
from tests.process import chatd
from tests.support import PASSWORD, Chat, Person, error_of, sign_in

pytestmark = pytest.mark.sqlite  # PostgreSQL has no tables from before

HEART, BARE = "\u2764\ufe0f", "\u2764"

#: Usernames as they could be, with the keys of then: one and the same word to look at, and others.
NAMES = {
    "Victim": "victim",
    "victim\ufe0f": "victim\ufe0f",
    "vic\u034ftim": "vic\u034ftim",
    "Alone\u115f": "alone\u115f",
    "...": "...",
    "Jürgen": "jürgen",
    "\u3164\u3164\u3164": "\u1160\u1160\u1160",
}

#: Addresses of pictures as they could be, and what stays of them.
AVATARS = {
    1: ("/\t/evil.example/x", None),
    2: ("https://user@a.example\\.evil.example/", None),
    3: ("/ü b.png", "/ü b.png"),
    4: ("/files/avatars/a.webp", "/files/avatars/a.webp"),
}

REACTIONS = [
    (1, HEART, 1),
    (1, BARE, 2),
    (1, HEART, 2),
    (1, "👍", 1),
    (1, ".", 1),
    (1, "\u200d", 1),
    (1, "\ufe0f", 2),
    (1, "1\ufe0f\u20e3", 1),
    (1, "e\u0301", 1),
    (1, "é", 1),
    (1, "e\u0301", 2),
    (1, "葛\U000e0100", 2),
    (1, "\U000e0100", 2),
]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A data directory with a database as it was."""
    steps = tmp_path / "steps"
    steps.mkdir()
    for name in ("0001_initial.sql", "0002_trust.sql", "0003_one_sequence.sql"):
        shutil.copy(migrations_directory() / name, steps)
    data_dir = tmp_path / "old"
    data_dir.mkdir(mode=0o700)
    assert migrate(data_dir / "chatd.db", steps) == 3
    hashed = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    with contextlib.closing(sqlite3.connect(data_dir / "chatd.db")) as db, db:
        for number, (username, key) in enumerate(NAMES.items(), 1):
            row = (
                number,
                username,
                key,
                f"Nick {number}",
                f"{key}\nnick {number}",
                hashed.hash(PASSWORD + username),
                1,
            )
            db.execute(
                "INSERT INTO users (id, username, username_key, nickname, search_key, password_hash, created_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                row,
            )
        for number, (path, _) in AVATARS.items():
            db.execute("UPDATE users SET avatar_path = ? WHERE id = ?", (path, number))
        db.execute(
            "INSERT INTO conversations (id, kind, low_user_id, high_user_id, created_at, message_count)"
            " VALUES (1, 'private', 1, 2, 1, 1)"
        )
        db.executemany("INSERT INTO memberships (conversation_id, user_id) VALUES (1, ?)", [(1,), (2,)])
        db.execute(
            "INSERT INTO messages (id, conversation_id, sender_id, content, created_at) VALUES (1, 1, 1, 'hi', 1)"
        )
        db.executemany("INSERT INTO reactions (message_id, emoji, user_id) VALUES (?, ?, ?)", REACTIONS)
        db.execute(
            "INSERT INTO change_log (seq, kind, conversation_id, user_id, message_id, data, created_at)"
            ' VALUES (2, \'reaction\', 1, 2, 1, \'{"emoji": "❤", "on": true}\', ?)',
            (clock.now(),),
        )
    return data_dir


async def person(chat: Chat, number: int, written: str | None = None) -> Person:
    """Sign somebody in, by how they write their name."""
    username = list(NAMES)[number - 1]
    token = await sign_in(chat.client, written or username, PASSWORD + username)
    somebody = Person(chat.client, number, username, f"Nick {number}", token)
    assert (await somebody.get("/auth/me"))["id"] == number
    return somebody


async def test_everybody_signs_in_with_the_name_they_have(start: Start, old: Path) -> None:
    chat = await start(data_dir=old)
    for number in range(1, len(NAMES) + 1):
        await person(chat, number)
        await person(chat, number, f" {list(NAMES)[number - 1]} ")
    for number, written in [(1, "VICTIM"), (1, "vic\u200btim"), (4, "alone"), (4, "alo\u200bne"), (6, "JU\u0308RGEN")]:
        await person(chat, number, written)


async def test_no_attempt_on_one_account_is_an_attempt_on_another(start: Start, old: Path) -> None:
    chat = await start(data_dir=old)
    for username in ("victim\ufe0f", "vic\u034ftim"):
        data = {"username": username, "password": PASSWORD + "Victim"}
        assert await chat.error("POST", "/auth/login", data=data) == (401, "wrong_credentials")


async def test_names_that_look_like_one_that_is_there_are_taken(start: Start, old: Path) -> None:
    chat = await start(data_dir=old)
    for username in ("victim", "alone", "JÜRGEN"):
        body = {"username": username, "password": PASSWORD, "nickname": "x"}
        assert await chat.error("POST", "/auth/register", json=body) == (400, "username_taken")


async def test_a_search_finds_those_from_before_by_names_without_marks(start: Start, old: Path) -> None:
    chat = await start(data_dir=old)
    victim = await person(chat, 1)
    for query, found in {
        "jur": [6],
        "Ju\u0308R ": [6],
        "victim": [1, 2, 3],
        "alone": [4],
        "nick 5": [5],
        "...": [5],
    }.items():
        assert [brief["id"] for brief in await victim.get("/users/", params={"q": query})] == found, query


async def test_the_keys_are_made_once_and_a_new_rule_makes_them_again(start: Start, old: Path) -> None:
    chat = await start(data_dir=old)
    keys = write(chat, lambda tx: {user_id: key for user_id, _, key, _ in users.names(tx.db)})
    assert list(keys.values()) == ["victim", "victim\ufe0f", "vic\u034ftim", "alone", "...", "jürgen", "\u1160" * 3]
    assert write(chat, lambda tx: users.keys_made_by(tx.db)) == KEYS
    write(chat, lambda tx: users.set_keys(tx.db, [("of another rule", "x", 4)], "another rule"))
    write(chat, name_keys.renew)
    assert write(chat, lambda tx: users.get_by_key(tx.db, "alone")) is not None
    await person(chat, 4)


def test_a_command_that_upgrades_a_database_makes_the_keys_as_well(old: Path) -> None:
    done = chatd(old, "user", "disable", "jürgen")
    assert (done.returncode, done.stderr) == (0, "")
    with contextlib.closing(sqlite3.connect(old / "chatd.db")) as db:
        assert db.execute("SELECT search_key FROM users WHERE id = 6").fetchone() == ("jurgen\nnick 6",)
    assert chatd(old, "user", "disable", "victim\ufe0f").returncode == 0
    lines = [line.split("\t") for line in chatd(old, "user", "list").stdout.splitlines()]
    assert {int(line[0]) for line in lines if line[3] == "disabled"} == {2, 6}


async def test_pictures_that_browsers_look_for_elsewhere_are_gone_and_others_stay(start: Start, old: Path) -> None:
    chat = await start(data_dir=old)
    victim = await person(chat, 1)
    shown = {number: (await victim.get(f"/users/{number}"))["avatar_path"] for number in AVATARS}
    assert shown == {number: after for number, (_, after) in AVATARS.items()}


async def reacted(response: ClientResponse) -> None:
    """See that a reaction was put or taken back."""
    async with response:
        assert response.status == 200, await response.text()


async def test_reactions_from_before_are_one_and_can_be_taken_back(start: Start, old: Path) -> None:
    chat = await start(data_dir=old)
    victim, other = await person(chat, 1), await person(chat, 2)

    async def shown() -> list[tuple[str, list[int]]]:
        message = (await victim.get("/messages?user=2"))["items"][0]
        return [(each["emoji"], each["user_ids"]) for each in message["reactions"]]

    letters = [("é", [1, 2]), (HEART, [1, 2]), ("葛", [2])]
    assert await shown() == [(".", [1]), ("1\ufe0f\u20e3", [1]), *letters, ("👍", [1])]
    async with await victim.request("GET", "/conversations") as response:
        epoch = response.headers["Chatd-Epoch"]
    (event,) = (await victim.get(f"/messages/events?epoch={epoch}&since=1&timeout=0"))["events"]
    assert event["data"]["emoji"] == HEART
    for somebody, written in ((victim, "é"), (other, "e\u0301"), (other, "葛\U000e0100")):
        await reacted(await somebody.request("DELETE", f"/messages/1/reactions/{written}"))
    await reacted(await victim.request("DELETE", f"/messages/1/reactions/{BARE}"))
    await reacted(await other.request("PUT", f"/messages/1/reactions/{BARE}"))
    await reacted(await victim.request("DELETE", "/messages/1/reactions/1%E2%83%A3"))
    assert await shown() == [(".", [1]), (HEART, [2]), ("👍", [1])]
    async with await other.request("PUT", "/messages/1/reactions/%3Cscript%3E") as response:
        assert await error_of(response) == (422, "validation_error")
