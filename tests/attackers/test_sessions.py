"""A session that ends takes all that hangs on it along within seconds, whoever ends it."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from chatd.http.context import REGISTRY
from chatd.services import accounts
from tests.api.support import disable, write
from tests.conftest import Start
from tests.support import PASSWORD, Chat, Person, error_of, until
from tests.ws.v2_client import live

#: How long all of it may take, in seconds.
SECONDS = 10

#: Ends the session of a thief who has somebody's token.
End = Callable[[Chat, Person, Person], Awaitable[None]]


async def by_logging_out(_: Chat, __: Person, thief: Person) -> None:
    await thief.post("/auth/logout", status=204)


async def from_another_device(_: Chat, owner: Person, __: Person) -> None:
    (other,) = [each["id"] for each in await owner.get("/auth/sessions") if not each["is_current"]]
    async with await owner.request("DELETE", f"/auth/sessions/{other}") as response:
        assert response.status == 204


async def by_a_new_password(_: Chat, owner: Person, __: Person) -> None:
    passwords = {"old_password": PASSWORD, "new_password": "battery staple"}
    await owner.post("/users/me/password", passwords, status=204)


async def by_chatd_user_password(chat: Chat, owner: Person, _: Person) -> None:
    write(chat, lambda tx: accounts.set_password(tx, owner.id, "another hash"))


async def by_chatd_user_disable(chat: Chat, owner: Person, _: Person) -> None:
    disable(chat, owner)


@pytest.mark.parametrize(
    ("end", "code"),
    [
        (by_logging_out, 4002),
        (from_another_device, 4002),
        (by_a_new_password, 4002),
        (by_chatd_user_password, 4002),
        (by_chatd_user_disable, 4003),
    ],
)
async def test_sockets_of_both_dialects_polls_and_requests_end_with_their_session(
    start: Start, end: End, code: int
) -> None:
    chat = await start(poll_check_interval=0.5)
    alice = await chat.person("alice")
    thief = await alice.device()
    classic, v2 = await thief.connect(), await live(thief)

    async def poll() -> tuple[int, str]:
        params = {"epoch": v2.hello["epoch"], "since": 0, "timeout": 60}
        async with await thief.request("GET", "/messages/events", params=params) as response:
            return await error_of(response)

    polling = asyncio.create_task(poll())
    await until(lambda: chat.server.app[REGISTRY]._waiting.get(alice.id))
    await end(chat, alice, thief)
    async with asyncio.timeout(SECONDS):
        assert await classic.closed() == code
        assert await v2.closed() == code
        assert (await polling)[0] == 401
    async with await thief.request("GET", "/auth/me") as response:
        assert (await error_of(response))[0] == 401
