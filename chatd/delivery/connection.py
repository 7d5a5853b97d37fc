"""One open socket, and what waits to be sent on it.

Nobody ever waits for a client. A frame is pushed into the outbox, and what has gathered in one turn of the loop is
written at once by one callback for all connections, their only writer of frames. A client that leaves too much unread,
or lets what is waiting stand still for too long, is dropped.
"""

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from chatd.models import Identity
from chatd.stats import Stats

log = logging.getLogger(__name__)

#: How many bytes may wait for one socket before it is dropped.
OUTBOX_LIMIT = 256 * 1024

#: With more bytes than this waiting, what may be missed is not sent.
QUIET_LIMIT = 32 * 1024

#: How long waiting bytes may stand still, in seconds.
STALL_TIMEOUT = 10.0

#: How long a polite close may take, in seconds.
CLOSE_TIMEOUT = 2.0

#: Why a client that reads too slowly is dropped.
TOO_MUCH_UNREAD = "the client leaves too much unread"
STALLED = "the client has stopped reading"

#: The close code of a token that is invalid or expired, or whose session has ended.
NOT_AUTHENTICATED = 4002

_numbers = itertools.count(1)


def unsent(transport: asyncio.Transport) -> int:
    """Return how many bytes wait in a transport: none in one for TLS that asyncio has taken apart at its end."""
    try:
        return transport.get_write_buffer_size()
    except AttributeError:
        return 0


class Connection:
    """A user's socket, open until somebody closes it."""

    __slots__ = (
        "__weakref__",
        "_conversing",
        "_goodbye",
        "_left",
        "_lifetime",
        "_loop",
        "_outbox",
        "_outbox_size",
        "_postman",
        "_socket",
        "_stall_timer",
        "_stats",
        "_transport",
        "_unsent",
        "_written",
        "identity",
        "number",
    )

    def __init__(
        self,
        socket: web.WebSocketResponse,
        transport: asyncio.Transport,
        identity: Identity,
        seconds: float,
        postman: "Postman",
        stats: Stats,
    ) -> None:
        """Create a connection on a socket whose handshake is done.

        :param transport: what the socket writes to.
        :param identity: who holds the other end.
        :param seconds: how long they may, by their token.
        :param postman: who comes for the outbox.
        :param stats: where it is counted what becomes of slow clients.
        """
        self.identity = identity
        #: Counts up with every connection, so that the oldest is the lowest.
        self.number = next(_numbers)
        self._socket = socket
        self._transport = transport
        self._postman = postman
        self._stats = stats
        self._loop = asyncio.get_running_loop()
        self._lifetime = asyncio.timeout(seconds)
        self._conversing = False
        self._goodbye: tuple[int, str] | None = None
        self._outbox: list[bytes] = []
        self._outbox_size = 0
        self._unsent = 0
        self._written = 0
        self._stall_timer: asyncio.TimerHandle | None = None
        self._left = 0

    async def hold(self, converse: Callable[[], Awaitable[None]]) -> None:
        """Let a conversation go on until it ends, the token expires or somebody says goodbye; then close."""
        if self._goodbye is None:
            try:
                async with self._lifetime:
                    self._conversing = True
                    await converse()
            except TimeoutError:
                self._conversing = False
                self.say_goodbye(NOT_AUTHENTICATED, "the token has expired")
            finally:
                self._conversing = False
                self.flush()
                self._stop_stall_timer()
        if self._goodbye is not None:
            await close_politely(self._socket, self._transport, *self._goodbye)

    def say_goodbye(self, code: int, reason: str) -> None:
        """Have the connection closed with ``code``; a client that does not play along is dropped after a moment."""
        if self._goodbye is None:
            self._goodbye = code, reason
            if self._conversing:
                self._lifetime.reschedule(self._loop.time())

    def push(self, frame: bytes) -> None:
        """Send ``frame`` soon, after all that were pushed before; never blocks and never fails.

        :param frame: a whole frame, as from :func:`chatd.delivery.frames.text_frame`.
        """
        if self._goodbye is not None:
            return
        if not self._outbox:
            self._postman.call(self)
        self._outbox.append(frame)
        self._outbox_size += len(frame)
        if self._outbox_size + self._unsent > OUTBOX_LIMIT:
            self._unsent = unsent(self._transport)
            if self._outbox_size + self._unsent > OUTBOX_LIMIT:
                self.drop(TOO_MUCH_UNREAD)

    @property
    def is_leaving(self) -> bool:
        """Whether somebody has said goodbye."""
        return self._goodbye is not None

    def push_if_quiet(self, frame: bytes) -> None:
        """Send ``frame`` like :meth:`push` does, unless much is waiting already: for what may be missed."""
        if self._outbox_size + unsent(self._transport) <= QUIET_LIMIT:
            self.push(frame)
        else:
            self._stats.skipped_frames += 1

    def flush(self) -> None:
        """Write what is in the outbox now."""
        if not self._outbox:
            return
        data = b"".join(self._outbox)
        self._outbox.clear()
        self._outbox_size = 0
        if self._transport.is_closing():
            return
        self._transport.write(data)
        self._written += len(data)
        self._unsent = unsent(self._transport)
        if self._unsent and self._stall_timer is None:
            self._start_stall_timer()

    def _start_stall_timer(self) -> None:
        """Expect some of what is waiting to have left within :data:`STALL_TIMEOUT`."""
        self._left = self._written - unsent(self._transport)
        self._stall_timer = self._loop.call_later(STALL_TIMEOUT, self._check_stall)

    def _stop_stall_timer(self) -> None:
        if self._stall_timer is not None:
            self._stall_timer.cancel()
            self._stall_timer = None

    def _check_stall(self) -> None:
        self._stall_timer = None
        waiting = unsent(self._transport)
        if waiting and self._written - waiting == self._left:
            self.drop(STALLED)
        elif waiting:
            self._start_stall_timer()

    def drop(self, why: str) -> None:
        """End a connection that cannot be told anything any more: its client sees 1006 and comes back."""
        self._stats.drops[why] += 1
        log.info(
            "dropped: %s",
            why,
            extra={"event": "dropped", "connection": self.number, "user_id": self.identity.user_id},
        )
        self._stop_stall_timer()
        self._outbox.clear()
        self._outbox_size = 0
        self._transport.abort()


class Postman:
    """Comes for the outboxes of all connections that have something, once in a turn of the loop.

    A callback for each of them makes a message 6 % dearer where 800 people send one each.
    """

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: list[Connection] = []

    def call(self, connection: Connection) -> None:
        """Have the postman come for a connection's outbox soon."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._come)
        self._waiting.append(connection)

    def _come(self) -> None:
        waiting, self._waiting = self._waiting, []
        for connection in waiting:
            try:
                connection.flush()
            except Exception:
                log.exception(
                    "a socket could not be written to",
                    extra={"event": "socket_not_written", "connection": connection.number},
                )
                connection.drop("it could not be written to")


async def close_politely(socket: web.WebSocketResponse, transport: asyncio.Transport, code: int, reason: str) -> None:
    """Close a socket with ``code``; abort it if that takes longer than :data:`CLOSE_TIMEOUT`."""
    with contextlib.suppress(TimeoutError, ConnectionError, RuntimeError):
        async with asyncio.timeout(CLOSE_TIMEOUT):
            await socket.close(code=code, message=reason.encode())
            return
    transport.abort()
