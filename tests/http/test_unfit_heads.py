"""Heads that no request is made of: one answer, no alarm, and the connection ends, whatever it is that fails.

Longer than 300 lines: it is one table of heads, and what is expected of each.
"""

import asyncio
import itertools
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from chatd import fastpath
from chatd.http.listener import Listener
from chatd.http.timeouts import Timeouts
from tests.conftest import both_ways
from tests.loop_time import LoopTime
from tests.raw import Raw, connect, connect_to
from tests.support import Chat, until

OK = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n"

#: What may stand where a host should.
HOSTS = [
    *("xn--a", "xn--\xff", "xn--" + "a" * 80, "a.xn--a", "xn--a.xn--b:80", "xn--a@b", "b@xn--a", "XN--A", "xn--é"),
    *("[::1", "::1]", "[::1]x", "[v1.a]", "[v1.a]@", "[v1.a]@:80", "[]", "[", "]", "[xn--a]", "[::1%25eth0]", "[::g]"),
    *("", "@", "@@", ":", ":80", "a:", "a:99999", "a:-1", "a:x", "a:80:80", "user:pw@a", "user@", ":@", "a:xn--a"),
    *(".", "..", "a..b", "." * 300, "a" * 300, "a." * 200, "-", "_", "*", "a,b", "a;b", "a|b", "a^b", "{a}", "a\\b"),
    *(
        "%",
        "%zz",
        "%00",
        "%ff",
        "%41",
        "a%2fb",
        "a%40b",
        "é",
        "ß",
        "İ",
        "\u202e",
        "\u2100",
        "\ufdfa",
        "💥",
        "\x80",
        "\xff",
    ),
    *("1.2.3.4.5", "0x7f.1", "999.999.999.999", "::ffff:1.2.3.4", "1" * 100, "a\xadb", "\u200d", "日本", "ａ"),
]

#: Where a host may stand in a head.
FORMS = [
    "GET http://{}/health HTTP/1.1\r\nHost: a\r\n",
    "GET http://{} HTTP/1.1\r\nHost: a\r\n",
    "GET https://{}?a HTTP/1.1\r\nHost: a\r\n",
    "GET //{}/health HTTP/1.1\r\nHost: a\r\n",
    "GET ws://{}/messages/ws HTTP/1.1\r\nHost: a\r\n",
    "GET x://{}#a HTTP/1.1\r\nHost: a\r\n",
    "OPTIONS http://{} HTTP/1.1\r\nHost: a\r\n",
    "POST http://{}/auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n",
    "CONNECT {} HTTP/1.1\r\nHost: a\r\n",
    "CONNECT {}:80 HTTP/1.1\r\nHost: a\r\n",
    "GET /health HTTP/1.1\r\nHost: {}\r\n",
    "GET /messages/ws HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n",
    "GET /health?{} HTTP/1.0\r\nConnection: keep-alive\r\n",
]


