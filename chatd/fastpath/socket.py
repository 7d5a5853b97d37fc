"""Text frames handled inside aiohttp's reader, where they are parsed.

The public way, ``await socket.receive()``, wakes a task for each frame. A plain callback is 15 % faster for frames that
need no waiting.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import aiohttp
from aiohttp import WSMsgType, web
from aiohttp._websocket.reader import WebSocketDataQueue
from aiohttp.http import WebSocketReader

from chatd.fastpath.protocol import FastProtocol
from chatd.http.socket import Socket

#: aiohttp's own limit, in bytes: with twice as many waiting, its reader pauses the transport.
_QUEUE_LIMIT = 2**16


class FastSocket(Socket):
    """A WebSocket that handles text frames at once where it can, and outlives its request."""

    _inbox: "_Inbox"
    _heard_at = 0.0

    def hear_at_once(self, hear: Callable[[str], bool]) -> None:
        """Call ``hear`` for each text frame that no other frame waits before."""
        self._inbox.hear = hear

    def hear_no_more(self) -> None:
        """Make every frame wait to be received."""
        self._inbox.hear = None

    def next(self) -> Awaitable[aiohttp.WSMessage]:
        """Return the next frame, or the message that ends the socket."""
        self._inbox.rest()
        return self.receive()

    def outlive(self, request: web.Request, converse: Callable[[], Awaitable[None]]) -> bool:
        """End the request now and let the socket go on without it.

        A request with its parser and the ten coroutines that answer it takes 7 KiB.
        """
        self._req = cast(Any, _Remains(request.protocol))
        self._eof_sent = True  # nothing is sent at the request's end
        cast(FastProtocol, request.protocol).go_on_with(converse)
        return True

    def _on_data_received(self) -> None:
        # aiohttp resets the heartbeat's timer after each turn of the loop in which something came. It is enough to note
        # the time, which the timer looks at when it fires.
        if self._pong_response_cb is not None:
            super()._on_data_received()
        else:
            self._heard_at = cast(asyncio.AbstractEventLoop, self._loop).time()

    def _send_heartbeat(self) -> None:
        due = self._heard_at + (self._heartbeat or 0.0)
        if self._loop is None or due <= self._loop.time():
            super()._send_heartbeat()
        else:
            self._heartbeat_when = due
            self._heartbeat_cb = self._loop.call_at(due, self._send_heartbeat)

    def _post_start(self, request: web.BaseRequest, protocol: str | None, writer: Any) -> None:
        self._ws_protocol = protocol
        self._writer = writer
        self._reset_heartbeat()
        self._reader = self._inbox = _Inbox(request.protocol, _QUEUE_LIMIT, loop=cast(Any, self._loop))
        self._parser = WebSocketReader(self._inbox, self._max_msg_size, compress=False, decode_text=True)
        beat = None if self._heartbeat is None else self._on_data_received
        request.protocol.set_parser(self._parser, data_received_cb=beat)
        request.protocol.keep_alive(False)


class _Remains:
    """What a socket needs of its request after it has ended."""

    __slots__ = ("_protocol",)

    def __init__(self, protocol: web.RequestHandler) -> None:
        self._protocol = protocol

    @property
    def transport(self) -> asyncio.Transport | None:
        """The connection's transport, as long as it is open."""
        return self._protocol.transport


class _Inbox(WebSocketDataQueue):
    """aiohttp's queue of frames. A frame that is handled at once never enters it."""

    hear: Callable[[str], bool] | None = None
    _is_resting = False

    def rest(self) -> None:
        """Note whether all frames so far have been received and handled."""
        self._is_resting = not self._buffer

    def feed_data(self, data: Any, size: int) -> None:
        """Take a frame from the reader."""
        if self._is_resting and data.type is WSMsgType.TEXT and self.hear is not None and self.hear(data.data):
            return
        self._is_resting = False
        super().feed_data(data, size)
