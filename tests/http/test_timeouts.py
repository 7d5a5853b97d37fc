"""Clients that do not come to the point lose their connection, over TLS as without."""

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from chatd.http.timeouts import Timeouts
from tests.conftest import Start
from tests.http.conftest import Certificates
from tests.loop_time import LoopTime
from tests.raw import Raw, connect
from tests.support import Chat, until

GET = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n"
HEAD = Timeouts().head
HALF_A_BODY = "POST /auth/register HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{"


Open = Callable[[], contextlib.AbstractAsyncContextManager[Raw]]


@pytest.fixture(params=["plain", "tls"])
async def opened(
    request: pytest.FixtureRequest,
    start: Start,
    start_tls: Callable[[], Awaitable[Chat]],
    certificates: Certificates,
) -> Open:
    """A function that connects to a server, once without and once with TLS."""
    tls: ssl.SSLContext | None = certificates.context if request.param == "tls" else None
    chat = await (start() if tls is None else start_tls())

    @asynccontextmanager
    async def open_connection() -> AsyncIterator[Raw]:
        async with connect(chat, tls=tls) as raw:
            yield raw

    return open_connection


async def is_told_too_late(raw: Raw) -> bool:
    """Expect an answer of 408 in our form, and then the end of the connection."""
    status, headers, body = await raw.answer()
    assert status == 408, body
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert headers["Connection"] == "close"
    answer = json.loads(body)
    assert set(answer) == {"detail", "code"}
    assert await raw.ended() == b""
    return bool(answer["code"] == "request_timeout")


@pytest.mark.parametrize("part", ["G", "GET /health HTTP/1.1\r\n", GET[:-1]])
async def test_half_a_head_is_told_that_it_is_too_late(opened: Open, loop_time: LoopTime, part: str) -> None:
    async with opened() as raw:
        await raw.send(part)
        assert await loop_time.fly(is_told_too_late(raw))


async def test_a_head_that_comes_byte_by_byte_for_ever_is_told_so_too(opened: Open, loop_time: LoopTime) -> None:
    async with opened() as raw:
        dripping = asyncio.create_task(drip(raw, "GET /health HTTP/1.1\r\n", "x"))
        assert await loop_time.fly(is_told_too_late(raw))
        await loop_time.fly(dripping)


async def drip(raw: Raw, beginning: str, more: str) -> None:
    """Send something that never ends, a byte a second, until the connection does."""
    with contextlib.suppress(ConnectionError):
        await raw.send(beginning)
        while not raw.writer.is_closing() and not raw.reader.at_eof():
            await raw.send(more)
            await asyncio.sleep(1)


async def test_a_silent_connection_is_closed_without_a_word(opened: Open, loop_time: LoopTime) -> None:
    async with opened() as raw:
        assert await loop_time.fly(raw.ended()) == b""


@pytest.mark.parametrize("part", ["G", GET[:-2]])
async def test_half_a_second_head_is_told_that_it_is_too_late(opened: Open, loop_time: LoopTime, part: str) -> None:
    async with opened() as raw:
        for _ in range(2):
            await raw.send(GET)
            assert (await raw.answer())[0] == 200
        await raw.send(part)
        assert await loop_time.fly(is_told_too_late(raw))


async def test_half_a_body_is_told_that_it_is_too_late(opened: Open, loop_time: LoopTime) -> None:
    async with opened() as raw:
        await raw.send(HALF_A_BODY)
        assert await loop_time.fly(is_told_too_late(raw))


async def test_a_body_that_comes_byte_by_byte_is_told_so_too(opened: Open, loop_time: LoopTime) -> None:
    async with opened() as raw:
        dripping = asyncio.create_task(drip(raw, HALF_A_BODY, " "))
        assert await loop_time.fly(is_told_too_late(raw))
        await loop_time.fly(dripping)


async def test_a_head_and_a_body_in_pieces_are_fine_in_time(opened: Open) -> None:
    async with opened() as raw:
        body = b'{"username":"alice","password":"correct horse","nickname":"Alice"}'
        head = f"POST /auth/register HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        for piece in (head[:10], head[10:-1], head[-1:], body[:5], body[5:]):
            await raw.send(piece)
            await asyncio.sleep(0.01)
        assert (await raw.answer())[0] == 201


async def test_a_connection_that_rests_between_requests_is_kept(opened: Open, loop_time: LoopTime) -> None:
    async with opened() as raw:
        await raw.send(GET)
        assert (await raw.answer())[0] == 200
        await rests(raw, loop_time)
        await raw.send(GET)
        assert (await raw.answer())[0] == 200


async def rests(raw: Raw, loop_time: LoopTime) -> None:
    """Let twice the patience pass, in which the server neither says anything nor closes."""
    reading = asyncio.create_task(raw.reader.read(1))
    await loop_time.forward(2 * HEAD)
    assert not reading.done()
    reading.cancel()
    await asyncio.wait([reading])


async def test_a_connection_rests_after_a_body_that_came_behind_its_head(opened: Open, loop_time: LoopTime) -> None:
    async with opened() as raw:
        await raw.send(HALF_A_BODY)
        await asyncio.sleep(0.05)
        await raw.send(" " * 99)
        assert (await raw.answer())[0] == 400
        await rests(raw, loop_time)
        await raw.send(GET)
        assert (await raw.answer())[0] == 200


async def test_a_connection_that_rests_too_long_is_closed(start: Start, loop_time: LoopTime) -> None:
    async with connect(await start(timeouts=Timeouts(keepalive=20.0))) as raw:
        await raw.send(GET)
        assert (await raw.answer())[0] == 200
        assert await loop_time.fly(raw.ended()) == b""


@pytest.mark.parametrize("connection", ["keep-alive", "close"])
@pytest.mark.parametrize("count", [1, 40])
async def test_a_client_that_reads_no_answer_is_dropped(
    start: Start, loop_time: LoopTime, connection: str, count: int
) -> None:
    chat = await start(timeouts=Timeouts(keepalive=20.0))
    assert chat.server._runner is not None
    server = chat.server._runner.server
    assert server is not None
    before = GET.replace("/health", "/openapi.json")
    async with connect(chat, receive_buffer=4096) as raw:
        raw.transport.pause_reading()
        await raw.send(before * (count - 1) + before.replace("\r\n\r\n", f"\r\nConnection: {connection}\r\n\r\n"))
        await until(lambda: server.requests_count)
        for _ in range(50):
            if server.connections:
                await loop_time.forward(HEAD)
        assert not server.connections


async def test_a_client_that_reads_slowly_gets_all_of_its_answer(start: Start, loop_time: LoopTime) -> None:
    chat = await start()
    request = GET.replace("/health", "/openapi.json").replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")
    async with connect(chat) as raw:
        await raw.send(request)
        whole = await raw.answer()
    async with connect(chat, receive_buffer=4096) as raw:
        raw.transport.pause_reading()
        await raw.send(request)
        said = b""
        while not said.endswith(whole[2]):
            await loop_time.forward(2.0)
            raw.transport.resume_reading()
            said += await raw.reader.read(32768)
            raw.transport.pause_reading()


async def test_a_tls_handshake_that_does_not_end_is_ended(
    start_tls: Callable[[], Awaitable[Chat]], loop_time: LoopTime
) -> None:
    chat = await start_tls()
    hello_begun = b"\x16\x03\x01\x02\x00\x01"
    for begun in (b"", hello_begun):
        async with connect(chat) as raw:
            await raw.send(begun)
            assert await loop_time.fly(raw.ended()) == b""
    async with chat.client.get("/health") as response:
        assert response.status == 200
