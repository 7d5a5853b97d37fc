"""The listening sockets: our protocol on every connection, with or without TLS."""

import asyncio
import socket
import ssl
import typing
from collections.abc import Sequence

from aiohttp import web

from chatd.http.addresses import listening, url
from chatd.http.crowd import Crowd
from chatd.http.heads import readable
from chatd.http.protocol import Protocol
from chatd.http.timeouts import Timeouts

#: How many connections are accepted in one turn of the loop, so that a thousand at once delay nobody for long.
ACCEPT_AT_ONCE = 16

#: How long to wait after accepting has failed, in seconds.
ACCEPT_AGAIN = 0.1


class ProtocolFactory(typing.Protocol):
    """Makes the protocol of a new connection."""

    def __call__(self, manager: web.Server, timeouts: Timeouts, *, loop: asyncio.AbstractEventLoop) -> Protocol:
        """Return the protocol.

        :param manager: aiohttp's server.
        """


class Listener:
    """Accepts connections for a server.

    asyncio's own server logs a traceback for each attempt to accept without a free file descriptor, several in a turn
    of the loop, and then pauses for a second.
    """

    def __init__(
        self,
        server: web.Server,
        hosts: Sequence[str],
        port: int,
        tls: ssl.SSLContext | None = None,
        *,
        protocol: ProtocolFactory = Protocol,
        timeouts: Timeouts | None = None,
        crowd: Crowd | None = None,
    ) -> None:
        """Create a listener.

        :param server: aiohttp's server, as made by a runner.
        :param hosts: see :func:`chatd.http.addresses.listening`.
        :param port: 0 takes any free one.
        :param tls: None for plain HTTP.
        :param protocol: makes the protocol of each connection.
        :param timeouts: how long connections wait for their clients.
        :param crowd: counts the connections, also those of other listeners; None for no limit.
        """
        server.request_factory = readable(server.request_factory)
        self._manager = server
        self._protocol = protocol
        self._timeouts = Timeouts() if timeouts is None else timeouts
        self._crowd = Crowd() if crowd is None else crowd
        self._leave = self._crowd.leave  # one object for all
        self._hosts = hosts
        self._port = port
        self._tls = tls
        self._sockets: list[socket.socket] = []
        #: The addresses as URLs, with the actual port.
        self.urls: list[str] = []

    async def open(self) -> None:
        """Begin to accept connections.

        :raises ConfigurationError: an address cannot be used.
        """
        loop = asyncio.get_running_loop()
        for sock in await listening(self._hosts, self._port):
            self.urls.append(url(sock, tls=self._tls is not None))
            sock.setblocking(False)
            self._sockets.append(sock)
            loop.add_reader(sock, self._accept, sock)

    def close(self) -> None:
        """Stop accepting; open connections stay."""
        for sock in self._sockets:
            asyncio.get_running_loop().remove_reader(sock)
            sock.close()
        self._sockets.clear()

    def _accept(self, sock: socket.socket) -> None:
        """Accept some of the waiting connections."""
        is_there_room = None
        for _ in range(ACCEPT_AT_ONCE):
            try:
                connection, (address, *_) = sock.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError as error:
                self._crowd.make_room(error.strerror or str(error))
                self._rest(sock)
                return
            if is_there_room is None and connection.fileno() >= self._crowd.last_descriptor:
                is_there_room = self._crowd.make_room("few file descriptors are left")
            if is_there_room is False or not self._crowd.may_come(address):
                connection.close()
            else:
                self._welcome(connection, address)

    def _rest(self, sock: socket.socket) -> None:
        """Stop accepting for a moment."""
        loop = asyncio.get_running_loop()

        def go_on() -> None:
            if sock in self._sockets:
                loop.add_reader(sock, self._accept, sock)

        loop.remove_reader(sock)
        loop.call_later(ACCEPT_AGAIN, go_on)

    def _welcome(self, connection: socket.socket, address: str) -> None:
        """Begin to serve an accepted connection."""
        protocol = self._protocol(self._manager, self._timeouts, loop=asyncio.get_running_loop())
        protocol.on_leaving = self._leave
        self._crowd.enter(protocol, address)
        asyncio.create_task(self._greet(protocol, connection))  # noqa: RUF006 (the protocol keeps it)

    async def _greet(self, protocol: Protocol, connection: socket.socket) -> None:
        protocol.greeting = asyncio.current_task()
        loop = asyncio.get_running_loop()
        timeout = self._timeouts.head if self._tls else None
        try:
            await loop.connect_accepted_socket(
                lambda: protocol, connection, ssl=self._tls, ssl_handshake_timeout=timeout
            )
        except Exception:  # the client has left, or its handshake has failed
            self._crowd.leave(protocol)
        except BaseException:
            self._crowd.leave(protocol)
            raise
