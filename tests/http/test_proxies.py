"""Whose word on a client's address is believed, as the list of sessions shows it."""

import ipaddress
from typing import cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from multidict import CIMultiDict

from chatd.http.proxies import Proxies
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
    "word",
    [
        "",
        " ",
        ",",
        "unknown",
        "_hidden",
        "192.0.2",
        "192.0.2.256",
        "[",
        "[]:1",
        ":",
        "<b>",
        "1.2.3.4:x",
        "[::1]x",
        "::1%\t",
    ],
)
async def test_what_is_no_address_is_passed_over_for_the_proxy_that_wrote_it(proxied: Chat, word: str) -> None:
    assert await address(proxied, word) == "127.0.0.1"
    assert await address(proxied, f"192.0.2.7, {word}") == "127.0.0.1"
    assert await address(proxied, f"192.0.2.7, {word}, 10.1.2.3") == "10.1.2.3"


async def test_a_zone_is_left_out(proxied: Chat) -> None:
    assert await address(proxied, "fe80::7%eth0") == "fe80::7"
    assert await address(proxied, "[fe80::7%25wlp3s0]:4711") == "fe80::7"


async def test_an_address_of_ipv4_is_one_however_it_is_written(proxied: Chat) -> None:
    assert await address(proxied, "::ffff:192.0.2.7") == "192.0.2.7"
    assert Proxies(()).client_address("::ffff:192.0.2.7", ()) == "192.0.2.7"


hops = st.ip_addresses().map(str) | st.text() | st.text("0123456789abcdef:.%[], ")


@given(st.lists(st.builds("".join, st.lists(hops, max_size=3))))
@example(["::1%\n12:00:00 INFO    signed in"])
@example(["192.0.2.7%eth0"])
@example(["[192.0.2.7]"])
def test_whatever_a_header_says_the_client_is_an_address(values: list[str]) -> None:
    found = Proxies(["0.0.0.0/0", "::/0"]).client_address("127.0.0.1", values)
    assert str(ipaddress.ip_address(found)) == found
    assert "%" not in found


@given(st.ip_addresses(), st.integers(0, 65535), st.text("abcdefghijklmnopqrstuvwxyz0123456789._~-", min_size=1))
def test_every_usual_form_of_an_address_is_understood(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int, zone: str
) -> None:
    v6 = [f"[{address}]", f"[{address}]:{port}", f"{address}%{zone}", f"[{address}%{zone}]:{port}", address.exploded]
    for form in [str(address), *([f"{address}:{port}"] if address.version == 4 else v6)]:
        found = Proxies(["127.0.0.1"]).client_address("127.0.0.1", [form])
        assert ipaddress.ip_address(found) == (getattr(address, "ipv4_mapped", None) or address)
