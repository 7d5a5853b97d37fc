"""What may be at the other end instead of a PostgreSQL that chatd can use."""

import asyncio
import struct
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from tests.listener import Listener

#: The numbers in place of a version with which a client asks for encryption:
#: https://www.postgresql.org/docs/current/protocol-message-formats.html
_REQUESTS = frozenset({80877103, 80877104})


class Stranger:
    """A server that speaks PostgreSQL's protocol, says what it is, and refuses every setting."""

    def __init__(self, version: str, number: str, encoding: str = "UTF8") -> None:
        """Create a server that ``async with`` starts.

        :param version: what ``version()`` returns.
        :param number: the parameter ``server_version``.
        """
        self._version = version
        self._number = number
        self._encoding = encoding
        self._listener = Listener(self._serve)

    @property
    def port(self) -> int:
        """The TCP port."""
        return self._listener.port

    async def __aenter__(self) -> Self:
        await self._listener.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._listener.stop()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._start(reader, writer)
        while (kind := await reader.readexactly(1)) != b"X":
            (length,) = struct.unpack(">I", await reader.readexactly(4))
            text = await reader.readexactly(length - 4)
            if kind == b"Q":
                writer.write(self._answer(text) + _message(b"Z", b"I"))

    async def _start(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            length, number = struct.unpack(">II", await reader.readexactly(8))
            await reader.readexactly(length - 8)
            if number not in _REQUESTS:
                break
            writer.write(b"N")
        said = {
            "server_version": self._number,
            "server_encoding": self._encoding,
            "client_encoding": "UTF8",
            "default_transaction_read_only": "off",
            "in_hot_standby": "off",
            "standard_conforming_strings": "on",
        }
        writer.write(_message(b"R", struct.pack(">I", 0)))
        for name, value in said.items():
            writer.write(_message(b"S", f"{name}\0{value}\0".encode()))
        writer.write(_message(b"K", struct.pack(">II", 1, 1)) + _message(b"Z", b"I"))

    def _answer(self, query: bytes) -> bytes:
        if b"version()" in query:
            return _rows([self._version, self._encoding])
        if b"transaction_read_only" in query:
            return _rows(["off"])
        return _message(b"E", b"SERROR\0VERROR\0C42704\0Munrecognized configuration parameter\0\0")


def _message(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack(">I", len(content) + 4) + content


def _rows(values: Sequence[str]) -> bytes:
    """Return the only row of a query, whose columns are texts."""
    columns = b"".join(b"c\0" + struct.pack(">IHIhih", 0, 0, 25, -1, -1, 0) for _ in values)
    fields = b"".join(struct.pack(">I", len(value.encode())) + value.encode() for value in values)
    count = struct.pack(">H", len(values))
    return _message(b"T", count + columns) + _message(b"D", count + fields) + _message(b"C", b"SELECT 1\0")
