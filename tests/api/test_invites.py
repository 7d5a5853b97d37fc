"""Invitations that administrators make."""

import asyncio
import datetime as dt
from typing import Any

import pytest

from chatd import clock
from chatd.services import invites
from tests.api.support import write
from tests.conftest import Start
from tests.support import PASSWORD, Chat, Person, error_of, sign_in

DAY = 24 * 3600


class Time:
    """A clock that a test sets forward."""

    def __init__(self) -> None:
        self.ahead = 0

    def __call__(self) -> int:
        """Return the time."""
        return clock.now() + self.ahead


async def register(chat: Chat, username: str, code: str) -> int:
    """Register with a code and return the status."""
    body = {"username": username, "password": PASSWORD, "nickname": username, "invite": code}
    async with chat.client.post("/auth/register", json=body) as response:
        if response.status != 201:
            assert await error_of(response) == (403, "invite_invalid")
        return response.status


async def administrator(chat: Chat) -> Person:
    """Return the first account, where one needs an invitation."""
    code = write(chat, lambda tx: invites.create(tx, now=clock.now()))
    assert await register(chat, "admin", code) == 201
    return Person(chat.client, 1, "admin", "admin", await sign_in(chat.client, "admin"))


async def invite(person: Person, **body: Any) -> dict[str, Any]:
    """Make an invitation."""
    async with await person.request("POST", "/invites", json=body) as response:
        assert response.status == 201, await response.text()
        made: dict[str, Any] = await response.json()
        return made


async def test_an_administrator_makes_an_invitation_that_is_good_for_one(start: Start) -> None:
    chat = await start(accounts={"registration": "invite"})
    made = await invite(await administrator(chat))
    assert made == {"code": made["code"], "path": f"/register?invite={made['code']}", "expires_at": None}
    assert await register(chat, "first", made["code"]) == 201
    assert await register(chat, "second", made["code"]) == 403


async def test_an_invitation_is_good_for_as_many_as_it_says_also_at_once(start: Start) -> None:
    chat = await start(accounts={"registration": "invite"})
    made = await invite(await administrator(chat), max_uses=3)
    answers = await asyncio.gather(*(register(chat, f"guest{number}", made["code"]) for number in range(5)))
    assert sorted(answers) == [201, 201, 201, 403, 403]


async def test_an_invitation_ends_when_it_says(start: Start) -> None:
    time = Time()
    chat = await start(accounts={"registration": "invite"}, clock=time)
    made = await invite(await administrator(chat), expires_in=7 * DAY, max_uses=2)
    left = dt.datetime.fromisoformat(made["expires_at"]) - dt.datetime.now(dt.UTC)
    assert dt.timedelta(days=6.99) < left <= dt.timedelta(days=7)
    time.ahead = 6 * DAY * 1000
    assert await register(chat, "early", made["code"]) == 201
    time.ahead = 7 * DAY * 1000
    assert await register(chat, "late", made["code"]) == 403


async def test_nobody_else_makes_any(chat: Chat) -> None:
    _, bob = await chat.people("admin", "bobby")
    async with await bob.request("POST", "/invites", json={}) as response:
        assert await error_of(response) == (403, "administrators_only")
    assert await chat.error("POST", "/invites", json={}) == (401, "not_authenticated")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("expires_in", value) for value in (59, 0, -1, 366 * DAY + 1, "86400", 1.5)),
        *(("max_uses", value) for value in (0, -1, 1001, "2", 1.5)),
    ],
)
async def test_a_bad_wish_is_refused(chat: Chat, field: str, value: Any) -> None:
    admin = await chat.person("admin")
    async with await admin.request("POST", "/invites", json={field: value}) as response:
        assert await error_of(response) == (422, "validation_error")
        assert set((await response.json())["errors"]) == {field}


async def test_who_is_an_administrator_is_said_to_themselves_alone(chat: Chat) -> None:
    admin, bob = await chat.people("admin", "bobby")
    assert await admin.get("/users/me") == {**await admin.get("/auth/me"), "role": "admin"}
    assert await bob.get("/users/me") == {**await bob.get("/auth/me"), "role": "member"}
    assert "role" not in await bob.get(f"/users/{admin.id}")
