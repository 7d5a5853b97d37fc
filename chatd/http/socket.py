"""A WebSocket of aiohttp by its public interface, and what a faster one may do instead."""

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp
from aiohttp import WSCloseCode, web

#: The codes a close may have on the wire: RFC 6455, section 7.4, and its registry at IANA.
_CLOSE_CODES = frozenset((*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)))

#: How much is read from a WebSocket at once, in bytes. asyncio asks for 256 KiB, for which the C library maps and
#: unmaps memory at each frame: a fifth of a busy server's time. Before the handshake that size is right: a client that
#: sends a head that is too large would be reset in the middle of it, and not see the answer.
RECEIVE_SIZE = 16 * 1024


class Socket(web.WebSocketResponse):
    """A WebSocket whose frames are received one after another, each by a task that waits for it."""

    def hear_at_once(self, hear: Callable[[str], bool]) -> None:
        """Call ``hear`` inside the reader for each text frame that has no other waiting before it, if that is possible.

        :param hear: a plain function that never raises; where it returns False, the frame waits to be received.
        """

    def hear_no_more(self) -> None:
        """Let every frame wait to be received."""

    def next(self) -> Awaitable[aiohttp.WSMessage]:
        """Return the next frame that waits, or what ends the socket, as aiohttp's ``receive`` does."""
        return self.receive()

    async def answer_close(self, code: int) -> None:
        """Answer a client's close.

        :param code: the code it sent; 0 where it sent none.
        """
        answer = code if code in _CLOSE_CODES else WSCloseCode.PROTOCOL_ERROR if code else WSCloseCode.OK
        await self.close(code=answer, drain=False)

    def outlive(self, request: web.Request, converse: Callable[[], Awaitable[None]]) -> bool:
        """End the request now and let the socket go on without it, if that is possible.

        :param converse: serves the socket; called when the request has ended.
        :returns: False where the caller has to await ``converse`` itself, within the request.
        """
        return False


def read_little(transport: asyncio.Transport) -> None:
    """Read no more than :data:`RECEIVE_SIZE` bytes at once, where asyncio lets us say so."""
    if hasattr(transport, "max_size"):
        transport.max_size = RECEIVE_SIZE
