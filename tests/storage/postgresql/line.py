"""A line between a process and PostgreSQL that is cut at a chosen place, or carries nothing."""

import asyncio
from pathlib import Path
from typing import Literal

from tests.listener import Listener

#: Where to cut: before the server gets what follows the marker, or after it has answered that; or cut nothing, and let
#: no answer through.
Where = Literal["before", "after", "never"]

_CHUNK = 1 << 20


class Line:
    """A Unix socket that passes on to another one."""

    def __init__(self, server: Path, directory: Path, url: str) -> None:
        """Create a line that :meth:`open` opens.

        :param server: the socket of PostgreSQL.
        :param directory: where this one is made.
        :param url: of the database, at the server's own socket.
        """
        self._server = server
        self._directory = directory
        self.url = url.replace(str(server.parent), str(directory))
        self._marker = b""
        self._where: Where = "before"
        self._listener = Listener(self._carry)
        #: How often it was cut at the marker.
        self.cuts = 0

    async def open(self) -> None:
        """Begin to take connections."""
        self._directory.mkdir(exist_ok=True)
        await self._listener.start(self._directory / ".s.PGSQL.5432")

    async def close(self) -> None:
        """Take no connections any more, and end those that there are."""
        await self._listener.stop()

    def cut_at(self, marker: bytes, where: Where) -> None:
        """Cut the connection whose client sends ``marker`` as it commits, on its first or second commit."""
        self._marker, self._where = marker, where

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await self._listener.connect_unix(self._server)
        answers = asyncio.create_task(self._pass(there, writer))
        try:
            await self._listen(reader, back, answers)
        finally:
            answers.cancel()
            for each in (writer, back):
                each.transport.abort()
            await asyncio.gather(answers, return_exceptions=True)

    async def _listen(
        self, reader: asyncio.StreamReader, back: asyncio.StreamWriter, answers: asyncio.Task[None]
    ) -> None:
        is_marked = False
        while data := await reader.read(_CHUNK):
            if is_marked and b"COMMIT" in data:
                self._marker = b""
                if self._where == "after":
                    answers.cancel()
                    await asyncio.gather(answers, return_exceptions=True)
                    back.write(data)
                    await back.drain()
                    await asyncio.sleep(0.2)  # until it has committed; whether it has is what is asked afterwards
                self.cuts += 1
                if self._where == "never":
                    answers.cancel()
                    back.write(data)
                    while await reader.read(_CHUNK):
                        pass
                return
            is_marked = is_marked or (bool(self._marker) and self._marker in data)
            back.write(data)
            await back.drain()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
        writer.close()
