"""One HTTP connection: how its requests are answered, some of them without a task, and what it may become."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, cast

from aiohttp import HttpVersion11, web
from aiohttp.http import RawRequestMessage

from chatd.http.answers import JsonResponse, complete, from_exception
from chatd.http.arriving import Arriving
from chatd.http.context import Directly
from chatd.http.masking import MaskedReader
from chatd.versions import aiohttp_is_known

#: A request's head must have arrived this long after it began, in seconds.
HEAD_TIMEOUT = 10.0

#: A connection without a request is kept this long, in seconds: longer than reverse proxies keep theirs (Caddy two
#: minutes, nginx one), so that none sends a request into a closing connection.
KEEPALIVE_TIMEOUT = 150.0

#: How much is read from a WebSocket at once, in bytes. asyncio asks for 256 KiB, and so has the C library map and unmap
#: memory for each frame that comes: a fifth of a busy server's time. Before the handshake it may: who sends a head that
#: is too large would be reset in the middle of it, and not see the answer.
RECEIVE_SIZE = 16 * 1024


#: For connections without further requests: an empty deque of each one's own takes 0.6 KiB.
_NO_MESSAGES: deque[Any] = deque(maxlen=0)


class Protocol(Arriving):
    """A connection whose requests are answered, and which may become a WebSocket's."""

    __slots__ = ("_body", "_converse", "_directly", "_kept", "_resting")

    head_timeout = HEAD_TIMEOUT

    def __init__(self, manager: web.Server, directly: Directly | None = None, **kwargs: Any) -> None:
        """Create the handler of a connection to come.

        :param manager: aiohttp's part of the server.
        :param directly: who is asked first for each request.
        """
        super().__init__(manager, keepalive_timeout=KEEPALIVE_TIMEOUT, **kwargs)
        self._body: Any = None
        self._converse: Callable[[], Awaitable[None]] | None = None
        self._kept: asyncio.Transport | None = None
        self._directly = directly if aiohttp_is_known() and not self._logging_enabled else None
        self._resting: asyncio.Future[None] | None = None

    def connection_lost(self, exc: BaseException | None) -> None:
        """Stop waiting."""
        if self._resting is not None:
            self._resting.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what has come, and time what has not."""
        if self._payload_parser is not None:  # a WebSocket
            super().data_received(data)
            return
        before = self._request_count
        was_reading_head = self._is_reading_head()  # asked before a body's last piece makes it true
        waiter = None
        if self._directly is not None and self._waiter is not None and not self._waiter.done():
            waiter, self._waiter = self._waiter, None  # so that the task that waits for a request is not woken yet
        try:
            super().data_received(data)
        except Exception as error:  # aiohttp's own answers what its parser refuses, but not what fails in it
            self._refuse(error)
        came = self._request_count - before
        if waiter is not None and not (came == 1 and self._answers_directly(waiter)):
            self._waiter = waiter
            if came:
                waiter.set_result(None)
        if came:
            self._head_begun = False
            self._body = self._messages[-1][1] if self._messages else None
        elif data and was_reading_head and not self._force_close:
            self._head_begun = True
            if self._head_timer is None:
                self._start_head_timer()

    def _answers_directly(self, waiter: "asyncio.Future[None]") -> bool:
        """Have the one request that has come answered without a task, and tell whether that is so.

        :param waiter: what the task waits for that serves all others; it goes on waiting until the answer is written.
        """
        message, payload = self._messages[0]
        if not isinstance(message, RawRequestMessage) or message.version != HttpVersion11 or message.should_close:
            return False
        if message.upgrade or not payload.is_eof() or self._paused or self._manager is None:
            return False
        assert self._directly is not None
        self._messages.popleft()
        self._resting, self._request_in_progress = waiter, True
        if self._directly(message, payload, self._write_whole):
            self._stop_head_timer()
            self._manager.requests_count += 1
            if self._parser is not None:
                self._parser.message_consumed()
            return True
        self._resting, self._request_in_progress = None, False
        self._messages.appendleft((message, payload))
        return False

    def _write_whole(self, answer: bytes) -> None:
        """Write the answer to what is answered directly, and go on as after any other request."""
        waiter, self._resting = self._resting, None
        self._request_in_progress = False
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
        """Read a WebSocket from now on, even where it was one offer of several, which aiohttp's parser does not see."""
        self._upgraded = True
        super().set_parser(cast(Any, MaskedReader(parser)), data_received_cb)

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Go on reading where that was paused: aiohttp asks for it after each body, and looks for more to parse."""
        if self._reading_paused or self._buffer_paused:
            super().resume_reading(resume_parser)

    @property
    def is_slow(self) -> bool:
        """Whether it waits for its client: for the rest of a body, or for an answer to be read."""
        if self._payload_parser is not None:  # sockets have a patience of their own
            return False
        return self._paused or not (self._body is None or self._body.is_eof())

    def _is_reading_head(self) -> bool:
        return not self._upgraded and (self._body is None or self._body.is_eof())

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
        complete(response)
        try:
            await request.writer.write_headers(f"HTTP/1.1 {response.status} {response.reason}", response.headers)
            await request.writer.write_eof(cast(bytes, response.body))
        finally:
            self.log_access(request, response, start_time)

    def go_on_with(self, converse: Callable[[], Awaitable[None]]) -> None:
        """Have the connection, now a WebSocket's, outlive its request: a request with its parser and the ten coroutines
        that answer it takes 7 KiB.

        :param converse: called when the request is over, in the task that served it.
        """
        self._converse = converse

    async def start(self) -> None:
        """Serve requests, and then what the last of them became. With this the connection ends."""
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


def read_little(transport: asyncio.Transport) -> None:
    """Have no more than :data:`RECEIVE_SIZE` bytes read at once, where asyncio lets us say so."""
    if hasattr(transport, "max_size"):
        transport.max_size = RECEIVE_SIZE
