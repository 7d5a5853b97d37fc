"""Bytes that are not HTTP, or pretend to be: answered or dropped, never a line of alarm in the log."""

import asyncio
import contextlib
import json
import logging
import random
from collections.abc import Sequence

import pytest

from chatd.http.timeouts import Timeouts
from tests.conftest import Start
from tests.loop_time import LoopTime
from tests.raw import connect
from tests.support import Chat

OK = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n"
POST = "POST /auth/login HTTP/1.1\r\nHost: a\r\n"
FORM = "Content-Type: application/x-www-form-urlencoded\r\n"

NOT_HTTP: list[bytes | str] = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"\x00" * 100,
    b"\xff" * 100,
    "hello\r\n\r\n",
    "\r\n" * 50 + "x\r\n\r\n",
    "GET\r\n\r\n",
    "GET /health HTTP/9.9\r\nHost: a\r\n\r\n",
    "GET /health FTP/1.1\r\nHost: a\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "G\x00T /health HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /hea lth HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /health HTTP/1.1\r\nNoColon\r\n\r\n",
    "GET /health HTTP/1.1\r\n: no name\r\n\r\n",
    "GET /health HTTP/1.1\r\nBad Name: x\r\n\r\n",
    "GET /health HTTP/1.1\r\nHost: a\r\n folded: x\r\n\r\n",
    "GET /health HTTP/1.1\r\nX: a\x00b\r\n\r\n",
    "GET /health HTTP/1.1\nHost: a\n\n",
]

SMUGGLED: list[bytes | str] = [
    POST + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + OK,
    POST + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + OK,
    POST + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello " + OK,
    POST + "Content-Length: 5, 6\r\n\r\nhello" + OK,
    POST + "Content-Length: -5\r\n\r\nhello" + OK,
    POST + "Content-Length: +5\r\n\r\nhello" + OK,
    POST + "Content-Length: 0x5\r\n\r\nhello" + OK,
    POST + "Content-Length: 5_0\r\n\r\nhello" + OK,
    POST + "Content-Length: " + "9" * 30 + "\r\n\r\nhello" + OK,
    POST + "Content-Length:\r\n\r\nhello" + OK,
    POST + "Content-Length : 5\r\n\r\nhello" + OK,
    POST + "Transfer-Encoding: xchunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n" + OK,
    POST + "Transfer-Encoding: chunked, identity\r\n\r\n5\r\nhello\r\n0\r\n\r\n" + OK,
    POST + "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n" + OK,
    POST + "Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n" + OK,
    POST + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello" + OK,
    POST + "Content-Length: 5, 5\r\n\r\nhello" + OK,
    (POST + "Content-Length: ５\r\n\r\nhello" + OK).encode(),
    POST.encode() + b"Content-Length: \xb2\r\n\r\nhe" + OK.encode(),
    POST + "Content\0-Length: 5\r\n\r\nhello" + OK,
    POST + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + OK,
    POST + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n" + OK,
    POST + 'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n' + OK,
    POST + "Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n" + OK,
    POST + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + OK,
    POST + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + OK,
    POST.encode() + b"Transfer-Encoding: \xa0chunked\r\n\r\n0\r\n\r\n" + OK.encode(),
    POST.replace("1.1", "1.0") + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + OK,
    POST + "X: a\nContent-Length: 5\r\n\r\nhello" + OK,
    POST + "Content-Length: 5\n\r\nhello" + OK,
    POST + "Content-Length: 5\r\n\nhello" + OK,
    POST + "X: a\rContent-Length: 50\r\nContent-Length: 5\r\n\r\nhello" + OK,
    "GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + OK,
    "GET /health HTTP/1.1\r\n\r\n" + OK,
]

