"""``GET /messages/ws``: the handshake, who is speaking, and in which dialect."""

import asyncio
import logging

from aiohttp import WSMsgType, web

from chatd import logs
from chatd.clock import Clock
from chatd.errors import AccountUnavailable, ChatError, NotAuthenticated, RateLimited, StorageUnavailable
from chatd.http.answers import http_error
from chatd.http.context import ADDRESS, CONFIG, REGISTRY, SERVICES, request_number
from chatd.http.origins import is_allowed
from chatd.http.protocol import read_little
from chatd.services.limits import RateLimiter, limit_key, per_second
from chatd.stats import Stats
from chatd.ws import registry
from chatd.ws.classic import Classic
from chatd.ws.connection import CLOSE_TIMEOUT, NOT_AUTHENTICATED, Connection, close_politely, pong_frame, unsent
from chatd.ws.dialect import Dialect
from chatd.ws.inbound import Socket
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
            Pings of the protocol itself are answered, and count as frames beyond these.
        :param clock: the wall clock that tokens expire by.
        :param stats: where connections are counted.
        """
        self._heard = per_second(commands_per_second)
        self._flood = RateLimiter(commands_per_second, commands_per_second * 15)
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
            socket = Socket(
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
            read_little(transport)
            try:
                await self._serve(request, socket, transport)
            finally:
                if not socket.closed or unsent(transport):
                    transport.abort()
            return socket

    async def _serve(self, request: web.Request, socket: Socket, transport: asyncio.Transport) -> None:
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
            await connection.hold(_Conversation(client, socket, self._heard, self._flood).hold)
        finally:
            request.app[REGISTRY].remove(client)
            self._stats.connections[dialect] -= 1
            log.info(
                "disconnected",
                extra={"event": "disconnected", "user_id": identity.user_id, "address": request[ADDRESS]},
            )
        return None

    def _dialect(self, request: web.Request, socket: Socket, connection: Connection) -> Dialect:
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


class _Conversation:
    """What one client says, as far as it says not too much."""

    __slots__ = ("_client", "_flood", "_heard", "_is_counted", "_socket", "_user_id")

    def __init__(self, client: Dialect, socket: Socket, heard: RateLimiter, flood: RateLimiter) -> None:
        self._client = client
        self._socket = socket
        self._heard = heard
        self._flood = flood
        self._user_id = client.connection.identity.user_id
        self._is_counted = False

    async def hold(self) -> None:
        """Hear the client until the socket ends or it says what it must not."""
        connection = self._client.connection
        try:
            await self._client.start()
        except ChatError as error:
            connection.say_goodbye(TRY_AGAIN_LATER, error.detail)
            return
        self._socket.hear_at_once(self._hear_at_once)
        try:
            while True:
                message = await self._socket.next()
                if message.type is WSMsgType.BINARY:
                    connection.say_goodbye(UNSUPPORTED_DATA, "frames are text here")
                elif message.type is WSMsgType.TEXT:
                    await self._hear(message.data)
                elif message.type in (WSMsgType.PING, WSMsgType.PONG):
                    if self._is_flooding():
                        return
                    if message.type is WSMsgType.PING:
                        connection.push(pong_frame(message.data))
                else:
                    return
                if connection.is_leaving:
                    return
        finally:
            self._socket.hear_no_more()

    def _hear_at_once(self, text: str) -> bool:
        """Hear a frame inside the reader. That it counts is remembered should it have to wait after all."""
        if self._client.connection.is_leaving:
            return True
        try:
            self._heard.take(self._user_id)
        except RateLimited:
            return False
        try:
            self._is_counted = not self._client.hear_at_once(text)
        except Exception:
            log.exception(
                "a frame could not be heard",
                extra={"event": "frame_not_heard", "connection": self._client.connection.number},
            )
            self._client.connection.drop("a frame of it could not be heard")
        return not self._is_counted

    async def _hear(self, text: str) -> None:
        try:
            if not self._is_counted:
                self._heard.take(self._user_id)
        except RateLimited as error:
            if not self._is_flooding():
                await self._client.hear_too_much(text, error.retry_after)
            return
        self._is_counted = False
        await self._client.hear(text)

    def _is_flooding(self) -> bool:
        """Count a frame beyond what is heard; say goodbye where there are too many of these."""
        try:
            self._flood.take(self._user_id)
        except RateLimited:
            self._client.connection.say_goodbye(POLICY_VIOLATION, "too many frames")
            return True
        return False


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