@pytest.fixture(autouse=True)
def unalarmed(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """See that nothing is logged that an operator would look into."""
    caplog.set_level("DEBUG", "chatd")
    yield
    alarms = [record for record in caplog.records if record.levelno >= logging.WARNING or record.exc_info]
    assert not alarms, (alarms[0].getMessage(), alarms[0].exc_info)


def heads() -> Iterator[bytes]:
    """Return every form with every host, each byte of Latin-1 as it is, and all else as UTF-8."""
    for form, host in itertools.product(FORMS, HOSTS):
        data = (form.format(host) + "\r\n").encode("latin-1" if max(map(ord, host), default=0) < 0x100 else "utf-8")
        yield data


async def is_answered_and_not_left_open(chat: Chat, head: bytes) -> bool:
    """Report whether a head has an answer below 500, and its connection an end or another answer."""
    async with connect(chat) as raw:
        await raw.send(head)
        status, headers, body = await raw.answer()
        if status == 400:
            assert set(json.loads(body)) == {"detail", "code"}, head
        if headers.get("Connection") not in ("close", None):
            await raw.send("GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        return 200 <= status < 500


@both_ways
async def test_a_host_that_is_none_is_answered_and_leaves_no_connection_open(chat: Chat) -> None:
    every = list(heads())
    for first in range(0, len(every), 50):
        batch = every[first : first + 50]
        fine = await asyncio.gather(*(is_answered_and_not_left_open(chat, head) for head in batch))
        assert [head for head, is_fine in zip(batch, fine, strict=True) if not is_fine] == []
    await until(lambda: not server_of(chat).connections)


def server_of(chat: Chat) -> web.Server:
    """Return aiohttp's part of the server, which has the connections."""
    assert chat.server._runner is not None
    assert chat.server._runner.server is not None
    return chat.server._runner.server


@both_ways
@pytest.mark.parametrize(
    "head", ["GET http://xn--a/health HTTP/1.1\r\nHost: a\r\n\r\n", "GET http://[v1.a]@ HTTP/1.1\r\nHost: a\r\n\r\n"]
)
@pytest.mark.parametrize("before", [0, 1, 3])
async def test_a_host_that_cannot_be_decoded_is_400_and_the_connection_ends(chat: Chat, head: str, before: int) -> None:
    async with connect(chat) as raw:
        for _ in range(before):
            await raw.send("GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
            assert (await raw.answer())[0] == 200
        await raw.send(head)
        await is_refused(raw)


async def test_a_request_that_cannot_be_made_ends_the_connection_after_the_answers_before_it(chat: Chat) -> None:
    async with connect(chat) as raw:
        await raw.send(OK + OK + OK.replace("/health", "http://xn--a/health") + OK)
        assert [(await raw.answer())[0] for _ in range(2)] == [200, 200]
        await is_refused(raw)


async def is_refused(raw: Raw) -> None:
    """Expect one answer of 400 in our form, and then the end of the connection."""
    status, headers, body = await raw.answer()
    assert (status, json.loads(body)["code"]) == (400, "bad_request")
    assert headers["Server"] == "chatd"
    assert await raw.ended() == b""


class Breaks(BaseException):
    """What no code foresees."""


@asynccontextmanager
async def serving(
    *,
    fast: bool,
    make: Callable[..., web.BaseRequest] | None = None,
    answer: Callable[[web.BaseRequest], Any] | None = None,
) -> AsyncIterator[tuple[int, web.Server]]:
    """Listen with a server that makes its requests and its answers in another way; yield its port, and itself."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response() if answer is None else await answer(request)

    runner = web.ServerRunner(web.Server(handle, request_factory=make))
    await runner.setup()
    assert runner.server is not None
    listener = Listener(runner.server, ["127.0.0.1"], 0, protocol=fastpath.protocol(None, fast=fast))
    await listener.open()
    try:
        yield int(listener.urls[0].rpartition(":")[2]), runner.server
    finally:
        listener.close()
        await runner.cleanup()


@both_ways
@pytest.mark.parametrize(
    "error", [ValueError, UnicodeError, KeyError, AssertionError, TimeoutError, ConnectionError, web.HTTPNotFound]
)
async def test_whatever_fails_while_a_request_is_made_is_400_and_the_connection_ends(
    error: type[Exception], fast: bool
) -> None:
    def make(*_: Any) -> web.BaseRequest:
        raise error

    async with serving(fast=fast, make=make) as (port, server):
        for _ in range(3):
            async with connect_to(port) as raw:
                await raw.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                await is_refused(raw)
        await until(lambda: not server.connections)


async def test_a_connection_ends_with_its_task(chat: Chat) -> None:
    async with connect(chat) as silent, connect(chat) as resting:
        await resting.send("GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (await resting.answer())[0] == 200
        for task in asyncio.all_tasks():
            if getattr(task.get_coro(), "__qualname__", "") in ("Protocol.start", "FastProtocol.start"):
                task.cancel()
        assert (await silent.ended(), await resting.ended()) == (b"", b"")


async def test_a_connection_ends_when_the_task_of_its_handler_is_killed(fast: bool) -> None:
    async def answer(_: web.BaseRequest) -> web.StreamResponse:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)
        raise AssertionError

    async with serving(fast=fast, answer=answer) as (port, server), connect_to(port) as raw:
        await raw.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert await raw.ended() == b""
        await until(lambda: not server.connections)


@both_ways
@pytest.mark.parametrize("version", ["", " HTTP/0.9", " HTTP/1.2", " HTTP/2.0", " HTTP/3.0", " http/1.1", " HTTP/1.10"])
async def test_another_version_of_http_is_refused_and_the_connection_ends(chat: Chat, version: str) -> None:
    async with connect(chat) as raw:
        await raw.send(f"GET /health{version}\r\nHost: a\r\nConnection: keep-alive\r\n\r\n" + OK)
        said = await raw.ended()
        assert (said.count(b"HTTP/1."), b" 400 Bad Request\r\n" in said) == (1, True)


@both_ways
@pytest.mark.parametrize("coding", ["", ",", "identity", "gzip", "chunked, gzip", "chunked, identity"])
async def test_a_coding_that_does_not_tell_the_end_is_refused_and_the_connection_ends(chat: Chat, coding: str) -> None:
    for line in ("GET /health", "POST /auth/login"):
        async with connect(chat) as raw:
            await raw.send(f"{line} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: {coding}\r\n\r\n0\r\n\r\n" + OK)
            await is_refused(raw)


#: Heads of HTTP/1.0 that say how long their bodies are in a way it does not know.
CHUNKED = [
    "Transfer-Encoding: chunked\r\n",
    "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n",
    "Connection: keep-alive\r\ntransfer-encoding:Chunked\r\n",
    "Connection: keep-alive\r\nTransfer-Encoding: identity\r\n",
    "Connection: keep-alive\r\nTransfer-Encoding: gzip, chunked\r\n",
    "Connection: keep-alive\r\nTransfer-Encoding:\r\n",
    "Connection: keep-alive\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    "Connection: keep-alive\r\nContent-Length: 0\r\nTransfer-Encoding: identity\r\n",
]


@both_ways
async def test_http_1_0_with_a_transfer_encoding_is_refused_once_and_the_connection_ends(chat: Chat) -> None:
    for line, lines in itertools.product(("GET /health", "POST /auth/login", "PUT /nowhere"), CHUNKED):
        for body in ("0\r\n\r\n" + OK, "5\r\nhello\r\n0\r\n\r\n" + OK, OK, ""):
            async with connect(chat) as raw:
                await raw.send(f"{line} HTTP/1.0\r\nHost: a\r\n{lines}\r\n{body}")
                await is_refused(raw)


HEADS = {
    "GET /health?{} HTTP/1.1\r\nHost: a\r\n\r\n": (414, "uri_too_long"),
    "GET /{} HTTP/1.1\r\nHost: a\r\n\r\n": (414, "uri_too_long"),
    "GET http://a/{} HTTP/1.1\r\nHost: a\r\n\r\n": (414, "uri_too_long"),
    "GET /health HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n": (431, "header_too_large"),
    "GET /health HTTP/1.1\r\nHost: a\r\n{}: x\r\n\r\n": (431, "header_too_large"),
    "GET /health HTTP/1.1\r\nHost: a\r\nCookie: {}\r\n\r\n": (431, "header_too_large"),
    "GET /health HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}": (431, "header_too_large"),
    "POST /auth/login HTTP/1.1\r\nHost: {}\r\nContent-Length: 0\r\n\r\n": (431, "header_too_large"),
}


@both_ways
@pytest.mark.parametrize("size", [8192, 9_000, 60_000, 200_000])
async def test_a_head_that_is_too_large_is_told_what_of_it_is(chat: Chat, size: int) -> None:
    for head, (status, code) in HEADS.items():
        async with connect(chat) as raw:
            await raw.send(head.format("a" * size))
            answered, _, body = await raw.answer()
            assert (answered, json.loads(body)["code"]) == (status, code), head
            assert await raw.ended() == b""


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("GET /health HTTP/1.1\r\nHost: a\r\nX: " + "a" * 2_000_000, 431),
        ("GET /" + "a" * 2_000_000, 414),
        ("\0" * 2_000_000, 400),
        ("GET http://[v1.a]@ HTTP/1.1\r\nHost: a\r\n\r\n" + OK * 50_000, 400),
        ("GET http://xn--a HTTP/1.1\r\nHost: a\r\n\r\n" + OK * 50_000, 400),
    ],
)
async def test_who_goes_on_sending_what_was_refused_sees_the_answer(chat: Chat, head: str, status: int) -> None:
    async with connect(chat) as raw:
        sending = asyncio.create_task(raw.send(head))
        assert (await raw.answer())[0] == status
        assert await raw.ended() == b""
        await sending


async def test_who_goes_on_sending_for_ever_is_dropped(chat: Chat, loop_time: LoopTime) -> None:
    async with connect(chat) as raw:
        await raw.send("GET /health HTTP/1.1\r\nHost: a\r\nX: " + "a" * 10_000)
        assert (await raw.answer())[0] == 431
        await raw.send("a" * 10_000)
        assert server_of(chat).connections
        await loop_time.forward(Timeouts().lingering)
        await until(lambda: not server_of(chat).connections)


@pytest.mark.parametrize("count", [130, 1_000, 10_000])
async def test_a_head_with_too_many_headers_is_told_so(chat: Chat, count: int) -> None:
    async with connect(chat) as raw:
        await raw.send("GET /health HTTP/1.1\r\nHost: a\r\n" + "X: y\r\n" * count + "\r\n")
        status, _, body = await raw.answer()
        assert (status, json.loads(body)["code"]) == (431, "header_too_large")
        assert await raw.ended() == b""


LISTS = ("Accept", "Accept-Encoding", "X-Forwarded-For", "Upgrade", "Access-Control-Request-Headers", "Cookie")


@both_ways
async def test_headers_that_are_too_large_together_are_told_so_and_never_taken_apart(chat: Chat) -> None:
    for name in LISTS:
        for lines, expected in ((4, 401), (5, 431), (100, 431)):
            async with connect(chat) as raw:
                await raw.send("GET /messages HTTP/1.1\r\nHost: a\r\n" + f"{name}: {',' * 8000}\r\n" * lines + "\r\n")
                status, _, body = await raw.answer()
                code = "header_too_large" if expected == 431 else "not_authenticated"
                assert (status, json.loads(body)["code"]) == (expected, code), (name, lines)
                if expected == 431:
                    assert await raw.ended() == b""


async def test_headers_behind_a_body_are_counted_too(chat: Chat) -> None:
    async with connect(chat) as raw:
        await raw.send("POST /auth/login HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        await raw.send("0\r\n" + "X: y\r\n" * 10_000 + "\r\n")
        status, _, body = await raw.answer()
        assert (status, json.loads(body)["code"]) == (431, "header_too_large")
        assert await raw.ended() == b""


async def test_a_head_that_is_just_small_enough_is_answered(chat: Chat) -> None:
    async with connect(chat) as raw:
        await raw.send(
            f"GET /health?{'a' * 8000} HTTP/1.1\r\nHost: a\r\nX: {'a' * 8000}\r\n" + "Y: z\r\n" * 120 + "\r\n"
        )
        assert (await raw.answer())[0] == 200


async def test_a_byte_that_is_not_utf_8_in_a_header_is_read_as_no_character_and_in_an_address_is_400(
    chat: Chat,
) -> None:
    alice = await chat.person("alice")
    async with connect(chat) as raw:
        form = f"username={alice.username}&password=correct+horse"
        kind = "Content-Type: application/x-www-form-urlencoded"
        head = f"POST /auth/login HTTP/1.1\r\nHost: a\r\n{kind}\r\nContent-Length: {len(form)}\r\n"
        await raw.send(head.encode() + b"User-Agent: caf\xe9\r\n\r\n" + form.encode())
        assert (await raw.answer())[0] == 200
        await raw.send(b"GET /caf\xe9 HTTP/1.1\r\nHost: a\r\n\r\n")
        await is_refused(raw)
    assert "caf\ufffd" in [session["device"] for session in await alice.get("/auth/sessions")]
