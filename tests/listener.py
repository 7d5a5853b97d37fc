"""A server of the tests' own, which leaves no connection behind."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Self
from weakref import WeakSet

#: The two directions of a connection.
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Listener:
    """Serves every connection by a function, each in a task of its own.

    Whatever state a connection is in when it stops, it is ended with it. asyncio's own server cannot promise that: in
    Python 3.11 it forgets a connection that it accepted just before it was closed.
    """

    def __init__(self, serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> None:
        """Create a server that :meth:`start` starts.

        :param serve: what is done with a connection. It is closed afterwards; that the other side is gone is no error.
        """
        self._serve = serve
        self._socket: socket.socket | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._faults: list[BaseException] = []
        self._connections = WeakSet[socket.socket]()
        self._writers = WeakSet[asyncio.StreamWriter]()

    @property
    def port(self) -> int:
        """The TCP port."""
        assert self._socket is not None
        return int(self._socket.getsockname()[1])

    async def start(self, path: Path | None = None) -> None:
        """Begin to take connections.

        :param path: of a Unix socket; without it, it listens on a free port of 127.0.0.1.
        """
        if path is None:
            self._socket = socket.create_server(("127.0.0.1", 0), backlog=1000)
        else:
            path.unlink(missing_ok=True)
            self._socket = socket.socket(socket.AF_UNIX)
            self._socket.bind(str(path))
            self._socket.listen()
        self._socket.setblocking(False)
        asyncio.get_running_loop().add_reader(self._socket, self._accept, self._socket)

    async def stop(self) -> None:
        """Take no connections any more, end those that there are, and raise what first went wrong with any."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.cut()
        for connection in list(self._connections):
            connection.close()
        await asyncio.sleep(0)  # an aborted transport closes its socket in the next turn of the loop
        faults, self._faults = self._faults, []
        if faults:
            raise faults[0]

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()

    def cut(self) -> None:
        """End every connection at once, and those to other servers that belong to them."""
        for writer in list(self._writers):
            writer.transport.abort()

    async def connect(self, host: str | None, port: int | None) -> Streams:
        """Return a connection to another server, which ends with this one at the latest."""
        return self._keep(await asyncio.open_connection(host, port))

    async def connect_unix(self, path: Path) -> Streams:
        """Return a connection to another server's Unix socket, which ends with this one at the latest."""
        return self._keep(await asyncio.open_unix_connection(path))

    def _keep(self, streams: Streams) -> Streams:
        self._writers.add(streams[1])
        return streams

    def _accept(self, listening: socket.socket) -> None:
        try:
            connection, _ = listening.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        connection.setblocking(False)
        self._connections.add(connection)
        task = asyncio.create_task(self._run(connection))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            self._faults.append(fault)

    async def _run(self, connection: socket.socket) -> None:
        made: list[Streams] = []
        protocol = asyncio.StreamReaderProtocol(asyncio.StreamReader(), lambda *streams: made.append(streams))
        await asyncio.get_running_loop().connect_accepted_socket(lambda: protocol, connection)
        reader, writer = self._keep(made.pop())
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
