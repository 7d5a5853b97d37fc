"""Signing in and out, and the list of sessions."""

from typing import Any

import argon2
import pytest
from aiohttp import FormData

from chatd.services import accounts
from tests.api.support import Clock, add_bot, disable, write
from tests.api.test_accounts import TIME
from tests.conftest import Start
from tests.support import PASSWORD, Chat, Person, error_of, sign_in, watch_often


async def status_of(person: Person) -> int:
    """Return how the server answers somebody's token."""
    async with await person.request("GET", "/auth/me") as response:
        return response.status


async def delete(person: Person, session_id: int) -> tuple[int, str]:
    """End a session; return the status and, of an error, the code."""
    async with await person.request("DELETE", f"/auth/sessions/{session_id}") as response:
        return (204, "") if response.status == 204 else await error_of(response)


async def current(person: Person) -> dict[str, Any]:
    """Return the session somebody speaks in."""
    (session,) = [each for each in await person.get("/auth/sessions") if each["is_current"]]
    return dict(session)


async def change_password(person: Person, old: str, new: str) -> tuple[int, str]:
    """Change somebody's password; return the status and, of an error, the code."""
    body = {"old_password": old, "new_password": new}
    async with await person.request("POST", "/users/me/password", json=body) as response:
        return (204, "") if response.status == 204 else await error_of(response)


async def test_a_login_is_oauth2s_form(chat: Chat) -> None:
    await chat.person("alice")
    form = {"grant_type": "password", "username": "alice", "password": PASSWORD, "scope": "", "client_id": "x"}
    async with chat.client.post("/auth/login", data=form) as response:
        assert response.status == 200
        answer = await response.json()
    assert set(answer) == {"access_token", "token_type"}
    assert answer["token_type"] == "bearer"
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    async with chat.client.get("/auth/me", headers=headers) as response:
        assert (response.status, (await response.json())["username"]) == (200, "alice")


async def test_a_login_without_a_field_names_what_is_missing(chat: Chat) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    for body, missing in (
        ("username=alice", {"password"}),
        ("password=x", {"username"}),
        ("", {"username", "password"}),
        ("&", {"username", "password"}),
    ):
        async with chat.client.post("/auth/login", data=body, headers=headers) as response:
            assert await error_of(response) == (422, "validation_error")
            assert set((await response.json())["errors"]) == missing


async def test_a_login_in_another_form_is_refused(chat: Chat) -> None:
    await chat.person("alice")
    form = {"username": "alice", "password": PASSWORD}
    for body in ({"json": form}, {"data": FormData(form, default_to_multipart=True)}):
        assert await chat.error("POST", "/auth/login", **body) == (415, "unsupported_media_type")


async def failed_login(chat: Chat, username: str, password: str) -> tuple[int, dict[str, str], bytes]:
    """Return everything a failed login shows, but the time of day."""
    async with chat.client.post("/auth/login", data={"username": username, "password": password}) as response:
        headers = {name: value for name, value in response.headers.items() if name != "Date"}
        return response.status, headers, await response.read()


