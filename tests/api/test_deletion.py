"""Deleting an account: what goes, what stays, and who is told."""

from typing import Any

from chatd.http.context import CONFIG, SERVICES
from chatd.services import accounts
from chatd.services.erasure import STEP
from tests.api.support import add_bot, write
from tests.conftest import Start
from tests.support import PASSWORD, Chat, Person, error_of, register, rows, until
from tests.ws.v2_client import add_group, contents, kinds, live, logged

DELETED = "Deleted account"

#: The columns of text in all tables, of SQLite and of PostgreSQL.
TEXTS = (
    """
    SELECT t.name, c.name FROM sqlite_schema AS t, pragma_table_info(t.name) AS c
    WHERE t.type = 'table' AND c.type = 'TEXT'
    """,
    "SELECT table_name, column_name FROM information_schema.columns"
    " WHERE table_schema = current_schema() AND data_type = 'text'",
)


async def delete(person: Person, password: str = PASSWORD) -> tuple[int, str]:
    """Ask to delete an account, and return the status and code."""
    async with await person.request("DELETE", "/users/me", json={"password": password}) as response:
        return (204, "") if response.status == 204 else await error_of(response)


async def erased(chat: Chat) -> None:
    """Wait until nothing is left of those who deleted their accounts, and all have been told."""
    await until(lambda: not rows(chat, "SELECT 1 FROM users WHERE deleted_at IS NOT NULL AND erased_at IS NULL"))
    await chat.server.app[SERVICES].database.write(
        lambda tx: None
    )  # what is in the file already is told before this returns


async def test_nothing_of_a_person_is_left(chat: Chat) -> None:
    count = STEP + 1  # more than one write erases
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    async with await alice.request("PUT", "/users/me", json={"nickname": "Her name", "bio": "Her life"}) as response:
        assert response.status == 200
    for number in range(count):
        await alice.send(bob, f"secret {number}")
    answer = await bob.send(alice, "kept")
    group = add_group(chat, "Chess", alice, bob)
    client, watching = await live(alice), await live(bob)
    await client.ack("react", message_id=answer["id"], emoji="👍")
    await client.ack("send", group=group, content="secret to all")
    for one, other in ((alice, carol), (bob, alice)):
        async with await one.request("PUT", f"/users/{other.id}/block") as response:
            assert response.status == 204
    await watching.settle()

    assert await delete(alice) == (204, "")
    assert await client.closed() == 4003
    await erased(chat)
    told = await watching.settle()
    assert kinds(told) == ["membership", "profile", *["message_deleted"] * (count + 1), "reaction"]
    who = {**bob.brief, "id": alice.id, "username": f"deleted:{alice.id}", "nickname": DELETED}
    assert told[0]["data"] == {"group_id": group, "user_id": alice.id, "role": None, "how": "deleted", "user": who}
    assert told[1]["data"] == who
    async with await alice.request("GET", "/auth/me") as response:
        assert await error_of(response) == (401, "account_unavailable")

    history = (await bob.get(f"/messages/history/{alice.id}?page_size=100"))["items"]
    assert [each["content"] for each in history] == [""] * 99 + ["kept"]
    assert (await bob.get(f"/messages?user={alice.id}"))["items"][-1]["reactions"] == []
    assert contents(await logged(chat, bob)) == [""] * count + ["kept", ""]
    assert (await bob.get(f"/users/{alice.id}"))["bio"] is None
    assert await bob.get("/users/?q=alice") == []
    assert [each["user"]["username"] for each in await bob.get("/users/me/blocks")] == []
    columns = rows(chat, TEXTS[isinstance(chat.server.app[CONFIG].store, str)])
    assert len(columns) > 20
    texts = [str(text) for table, column in columns for (text,) in rows(chat, f"SELECT {column} FROM {table}")]
    assert not [text for text in texts if "secret" in text or "Her" in text or "alice" in text.lower()]
    for table, column in (("sessions", "user_id"), ("avatars", "owner_id"), ("blocks", "blocker_id")):
        assert rows(chat, f"SELECT 1 FROM {table} WHERE {column} = {alice.id}") == []


async def test_signing_in_gets_the_usual_answer_and_the_name_is_free(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    await alice.send(bob, "hi")
    await delete(alice)
    for username in ("alice", f"deleted:{alice.id}"):
        for password in (PASSWORD, ""):
            form = {"username": username, "password": password}
            assert await chat.error("POST", "/auth/login", data=form) == (401, "wrong_credentials")
    newcomer = await register(chat.client, "alice")
    assert newcomer.id != alice.id
    assert (await bob.get("/conversations"))["conversations"][0]["user"]["username"] == f"deleted:{alice.id}"
    body = {"username": f"deleted:{bob.id}", "password": PASSWORD, "nickname": "x"}
    assert await chat.error("POST", "/auth/register", json=body) == (422, "validation_error")


async def test_nobody_can_write_to_a_deleted_account(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    first = await bob.send(alice, "hi", "c1")
    await delete(alice)
    for body in ({"content": "hi"}, {"content": "hi", "client_id": "c2"}):
        async with await bob.request("POST", f"/messages/send/{alice.id}", json=body) as response:
            assert await error_of(response) == (404, "not_found")
    assert (await bob.send(alice, "hi", "c1"))["id"] == first["id"]


async def test_the_password_is_asked_for(chat: Chat) -> None:
    alice = await chat.person("alice")
    assert await delete(alice, "guess") == (400, "wrong_password")
    async with await alice.request("DELETE", "/users/me", json={}) as response:
        assert await error_of(response) == (422, "validation_error")
    assert (await alice.get("/auth/me"))["username"] == "alice"


async def test_guessing_the_password_is_limited_like_signing_in(start: Any) -> None:
    chat = await start(limits={"logins_per_minute": 2})
    alice = await chat.person("alice")
    assert [(await delete(alice, "guess"))[0] for _ in range(2)] == [400, 429]


async def test_an_account_without_a_password_is_for_others_to_delete(chat: Chat) -> None:
    add_bot(chat, "weather")
    alice = await chat.person("alice")
    bot = write(chat, lambda tx: accounts.find(tx, "weather"))
    assert (await alice.get(f"/users/{bot.id}"))["is_ai"] is True
    write(chat, lambda tx: accounts.delete(tx, bot.id, now=1))
    await erased(chat)
    assert (await alice.get(f"/users/{bot.id}"))["username"] == f"deleted:{bot.id}"


async def test_what_a_stop_has_left_goes_after_the_next_start(start: Start) -> None:
    chat = await start()
    alice, bob = await chat.people("alice", "bobby")
    await alice.send(bob, "secret")
    await chat.client.close()
    write(chat, lambda tx: accounts.delete(tx, alice.id, now=1))  # as if the server had stopped right after this
    assert rows(chat, "SELECT content FROM messages") == [("secret",)]
    again = await start()
    bob = Person(again.client, bob.id, bob.username, bob.nickname, bob.token)
    await erased(again)
    assert (await bob.get(f"/messages/history/{alice.id}"))["items"][0]["content"] == ""
