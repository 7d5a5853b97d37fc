"""The health check."""

import json
import os
from typing import Any

import pytest

from chatd import __version__
from chatd.http.context import CONFIG, SERVICES
from chatd.storage.stores import writer
from tests.api.support import Clock
from tests.conftest import Start
from tests.raw import connect
from tests.support import Chat, error_of


async def told(chat: Chat, token: str = "", **headers: str) -> dict[str, Any]:
    """Return what somebody is told of a server that is well."""
    if token:
        headers["Authorization"] = f"Bearer {token}"
    async with chat.client.get("/health", headers=headers) as response:
        assert response.status == 200
        answer: dict[str, Any] = await response.json()
    return answer


async def test_a_server_that_can_store_messages_is_ok_without_a_token(chat: Chat) -> None:
    answer = await told(chat, Host="chat.example.org")
    assert answer == {"status": "ok", "address": "127.0.0.1"}


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8000", "[::1]:8000", "localhost", "LocalHost:8000"])
async def test_a_program_on_this_machine_is_told_the_version_and_the_process(chat: Chat, host: str) -> None:
    answer = await told(chat, Host=host)
    assert answer == {"status": "ok", "address": "127.0.0.1", "version": __version__, "pid": os.getpid()}


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "127.0.0.1"},
        {"X-Forwarded-For": "192.0.2.7"},
        {"X-Forwarded-For": ""},
        {"x-forwarded-proto": "https"},
        {"Forwarded": "for=127.0.0.1"},
        {"X-Real-IP": "127.0.0.1"},
        {"Via": "1.1 proxy"},
        {"Host": "chat.example.org"},
        {"Host": "127.0.0.1.example.org"},
        {"Host": "localhost.example.org"},
        {"Host": "192.0.2.7:8000"},
        {"Host": ""},
    ],
    ids=str,
)
@pytest.mark.parametrize("trusted", [[], ["127.0.0.1"]])
async def test_who_comes_through_a_proxy_is_told_no_version(
    start: Start, headers: dict[str, str], trusted: list[str]
) -> None:
    chat = await start(server={"trusted_proxies": trusted})
    assert set(await told(chat, **headers)) == {"status", "address"}


async def test_who_comes_through_a_proxy_that_is_told_nothing_is_told_no_version(chat: Chat) -> None:
    async with connect(chat) as raw:
        await raw.send("GET /health HTTP/1.0\r\nHost: 127.0.0.1:8000\r\nConnection: close\r\n\r\n")
        status, _, body = await raw.answer()
        assert (status, set(json.loads(body))) == (200, {"status", "address"})


async def test_an_administrator_is_told_the_version_wherever_they_are(chat: Chat) -> None:
    first, second = await chat.people("alice", "bobby")
    away = {"Host": "chat.example.org"}
    assert await told(chat, first.token, **away) == {"status": "ok", "address": "127.0.0.1", "version": __version__}
    for token in (second.token, "garbage", "", f"{first.token}x"):
        assert set(await told(chat, token, **away)) == {"status", "address"}
    await first.post("/auth/logout", status=204)
    assert set(await told(chat, first.token, **away)) == {"status", "address"}


async def test_no_page_for_everybody_says_the_version(chat: Chat) -> None:
    for path in ("/health", "/openapi.json", "/config.json", "/", "/nowhere"):
        async with chat.client.get(path, headers={"Host": "chat.example.org"}) as response:
            assert __version__ not in str(response.raw_headers)
            assert f'"{__version__}"' not in await response.text()


async def test_a_server_that_cannot_store_messages_says_so_until_it_can(start: Start, clock: Clock) -> None:
    chat = await start(clock=clock)
    health = chat.server.app[SERVICES].health
    health.patience = 0.05
    with writer(chat.server.app[CONFIG].store) as other:
        other.begin()
        async with chat.client.get("/health") as response:
            assert await error_of(response) == (503, "storage_unavailable")
            assert response.headers["Retry-After"].isdigit()
        other.rollback()
    health.patience = 10
    clock.advance(seconds=60)
    async with chat.client.get("/health") as response:
        assert response.status == 200
