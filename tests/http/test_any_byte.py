"""Any byte in any header, on every kind of route: an answer below 500, and never a line of alarm in the log."""

import asyncio
import itertools
import logging
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from tests.conftest import Size, Start
from tests.ports import free_port
from tests.raw import KEY, connect_to
from tests.support import PATIENCE, Chat

METRICS_TOKEN = "m" * 16

#: Every header that aiohttp, its parts or we read, with a value it may have.
HEADERS = {
    "Accept": "text/html, */*;q=0.1",
    "Accept-Charset": "utf-8",
    "Accept-Encoding": "gzip, br;q=0.5",
    "Accept-Language": "de, en;q=0.5",
    "Access-Control-Request-Headers": "authorization, content-type",
    "Access-Control-Request-Method": "PUT",
    "Authorization": "Bearer abc",
    "Cache-Control": "no-cache",
    "Connection": "keep-alive",
    "Content-Disposition": 'form-data; name="file"; filename="a.png"',
    "Content-Encoding": "identity",
    "Content-Language": "en",
    "Content-Length": "0",
    "Content-Type": "application/json; charset=utf-8",
    "Cookie": 'a=b; c="d"',
    "Date": "Sat, 01 Jun 2024 00:00:00 GMT",
    "Expect": "100-continue",
    "Forwarded": 'for="[2001:db8::1]";proto=https;host=a',
    "From": "a@example.org",
    "Host": "a:80",
    "If-Match": '"a", W/"b"',
    "If-Modified-Since": "Sat, 01 Jun 2024 00:00:00 GMT",
    "If-None-Match": '"a", W/"b"',
    "If-Range": '"a"',
    "If-Unmodified-Since": "Sat, 01 Jun 2024 00:00:00 GMT",
    "Keep-Alive": "timeout=5",
    "Link": '</x>; rel="y"',
    "Max-Forwards": "1",
    "Origin": "http://a",
    "Proxy-Authorization": "Basic YTpi",
    "Range": "bytes=0-5",
    "Referer": "http://a/b",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Site": "same-origin",
    "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Protocol": "chatd.v2, bearer.abc",
    "Sec-WebSocket-Version": "13",
    "TE": "trailers",
    "Trailer": "X",
    "Transfer-Encoding": "chunked",
    "Upgrade": "websocket",
    "User-Agent": "curl/8",
    "Via": "1.1 a",
    "X-Forwarded-For": "192.0.2.1",
    "X-Forwarded-Host": "a",
    "X-Forwarded-Proto": "https",
    "X-Requested-With": "XMLHttpRequest",
}

#: What is no text: every byte that is not ASCII, controls, and UTF-8 that is broken or says what no text may.
BAD = [
    *(bytes([byte]) for byte in (*range(0x80, 0x100), *range(0x20), 0x7F) if bytes([byte]) not in b"\t\r\n"),
    *(b"\xc3", b"\xf0\x9f\x92", b"\xed\xa0\x80", b"\xc0\xaf", b"\xef\xbb\xbf", "é".encode(), "💥".encode()),
]


@dataclass
class Kind:
    """A kind of route, and a good request of it."""

    line: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    metrics: bool = False

    def with_header(self, name: str, value: bytes) -> bytes:
        """Return the request with one header of its own instead of, or beside, what it has."""
        headers = {"Host": "a", "Content-Length": str(len(self.body)), **self.headers, "Connection": "close"}
        if "Upgrade" in self.headers:
            headers["Connection"] = "Upgrade"
        lines = [f"{each}: {text}".encode() for each, text in headers.items() if each != name]
        return b"\r\n".join([f"{self.line} HTTP/1.1".encode(), *lines, name.encode() + b": " + value, b"", self.body])


FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}
#: A form without a picture, as each would be read in a process of its own.
PARTS = b'--b\r\nContent-Disposition: form-data; name="other"; filename="a"\r\n\r\nx\r\n--b--\r\n'


