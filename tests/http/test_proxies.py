"""Whose word on a client's address is believed, as the list of sessions shows it."""

from typing import cast

import pytest
from multidict import CIMultiDict

from tests.conftest import Start
from tests.support import PASSWORD, Chat

TRUSTED = ["127.0.0.1", "10.0.0.0/8", "2001:db8:ffff::/48"]


@pytest.fixture
async def proxied(start: Start) -> Chat:
    """A server behind proxies, and somebody with an account."""
    chat = await start(server={"trusted_proxies": TRUSTED})
    await chat.person("alice")
    return chat


async def address(chat: Chat, *forwarded_for: str) -> str:
    """Sign in with these headers and return the address the session has."""
    headers = CIMultiDict(("X-Forwarded-For", value) for value in forwarded_for)
    form = {"username": "alice", "password": PASSWORD}
    async with chat.client.post("/auth/login", data=form, headers=headers) as response:
        token = (await response.json())["access_token"]
    async with chat.client.get("/auth/sessions", headers={"Authorization": f"Bearer {token}"}) as response:
        (current,) = [session for session in await response.json() if session["is_current"]]
    return cast(str, current["address"])


async def test_without_the_header_the_peer_is_the_client(proxied: Chat) -> None:
    assert await address(proxied) == "127.0.0.1"


@pytest.mark.parametrize("trusted", [[], ["10.0.0.0/8"], ["127.0.0.2", "::1"]])
async def test_a_peer_that_is_no_trusted_proxy_is_not_believed(start: Start, trusted: list[str]) -> None:
    chat = await start(server={"trusted_proxies": trusted})
    await chat.person("alice")
    assert await address(chat, "192.0.2.7") == "127.0.0.1"


async def test_a_trusted_proxy_is_believed(proxied: Chat) -> None:
    assert await address(proxied, "192.0.2.7") == "192.0.2.7"


async def test_what_a_client_puts_before_the_proxys_word_is_ignored(proxied: Chat) -> None:
    assert await address(proxied, "198.51.100.1, 192.0.2.7") == "192.0.2.7"
    assert await address(proxied, "10.1.2.3, 127.0.0.1, 192.0.2.7") == "192.0.2.7"
    assert await address(proxied, "198.51.100.1", "192.0.2.7") == "192.0.2.7"


async def test_a_chain_is_read_from_the_right_through_trusted_proxies(proxied: Chat) -> None:
    assert await address(proxied, "198.51.100.1, 192.0.2.7, 10.1.2.3") == "192.0.2.7"
    assert await address(proxied, "198.51.100.1,192.0.2.7,10.1.2.3,10.4.5.6") == "192.0.2.7"
    assert await address(proxied, "198.51.100.1", "192.0.2.7, 10.1.2.3", "10.4.5.6") == "192.0.2.7"
    assert await address(proxied, "192.0.2.7, 2001:db8:ffff::1") == "192.0.2.7"
    assert await address(proxied, "192.0.2.7, ::ffff:10.1.2.3") == "192.0.2.7"


async def test_a_chain_of_trusted_proxies_alone_begins_at_its_left_end(proxied: Chat) -> None:
    assert await address(proxied, "10.7.7.7, 10.1.2.3") == "10.7.7.7"


async def test_an_address_may_have_a_port_and_brackets(proxied: Chat) -> None:
    assert await address(proxied, "192.0.2.7:4711") == "192.0.2.7"
    assert await address(proxied, "2001:db8::7") == "2001:db8::7"
    assert await address(proxied, "[2001:db8::7]") == "2001:db8::7"
    assert await address(proxied, "[2001:db8::7]:4711") == "2001:db8::7"
    assert await address(proxied, "2001:0DB8:0::0007") == "2001:db8::7"
    assert await address(proxied, "192.0.2.7:1, 10.1.2.3:2, [2001:db8:ffff::1]:3") == "192.0.2.7"


@pytest.mark.parametrize(
    "word", ["", " ", ",", "unknown", "_hidden", "192.0.2", "192.0.2.256", "[", "[]:1", ":", "<b>"]
)
async def test_what_is_no_address_is_passed_over_for_the_proxy_that_wrote_it(proxied: Chat, word: str) -> None:
    assert await address(proxied, word) == "127.0.0.1"
    assert await address(proxied, f"192.0.2.7, {word}") == "127.0.0.1"
    assert await address(proxied, f"192.0.2.7, {word}, 10.1.2.3") == "10.1.2.3"
