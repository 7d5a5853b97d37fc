"""The listening socket: our protocol on every connection, with or without TLS."""

import asyncio
import ssl

from aiohttp import web

from chatd.errors import ConfigurationError
from chatd.http.context import DIRECTLY
from chatd.http.protocol import HEAD_TIMEOUT, Protocol

#: How many connections may wait to be accepted: all clients come back at once after a restart.
BACKLOG = 1024

#: How many connections are accepted in one turn of the loop, so that a thousand at once hold up nobody for long.
ACCEPT_AT_ONCE = 16


class Listener:
    """Accepts connections for an application's runner."""

    def __init__(self, runner: web.AppRunner, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        """Create a listener.

        :param runner: already set up.
        :param port: 0 takes any free one.
        :param tls: None for plain HTTP.
        """
        self._runner = runner
        self._host = host
        self._port = port
        self._tls = tls
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Begin to accept connections.

        :raises ConfigurationError: the address cannot be had.
        """
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                self._protocol,
                self._host,
                self._port,
                ssl=self._tls,
                ssl_handshake_timeout=HEAD_TIMEOUT if self._tls else None,
                backlog=ACCEPT_AT_ONCE,  # asyncio accepts as many in a turn as may wait
            )
            for listening in self._server.sockets:
                with listening.dup() as shared:
                    shared.listen(BACKLOG)
        except (OSError, UnicodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not the name of a host"
            raise ConfigurationError(f"cannot listen on {self._host} port {self._port}: {reason}") from error

    def close(self) -> None:
        """Stop accepting; the connections there are go on."""
        if self._server is not None:
            self._server.close()

    @property
    def url(self) -> str:
        """The address as a URL, with the port that was taken."""
        assert self._server is not None
        host, port = self._server.sockets[0].getsockname()[:2]
        scheme = "https" if self._tls else "http"
        return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"

    def _protocol(self) -> Protocol:
        assert self._runner.server is not None
        return Protocol(self._runner.server, self._runner.app.get(DIRECTLY), loop=asyncio.get_running_loop())


def tls_context(certificate: str, key: str) -> ssl.SSLContext:
    """Return a context that speaks TLS 1.2 or newer.

    :param certificate: a PEM file with the certificate chain.
    :param key: a PEM file with its private key.
    :raises ConfigurationError: they cannot be read, or do not belong together.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    load_certificate(context, certificate, key)
    return context


def load_certificate(context: ssl.SSLContext, certificate: str, key: str) -> None:
    """Have new connections on ``context`` use a certificate; one that cannot be used changes nothing.

    :raises ConfigurationError: the files cannot be read, or do not belong together.
    """
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(f"the certificate {certificate} with the key {key} cannot be used: {error}") from error
