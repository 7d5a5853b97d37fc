"""Clients that cost next to nothing: sockets that answer pings and keep what they are told."""

import asyncio
import json
import struct
import time
from typing import Any

from yarl import URL

from tests.raw import PONG, TEXT, frame, upgrade_head

#: How many handshakes are under way at once where nothing else is asked for.
AT_ONCE = 50


class Quiet(asyncio.Protocol):
    """A socket of chatd.v2 that says what it is told to, and answers pings."""

    def __init__(self, token: str) -> None:
        self._head = upgrade_head(token, "Sec-WebSocket-Protocol: chatd.v2")
        self._data = b""
        self._is_open = False
        self._transport: asyncio.Transport | None = None
        loop = asyncio.get_running_loop()
        #: Done when it has caught up.
        self.is_live: asyncio.Future[None] = loop.create_future()
        #: Done when it is closed.
        self.is_lost: asyncio.Future[None] = loop.create_future()
        #: When each new message came, by its content; by ``time.perf_counter``.
        self.heard: dict[str, float] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._head.encode())

    def connection_lost(self, error: Exception | None) -> None:
        if not self.is_lost.done():
            self.is_lost.set_result(None)
        if not self.is_live.done():
            self.is_live.set_exception(ConnectionError("lost before it was live"))

    def data_received(self, data: bytes) -> None:
        self._data += data
        if not self._is_open:
            head, end, rest = self._data.partition(b"\r\n\r\n")
            if not end:
                return
            assert head.startswith(b"HTTP/1.1 101 "), head
            self._is_open, self._data = True, rest
            self.say({"type": "sync", "id": 0, "data": {}})
        while (taken := self._take()) is not None:
            self._hear(*taken)

    def say(self, what: dict[str, Any]) -> None:
        """Send a frame."""
        assert self._transport is not None
        self._transport.write(frame(json.dumps(what).encode()))

    def abort(self) -> None:
        """Go without a word."""
        if self._transport is not None:
            self._transport.abort()

    def _take(self) -> tuple[int, bytes] | None:
        data = self._data
        if len(data) < 2:
            return None
        size, start = data[1], 2
        if size == 126:
            if len(data) < 4:
                return None
            (size,), start = struct.unpack_from("!H", data, 2), 4
        if len(data) < start + size:
            return None
        self._data = data[start + size :]
        return data[0] & 0x0F, data[start : start + size]

    def _hear(self, opcode: int, payload: bytes) -> None:
        if opcode == TEXT:
            said = json.loads(payload)
            if said["type"] == "ack" and said["re"] == 0:
                if not self.is_live.done():  # nobody may be waiting for it any more
                    self.is_live.set_result(None)
            elif said["type"] == "new_message":
                self.heard[said["data"]["content"]] = time.perf_counter()
        elif opcode == 0x9:
            assert self._transport is not None
            self._transport.write(frame(payload, PONG))


async def quiet(url: str, token: str) -> Quiet:
    """Connect and catch up with now.

    :raises OSError: the server is not there, or goes meanwhile.
    """
    address = URL(url)
    assert address.host is not None
    assert address.port is not None
    _, client = await asyncio.get_running_loop().create_connection(lambda: Quiet(token), address.host, address.port)
    try:
        await client.is_live
    except BaseException:
        client.abort()
        raise
    return client


async def many_quiet(url: str, tokens: list[str], at_once: int = AT_ONCE) -> list[Quiet]:
    """Connect many, and return them in the order of their tokens."""
    gate = asyncio.Semaphore(at_once)

    async def connect(token: str) -> Quiet:
        async with gate:
            return await quiet(url, token)

    return await asyncio.gather(*map(connect, tokens))
