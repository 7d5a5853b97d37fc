"""One HTTP connection: aiohttp's, with timers, quieter logs and our form of errors, by its public interface only."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable
from typing import Any

from aiohttp import StreamReader, web
from aiohttp.http_exceptions import HttpProcessingError

from chatd.delivery.connection import unsent
from chatd.http import heads
from chatd.http.access import AccessLogger
from chatd.http.answers import ALWAYS, from_exception, http_error, whole
from chatd.http.context import next_number, request_number
from chatd.http.masking import MaskedReader
from chatd.http.timeouts import SEND_BUFFER, Timeouts

log = logging.getLogger(__name__)


class Protocol(web.RequestHandler):
    """A connection that refuses what cannot become a request, and gives up on what does not arrive.

    aiohttp itself waits for the rest of a request's head forever.
    """

    __slots__ = (
        "_body",
        "_head_begun",
        "_head_timer",
        "_is_answering",
        "_is_refused",
        "_is_silent",
        "_is_websocket",
        "_parting",
        "_timeouts",
        "_timers",
        "greeting",
        "on_leaving",
    )

    def __init__(self, manager: web.Server, timeouts: Timeouts, *, loop: asyncio.AbstractEventLoop) -> None:
        """Create the protocol of a connection that is about to open.

        :param manager: aiohttp's server.
        :param timeouts: how long the connection waits for its client.
        """
        super().__init__(
            manager,
            loop=loop,
            access_log_class=AccessLogger,
            access_log=log,
            auto_decompress=False,
            keepalive_timeout=timeouts.keepalive,
            max_line_size=heads.MAX_TARGET,
            max_field_size=heads.MAX_FIELD,
            max_headers=heads.MAX_FIELDS,
        )
        self._timeouts = timeouts
        self._timers = loop
        self._head_timer: asyncio.TimerHandle | None = None
        self._head_begun = False
        self._body: StreamReader | None = None  # of the newest request
        self._is_silent = True
        self._is_answering = False
        self._is_refused = False
        self._is_websocket = False
        self._parting: asyncio.Transport | None = None
        #: The task that accepts the connection, until it is open.
        self.greeting: asyncio.Task[Any] | None = None
        #: Called when the connection has ended.
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

    def data_received(self, data: bytes) -> None:
        """Parse what has come, and start a timer for a head that is incomplete."""
        if self._is_websocket:
            super().data_received(data)
            return
        begins_head = bool(data) and self._has_whole_body()
        try:
            super().data_received(data)
        except Exception as error:  # aiohttp answers what its parser refuses, but not errors inside it
            self._refuse(error)
        if begins_head and self.transport is not None:
            self._expect_head()

    def set_parser(self, parser: Any, data_received_cb: Callable[[], None] | None = None) -> None:
        """Read a WebSocket from now on."""
        self._is_websocket = True
        super().set_parser(MaskedReader(parser), data_received_cb)  # type: ignore[arg-type]

    @property
    def is_silent(self) -> bool:
        """Whether no whole head has come yet."""
        return self._is_silent and (self.transport is not None or self.greeting is not None)

    @property
    def is_resting(self) -> bool:
        """Whether it waits for the next request, and the client has read all answers."""
        if self._is_silent or self._is_answering or not self._has_whole_body() or self.transport is None:
            return False
        return not unsent(self.transport)

    @property
    def is_slow(self) -> bool:
        """Whether it waits for its client to send the rest of a body or to read an answer."""
        if self._is_websocket:  # sockets have timeouts of their own
            return False
        return self.writing_paused or not self._has_whole_body()

    def _has_whole_body(self) -> bool:
        """Report whether the newest request is complete, so that the next byte begins another."""
        return self._body is None or self._body.is_eof()

    def give_way(self) -> None:
        """End the connection at once."""
        if self.greeting is not None:
            self.greeting.cancel()
        elif self.transport is not None:
            self.transport.abort()

    def begin(self, body: StreamReader) -> None:
        """Note that a request's head is complete and the request is about to be answered."""
        self._is_silent = False
        self._is_answering = True
        self._body = body
        self._stop_head_timer()

    def _expect_head(self) -> None:
        """Start the timer for the rest of a head."""
        self._head_begun = True
        if self._head_timer is None:
            self._start_head_timer()

    def _start_head_timer(self) -> None:
        self._head_timer = self._timers.call_later(self._timeouts.head, self._head_is_late)

    def _stop_head_timer(self) -> None:
        self._head_begun = False
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_is_late(self) -> None:
        if self._is_answering:  # a pipelined head: its turn comes after the answer to the one before
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
        if self._is_answering:
            self.close()  # after the answer that is being made
        else:
            self._end_with(heads.status_of(error) if isinstance(error, HttpProcessingError) else 400)

    def _end_with(self, status: int) -> None:
        """Answer a head that is not a request, and close the connection."""
        if self.transport is not None:
            self.transport.write(whole(http_error(status), {**ALWAYS, "Connection": "close"}))
        self._part()

    def _part(self) -> None:
        """Close the connection when the client does, or soon; discard what it sends until then."""
        transport = self.transport
        if transport is not None and transport.can_write_eof():  # which TLS cannot
            with contextlib.suppress(OSError):  # the client has left
                transport.write_eof()
            transport.resume_reading()
            self._timers.call_later(self._timeouts.lingering, transport.abort)
            self._parting, self.transport = transport, None  # so that aiohttp does not close it
        self.force_close()

    async def shutdown(self, timeout: float | None = 15.0) -> None:
        """Finish the request that is being answered, and end the connection."""
        await super().shutdown(timeout)
        if self._parting is not None:
            self._parting.abort()

    def pause_writing(self) -> None:
        """Hold answers back until the client has read some."""
        super().pause_writing()
        if self.transport is not None and not self._is_websocket:
            self._expect_reading(self.transport)

    def _expect_reading(self, transport: asyncio.Transport, before: int = 0) -> None:
        """Abort the connection if its client reads nothing of what waits for it.

        :param before: how many bytes were waiting the last time.
        """
        waiting = unsent(transport)
        if waiting and waiting == before:
            transport.abort()
        elif waiting:
            self._timers.call_later(self._timeouts.stall, self._expect_reading, transport, waiting)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send an answer, with errors in our form."""
        if resp.status >= 300 and isinstance(resp, web.HTTPException):  # the check of the class takes 2 µs
            resp = from_exception(resp)
        finished = await super().finish_response(request, resp, start_time)
        self._is_answering = False
        if self._is_refused or resp.status == 408:  # the rest of what was late is not waited for
            self._part()
        return finished

    async def start(self) -> None:
        """Serve requests. If this fails before a handler is reached, refuse the request and end the connection."""
        transport = self.transport
        try:
            await super().start()
        except Exception as error:  # aiohttp answers what a handler raises, but not errors before one is called
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
        """Answer a request that could not be parsed or failed outside the middlewares, and close the connection."""
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
            raise ConnectionError("the answer has begun, so it cannot become an error")
        response = http_error(status, {"Server": "chatd"})
        response.force_close()
        return response
