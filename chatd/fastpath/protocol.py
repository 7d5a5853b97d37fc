"""A connection that answers some requests without a task, and lets WebSockets outlive their request."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, cast

from aiohttp import HttpVersion11, StreamReader, web
from aiohttp.http import RawRequestMessage

from chatd.http.answers import JsonResponse, complete
from chatd.http.context import Directly
from chatd.http.protocol import Protocol
from chatd.http.timeouts import Timeouts

#: For connections without further requests: an empty deque for each would take 0.6 KiB.
_NO_MESSAGES: deque[Any] = deque(maxlen=0)


class FastProtocol(Protocol):
    """A connection that skips the work aiohttp does for every request where a request does not need it."""

    __slots__ = ("_converse", "_directly", "_kept", "_resting")

    def __init__(
        self,
        directly: Directly | None,
        manager: web.Server,
        timeouts: Timeouts,
        *,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        """Create the protocol of a connection that is about to open.

        :param directly: called first for each request.
        :param manager: aiohttp's server.
        :param timeouts: how long the connection waits for its client.
        """
        super().__init__(manager, timeouts, loop=loop)
        self._converse: Callable[[], Awaitable[None]] | None = None
        self._kept: asyncio.Transport | None = None
        self._directly = None if self._logging_enabled else directly  # the access log is written by aiohttp
        self._resting: asyncio.Future[None] | None = None

    def connection_lost(self, exc: BaseException | None) -> None:
        """Stop waiting."""
        if self._resting is not None:
            self._resting.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what has come, and start a timer for a head that is incomplete."""
        if self._payload_parser is not None:  # a WebSocket
            web.RequestHandler.data_received(self, data)
            return
        before = self._request_count
        was_reading_head = not self._upgraded and self._has_whole_body()  # the last piece of a body makes it true
        waiter = None
        if self._directly is not None and self._waiter is not None and not self._waiter.done():
            waiter, self._waiter = self._waiter, None  # so that the task waiting for a request is not woken yet
        try:
            web.RequestHandler.data_received(self, data)
        except Exception as error:  # aiohttp answers what its parser refuses, but not errors inside it
            self._refuse(error)
        came = self._request_count - before
        if waiter is not None and not (came == 1 and self._answers_directly(waiter)):
            self._waiter = waiter
            if came:
                waiter.set_result(None)
        if came:
            self._is_silent = self._head_begun = False
            self._body = self._messages[-1][1] if self._messages else None
        elif data and was_reading_head and not self._force_close:
            self._expect_head()

    def begin(self, body: StreamReader) -> None:
        """Note that a request is about to be answered, so its head is no longer waited for."""
        self._is_answering = True
        if not self._head_begun:  # otherwise the timer is for the head of the next request
            self._stop_head_timer()

    def _answers_directly(self, waiter: "asyncio.Future[None]") -> bool:
        """Answer the only request that has come without a task, and report whether that worked.

        :param waiter: what the task that serves all other requests waits for, until the answer is written.
        """
        message, payload = self._messages[0]
        if not isinstance(message, RawRequestMessage) or message.version != HttpVersion11 or message.should_close:
            return False
        if message.upgrade or not payload.is_eof() or self._paused or self._manager is None:
            return False
        if payload.at_eof() or len(payload._buffer) != 1 or payload._buffer_offset:
            return False  # there is no body, or it has come in several pieces
        assert self._directly is not None
        self._messages.popleft()
        self._resting = waiter
        self._request_in_progress = self._is_answering = True
        if self._directly(message, payload._buffer[0], self._write_whole):
            payload.read_nowait()
            self._stop_head_timer()
            self._manager.requests_count += 1
            if self._parser is not None:
                self._parser.message_consumed()
            return True
        self._resting = None
        self._request_in_progress = self._is_answering = False
        self._messages.appendleft((message, payload))
        return False

    def _write_whole(self, answer: bytes) -> None:
        """Write a direct answer, and go on as after any other request."""
        waiter, self._resting = self._resting, None
        self._request_in_progress = self._is_answering = False
        if self._handler_waiter is not None:
            self._handler_waiter.set_result(None)
        if waiter is None or self.transport is None or waiter.done():
            return  # the client has left
        self.transport.write(answer)
        if self._close or self._force_close:
            waiter.cancel()
            self.transport.close()
            return
        self._waiter = waiter
        if self._messages:
            waiter.set_result(None)
        self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
        if self._keepalive_handle is None:
            self._keepalive_handle = self._loop.call_at(self._next_keepalive_close_time, self._process_keepalive)

    def set_parser(self, parser: Any, data_received_cb: Callable[[], None] | None = None) -> None:
        """Read a WebSocket from now on, even if it was one of several offers, which aiohttp's parser does not see."""
        self._upgraded = True
        super().set_parser(parser, data_received_cb)

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Go on reading, if it was paused: aiohttp calls this after each body, and then looks for more to parse."""
        if self._reading_paused or self._buffer_paused:
            super().resume_reading(resume_parser)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send an answer."""
        if isinstance(resp, JsonResponse) and self._is_ordinary(request, resp):
            await self._write(resp, request, start_time)
            self._is_answering = False
            return resp, False
        finished = await super().finish_response(request, resp, start_time)
        if self._converse is not None:
            self._kept, self.transport = self.transport, None  # aiohttp closes what it finds there
        return finished

    def _is_ordinary(self, request: web.BaseRequest, response: JsonResponse) -> bool:
        """Report whether an answer is of HTTP/1.1 with a body, and its connection stays open."""
        if request.method == "HEAD" or self._upgraded or self._is_refused:
            return False
        return request.version == HttpVersion11 and request.keep_alive and response.keep_alive is None

    async def _write(self, response: JsonResponse, request: web.BaseRequest, start_time: float | None) -> None:
        """Write an answer as aiohttp does, in half the time: without the checks for other kinds of answers.

        :raises ConnectionError: the client has left.
        """
        request._finish()
        await request._prepare_hook(response)
        response._keep_alive = True
        complete(response)
        try:
            await request.writer.write_headers(f"HTTP/1.1 {response.status} {response.reason}", response.headers)
            await request.writer.write_eof(cast(bytes, response.body))
        finally:
            self.log_access(request, response, start_time)

    def go_on_with(self, converse: Callable[[], Awaitable[None]]) -> None:
        """Call ``converse`` when the request that became a WebSocket is over, in the task that served it."""
        self._converse = converse

    async def start(self) -> None:
        """Serve requests, and then the WebSocket that the last of them became; then end the connection."""
        await super().start()
        converse, self._converse = self._converse, None
        if converse is None:
            self.force_close()
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
