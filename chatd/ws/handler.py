"""``GET /messages/ws``: the handshake, the user who connects, and the dialect they speak."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import NamedTuple

from aiohttp import web

from chatd import logs
from chatd.clock import Clock
from chatd.delivery import registry
from chatd.delivery.connection import (
    NOT_AUTHENTICATED,
    Connection,
    Flusher,
    SocketTimeouts,
    close_politely,
    unsent,
)
from chatd.delivery.dialect import CLASSIC, V2, Dialect
from chatd.delivery.registry import Registry
from chatd.errors import AccountUnavailable, NotAuthenticated, StorageUnavailable
from chatd.http.answers import http_error
from chatd.http.context import ADDRESS, CONFIG, REGISTRY, SERVICES, request_number
from chatd.http.heads import items
from chatd.http.origins import is_allowed
from chatd.http.socket import Socket, read_little
from chatd.models import Identity
from chatd.services.limits import RateLimiter, limit_key, per_second
from chatd.stats import Stats
from chatd.ws.classic import Classic
from chatd.ws.credentials import identify
from chatd.ws.frame_loop import TRY_AGAIN_LATER, FrameLoop
from chatd.ws.session import V2Session

log = logging.getLogger(__name__)

#: The longest frame a client may send, in bytes.
MAX_FRAME = 64 * 1024


class SocketHandler:
    """Accepts sockets and serves their clients."""

    def __init__(
        self,
        commands_per_second: float,
        clock: Clock,
        stats: Stats,
        timeouts: SocketTimeouts,
        socket_type: type[Socket] = Socket,
    ) -> None:
        """Create the handler.

        :param commands_per_second: how many frames a second one user may send; a user who keeps sending twice that
            is disconnected. The protocol's own pings are answered, and count towards the second limit only.
        :param clock: the wall clock that tokens expire by.
        :param stats: where connections are counted.
        :param timeouts: how long sockets wait for their clients.
        :param socket_type: the class of the sockets.
        """
        self._heard = per_second(commands_per_second)
        self._flood = RateLimiter(commands_per_second, commands_per_second * 15)
        self._clock = clock
        self._stats = stats
        self._flusher = Flusher()
        self._timeouts = timeouts
        self._socket_type = socket_type

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one socket from handshake to close."""
        if request.method != "GET" or request.headers.get("Upgrade") != "websocket":  # as the head was made fit
            return http_error(426, {"Upgrade": "websocket", "Connection": "Upgrade"})
        if request.headers.get("Sec-WebSocket-Version", "13") != "13":
            return http_error(426, {"Sec-WebSocket-Version": "13"}, "This server speaks version 13 of WebSocket.")
        if request.body_exists or not request.headers.get("Sec-WebSocket-Key", "").isascii():
            return http_error(400)  # aiohttp waits for the body in vain, and stumbles over the key
        if not is_allowed(request):
            return http_error(403, detail="Pages of this origin may not connect.")
        address = limit_key(request[ADDRESS])
        request.app[REGISTRY].admit(address)
        converse = None
        try:
            socket = self._socket_type(
                protocols=(V2,),
                heartbeat=request.app[CONFIG].server.heartbeat_seconds,
                autoping=False,  # it waits until the client has read the pong
                autoclose=False,  # it answers every close with 1000
                compress=False,
                max_msg_size=MAX_FRAME + 1,  # the first size that aiohttp refuses
                timeout=self._timeouts.close,
            )
            identified = await _identified(request)  # first: who sees the handshake done misses nothing from then on
            if request.transport is None:
                return socket
            await socket.prepare(request)
            converse = await self._admitted(request, socket, identified)
        finally:
            if converse is None:
                request.app[REGISTRY].dismiss(address)
        if converse is None:
            return socket
        if not socket.outlive(request, converse):
            await converse()
        return socket

    async def _admitted(
        self, request: web.Request, socket: Socket, identified: "_Identified"
    ) -> Callable[[], Awaitable[None]] | None:
        """Return the function that serves a socket after its handshake, or None if the socket was refused."""
        transport = request.transport
        if transport is None:
            return None
        read_little(transport)
        client = None
        try:
            client = await self._welcome(request, socket, transport, identified)
        finally:
            if client is None:
                _end(socket, transport)
        if client is None:
            return None
        return partial(self._converse, request.app[REGISTRY], client, socket, transport, request[ADDRESS])

    async def _welcome(
        self, request: web.Request, socket: Socket, transport: asyncio.Transport, identified: "_Identified"
    ) -> Dialect | None:
        """Return the client; close the socket and return None if it may not connect."""
        identity = identified.identity
        if identity is None:
            await close_politely(socket, transport, *identified.refusal, timeout=self._timeouts.close)
            return None
        seconds = (identity.expires_at - self._clock()) / 1000
        connection = Connection(socket, transport, identity, seconds, self._flusher, self._stats, self._timeouts)
        log.info(
            "connected",
            extra={
                "event": "connected",
                "request": request_number(request),
                "connection": connection.number,
                "user_id": identity.user_id,
                "address": request[ADDRESS],
                "dialect": _name(socket),
            },
        )
        self._stats.connections_opened[_name(socket)] += 1
        return self._dialect(request, socket, connection, identified.since)

    async def _converse(
        self, clients: Registry, client: Dialect, socket: Socket, transport: asyncio.Transport, address: str
    ) -> None:
        """Register a client and serve it until its socket ends."""
        connection = client.connection
        logs.about("connection", connection.number)
        self._stats.connections[_name(socket)] += 1
        clients.add(client)
        try:
            with contextlib.suppress(ConnectionError):
                await connection.hold(FrameLoop(client, socket, self._heard, self._flood).run)
        except Exception:
            log.exception("a socket failed", extra={"event": "socket_failed"})
        finally:
            clients.remove(client)
            clients.dismiss(limit_key(address))
            self._stats.connections[_name(socket)] -= 1
            log.info(
                "disconnected",
                extra={"event": "disconnected", "user_id": connection.identity.user_id, "address": address},
            )
            _end(socket, transport)

    def _dialect(self, request: web.Request, socket: Socket, connection: Connection, since: int) -> Dialect:
        if socket.ws_protocol != V2:
            return Classic(connection, since)
        heartbeat_ms = int(request.app[CONFIG].server.heartbeat_seconds * 1000)
        return V2Session(
            connection,
            request.app[REGISTRY],
            request.app[SERVICES],
            heartbeat_ms=heartbeat_ms,
            max_frame=MAX_FRAME,
        )


