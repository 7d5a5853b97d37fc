"""How often one may ask."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from aiohttp import ClientResponse

from chatd.config.loading import LARGEST, SMALLEST
from chatd.services.passwords import Hashing
from tests.conftest import Start
from tests.support import PASSWORD, Chat, Person, error_of, sign_in

#: A rate that lets one event through, and the next only after a test has long ended.
ONE = 0.001


async def limited(response: ClientResponse) -> bool:
    """Report whether an answer says that a limit is exceeded, and check that it says for how long."""
    if response.status != 429:
        return False
    assert await error_of(response) == (429, "rate_limited")
    wait = response.headers["Retry-After"]
    assert wait.isascii()
    assert wait.isdigit()
    assert int(wait) >= 1
    return True


async def asks(person: Person, path: str = "/auth/me") -> bool:
    """Ask for something, and report whether that was too often."""
    async with await person.request("GET", path) as response:
        return await limited(response)


async def signs_in(chat: Chat, username: str, address: str, password: str = "wrong horse") -> bool:
    """Try to sign in from an address, and report whether that was too often."""
    data, headers = {"username": username, "password": password}, {"X-Forwarded-For": address}
    async with chat.client.post("/auth/login", data=data, headers=headers) as response:
        return await limited(response)


async def registers(chat: Chat, username: str, address: str) -> bool:
    """Register from an address, and report whether that was too often."""
    body, headers = {"username": username, "password": PASSWORD, "nickname": "x"}, {"X-Forwarded-For": address}
    async with chat.client.post("/auth/register", json=body, headers=headers) as response:
        return await limited(response)


async def sends(person: Person, to: Person, client_id: str | None = None) -> bool:
    """Send a message, and report whether that was too often."""
    body = {"content": "hi", "client_id": client_id}
    async with await person.request("POST", f"/messages/send/{to.id}", json=body) as response:
        return await limited(response)


async def behind_a_proxy(start: Start, people: Sequence[str] = (), **limits: float) -> Chat:
    """Start a server with limits that takes a test's word for where a request comes from."""
    chat = await start(server={"trusted_proxies": ["127.0.0.1"]}, limits=limits)
    await chat.people(*people)
    return chat


async def restart(start: Start, chat: Chat, **limits: float) -> Chat:
    """Return the same server again, now with limits."""
    await chat.client.close()
    return await start(limits=limits)


def moved(person: Person, chat: Chat) -> Person:
    """Return a person as a client of another server."""
    return Person(chat.client, person.id, person.username, person.nickname, person.token)


async def test_requests_are_limited_for_each_user(start: Start) -> None:
    chat = await start()
    people = await chat.people("alice", "bobby")
    phone = await people[0].device()
    chat = await restart(start, chat, requests_per_second=ONE)
    alice, bob, phone = (moved(person, chat) for person in (*people, phone))
    assert [await asks(alice), await asks(alice), await asks(phone, "/messages/unread_count")] == [False, True, True]
    assert [await asks(bob), await asks(bob)] == [False, True]


async def test_requests_without_a_token_are_limited_for_each_address(start: Start) -> None:
    chat = await behind_a_proxy(start, requests_per_second=ONE)
    headers = {"Authorization": "Bearer nonsense", "X-Forwarded-For": "192.0.2.1"}
    assert await chat.error("GET", "/auth/me", headers=headers) == (401, "not_authenticated")
    assert await chat.error("GET", "/users/", headers=headers) == (429, "rate_limited")
    assert await signs_in(chat, "alice", "192.0.2.1")
    assert await registers(chat, "alice", "192.0.2.1")
    assert not await signs_in(chat, "alice", "192.0.2.2")


async def test_five_seconds_worth_of_requests_may_come_at_once(start: Start) -> None:
    chat = await start()
    alice = await chat.person("alice")
    chat = await restart(start, chat, requests_per_second=0.8)
    person = moved(alice, chat)
    refused = await asyncio.gather(*(asks(person) for _ in range(40)))
    assert refused.count(False) >= 4
    assert refused.count(True) >= 1


async def test_the_health_check_is_not_limited(start: Start) -> None:
    chat = await start(limits={"requests_per_second": ONE})
    for _ in range(3):
        async with chat.client.get("/health") as response:
            assert response.status == 200


async def test_messages_are_limited_for_each_sender_and_a_repeat_counts(start: Start) -> None:
    chat = await start(limits={"messages_per_second": ONE})
    alice, bob = await chat.people("alice", "bobby")
    assert [await sends(alice, bob, "c1"), await sends(alice, bob, "c1"), await sends(alice, bob)] == [
        False,
        True,
        True,
    ]
    assert not await sends(bob, alice)
    assert (await alice.get(f"/messages/history/{bob.id}"))["total"] == 2