BAD_CHUNKS: list[str] = [
    "zz\r\nhello\r\n0\r\n\r\n",
    "-5\r\nhello\r\n0\r\n\r\n",
    "0x5\r\nhello\r\n0\r\n\r\n",
    "5 \r\nhello\r\n0\r\n\r\n",
    "5\r\nhellohello\r\n0\r\n\r\n",
    "5\nhello\n0\n\n",
    " 5\r\nhello\r\n0\r\n\r\n",
    "+5\r\nhello\r\n0\r\n\r\n",
    "0_5\r\nhello\r\n0\r\n\r\n",
    "5\nhello\r\n0\r\n\r\n",
    "5\r\nhello\n0\r\n\r\n",
    "5\r\nhelloXX0\r\n\r\n",
    "5;a=\nb\r\nhello\r\n0\r\n\r\n",
    "5;a=\rb\r\nhello\r\n0\r\n\r\n",
    "5\r\nhello\r\n0\r\nContent-Length: 50\r\n\r\n",
    "10000000000000005\r\nhello\r\n0\r\n\r\n",
    "ffffffffffffffffff\r\nhello\r\n0\r\n\r\n",
]


@pytest.fixture
async def chat(start: Start, caplog: pytest.LogCaptureFixture) -> Chat:
    """A server that keeps no connection for long and whose log is recorded in full."""
    caplog.set_level("DEBUG")
    return await start(timeouts=Timeouts(keepalive=20.0), server={"heartbeat_seconds": 20})


async def answers_of(chat: Chat, *data: bytes | str) -> bytes:
    """Send bytes and return all that the server says until it ends the connection."""
    async with connect(chat) as raw:
        with contextlib.suppress(ConnectionError):
            for each in data:
                await raw.send(each)
                await asyncio.sleep(0)
        return await raw.ended()


async def send_all(chat: Chat, loop_time: LoopTime, inputs: Sequence[bytes]) -> None:
    """Send each of many inputs over a connection of its own, fifty at a time, until the server has ended them all."""

    async def send(data: bytes) -> None:
        async with connect(chat) as raw:
            with contextlib.suppress(ConnectionError):
                await raw.send(data)
                await raw.reader.read()

    for first in range(0, len(inputs), 50):
        await loop_time.fly(asyncio.gather(*(send(data) for data in inputs[first : first + 50])))


def is_one_400(said: bytes) -> bool:
    """Report whether this is one answer of 400 in our form, which does not say what it was made with, and no other."""
    head, _, body = said.partition(b"\r\n\r\n")
    return (
        head.split(b" ", 1)[1].startswith(b"400 Bad Request\r\n")
        and b"aiohttp" not in head
        and set(json.loads(body)) == {"detail", "code"}
    )


async def is_unharmed(chat: Chat, caplog: pytest.LogCaptureFixture) -> bool:
    """Report whether the server answers and has raised no alarm."""
    alarms = [record for record in caplog.records if record.levelno >= logging.ERROR or record.exc_info]
    assert not alarms, (alarms[0].getMessage(), alarms[0].exc_text)
    async with chat.client.get("/health") as response:
        return response.status == 200