class _Identified(NamedTuple):
    """Who opens a socket."""

    #: None: nobody who may.
    identity: Identity | None
    #: The code and the reason the socket is closed with if there is no identity.
    refusal: tuple[int, str]
    #: What was stored up to this ``seq`` is no news to a classic client.
    since: int = 0


async def _identified(request: web.Request) -> _Identified:
    """Find out who opens a socket."""
    services = request.app[SERVICES]
    since = 0
    try:
        if services.database.is_shared and V2 not in items(request.headers, "Sec-WebSocket-Protocol"):
            since = (await services.sync.position()).seq
        return _Identified(await identify(request), (registry.NO_TOKEN, "no token"), since)
    except AccountUnavailable as error:
        return _Identified(None, (registry.ACCOUNT_UNAVAILABLE, error.detail))
    except NotAuthenticated as error:
        return _Identified(None, (NOT_AUTHENTICATED, error.detail))
    except StorageUnavailable as error:
        return _Identified(None, (TRY_AGAIN_LATER, error.detail))


def _name(socket: Socket) -> str:
    return socket.ws_protocol or CLASSIC


def _end(socket: Socket, transport: asyncio.Transport) -> None:
    """Abort the transport unless it was closed politely and has nothing left to send."""
    if not socket.closed or unsent(transport):
        transport.abort()
