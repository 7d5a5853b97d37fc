"""One HTTP connection up to its requests: aiohttp's, with a timer for slow heads, quiet logs and our form of errors."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable
from typing import Any, ClassVar

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestHandler

from chatd.delivery.connection import unsent
from chatd.http import heads
from chatd.http.access import AccessLogger
from chatd.http.answers import ALWAYS, http_error, whole
from chatd.http.context import next_number, request_number

log = logging.getLogger(__name__)

#: What the kernel may hold of unsent data, in bytes. Its default of up to 4 MB would hide a client that never reads.
SEND_BUFFER = 64 * 1024

#: How long a client that was refused may go on sending, in seconds. If its connection were closed while it sends, it
#: would be reset and never see the answer: RFC 9112, section 9.6.
LINGERING = 2.0

#: How long an answer that its client does not read may stand still, in seconds. The kernel takes more only when a third
#: of :data:`SEND_BUFFER` is free again, so this asks for less than a kilobyte a second.
STALL_TIMEOUT = 60.0


class Arriving(RequestHandler):
    """A connection that refuses what cannot become a request, and does not wait for what does not arrive.

    aiohttp itself never gives up on a request's head that does not end.
    """

    __slots__ = ("_head_begun", "_head_timer", "_is_refused", "_parting", "greeting", "on_leaving")

    #: A request's head must have arrived this long after it began, in seconds.
    head_timeout: ClassVar[float]

    def __init__(self, manager: web.Server, **kwargs: Any) -> None:
        """Create the handler of a connection to come.

        :param manager: aiohttp's part of the server.
        """
        super().__init__(
            manager,
            access_log_class=AccessLogger,
            access_log=log,
            auto_decompress=False,
            max_line_size=heads.MAX_TARGET,
            max_field_size=heads.MAX_FIELD,
            max_headers=heads.MAX_FIELDS,
            **kwargs,
        )
        self._head_timer: asyncio.TimerHandle | None = None
        self._head_begun = False
        self._is_refused = False
        self._parting: asyncio.Transport | None = None
        #: The task that accepts the connection, until it is made.
        self.greeting: asyncio.Task[Any] | None = None
        #: Called when the connection is gone.
        self.on_leaving: Callable[[Any], None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for the first request."""
        self.greeting = None
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        super().connection_made(transport)
        self._start_head_timer()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Stop waiting."""
        self._stop_head_timer()
        super().connection_lost(exc)
        if self.on_leaving is not None:
            self.on_leaving(self)

    @property
    def is_silent(self) -> bool:
        """Whether it has not sent a whole head yet."""
        return self._request_count == 0 and (self.transport is not None or self.greeting is not None)

    @property
    def is_resting(self) -> bool:
        """Whether it waits for its next request, and has read the answers to those before."""
        if self._waiter is None or self._messages or self._request_in_progress or self.transport is None:
            return False
        return not unsent(self.transport)

    def give_way(self) -> None:
        """End at once."""
        if self.greeting is not None:
            self.greeting.cancel()
        elif self.transport is not None:
            self.transport.abort()

    def begin(self) -> None:
        """Note that the next request is about to be answered: from here on its head is no longer waited for."""
        if not self._head_begun:  # else it is the one of a request behind it
            self._stop_head_timer()

    def _start_head_timer(self) -> None:
        self._head_timer = self._loop.call_later(self.head_timeout, self._head_is_late)

    def _stop_head_timer(self) -> None:
        self._head_begun = False
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_is_late(self) -> None:
        if self._request_in_progress:  # a pipelined head: its turn comes after the answer to the one before
            self._start_head_timer()
        elif self._head_begun:
            self._end_with(408)
        else:
            self.force_close()

    def _refuse(self, error: Exception) -> None:
        """Answer a head that could not become a request, and close the connection."""
        peer = self.peername
        log.debug(
            "not HTTP: %s",
            type(error).__name__,
            extra={
                "event": "not_http",
                "request": next_number(),
                "address": peer[0] if isinstance(peer, tuple) else peer,
            },
        )
        if self._request_in_progress:
            self.close()  # after the answer that is being made
        else:
            self._end_with(heads.status_of(error) if isinstance(error, HttpProcessingError) else 400)

    def _end_with(self, status: int) -> None:
        """Answer a head that is not a request, and close the connection."""
        if self.transport is not None:
            self.transport.write(whole(http_error(status), {**ALWAYS, "Connection": "close"}))
        self._part()

    def _part(self) -> None:
        """Close the connection when the client does, or soon after; until then throw away what it sends."""
        transport = self.transport
        if transport is not None and transport.can_write_eof():  # which TLS cannot
            with contextlib.suppress(OSError):  # the client has left
                transport.write_eof()
            transport.resume_reading()
            self._loop.call_later(LINGERING, transport.abort)
            self._parting, self.transport = transport, None  # else it would be closed
        self.force_close()

    async def shutdown(self, timeout: float | None = 15.0) -> None:
        """Let the request end that is being answered, and end the connection."""
        await super().shutdown(timeout)
        if self._parting is not None:
            self._parting.abort()

    def pause_writing(self) -> None:
        """Hold answers back until the client has read some."""
        super().pause_writing()
        if self.transport is not None and self._payload_parser is None:
            self._expect_reading(self.transport)

    def _expect_reading(self, transport: asyncio.Transport, before: int = 0) -> None:
        """End a connection whose client reads nothing of what waits for it.

        :param before: how many bytes were waiting the last time.
        """
        waiting = unsent(transport)
        if waiting and waiting == before:
            transport.abort()
        elif waiting:
            self._loop.call_later(STALL_TIMEOUT, self._expect_reading, transport, waiting)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send an answer."""
        finished = await super().finish_response(request, resp, start_time)
        if self._is_refused:
            self._part()
        return finished

    async def start(self) -> None:
        """Serve requests. However this ends, what has not reached a handler is refused, and the connection ends."""
        transport = self.transport
        try:
            await super().start()
        except Exception as error:  # aiohttp answers what a handler raises, but not what fails before there is one
            self._refuse(error)
        except BaseException:
            self.force_close()
            raise
        finally:
            if transport is not None:
                self._expect_reading(transport)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what could not be parsed, or what failed outside all middlewares, and close the connection."""
        if isinstance(exc, HttpProcessingError):
            status = heads.status_of(exc)
            self._is_refused = True
            log.debug(
                "not HTTP: %s",
                type(exc).__name__,
                extra={"event": "not_http", "request": request_number(request), "address": request.remote},
            )
        elif isinstance(exc, ConnectionError):
            log.debug(
                "the client left",
                extra={"event": "client_left", "request": request_number(request), "address": request.remote},
            )
        else:
            log.error(
                "%s %s failed",
                request.method,
                request.path,
                exc_info=exc,
                extra={"event": "request_failed", "request": request_number(request)},
            )
        if request.writer.output_size > 0:
            raise ConnectionError("the answer has begun; it cannot become an error")
        response = http_error(status, {"Server": "chatd"})
        response.force_close()
        return response
