"""Hearing text frames inside aiohttp's reader, where they are parsed.

The public way, ``await socket.receive()``, wakes a task for each frame that comes. What needs no waiting is heard 15 %
faster by a plain callback instead. That takes private parts of aiohttp, and so happens only in the versions they were
read in (:mod:`chatd.versions`); in any other, every frame comes by the public way.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import aiohttp
from aiohttp import WSCloseCode, WSMsgType, web
from aiohttp._websocket.reader import WebSocketDataQueue
from aiohttp.http import WebSocketReader
from aiohttp.web_protocol import RequestHandler

from chatd.versions import aiohttp_is_known

#: aiohttp's own: a reader that has this many bytes waiting stops the transport at twice as many.
_QUEUE_LIMIT = 2**16

#: The codes a close may have on the wire: RFC 6455, section 7.4, and its registry at IANA.
_CLOSE_CODES = frozenset((*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)))


class Socket(web.WebSocketResponse):
    """A socket that can have its text frames heard at once."""

    _inbox: "_Inbox | None" = None
    _heard_at = 0.0

    def hear_at_once(self, hear: Callable[[str], bool]) -> None:
        """Have ``hear`` called with every text frame that no other one waits before.

        :param hear: a plain function that never raises; where it returns False, the frame waits to be received.
        """
        if self._inbox is not None:
            self._inbox.hear = hear

    def hear_no_more(self) -> None:
        """Have every frame wait to be received."""
        if self._inbox is not None:
            self._inbox.hear = None

    def next(self) -> Awaitable[aiohttp.WSMessage]:
        """Return the next frame that waits, or what ends the socket, as aiohttp's ``receive`` does."""
        if self._inbox is not None:
            self._inbox.rest()
        return self.receive()

    async def answer_close(self, code: int) -> None:
        """Answer a client's close.

        :param code: what it said; 0 where it said nothing.
        """
        answer = code if code in _CLOSE_CODES else WSCloseCode.PROTOCOL_ERROR if code else WSCloseCode.OK
        await self.close(code=answer, drain=False)

    def let_go_of(self, request: web.Request) -> bool:
        """Need the request no more, so that it can end before the socket does; False where it has to last as long."""
        if self._inbox is None:
            return False
        self._req = cast(Any, _Remains(request.protocol))
        self._eof_sent = True  # nothing is sent at the request's end
        return True

    def _on_data_received(self) -> None:
        # aiohttp sets the heartbeat's timer anew after each turn of the loop in which something came.
        if self._inbox is None or self._pong_response_cb is not None:
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
        if not aiohttp_is_known():
            super()._post_start(request, protocol, writer)
            return
        self._ws_protocol = protocol
        self._writer = writer
        self._reset_heartbeat()
        self._reader = self._inbox = _Inbox(request.protocol, _QUEUE_LIMIT, loop=cast(Any, self._loop))
        self._parser = WebSocketReader(self._inbox, self._max_msg_size, compress=False, decode_text=True)
        beat = None if self._heartbeat is None else self._on_data_received
        request.protocol.set_parser(self._parser, data_received_cb=beat)
        request.protocol.keep_alive(False)


class _Remains:
    """What a socket needs of its request."""

    __slots__ = ("_protocol",)

    def __init__(self, protocol: RequestHandler) -> None:
        self._protocol = protocol

    @property
    def transport(self) -> asyncio.Transport | None:
        """What the connection is written to, as long as it is there."""
        return self._protocol.transport


class _Inbox(WebSocketDataQueue):
    """aiohttp's queue of frames, which a frame passes by when somebody hears it at once."""

    hear: Callable[[str], bool] | None = None
    _is_resting = False

    def rest(self) -> None:
        """Note that all frames so far have been received and dealt with, if that is so."""
        self._is_resting = not self._buffer

    def feed_data(self, data: Any, size: int) -> None:
        """Take a frame from the reader."""
        if self._is_resting and data.type is WSMsgType.TEXT and self.hear is not None and self.hear(data.data):
            return
        self._is_resting = False
        super().feed_data(data, size)