async def test_logins_are_limited_for_each_account_and_address_together(start: Start) -> None:
    chat = await behind_a_proxy(start, logins_per_minute=2)
    assert [await signs_in(chat, "alice", "192.0.2.1") for _ in range(3)] == [False, False, True]
    assert await signs_in(chat, "ALICE", "192.0.2.1")
    assert not await signs_in(chat, "alice", "192.0.2.2")
    assert not await signs_in(chat, "bobby", "192.0.2.1")


async def test_the_right_password_does_not_help_over_the_limit(start: Start) -> None:
    chat = await behind_a_proxy(start, logins_per_minute=1)
    assert not await registers(chat, "alice", "192.0.2.1")
    assert not await signs_in(chat, "alice", "192.0.2.1")
    assert await signs_in(chat, "alice", "192.0.2.1", PASSWORD)
    assert not await signs_in(chat, "alice", "192.0.2.2", PASSWORD)


@pytest.mark.parametrize("many", ["accounts", "addresses"])
async def test_five_times_as_many_logins_are_let_through_over_many(start: Start, many: str) -> None:
    chat = await behind_a_proxy(start, logins_per_minute=1)

    def target(number: int) -> tuple[str, str]:
        return (f"user{number}", "192.0.2.1") if many == "accounts" else ("alice", f"192.0.2.{number}")

    assert [await signs_in(chat, *target(number)) for number in range(1, 8)] == [False] * 5 + [True] * 2
    assert not await signs_in(chat, "somebody", "198.51.100.1")


async def test_guessing_the_old_password_is_limited_like_logins(start: Start) -> None:
    chat = await start(limits={"logins_per_minute": 2})
    alice = await chat.person("alice")
    body = {"old_password": "wrong horse", "new_password": "battery staple"}
    answers = []
    for _ in range(2):
        async with await alice.request("POST", "/users/me/password", json=body) as response:
            answers.append(await error_of(response))
    assert answers == [(400, "wrong_password"), (429, "rate_limited")]


async def test_registrations_are_limited_for_each_address(start: Start) -> None:
    chat = await behind_a_proxy(start, registrations_per_hour=2)
    assert not await registers(chat, "alice", "192.0.2.1")
    assert not await registers(chat, "alice", "192.0.2.1")
    assert await registers(chat, "bobby", "192.0.2.1")
    assert not await registers(chat, "bobby", "192.0.2.2")


@pytest.mark.parametrize("limit", ["logins_per_minute", "registrations_per_hour"])
async def test_the_addresses_of_one_ipv6_customer_count_as_one(start: Start, limit: str) -> None:
    chat = await behind_a_proxy(start, (), **{limit: 0.2})
    attempt = signs_in if limit == "logins_per_minute" else registers
    assert not await attempt(chat, "alice", "2001:db8::1")
    assert await attempt(chat, "bobby", "2001:db8::2:1")
    assert not await attempt(chat, "carol", "2001:db8:0:1::1")


async def test_who_is_not_behind_a_trusted_proxy_cannot_choose_an_address(start: Start) -> None:
    chat = await start(limits={"logins_per_minute": 1})
    assert not await signs_in(chat, "alice", "192.0.2.1")
    assert await signs_in(chat, "alice", "192.0.2.2")


async def test_a_queue_of_passwords_to_check_is_not_without_an_end(start: Start) -> None:
    chat = await start()
    await chat.person("alice")
    await chat.client.close()
    full = await start(hashing=Hashing(queue_limit=0))
    assert await signs_in(full, "alice", "", PASSWORD)
    assert await registers(full, "bobby", "")
    await full.client.close()
    assert await sign_in((await start()).client, "alice")


async def test_limits_of_0_are_off(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    refused: list[Any] = [
        await asyncio.gather(*(asks(alice) for _ in range(300))),
        await asyncio.gather(*(sends(alice, bob) for _ in range(80))),
        await asyncio.gather(*(signs_in(chat, "alice", "") for _ in range(12))),
        await asyncio.gather(*(registers(chat, "alice", "") for _ in range(70))),
    ]
    assert not any(any(each) for each in refused)


async def test_the_smallest_and_largest_numbers_of_the_settings_are_no_fault_of_the_server(start: Start) -> None:
    chat = await start(
        server={"heartbeat_seconds": LARGEST, "change_log_days": LARGEST, "trusted_proxies": ["127.0.0.1"]},
        limits={"requests_per_second": SMALLEST, "registrations_per_hour": SMALLEST, "messages_per_second": LARGEST},
    )
    assert not await registers(chat, "alice", "192.0.2.1")
    assert await registers(chat, "bobby", "192.0.2.1")
    alice = Person(chat.client, 1, "alice", "x", await sign_in(chat.client, "alice"))
    assert [await asks(alice) for _ in range(2)] == [False, True]
    socket = await alice.connect()
    await socket.ping()
