"""``GET /messages/ws``: the handshake, who is speaking, and in which dialect."""

import asyncio
import logging
from functools import partial
from typing import cast

from aiohttp import WSMsgType, web

from chatd import logs
from chatd.clock import Clock
from chatd.errors import AccountUnavailable, ChatError, NotAuthenticated, RateLimited, StorageUnavailable
from chatd.http.answers import http_error
from chatd.http.context import ADDRESS, CONFIG, REGISTRY, SERVICES, request_number
from chatd.http.origins import is_allowed
from chatd.services.limits import RateLimiter, limit_key, per_second
from chatd.stats import Stats
from chatd.ws import registry
from chatd.ws.classic import Classic
from chatd.ws.connection import CLOSE_TIMEOUT, NOT_AUTHENTICATED, Connection, close_politely, pong_frame
from chatd.ws.dialect import Dialect
from chatd.ws.v2 import V2

log = logging.getLogger(__name__)

#: The longest frame a client may send, in bytes.
MAX_FRAME = 64 * 1024

#: Close codes of RFC 6455 and its registry that only this room uses.
UNSUPPORTED_DATA = 1003
POLICY_VIOLATION = 1008
TRY_AGAIN_LATER = 1013

_BEARER_ITEM = "bearer."
V2_PROTOCOL = "chatd.v2"


class SocketHandler:
    """Accepts sockets and speaks with their clients."""

    def __init__(self, commands_per_second: float, clock: Clock, stats: Stats) -> None:
        """Create the handler.

        :param commands_per_second: how many frames of a user are heard; who sends twice that for long is closed.
        :param clock: the wall clock that tokens expire by.
        :param stats: where connections are counted.
        """
        self._heard = per_second(commands_per_second)
        self._flood = RateLimiter(commands_per_second * 2, commands_per_second * 20)
        self._clock = clock
        self._stats = stats

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one socket from handshake to close."""
        if request.headers.get("Upgrade", "").strip().lower() != "websocket":
            return http_error(426, {"Upgrade": "websocket", "Connection": "Upgrade"})
        if request.headers.get("Sec-WebSocket-Version", "13") != "13":
            return http_error(426, {"Sec-WebSocket-Version": "13"}, "This server speaks version 13 of WebSocket.")
        if not request.headers.get("Sec-WebSocket-Key", "").isascii():  # which aiohttp's own check stumbles over
            return http_error(400)
        if not is_allowed(request):
            return http_error(403, detail="Pages of this origin may not connect.")
        with request.app[REGISTRY].admit(limit_key(request[ADDRESS])):
            socket = web.WebSocketResponse(
                protocols=(V2_PROTOCOL,),
                heartbeat=request.app[CONFIG].server.heartbeat_seconds,
                autoping=False,  # it waits until the client has read the pong
                compress=False,
                max_msg_size=MAX_FRAME + 1,  # the first size that aiohttp refuses
                timeout=CLOSE_TIMEOUT,
            )
            await socket.prepare(request)
            transport = request.transport
            if transport is None:
                return socket
            try:
                await self._serve(request, socket, transport)
            finally:
                if not socket.closed or transport.get_write_buffer_size():
                    transport.abort()
            return socket

    async def _serve(self, request: web.Request, socket: web.WebSocketResponse, transport: asyncio.Transport) -> None:
        token = _token(request)
        if token is None:
            return await close_politely(socket, transport, registry.NO_TOKEN, "no token")
        try:
            identity = await request.app[SERVICES].sessions.authenticate(token)
        except AccountUnavailable as error:
            return await close_politely(socket, transport, registry.ACCOUNT_UNAVAILABLE, error.detail)
        except NotAuthenticated as error:
            return await close_politely(socket, transport, NOT_AUTHENTICATED, error.detail)
        except StorageUnavailable as error:
            return await close_politely(socket, transport, TRY_AGAIN_LATER, error.detail)
        seconds = (identity.expires_at - self._clock()) / 1000
        connection = Connection(socket, transport, identity, seconds, self._stats)
        client = self._dialect(request, socket, connection)
        dialect = socket.ws_protocol or "classic"
        log.info(
            "connected",
            extra={
                "event": "connected",
                "request": request_number(request),
                "connection": connection.number,
                "user_id": identity.user_id,
                "address": request[ADDRESS],
                "dialect": dialect,
            },
        )
        logs.about("connection", connection.number)
        self._stats.connections[dialect] += 1
        self._stats.connections_opened[dialect] += 1
        request.app[REGISTRY].add(client)
        try:
            await connection.hold(partial(self._converse, client, socket))
        finally:
            request.app[REGISTRY].remove(client)
            self._stats.connections[dialect] -= 1
            log.info(
                "disconnected",
                extra={"event": "disconnected", "user_id": identity.user_id, "address": request[ADDRESS]},
            )
        return None

    def _dialect(self, request: web.Request, socket: web.WebSocketResponse, connection: Connection) -> Dialect:
        if socket.ws_protocol != V2_PROTOCOL:
            return Classic(connection)
        heartbeat_ms = int(request.app[CONFIG].server.heartbeat_seconds * 1000)
        return V2(
            connection,
            request.app[REGISTRY],
            request.app[SERVICES],
            heartbeat_ms=heartbeat_ms,
            max_frame=MAX_FRAME,
        )

    async def _converse(self, client: Dialect, socket: web.WebSocketResponse) -> None:
        connection = client.connection
        user_id = connection.identity.user_id
        try:
            await client.start()
        except ChatError as error:
            connection.say_goodbye(TRY_AGAIN_LATER, error.detail)
            return
        async for message in socket:
            if message.type is WSMsgType.BINARY:
                connection.say_goodbye(UNSUPPORTED_DATA, "frames are text here")
                return
            if message.type not in (WSMsgType.TEXT, WSMsgType.PING, WSMsgType.PONG):
                return
            try:
                self._flood.take(user_id)
            except RateLimited:
                connection.say_goodbye(POLICY_VIOLATION, "too many frames")
                return
            if message.type is WSMsgType.PING:
                connection.push(pong_frame(cast(bytes, message.data)))
            if message.type is not WSMsgType.TEXT:
                continue
            text = cast(str, message.data)
            try:
                self._heard.take(user_id)
            except RateLimited as error:
                await client.hear_too_much(text, error.retry_after)
                continue
            await client.hear(text)


def _token(request: web.Request) -> str | None:
    """Return the token of a handshake: from the query, a header, or an item beside the subprotocol."""
    if token := request.query.get("token"):
        return token
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credentials.strip():
        return credentials.strip()
    offers = [item.strip() for item in ",".join(request.headers.getall("Sec-WebSocket-Protocol", [])).split(",")]
    if V2_PROTOCOL in offers:
        for offer in offers:
            if offer.startswith(_BEARER_ITEM) and offer != _BEARER_ITEM:
                return offer.removeprefix(_BEARER_ITEM)
    return None
