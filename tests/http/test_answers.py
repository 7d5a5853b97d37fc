"""Answers as they are written: the ordinary ones by ourselves, the same in other circumstances by aiohttp."""

import json
import logging

import pytest
from multidict import CIMultiDict

from tests.api.sends import held, newest, send
from tests.conftest import both_ways
from tests.raw import Raw, connect, upgrade_head
from tests.support import Chat, until

pytestmark = both_ways

#: A request, and the status of its answer.
REQUESTS = [
    ("GET /health", "", 200),
    ("GET /nowhere", "", 404),
    ("PUT /health", "", 405),
    ("GET /auth/me", "", 401),
    ("POST /auth/login", "username=nobody", 422),
    ("POST /auth/register", "not JSON", 400),
    ("POST /auth/register", "username=nobody", 415),
    ("GET /messages/ws", "", 426),
]


async def ask(raw: Raw, line: str, body: str, version: str, connection: str) -> tuple[int, CIMultiDict[str], bytes]:
    """Send a request and return its answer."""
    head = f"{line} HTTP/{version}\r\nHost: a\r\nConnection: {connection}\r\nContent-Length: {len(body)}\r\n"
    kind = "application/x-www-form-urlencoded" if "=" in body else "application/json"
    await raw.send(f"{head}Content-Type: {kind}\r\n\r\n{body}")
    return await raw.answer()


@pytest.mark.parametrize(("line", "body", "status"), REQUESTS)
async def test_an_answer_is_the_same_whether_its_connection_goes_on_or_ends(
    chat: Chat, line: str, body: str, status: int
) -> None:
    async with connect(chat) as going_on, connect(chat) as ending:
        ours = await ask(going_on, line, body, "1.1", "keep-alive")
        other = await ask(ending, line, body, "1.1", "close")
        assert ours[0] == other[0] == status
        assert ours[2] == other[2] != b""
        for headers in (ours[1], other[1]):
            assert headers.pop("Date").endswith(" GMT")
        assert other[1].pop("Connection") in ("close", "Upgrade")
        ours[1].popall("Connection", None)
        assert sorted(ours[1].items()) == sorted(other[1].items())
        assert await ending.ended() == b""
        assert (await ask(going_on, "GET /health", "", "1.1", "keep-alive"))[0] == 200


async def test_a_client_of_http_1_0_is_told_that_its_connection_goes_on(chat: Chat) -> None:
    async with connect(chat) as raw:
        for _ in range(2):
            status, headers, _ = await ask(raw, "GET /health", "", "1.0", "keep-alive")
            assert (status, headers["Connection"]) == (200, "keep-alive")
        status, headers, _ = await ask(raw, "GET /health", "", "1.0", "close")
        assert status == 200
        assert "Connection" not in headers
        assert await raw.ended() == b""


async def test_an_answer_to_head_ends_with_its_head(chat: Chat) -> None:
    async with connect(chat) as raw:
        await raw.send("HEAD /nowhere HTTP/1.1\r\nHost: a\r\n\r\nGET /health HTTP/1.1\r\nHost: a\r\n\r\n")
        head = await raw.reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 404 ")
        assert (await raw.answer())[0] == 200


async def test_requests_sent_together_are_answered_in_their_order(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    async with connect(chat) as raw:
        await raw.send(b"".join(send(alice.token, bob.id, {"content": f"{number}"}) for number in range(8)))
        for number in range(8):
            status, _, body = await raw.answer()
            assert (status, json.loads(body)["content"]) == (200, f"{number}")


async def test_what_comes_behind_a_refused_socket_is_answered_too(chat: Chat) -> None:
    async with connect(chat) as raw:
        await raw.send(upgrade_head("none", "Origin: https://elsewhere.example"))
        await raw.send("GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
        assert [(await raw.answer())[0] for _ in range(2)] == [403, 200]


async def test_who_leaves_before_the_answer_raises_no_alarm(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    alice, bob = await chat.people("alice", "bobby")
    async with connect(chat) as raw:
        go_on = await held(chat, raw, send(alice.token, bob.id, {"content": "hi"}))
        connection = newest(chat)
    await until(lambda: connection.transport is None)
    await go_on()
    assert [each["content"] for each in (await bob.get(f"/messages/history/{alice.id}"))["items"]] == ["hi"]
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
