"""The listening socket: our protocol on every connection, with or without TLS."""

import asyncio
import ssl
from collections.abc import Sequence

from aiohttp import web

from chatd.http.addresses import BACKLOG, listening, url
from chatd.http.context import Directly
from chatd.http.heads import readable
from chatd.http.protocol import HEAD_TIMEOUT, Protocol

#: How many connections are accepted in one turn of the loop, so that a thousand at once hold up nobody for long.
ACCEPT_AT_ONCE = 16


class Listener:
    """Accepts connections for a server."""

    def __init__(
        self,
        server: web.Server,
        hosts: Sequence[str],
        port: int,
        tls: ssl.SSLContext | None = None,
        directly: Directly | None = None,
    ) -> None:
        """Create a listener.

        :param server: what answers, as a runner makes it.
        :param hosts: see :func:`chatd.http.addresses.listening`.
        :param port: 0 takes any free one.
        :param tls: None for plain HTTP.
        :param directly: who is asked first for each request.
        """
        server.request_factory = readable(server.request_factory)
        self._manager = server
        self._directly = directly
        self._hosts = hosts
        self._port = port
        self._tls = tls
        self._servers: list[asyncio.Server] = []
        #: The addresses as URLs, with the port that was taken.
        self.urls: list[str] = []

    async def open(self) -> None:
        """Begin to accept connections.

        :raises ConfigurationError: an address cannot be had.
        """
        for sock in await listening(self._hosts, self._port):
            self.urls.append(url(sock, tls=self._tls is not None))
            server = await asyncio.get_running_loop().create_server(
                self._protocol,
                sock=sock,
                ssl=self._tls,
                ssl_handshake_timeout=HEAD_TIMEOUT if self._tls else None,
                backlog=ACCEPT_AT_ONCE,  # asyncio accepts as many in a turn as may wait
            )
            self._servers.append(server)
            sock.listen(BACKLOG)

    def close(self) -> None:
        """Stop accepting; the connections there are go on."""
        for server in self._servers:
            server.close()

    def _protocol(self) -> Protocol:
        return Protocol(self._manager, self._directly, loop=asyncio.get_running_loop())