def kinds(token: str, other_id: int) -> list[Kind]:
    """Return a request of every kind."""
    own = {"Authorization": f"Bearer {token}"}
    upgrade = {"Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": KEY}
    return [
        Kind("GET /"),
        Kind("HEAD /"),
        Kind("GET /config.json"),
        Kind("GET /messages/1", own),
        Kind("GET /health"),
        Kind("GET /openapi.json"),
        Kind("GET /nowhere"),
        Kind("PUT /health"),
        Kind("OPTIONS /users/me", {"Origin": "https://page.example", "Access-Control-Request-Method": "PUT"}),
        Kind("GET /auth/me", own),
        Kind("GET /files/avatars/none.png"),
        Kind("POST /auth/login", FORM, b"username=alice&password=correct+horse"),
        Kind("POST /auth/register", JSON, b'{"username":"alice","password":"correct horse","nickname":"a"}'),
        Kind("PUT /users/me", own | JSON, b'{"nickname":"a"}'),
        Kind(f"POST /messages/send/{other_id}", own | JSON, b'{"content":"a"}'),
        Kind("POST /files/upload/avatar", own | {"Content-Type": "multipart/form-data; boundary=b"}, PARTS),
        Kind("GET /messages/ws", upgrade | {"Sec-WebSocket-Protocol": f"chatd.v2, bearer.{token}"}),
        Kind("GET /messages/ws", upgrade | own),
        Kind("GET /metrics", {"Authorization": f"Bearer {METRICS_TOKEN}"}),
        Kind("GET /metrics", {"Authorization": f"Bearer {METRICS_TOKEN}"}, metrics=True),
    ]


def values(name: str, piece: bytes) -> list[bytes]:
    """Return values of a header with a bad piece before, within and behind what it may say, and alone."""
    good = HEADERS[name].encode()
    half = len(good) // 2
    return [
        piece,
        piece + good,
        good[:half] + piece + good[half:],
        good + piece,
        good + b", " + piece,
        good + b";a=" + piece,
    ]


#: Targets of requests with a bad piece in them.
TARGETS = [b"/%b", b"/messages/%b", b"/health?%b", b"/users/?q=a%bb", b"/files/avatars/%b.png", b"http://%b/", b"*%b"]


async def status(port: int, request: bytes) -> int:
    """Send a request over a connection of its own, and return the status of its answer."""
    async with connect_to(port) as raw:
        await raw.send(request)
        async with asyncio.timeout(PATIENCE):
            return int((await raw.reader.readuntil(b"\r\n")).split()[1])


async def assert_harmless(requests: Sequence[tuple[int, bytes]], caplog: pytest.LogCaptureFixture) -> None:
    """See that each request, sent to a port, is answered below 500, and that none raises an alarm."""
    for first in range(0, len(requests), 50):
        batch = requests[first : first + 50]
        answered = await asyncio.gather(*(status(port, request) for port, request in batch))
        broken = [request for (_, request), got in zip(batch, answered, strict=True) if got >= 500]
        assert not broken, broken[0]
        alarms = [record for record in caplog.records if record.levelno >= logging.ERROR or record.exc_info]
        assert not alarms, (alarms[0].getMessage(), alarms[0].exc_text, batch)
        caplog.clear()


@pytest.fixture(params=[[], ["https://page.example"]], ids=["no origins", "an origin"])
async def chat(start: Start, request: pytest.FixtureRequest) -> Chat:
    """A server with everything that may be reached, whose sends are answered directly, and one where none is."""
    return await start(server={"origins": request.param}, metrics={"token": METRICS_TOKEN, "port": free_port()})


async def test_no_byte_in_any_header_gets_a_5xx_or_raises_an_alarm(
    chat: Chat, size: Size, caplog: pytest.LogCaptureFixture
) -> None:
    alice, bob = await chat.people("alice", "bobby")
    chance = random.Random(20240603)
    every = [
        (port_of(chat, kind), kind.with_header(name, value))
        for kind, name in itertools.product(kinds(alice.token, bob.id), HEADERS)
        for piece in chance.sample(BAD, 3)
        for value in values(name, piece)
    ]
    always = [request for request in every if b"\r\nExpect: " in request[1]]
    await assert_harmless(always + chance.sample(every, size(short=800, long=len(every))), caplog)


async def test_no_byte_in_an_address_gets_a_5xx_or_raises_an_alarm(
    chat: Chat, size: Size, caplog: pytest.LogCaptureFixture
) -> None:
    alice = await chat.person("alice")
    port = port_of(chat, Kind("GET /"))
    lines = f"Host: a\r\nConnection: close\r\nAuthorization: Bearer {alice.token}\r\n\r\n".encode()
    every = [
        (port, b"%b %b HTTP/1.1\r\n%b" % (method, target % piece, lines))
        for method, target, piece in itertools.product((b"GET", b"PUT", b"OPTIONS"), TARGETS, BAD)
        if piece not in b"\r\n"
    ]
    await assert_harmless(random.Random(1).sample(every, size(short=300, long=len(every))), caplog)


def port_of(chat: Chat, kind: Kind) -> int:
    """Return the port that a request of a kind goes to."""
    listener = chat.server._metrics_listener if kind.metrics else chat.server._listener
    assert listener is not None
    return int(listener.urls[0].rpartition(":")[2])
