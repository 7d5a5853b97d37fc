"""What pages of other origins may change: nothing."""

import re
from collections.abc import Mapping

import pytest
from multidict import CIMultiDict

from tests.api.sends import resting, send
from tests.api.support import path_to, table, unharmed
from tests.conftest import Start, both_ways
from tests.raw import Raw, connect
from tests.support import PASSWORD, Chat, error_of

OURS = "https://chat.example.org"

#: What a browser says of pages that may not, where the server is at `http://127.0.0.1:port`.
FOREIGN: list[Mapping[str, str]] = [
    *(
        {"Origin": origin}
        for origin in (
            *("https://evil.example", "http://127.0.0.1", "http://127.0.0.1:1", "https://chat.example.org:8443"),
            *("http://chat.example.org", "https://chat.example.org.evil.example", "https://www.chat.example.org"),
            *("https://chat.example.org/", "https://user@chat.example.org", "https://chat.example.org@evil.example"),
            *(
                "null",
                "NULL",
                "*",
                "",
                "chat.example.org",
                "file://",
                "ftp://chat.example.org",
                "capacitor://localhost",
            ),
            *(
                "https://",
                "https://[",
                "https://chat.example.org, https://evil.example",
                "https://chat.example.org\\@a",
            ),
            *("https://[::1]:x", "https://chat.example.org:", "https://xn--a", "https://\xe9", "moz-extension://a"),
        )
    ),
    {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "Cross-Site", "Sec-Fetch-Mode": "no-cors"},
    {"Sec-Fetch-Site": "same-site"},
]

FORBIDDEN = (403, "forbidden")
UNSAFE = ("POST", "PUT", "PATCH", "DELETE", "PROPFIND")


@pytest.fixture
async def chat(start: Start) -> Chat:
    """A server that pages of one other origin may use."""
    return await start(server={"origins": [OURS]})


async def test_a_foreign_page_changes_nothing_by_any_route(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    async with unharmed(chat, caplog) as mallory:
        for route in table(chat):
            if route.method in UNSAFE:
                for headers in FOREIGN:
                    async with await mallory.request(route.method, path_to(route), headers=headers) as response:
                        assert await error_of(response) == FORBIDDEN, (route.path, headers)


async def test_nor_does_it_learn_which_routes_there_are(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    async with unharmed(chat, caplog):
        for path in ("/", "/nothing", "/health", "/messages/ws", "/openapi.json", "/config.json", "/%zz", "/auth/me/"):
            for method in UNSAFE:
                assert await chat.error(method, path, headers=FOREIGN[0]) == FORBIDDEN, (method, path)


async def test_a_foreign_page_makes_no_account_and_uses_up_nobodys_attempts(start: Start) -> None:
    chat = await start(limits={"logins_per_minute": 2, "registrations_per_hour": 2, "requests_per_second": 5})
    alice = await chat.person("alice")
    account = {"username": "mallory", "password": PASSWORD, "nickname": "M"}
    for _ in range(30):
        for headers in FOREIGN[0], FOREIGN[-1]:
            assert await chat.error("POST", "/auth/register", json=account, headers=headers) == FORBIDDEN
            form = {"username": "alice", "password": "wrong horse"}
            assert await chat.error("POST", "/auth/login", data=form, headers=headers) == FORBIDDEN
    async with chat.client.post("/auth/register", json=account) as response:
        assert response.status == 201
    await alice.device()


async def test_whoever_may_connect_may_change_something(chat: Chat) -> None:
    alice, _ = await chat.people("alice", "bobby")
    for headers in (
        {},
        {"Origin": OURS},
        {"Origin": "HTTPS://Chat.Example.ORG"},
        {"Origin": "https://chat.example.org:443", "Sec-Fetch-Site": "cross-site"},
        {"Origin": str(chat.client.make_url("/")).rstrip("/"), "Sec-Fetch-Site": "same-origin"},
        {"Host": "chat.home", "Origin": "https://chat.home"},
        {"Host": "chat.home:443", "Origin": "https://chat.home"},
        {"Host": "Chat.Home:8443", "Origin": "http://chat.home:8443"},
        {"Host": "[::1]:8000", "Origin": "http://[::1]:8000"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ):
        body = {"content": "hi"}
        async with await alice.request("POST", "/messages/send/2", json=body, headers=headers) as response:
            assert response.status == 200, headers


async def test_a_foreign_page_may_ask_what_changes_nothing(chat: Chat) -> None:
    for headers in FOREIGN:
        for method in ("GET", "HEAD"):
            async with chat.client.request(method, "/health", headers=headers) as response:
                assert response.status in (200, 405), (method, headers)
        assert await chat.error("OPTIONS", "/auth/login", headers=headers) == (405, "method_not_allowed")


@both_ways
async def test_a_send_of_a_foreign_page_is_refused_also_where_it_would_be_answered_in_the_reader(start: Start) -> None:
    chat = await start()
    alice, bob = await chat.people("alice", "bobby")
    await alice.get("/auth/me")
    async with resting(chat) as raw:
        for headers in FOREIGN:
            lines = [f"{name}: {value}" for name, value in headers.items()]
            await raw.send(send(alice.token, bob.id, {"content": "hi"}, *lines))
            assert (await raw.answer())[0] == 403, headers
        await raw.send(send(alice.token, bob.id, {"content": "hi"}, "Origin: http://a"))
        assert (await raw.answer())[0] == 200


async def status_of(raw: Raw, *lines: str) -> tuple[int, CIMultiDict[str]]:
    """Send a sign-out that nobody may do anyway, and return its status and headers."""
    await raw.send("\r\n".join(("POST /auth/logout HTTP/1.1", *lines, "Content-Length: 0", "", "")))
    status, headers, _ = await raw.answer()
    return status, headers


async def test_several_origins_are_no_origin(chat: Chat) -> None:
    async with connect(chat) as raw:
        status, _ = await status_of(raw, "Host: a", "Origin: http://a", "Origin: https://evil.example")
        assert status in (400, 403)
    async with connect(chat) as raw:
        assert (await status_of(raw, "Host: a", "Origin: http://a"))[0] == 401


async def test_a_refusal_says_nothing_of_who_may(chat: Chat) -> None:
    async with connect(chat) as raw:
        status, headers = await status_of(raw, "Host: a", "Origin: https://evil.example")
    assert status == 403
    assert not [name for name in headers if re.match("access-control-", name, re.IGNORECASE)]
