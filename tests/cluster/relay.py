"""A line to PostgreSQL that understands what passes: it changes statements, and keeps notifications to itself.

So a program can be tried without one of its measures, and not a line of it is changed.
"""

import asyncio
from collections import Counter
from pathlib import Path

from tests.listener import Listener

_STATEMENTS = b"PQ"

_NOTIFICATION = b"A"


class Relay:
    """A Unix socket that passes on to another one, message by message."""

    def __init__(self, server: Path, directory: Path) -> None:
        """Create a relay that ``async with`` opens.

        :param server: the socket of PostgreSQL.
        :param directory: where this one is made, under the same name.
        """
        self.directory = directory
        #: What of a statement becomes something else.
        self.changes: dict[bytes, bytes] = {}
        #: How often each of :attr:`changes` was made.
        self.changed: Counter[bytes] = Counter()
        #: How many messages have gone to the server.
        self.asked = 0
        #: Whether notifications go no further.
        self.is_deaf = False
        #: How many went no further.
        self.dropped = 0
        self._server = server
        self._listener = Listener(self._carry)

    async def __aenter__(self) -> "Relay":
        self.directory.mkdir()
        await self._listener.start(self.directory / self._server.name)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._listener.stop()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await self._listener.connect_unix(self._server)
        passing = [asyncio.create_task(self._ask(reader, back)), asyncio.create_task(self._answer(there, writer))]
        try:
            await asyncio.wait(passing, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in passing:
                task.cancel()
            for side in (writer, back):
                side.transport.abort()
            await asyncio.gather(*passing, return_exceptions=True)

    async def _ask(self, reader: asyncio.StreamReader, server: asyncio.StreamWriter) -> None:
        size = await reader.readexactly(4)
        server.write(size + await reader.readexactly(int.from_bytes(size) - 4))  # who connects, and to what
        while True:
            kind, body = await _message(reader)
            if kind in _STATEMENTS:
                for old, new in self.changes.items():
                    self.changed[old] += body.count(old)
                    body = body.replace(old, new)
            self.asked += 1
            await _write(server, kind, body)

    async def _answer(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        while True:
            kind, body = await _message(reader)
            if kind == _NOTIFICATION and self.is_deaf:
                self.dropped += 1
            else:
                await _write(client, kind, body)


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Return the kind and the body of the next message. https://www.postgresql.org/docs/current/protocol-overview.html"""
    head = await reader.readexactly(5)
    return head[:1], await reader.readexactly(int.from_bytes(head[1:]) - 4)


async def _write(writer: asyncio.StreamWriter, kind: bytes, body: bytes) -> None:
    writer.write(kind + (len(body) + 4).to_bytes(4) + body)
    await writer.drain()