async def test_what_is_not_http_gets_400_in_our_form_and_the_connection_ends(
    chat: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    for data, said in zip(NOT_HTTP, await asyncio.gather(*(answers_of(chat, data) for data in NOT_HTTP)), strict=True):
        assert is_one_400(said), (data[:80], said)
    assert await is_unharmed(chat, caplog)


ODD = [
    POST + FORM + "Transfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n000\r\n\r\n",
    POST + FORM + "Transfer-Encoding:\tchunked \r\n\r\n05\r\nhello\r\n0\r\nX: y\r\n\r\n",
    POST + FORM + 'Transfer-Encoding: chunked\r\n\r\n5;a="b";' + "c" * 5000 + "\r\nhello\r\n0\r\n\r\n",
    POST + FORM + "Content_Length: 50\r\nContent-Length: 005\r\n\r\nhello",
    "GET /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nGET /",
]


@pytest.mark.parametrize("data", ODD)
async def test_a_request_whose_end_is_clear_though_odd_is_one_request(chat: Chat, data: str) -> None:
    async with connect(chat) as raw:
        await raw.send(data + OK)
        status, _, _ = await raw.answer()
        assert status in (404, 422)
        status, _, body = await raw.answer()
        assert (status, json.loads(body)["status"]) == (200, "ok")


@pytest.mark.parametrize("coding", ["gzip, chunked", "identity, chunked", "deflate,chunked"])
async def test_a_body_that_is_compressed_on_its_way_is_refused_unopened(chat: Chat, coding: str) -> None:
    async with connect(chat) as raw:
        await raw.send(POST + FORM + f"Transfer-Encoding: {coding}\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
        status, _, body = await raw.answer()
        assert (status, json.loads(body)["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("data", SMUGGLED)
async def test_a_request_whose_end_is_unclear_smuggles_no_second_one(
    chat: Chat, data: bytes | str, caplog: pytest.LogCaptureFixture
) -> None:
    said = await answers_of(chat, data)
    assert is_one_400(said), said
    assert await is_unharmed(chat, caplog)


@pytest.mark.parametrize("chunks", BAD_CHUNKS)
async def test_a_body_in_bad_chunks_is_a_bad_request_and_smuggles_no_second_one(
    chat: Chat, chunks: str, caplog: pytest.LogCaptureFixture
) -> None:
    head = POST + FORM + "Transfer-Encoding: chunked\r\n\r\n"
    for said in (await answers_of(chat, head + chunks + OK), await answers_of(chat, head, chunks + OK)):
        assert is_one_400(said), said
    assert await is_unharmed(chat, caplog)


async def test_a_client_that_leaves_in_the_middle_of_its_body_raises_no_alarm(
    chat: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    kinds = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b")
    for path in ("/auth/register", "/auth/login"):
        for kind in kinds:
            for encoding in ("Content-Length: 1000", "Transfer-Encoding: chunked"):
                head = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: {kind}\r\n{encoding}\r\n\r\n"
                async with connect(chat) as raw:
                    await raw.send(head + "5\r\nhe")
                async with connect(chat) as raw:
                    await raw.send(head)
                    await raw.send("--b\r\n")
    assert await is_unharmed(chat, caplog)


async def test_random_bytes_do_no_harm(chat: Chat, loop_time: LoopTime, caplog: pytest.LogCaptureFixture) -> None:
    chance = random.Random(20240601)
    await send_all(chat, loop_time, [chance.randbytes(chance.randrange(1, 400)) for _ in range(200)])
    assert await is_unharmed(chat, caplog)


async def test_requests_with_bytes_changed_left_out_and_put_in_do_no_harm(
    chat: Chat, loop_time: LoopTime, caplog: pytest.LogCaptureFixture
) -> None:
    chance = random.Random(20240602)
    alice = await chat.person("alice")
    token = f"Authorization: Bearer {alice.token}\r\n"
    body = '{"content":"hello","client_id":"c"}'
    seeds = [
        OK,
        f"GET /messages/history/1?page=1&page_size=50 HTTP/1.1\r\nHost: a\r\n{token}\r\n",
        f"POST /messages/send/1 HTTP/1.1\r\nHost: a\r\n{token}Content-Length: {len(body)}\r\n\r\n{body}",
        f"{POST}{FORM}Transfer-Encoding: chunked\r\n\r\n10\r\nusername=a&passw\r\n6\r\nord=b&\r\n0\r\n\r\n",
        "GET /messages/ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        f"Sec-WebSocket-Protocol: chatd.v2, bearer.{alice.token}\r\nOrigin: http://a\r\n\r\n",
        "OPTIONS /users/me HTTP/1.1\r\nHost: a\r\nOrigin: http://b\r\nAccess-Control-Request-Method: PUT\r\n\r\n",
    ]
    await send_all(chat, loop_time, [mutated(chance.choice(seeds).encode(), chance) for _ in range(400)])
    assert await is_unharmed(chat, caplog)


def mutated(seed: bytes, chance: random.Random) -> bytes:
    """Return a request with some bytes changed, left out or put in."""
    data = bytearray(seed)
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(len(data))
        size = chance.choice((1, 1, 1, 2, 10))
        edge = chance.choice((b"\r\n", b"\0", b"\xff", b":", b" ", b"\r", b"\n", b"%", b",", b"0", b"[", b"\t"))
        match chance.randrange(4):
            case 0:
                data[at : at + size] = chance.randbytes(size)
            case 1:
                del data[at : at + size]
            case 2:
                data[at:at] = edge * size
            case _:
                data[at : at + 1] = edge
    return bytes(data)
