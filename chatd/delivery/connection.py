"""One open socket, and what waits to be sent on it.

Nothing ever waits for a client. A frame is pushed into the outbox; what gathers during one turn of the loop is written
by a single callback for all connections, the only writer of frames. A client is dropped if it leaves too much unread or
reads nothing for too long.
"""

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from chatd.models import Identity
from chatd.stats import Stats

log = logging.getLogger(__name__)

#: How many bytes may wait for one socket before it is dropped.
OUTBOX_LIMIT = 256 * 1024

#: Frames that may be missed are skipped while more bytes than this are waiting.
QUIET_LIMIT = 32 * 1024

#: Why a client that reads too slowly is dropped.
TOO_MUCH_UNREAD = "the client leaves too much unread"
STALLED = "the client has stopped reading"

#: The close code of a token that is invalid or expired, or whose session has ended.
NOT_AUTHENTICATED = 4002

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class SocketTimeouts:
    """How long a socket waits for its client, in seconds."""

    #: For the client to read some of the bytes that wait for it.
    stall: float = 10.0
    #: For the client to answer a close.
    close: float = 2.0


def unsent(transport: asyncio.Transport) -> int:
    """Return how many bytes wait in a transport: 0 for one of TLS that asyncio has already taken apart."""
    try:
        return transport.get_write_buffer_size()
    except AttributeError:
        return 0


class Connection:
    """A user's open socket and its outbox."""

    __slots__ = (
        "__weakref__",
        "_conversing",
        "_flusher",
        "_goodbye",
        "_left",
        "_lifetime",
        "_loop",
        "_outbox",
        "_outbox_size",
        "_socket",
        "_stall_timer",
        "_stats",
        "_timeouts",
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
        flusher: "Flusher",
        stats: Stats,
        timeouts: SocketTimeouts,
    ) -> None:
        """Create a connection on a socket whose handshake is done.

        :param transport: the socket's own.
        :param identity: the user at the other end.
        :param seconds: how long their token is still valid.
        :param flusher: writes the outbox.
        :param stats: counts dropped connections and skipped frames.
        :param timeouts: how long it waits for its client.
        """
        self.identity = identity
        #: Counts up, so the oldest connection has the lowest.
        self.number = next(_numbers)
        self._socket = socket
        self._transport = transport
        self._flusher = flusher
        self._stats = stats
        self._timeouts = timeouts
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
        """Run a conversation until it ends, the token expires or :meth:`say_goodbye` is called; then close."""
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
            await close_politely(self._socket, self._transport, *self._goodbye, timeout=self._timeouts.close)

    def say_goodbye(self, code: int, reason: str) -> None:
        """Close the connection with ``code`` soon; a client that does not answer the close is dropped."""
        if self._goodbye is None:
            self._goodbye = code, reason
            if self._conversing:
                self._lifetime.reschedule(self._loop.time())

    def push(self, frame: bytes) -> None:
        """Send ``frame`` soon, after all frames pushed before it; never blocks and never fails.

        :param frame: a whole frame, as returned by :func:`chatd.delivery.frames.text_frame`.
        """
        if self._goodbye is not None:
            return
        if not self._outbox:
            self._flusher.schedule(self)
        self._outbox.append(frame)
        self._outbox_size += len(frame)
        if self._outbox_size + self._unsent > OUTBOX_LIMIT:
            self._unsent = unsent(self._transport)
            if self._outbox_size + self._unsent > OUTBOX_LIMIT:
                self.drop(TOO_MUCH_UNREAD)

    @property
    def is_leaving(self) -> bool:
        """Whether the connection is about to be closed."""
        return self._goodbye is not None

    def push_if_quiet(self, frame: bytes) -> None:
        """Send a ``frame`` that may be missed: like :meth:`push`, but skip it if much is waiting already."""
        if self._outbox_size + unsent(self._transport) <= QUIET_LIMIT:
            self.push(frame)
        else:
            self._stats.skipped_frames += 1

    def flush(self) -> None:
        """Write the outbox now."""
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
        """Drop the connection if nothing of what is waiting leaves in time."""
        self._left = self._written - unsent(self._transport)
        self._stall_timer = self._loop.call_later(self._timeouts.stall, self._check_stall)

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
        """Abort the connection at once: its client sees 1006 and reconnects."""
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


class Flusher:
    """Writes the outboxes of all connections that have something to send, once in a turn of the loop.

    A callback for each connection would make a message 6 % dearer where 800 people send one each.
    """

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: list[Connection] = []

    def schedule(self, connection: Connection) -> None:
        """Flush a connection at the end of this turn of the loop."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._flush_all)
        self._waiting.append(connection)

    def _flush_all(self) -> None:
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


async def close_politely(
    socket: web.WebSocketResponse, transport: asyncio.Transport, code: int, reason: str, *, timeout: float
) -> None:
    """Close a socket with ``code``, and abort it if the client has not answered after ``timeout`` seconds."""
    with contextlib.suppress(TimeoutError, ConnectionError, RuntimeError):
        async with asyncio.timeout(timeout):
            await socket.close(code=code, message=reason.encode())
            return
    transport.abort()
