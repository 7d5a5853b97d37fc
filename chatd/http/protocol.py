"""One HTTP connection: aiohttp's, with timers for slow clients, quiet logs and our form of errors."""

import asyncio
import logging
import socket
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, cast

from aiohttp import HttpVersion11, web
from aiohttp.abc import AbstractAccessLogger
from aiohttp.helpers import rfc822_formatted_time
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestHandler

from chatd.http.answers import JsonResponse, from_exception, http_error
from chatd.http.context import request_number
from chatd.versions import aiohttp_is_known

log = logging.getLogger(__name__)

#: A request's head must have arrived this long after it began, in seconds.
HEAD_TIMEOUT = 10.0

#: A connection without a request is kept this long, in seconds: longer than reverse proxies keep theirs (Caddy two
#: minutes, nginx one), so that none sends a request into a closing connection.
KEEPALIVE_TIMEOUT = 150.0

#: What the kernel may hold of unsent data, in bytes. Its default of up to 4 MB would hide a client that never reads.
SEND_BUFFER = 64 * 1024


#: How much is read from a WebSocket at once, in bytes. asyncio asks for 256 KiB, and so has the C library map and unmap
#: memory for each frame that comes: a fifth of a busy server's time. Before the handshake it may: who sends a head that
#: is too large would be reset in the middle of it, and not see the answer.
RECEIVE_SIZE = 16 * 1024


#: For connections that have no more requests to come: an empty deque of each one's own takes 0.6 KiB.
_NO_MESSAGES: deque[Any] = deque(maxlen=0)


class AccessLogger(AbstractAccessLogger):
    """A line for each request, at the level debug. The query is left out: it may hold a token."""

    @property
    def enabled(self) -> bool:
        """Whether anybody wants the lines."""
        return self.logger.isEnabledFor(logging.DEBUG)

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        """Write the line."""
        self.logger.debug(
            "%s %s",
            request.method,
            request.path,
            extra={
                "event": "request",
                "request": request_number(request),
                "address": request.remote,
                "status": response.status,
                "ms": round(time * 1000, 1),
            },
        )


class Protocol(RequestHandler):
    """aiohttp's handler of one connection, less patient.

    aiohttp itself never gives up on a request's head that does not end.
    """

    __slots__ = ("_body", "_converse", "_head_begun", "_head_timer", "_kept")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(
            *args,
            keepalive_timeout=KEEPALIVE_TIMEOUT,
            access_log_class=AccessLogger,
            access_log=log,
            auto_decompress=False,
            **kwargs,
        )
        self._head_timer: asyncio.TimerHandle | None = None
        self._head_begun = False
        self._body: Any = None
        self._converse: Callable[[], Awaitable[None]] | None = None
        self._kept: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for the first request."""
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        super().connection_made(transport)
        self._start_head_timer()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Stop waiting."""
        self._stop_head_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what has come, and time what has not."""
        if self._payload_parser is not None:  # a WebSocket
            super().data_received(data)
            return
        heads = self._request_count
        was_reading_head = self._is_reading_head()  # asked before a body's last piece makes it true
        super().data_received(data)
        if self._request_count != heads:
            self._stop_head_timer()
            self._body = self._messages[-1][1]
        elif data and was_reading_head:
            self._head_begun = True
            if self._head_timer is None:
                self._start_head_timer()

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Go on reading where that was paused: aiohttp asks for it after each body, and looks for more to parse."""
        if self._reading_paused or self._buffer_paused:
            super().resume_reading(resume_parser)

    def _is_reading_head(self) -> bool:
        return not self._upgraded and (self._body is None or self._body.is_eof())

    def _start_head_timer(self) -> None:
        self._head_timer = self._loop.call_later(HEAD_TIMEOUT, self._head_is_late)

    def _stop_head_timer(self) -> None:
        self._head_begun = False
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_is_late(self) -> None:
        if self._request_in_progress:  # a pipelined head: its turn comes after the answer to the one before
            self._start_head_timer()
            return
        if self._head_begun and self.transport is not None:
            self.transport.write(_raw(http_error(408)))
        self.force_close()

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send an answer, an error in our form."""
        if resp.status >= 300 and isinstance(resp, web.HTTPException):  # asking an answer its class takes 2 µs
            resp = from_exception(resp)
        if resp.status == 408:
            self._lingering_time = 0.0  # what comes too late is not waited for
        if isinstance(resp, JsonResponse) and self._is_ordinary(request, resp):
            await self._write(resp, request, start_time)
            return resp, False
        finished = await super().finish_response(request, resp, start_time)
        if self._converse is not None:
            self._kept, self.transport = self.transport, None  # aiohttp closes what it finds there
        return finished

    def _is_ordinary(self, request: web.BaseRequest, response: JsonResponse) -> bool:
        """Tell whether an answer is one of HTTP/1.1, with a body, and its connection goes on."""
        if request.method == "HEAD" or self._upgraded or not aiohttp_is_known():
            return False
        return request.version == HttpVersion11 and request.keep_alive and response.keep_alive is None

    async def _write(self, response: JsonResponse, request: web.BaseRequest, start_time: float | None) -> None:
        """Write an answer as aiohttp does, without asking for all that this one is not, which takes half as long.

        :raises ConnectionError: the client has left.
        """
        request._finish()
        await request._prepare_hook(response)
        response._keep_alive = True
        body = cast(bytes, response.body)
        response.headers["Content-Length"] = str(len(body))
        response.headers["Date"] = rfc822_formatted_time()
        try:
            await request.writer.write_headers(f"HTTP/1.1 {response.status} {response.reason}", response.headers)
            await request.writer.write_eof(body)
        finally:
            self.log_access(request, response, start_time)

    def go_on_with(self, converse: Callable[[], Awaitable[None]]) -> None:
        """Have the connection, now a WebSocket's, outlive its request: a request with its parser and the ten coroutines
        that answer it takes 7 KiB.

        :param converse: called when the request is over, in the task that served it.
        """
        self._converse = converse

    async def start(self) -> None:
        """Serve requests, and then what the last of them became."""
        await super().start()
        converse, self._converse = self._converse, None
        if converse is None:
            return
        transport, self._kept = self._kept, None
        if transport is not None and self._manager is not None:  # it was not lost meanwhile
            if self._force_close:
                transport.close()
            else:
                self.transport = transport
                self._task_handler = asyncio.current_task()
        self._parser = None
        self._messages = _NO_MESSAGES
        await converse()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what could not be parsed, or what failed outside all middlewares, and close the connection."""
        if isinstance(exc, HttpProcessingError):
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


def read_little(transport: asyncio.Transport) -> None:
    """Have no more than :data:`RECEIVE_SIZE` bytes read at once, where asyncio lets us say so."""
    if hasattr(transport, "max_size"):
        transport.max_size = RECEIVE_SIZE


def _raw(response: web.Response) -> bytes:
    """Return an answer's bytes, for a connection that has no request to answer."""
    body = cast(bytes, response.body)
    head = (
        f"HTTP/1.1 {response.status} {response.reason}\r\n"
        f"Content-Type: {response.headers['Content-Type']}\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode("ascii") + body
