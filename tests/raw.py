"""Clients that speak bytes: they can be slow, silent, rude or wrong."""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from typing import cast

from multidict import CIMultiDict
from yarl import URL

from tests.support import PATIENCE, Chat

#: What RFC 6455, section 1.3, shows.
KEY = "dGhlIHNhbXBsZSBub25jZQ=="

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA


class Raw:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @property
    def transport(self) -> asyncio.Transport:
        """Where the bytes come and go; it can pause reading."""
        return cast(asyncio.Transport, self.writer.transport)

    async def send(self, data: bytes | str) -> None:
        """Send bytes as they are."""
        self.writer.write(data if isinstance(data, bytes) else data.encode())
        await self.writer.drain()

    async def answer(self) -> tuple[int, CIMultiDict[str], bytes]:
        """Return the status, headers and body of the next answer."""
        async with asyncio.timeout(PATIENCE):
            lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = CIMultiDict(cast(tuple[str, str], tuple(line.split(": ", 1))) for line in lines[1:-2])
            body = await self.reader.readexactly(int(headers.get("Content-Length", 0)))
        return int(lines[0].split()[1]), headers, body

    async def ended(self) -> bytes:
        """Wait until the server has closed the connection, and return what it still said."""
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(PATIENCE):
                return await self.reader.read()
        return b""

    async def upgrade(self, token: str, *headers: str) -> CIMultiDict[str]:
        """Open a socket and return the headers of the answer."""
        await self.send(upgrade_head(token, *headers))
        status, answered, _ = await self.answer()
        assert status == 101
        return answered

    async def send_frame(self, payload: bytes, opcode: int = TEXT, *, final: bool = True) -> None:
        """Send one masked frame."""
        await self.send(frame(payload, opcode, final=final))

    async def receive_frame(self) -> tuple[int, bytes]:
        """Return the opcode and payload of the next frame, which must be whole and unmasked."""
        async with asyncio.timeout(PATIENCE):
            first, size = await self.reader.readexactly(2)
            assert first & 0xF0 == 0x80
            if size == 126:
                (size,) = struct.unpack("!H", await self.reader.readexactly(2))
            elif size == 127:
                (size,) = struct.unpack("!Q", await self.reader.readexactly(8))
            return first & 0x0F, await self.reader.readexactly(size)


def upgrade_head(token: str, *headers: str) -> str:
    """Return the head of a request for a socket."""
    lines = [
        f"GET /messages/ws?token={token} HTTP/1.1",
        "Host: chat.example.org",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {KEY}",
        *headers,
    ]
    return "\r\n".join(lines) + "\r\n\r\n"


def frame(payload: bytes, opcode: int = TEXT, *, final: bool = True) -> bytes:
    """Return a frame of a client; its mask is zero, so that the payload stays as it is."""
    size = len(payload)
    first = (0x80 if final else 0) | opcode
    if size < 126:
        head = struct.pack("!BB", first, 0x80 | size)
    elif size < 65536:
        head = struct.pack("!BBH", first, 0x80 | 126, size)
    else:
        head = struct.pack("!BBQ", first, 0x80 | 127, size)
    return head + bytes(4) + payload


def connect(
    chat: Chat, *, tls: ssl.SSLContext | None = None, receive_buffer: int | None = None
) -> contextlib.AbstractAsyncContextManager[Raw]:
    """Connect to the server as :func:`connect_to` does."""
    assert chat.client.port is not None
    return connect_to(chat.client.port, tls=tls, receive_buffer=receive_buffer)


@contextlib.asynccontextmanager
async def connect_to(
    port: int, *, tls: ssl.SSLContext | None = None, receive_buffer: int | None = None
) -> AsyncIterator[Raw]:
    """Connect to a port of this machine, and drop the connection in the end.

    :param receive_buffer: how much the kernel may hold for this client, in bytes.
    """
    sock = socket.socket()
    sock.setblocking(False)
    if receive_buffer is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    try:
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
    except BaseException:
        sock.close()
        raise
    host = None if tls is None else "127.0.0.1"
    reader, writer = await asyncio.open_connection(sock=sock, ssl=tls, server_hostname=host)
    try:
        yield Raw(reader, writer)
    finally:
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def dial(address: str, request: str, receive_buffer: int | None = None) -> socket.socket:
    """Connect to an address and send the beginning of something, without an event loop.

    :param receive_buffer: how much the kernel may hold for this client, in bytes.
    """
    url = URL(address)
    connection = socket.socket()
    if receive_buffer is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.settimeout(PATIENCE)
    connection.connect((url.host, url.port))
    connection.sendall(request.encode())
    return connection


def read_head(connection: socket.socket) -> bytes:
    """Read the head of an answer, and not a byte more."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += connection.recv(1)
    return head