async def test_nobody_can_tell_why_a_login_failed(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    _, bob = await chat.people("alice", "bobby")
    disable(chat, bob)
    add_bot(chat, "robot")
    calls = []
    verify = argon2.PasswordHasher.verify

    def counted(self: argon2.PasswordHasher, *args: Any) -> bool:
        calls.append(args)
        return verify(self, *args)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", counted)
    answers, costs = [], []
    for username, password in [
        ("alice", "wrong horse"),
        ("nobody", "wrong horse"),
        ("x" * 5000, "y" * 5000),
        ("", ""),
        ("robot", PASSWORD),
        ("bobby", PASSWORD),
    ]:
        calls.clear()
        answers.append(await failed_login(chat, username, password))
        costs.append(len(calls))
    status, headers, _ = answers[0]
    assert (status, headers["WWW-Authenticate"]) == (401, "Bearer")
    assert answers == [answers[0]] * len(answers)
    assert costs == [1] * len(answers)


async def test_a_request_needs_a_bearer_token_in_its_header(chat: Chat) -> None:
    alice = await chat.person("alice")
    token = alice.token
    refused = ["", "Bearer", "Bearer ", "Basic YTpi", token, f"Basic {token}", f"Bearer {token} x", f"Bearer,{token}"]
    for header in [*refused, f"Bearer {token[:-1]}", "Bearer \udcff\udcfe"]:
        async with chat.client.get("/auth/me", headers={"Authorization": header}) as response:
            assert await error_of(response) == (401, "not_authenticated"), header
            assert response.headers["WWW-Authenticate"] == "Bearer"
    assert await chat.error("GET", f"/auth/me?token={token}") == (401, "not_authenticated")
    for header in [f"bearer {token}", f"BEARER   {token}"]:
        async with chat.client.get("/auth/me", headers={"Authorization": header}) as response:
            assert response.status == 200, header


async def test_logging_out_ends_the_session_and_its_sockets_and_no_other(chat: Chat) -> None:
    alice = await chat.person("alice")
    phone = await alice.device()
    gone, stays = await alice.connect(), await phone.connect()
    async with await alice.request("POST", "/auth/logout") as response:
        assert (response.status, await response.read()) == (204, b"")
    assert await gone.closed() == 4002
    async with await alice.request("POST", "/auth/logout") as response:
        assert await error_of(response) == (401, "not_authenticated")
    assert (await status_of(alice), await status_of(phone)) == (401, 200)
    await stays.ping()


async def test_sessions_are_listed_with_device_address_and_times(start: Start, clock: Clock) -> None:
    chat = await start(clock=clock)
    alice = await chat.person("alice")
    clock.advance(seconds=90)
    data = {"username": "alice", "password": PASSWORD}
    async with chat.client.post("/auth/login", data=data, headers={"User-Agent": "Phone é"}) as response:
        phone = Person(chat.client, 1, "alice", "Alice", (await response.json())["access_token"])
    sessions = {session["device"]: session for session in await phone.get("/auth/sessions")}
    assert len(sessions) == 2
    assert sessions["Phone é"]["is_current"] is True
    for session in sessions.values():
        assert set(session) == {"id", "device", "address", "created_at", "last_seen_at", "is_current"}
        assert session["address"] == "127.0.0.1"
        assert TIME.fullmatch(session["created_at"])
        assert TIME.fullmatch(session["last_seen_at"])
    mine = await current(alice)
    assert mine["id"] != sessions["Phone é"]["id"]
    assert mine["created_at"] < mine["last_seen_at"] == sessions["Phone é"]["created_at"]


async def test_of_a_devices_name_is_kept_what_shows(chat: Chat) -> None:
    person = await chat.person("alice")
    data = {"username": "alice", "password": PASSWORD}
    agent = "Phone\u202e\u2028\x9b\u200b 7\ufeff"
    async with chat.client.post("/auth/login", data=data, headers={"User-Agent": agent}) as response:
        assert response.status == 200
    assert "Phone 7" in {session["device"] for session in await person.get("/auth/sessions")}


async def test_a_device_without_a_readable_name_can_sign_in(chat: Chat) -> None:
    await chat.person("alice")
    data = {"username": "alice", "password": PASSWORD}
    for agent in ["\udcff\udcfe", "x" * 4000]:
        async with chat.client.post("/auth/login", data=data, headers={"User-Agent": agent}) as response:
            person = Person(chat.client, 1, "alice", "Alice", (await response.json())["access_token"])
        assert len((await current(person))["device"]) <= 200


async def test_an_ended_session_is_over_at_once_with_its_sockets(chat: Chat) -> None:
    alice = await chat.person("alice")
    phone = await alice.device()
    socket, session = await phone.connect(), await current(phone)
    assert await delete(alice, session["id"]) == (204, "")
    assert await socket.closed() == 4002
    assert (await status_of(phone), await status_of(alice)) == (401, 200)
    assert session["id"] not in [each["id"] for each in await alice.get("/auth/sessions")]
    assert await delete(alice, session["id"]) == (404, "session_not_found")


async def test_the_current_session_can_be_ended_like_any_other(chat: Chat) -> None:
    alice = await chat.person("alice")
    assert await delete(alice, (await current(alice))["id"]) == (204, "")
    assert await status_of(alice) == 401


async def test_nobody_sees_or_ends_the_session_of_another(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    session = await current(bob)
    assert await alice.get("/auth/sessions") == [await current(alice)]
    assert await delete(alice, session["id"]) == (404, "session_not_found")
    assert await status_of(bob) == 200


async def test_a_new_password_ends_every_other_session(chat: Chat) -> None:
    alice = await chat.person("alice")
    phone, bob = await alice.device(), await chat.person("bobby")
    stays, gone = await alice.connect(), await phone.connect()
    assert await change_password(alice, PASSWORD, "battery staple") == (204, "")
    assert await gone.closed() == 4002
    assert [await status_of(each) for each in (alice, phone, bob)] == [200, 401, 200]
    await stays.ping()
    assert await sign_in(chat.client, "alice", "battery staple")
    data = {"username": "alice", "password": PASSWORD}
    assert await chat.error("POST", "/auth/login", data=data) == (401, "wrong_credentials")


async def test_a_password_is_changed_only_by_who_knows_the_old_one(chat: Chat) -> None:
    alice = await chat.person("alice")
    phone = await alice.device()
    for wrong in ["", "wrong horse", PASSWORD + " ", "x" * 5000]:
        assert await change_password(alice, wrong, "battery staple") == (400, "wrong_password")
    for bad in ["", "1234567", "é" * 512 + "a"]:
        assert await change_password(alice, PASSWORD, bad) == (422, "validation_error")
    assert await status_of(phone) == 200
    assert await sign_in(chat.client, "alice", PASSWORD)


async def test_a_disabled_account_is_shut_out_until_it_is_enabled(start: Start) -> None:
    chat = await start()
    watch_often(chat)
    alice = await chat.person("alice")
    socket = await alice.connect()
    disable(chat, alice)
    assert await socket.closed() == 4003
    async with await alice.request("GET", "/auth/me") as response:
        assert await error_of(response) == (401, "account_unavailable")
    write(chat, lambda tx: accounts.enable(tx, alice.id))
    assert await status_of(alice) == 401
    assert await status_of(await alice.device()) == 200
