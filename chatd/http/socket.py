"""A WebSocket that uses aiohttp's public interface only, with what a faster one may override."""

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp
from aiohttp import WSCloseCode, web

#: The codes a close may have on the wire: RFC 6455, section 7.4, and its registry at IANA.
_CLOSE_CODES = frozenset((*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)))

#: How much is read from a WebSocket at once, in bytes. asyncio asks for 256 KiB, for which the C library maps and
#: unmaps memory for each frame: a fifth of a busy server's time. Before the handshake that size is right: with less, a
#: client that sends too large a head would be reset in the middle of it and not see the answer.
RECEIVE_SIZE = 16 * 1024


class Socket(web.WebSocketResponse):
    """A WebSocket whose frames are received one by one, by a task that waits for each."""

    def hear_at_once(self, hear: Callable[[str], bool]) -> None:
        """Call ``hear`` inside the reader for each text frame that no other frame waits before, if that is possible.

        :param hear: a plain function that never raises; if it returns False, the frame waits to be received.
        """

    def hear_no_more(self) -> None:
        """Make every frame wait to be received."""

    def next(self) -> Awaitable[aiohttp.WSMessage]:
        """Return the next frame, or the message that ends the socket, as aiohttp's ``receive`` does."""
        return self.receive()

    async def answer_close(self, code: int) -> None:
        """Answer a client's close.

        :param code: the code it sent, or 0 for none.
        """
        answer = code if code in _CLOSE_CODES else WSCloseCode.PROTOCOL_ERROR if code else WSCloseCode.OK
        await self.close(code=answer, drain=False)

    def outlive(self, request: web.Request, converse: Callable[[], Awaitable[None]]) -> bool:
        """End the request now and let the socket go on without it, if that is possible.

        :param converse: serves the socket; called when the request has ended.
        :returns: False if the caller has to await ``converse`` itself, within the request.
        """
        return False


def read_little(transport: asyncio.Transport) -> None:
    """Limit each read to :data:`RECEIVE_SIZE` bytes, where the event loop allows that."""
    if hasattr(transport, "max_size"):
        transport.max_size = RECEIVE_SIZE
