"""More connections than there is room for: others are served, and the log does not grow with them."""

import contextlib
import resource
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Start
from tests.http.conftest import Certificates
from tests.process import ServerProcess
from tests.raw import connect, dial, read_head
from tests.support import Chat, until

#: What has a process begin with so few file descriptors.
FEW_FILES = ("sh", "-c", 'ulimit -n 128; exec "$@"', "sh")

GET = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    """A server with few file descriptors."""
    with ServerProcess(tmp_path / "data", within=FEW_FILES) as server:
        yield server


@pytest.fixture
def server_with_tls(tmp_path: Path, certificates: Certificates) -> Iterator[ServerProcess]:
    """A server with few file descriptors that speaks TLS."""
    files = {
        "CHATD_SERVER_TLS_CERT": str(certificates.certificate),
        "CHATD_SERVER_TLS_KEY": str(certificates.key),
    }
    with ServerProcess(tmp_path / "data", within=FEW_FILES, **files) as server:
        yield server


@pytest.fixture
def connections() -> Iterator[contextlib.ExitStack]:
    """Where connections are put that are closed in the end."""
    with contextlib.ExitStack() as opened:
        yield opened


def connected(server: ServerProcess, opened: contextlib.ExitStack, count: int, said: str = "") -> list[socket.socket]:
    """Connect so many times, say something each time, and keep the connections open."""
    return [opened.enter_context(dial(server.url, said)) for _ in range(count)]


def is_answered(server: ServerProcess) -> bool:
    """Report whether a new connection's request is answered."""
    with dial(server.url, GET) as connection:
        return read_head(connection).startswith(b"HTTP/1.1 200 ")


def warnings(server: ServerProcess) -> list[dict[str, Any]]:
    """Return the lines of the log that an operator is to see."""
    return [entry for entry in server.entries if entry["level"] != "info"]


def test_silent_connections_make_room_and_are_told_of_in_one_line(
    server: ServerProcess, connections: contextlib.ExitStack
) -> None:
    for _ in range(3):
        connected(server, connections, 100)
        assert is_answered(server)
    (line,) = warnings(server)
    assert line["event"] == "descriptors_short"
    assert "exception" not in line
    assert server.stop() == 0


def test_connections_whose_handshake_does_not_end_make_room(
    server_with_tls: ServerProcess, certificates: Certificates, connections: contextlib.ExitStack
) -> None:
    connected(server_with_tls, connections, 300)
    with certificates.context.wrap_socket(dial(server_with_tls.url, ""), server_hostname="127.0.0.1") as connection:
        connection.sendall(GET.encode())
        assert read_head(connection).startswith(b"HTTP/1.1 200 ")
    assert [line["event"] for line in warnings(server_with_tls)] == ["descriptors_short"]


def test_where_no_descriptor_is_left_at_all_others_are_served_as_soon_as_there_is_one(
    server: ServerProcess, connections: contextlib.ExitStack
) -> None:
    assert is_answered(server)
    few = max(int(each.name) for each in Path(f"/proc/{server.pid}/fd").iterdir()) + 5
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (few, 128))
    for _ in range(3):
        connected(server, connections, 20)
        assert is_answered(server)
    (line,) = warnings(server)
    assert line["event"] == "descriptors_short"
    assert "exception" not in line
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (128, 128))
    assert is_answered(server)


def test_connections_that_rest_make_room(server: ServerProcess, connections: contextlib.ExitStack) -> None:
    for connection in connected(server, connections, 300, GET):
        with contextlib.suppress(ConnectionError):
            read_head(connection)
    assert is_answered(server)
    assert [line["event"] for line in warnings(server)] == ["descriptors_short"]


def test_a_request_that_is_being_sent_is_not_given_up_for_silent_connections(
    server: ServerProcess, connections: contextlib.ExitStack
) -> None:
    body = '{"username":"alice","password":"correct horse","nickname":"Alice"}'
    head = f"POST /auth/register HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n\r\n"
    with dial(server.url, head + body[:1]) as busy:
        connected(server, connections, 300)
        assert is_answered(server)
        busy.sendall(body[1:].encode())
        assert read_head(busy).startswith(b"HTTP/1.1 201 ")


@pytest.mark.parametrize(
    "said",
    [
        "POST /auth/register HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{",
        "POST /auth/login HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n",
        "GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n" * 20,
    ],
    ids=["half a body", "half a chunk", "answers that are not read"],
)
def test_requests_that_do_not_end_make_room_too(
    server: ServerProcess, connections: contextlib.ExitStack, said: str
) -> None:
    for _ in range(300):
        with contextlib.suppress(ConnectionError):
            connections.enter_context(dial(server.url, said, receive_buffer=4096))
    assert is_answered(server)
    assert [line["event"] for line in warnings(server)] == ["descriptors_short"]


async def test_an_address_has_a_limit_of_connections_whatever_they_are_for(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    chat = await start(limits={"tcp_connections_per_address": 3})
    async with connect(chat) as first, connect(chat) as second, connect(chat) as third:
        await first.send(GET)
        await second.send("G")
        assert (await first.answer())[0] == 200
        for _ in range(5):
            async with connect(chat) as more:
                assert await more.ended() == b""
        await first.send(GET)
        assert (await first.answer())[0] == 200
        third.transport.abort()
        await until(lambda: number_of(chat) == 2)
        async with connect(chat) as next_one:
            await next_one.send(GET)
            assert (await next_one.answer())[0] == 200
    told = [record for record in caplog.records if record.levelname == "WARNING"]
    assert [(record.event, record.address) for record in told] == [("connections_refused", "127.0.0.1")]  # type: ignore[attr-defined]


async def test_a_trusted_proxy_has_no_limit_of_connections(start: Start) -> None:
    chat = await start(limits={"tcp_connections_per_address": 1}, server={"trusted_proxies": ["127.0.0.0/8"]})
    async with connect(chat) as first, connect(chat) as second:
        for raw in (first, second):
            await raw.send(GET)
            assert (await raw.answer())[0] == 200


def number_of(chat: Chat) -> int:
    """Return how many connections the server has."""
    return len(chat.server._crowd)
