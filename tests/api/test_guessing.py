"""Strangers who guess at somebody's password do not lock them out of where they are known."""

import itertools

import pytest

from tests.api.test_limits import registers, signs_in
from tests.conftest import Start
from tests.support import PASSWORD, Chat, Person, error_of

#: How many attempts an address has in a minute: few, so that a room that is used up stays so for the time of a test.
FEW = 2

HOME, OFFICE = "192.0.2.1", "192.0.2.2"


async def guarded(start: Start, attempts: int = FEW) -> Chat:
    """Start a server that limits signing in, and takes a test's word for where a request comes from."""
    return await start(server={"trusted_proxies": ["127.0.0.1"]}, limits={"logins_per_minute": attempts})


async def comes(chat: Chat, username: str, address: str = HOME) -> Person:
    """Register somebody and sign them in, both from an address."""
    assert not await registers(chat, username, address)
    return await come_back(chat, username, address)


async def come_back(chat: Chat, username: str, address: str = HOME) -> Person:
    """Sign somebody in from an address."""
    data, headers = {"username": username, "password": PASSWORD}, {"X-Forwarded-For": address}
    async with chat.client.post("/auth/login", data=data, headers=headers) as response:
        assert response.status == 200, await response.text()
        token = (await response.json())["access_token"]
    person = Person(chat.client, 0, username, username, token)
    person.id = (await person.get("/auth/me"))["id"]
    return person


async def attack(chat: Chat, username: str, least: int = 3) -> None:
    """Guess from one address after the other, as often as each may, until a new one may not even once.

    :param least: how many addresses may guess at the least.
    """
    for number in itertools.count(1):
        if await signs_in(chat, username, f"198.51.100.{number}"):
            break
        for _ in range(FEW):
            await signs_in(chat, username, f"198.51.100.{number}")
    assert number > least


async def test_sixty_wrong_passwords_from_six_addresses_keep_the_owner_from_nothing(start: Start) -> None:
    chat = await guarded(start, 10)
    alice = await comes(chat, "alice")
    for number in range(60):
        await signs_in(chat, "alice", f"198.51.100.{number % 6}")
    again = await come_back(chat, "ALICE")
    change = {"old_password": PASSWORD, "new_password": "battery staple 7"}
    assert await again.post("/users/me/password", change, status=204) is None
    async with await alice.request("GET", "/auth/me") as response:
        assert response.status == 401
    delete = {"password": "battery staple 7"}
    async with await again.request("DELETE", "/users/me", json=delete) as response:
        assert response.status == 204


async def test_a_place_the_owner_was_never_at_waits_like_strangers(start: Start) -> None:
    chat = await guarded(start)
    await comes(chat, "alice")
    await attack(chat, "alice")
    assert await signs_in(chat, "alice", OFFICE, PASSWORD)
    assert not await signs_in(chat, "alice", HOME, PASSWORD)


async def test_a_place_is_known_after_signing_out_and_after_a_restart(start: Start, engine: str) -> None:
    chat = await guarded(start)
    await comes(chat, "alice", HOME)
    gone = await come_back(chat, "alice", OFFICE)
    await gone.post("/auth/logout", status=204)
    await attack(chat, "alice")
    await come_back(chat, "alice", OFFICE)
    await chat.client.close()
    chat = await guarded(start)
    shared = engine == "postgresql"  # limits that several processes share outlive each of them
    await attack(chat, "alice", 0 if shared else 3)
    await come_back(chat, "alice", HOME)


@pytest.mark.parametrize(("first", "then"), [("2001:db8::1", "2001:db8::2:3"), ("::ffff:192.0.2.1", "192.0.2.1")])
async def test_the_addresses_of_one_customer_are_one_place(start: Start, first: str, then: str) -> None:
    chat = await guarded(start)
    await comes(chat, "alice", first)
    await attack(chat, "alice")
    await come_back(chat, "alice", then)
    assert await signs_in(chat, "alice", "2001:db8:0:1::1", PASSWORD)


async def test_who_uses_an_address_up_holds_up_only_those_who_are_not_known_there(start: Start) -> None:
    chat = await guarded(start)
    await comes(chat, "alice")
    assert not await registers(chat, "bobby", OFFICE)
    for number in range(5 * FEW):
        await signs_in(chat, f"nobody{number}", HOME)
    assert await signs_in(chat, "bobby", HOME, PASSWORD)
    await come_back(chat, "alice")


async def test_a_known_place_may_not_guess_without_an_end_either(start: Start) -> None:
    chat = await guarded(start)
    await comes(chat, "alice")
    assert [await signs_in(chat, "alice", HOME) for _ in range(FEW)] == [False] * (FEW - 1) + [True]


async def test_to_know_a_place_of_ones_own_helps_to_guess_at_nobody_else(start: Start) -> None:
    chat = await guarded(start)
    await comes(chat, "alice")
    await comes(chat, "mallory", OFFICE)
    await attack(chat, "alice")
    assert await signs_in(chat, "alice", OFFICE, PASSWORD)


async def test_who_has_a_stolen_token_may_guess_as_often_as_one_session_may(start: Start) -> None:
    chat = await guarded(start)
    stolen = await comes(chat, "alice")
    owner = await come_back(chat, "alice")
    statuses = []
    for number in range(FEW + 2):
        guess = {"old_password": f"guess {number}", "new_password": "battery staple 7"}
        async with await stolen.request("POST", "/users/me/password", json=guess) as response:
            statuses.append((await error_of(response))[0])
    assert statuses == [400] * (FEW - 1) + [429] * 3, "signing in was the first attempt"
    async with await stolen.request("DELETE", "/users/me", json={"password": PASSWORD}) as response:
        assert await error_of(response) == (429, "rate_limited")
    change = {"old_password": PASSWORD, "new_password": "battery staple 7"}
    assert await owner.post("/users/me/password", change, status=204) is None
