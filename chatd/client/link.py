"""One open socket: its frames, the pending answers, and whether it is still alive."""

import asyncio
import contextlib
import itertools
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import aiohttp

from chatd.client.answers import retry_after, said
from chatd.client.errors import FINAL_CODES, Lost, ProtocolError, RateLimited, Refused
from chatd.client.models import Brief, Json

log = logging.getLogger(__name__)

PROTOCOL = "chatd.v2"

#: How long the handshake and the server's hello may take, in seconds.
OPEN_TIMEOUT = 20.0

#: How long a polite close may take, in seconds.
CLOSE_TIMEOUT = 2.0

#: The longest frame a server may send, in bytes.
MAX_FRAME = 16 * 1024 * 1024

#: The close code of a client that sent far too much.
FLOODED = 1008

Frame = dict[str, Any]


@dataclass(slots=True)
class Pending:
    """A command that waits for its answer; ``told`` gets the acknowledgement in its place in the stream."""

    answer: asyncio.Future[Frame]
    told: Callable[[Frame], None] | None


class Link:
    """A connection to the server, from its hello to its end."""

    def __init__(
        self, socket: "aiohttp.ClientWebSocketResponse[Any]", hello: Json, hear: Callable[[Frame], None]
    ) -> None:
        """Create a link on a socket on which the server has said hello.

        :param hear: takes every frame that is not an answer, and pongs, in the order they come; must not block.
        """
        self.epoch: str = hello["epoch"]
        self.cursor: int = hello["cursor"]
        self.me = Brief.of(hello["user"])
        self.session_id: int = hello["session_id"]
        self._heartbeat = hello["heartbeat_ms"] / 1000
        self._max_frame: int = hello["max_frame_bytes"]
        self._socket = socket
        self._hear = hear
        self._ids = itertools.count(1)
        self._pending: dict[int, Pending] = {}
        #: Set when whoever holds the link has let go of it.
        self.released = asyncio.Event()
        self._lost: Lost | None = None
        self._retry_after: float | None = None

    @classmethod
    async def open(
        cls, http: aiohttp.ClientSession, url: str, headers: dict[str, str], hear: Callable[[Frame], None]
    ) -> Self:
        """Connect and wait for the hello.

        :raises Lost: if that did not work, but may work later.
        :raises Stopped: if the server says why it never will.
        """
        try:
            async with asyncio.timeout(OPEN_TIMEOUT):
                socket = await http.ws_connect(
                    url,
                    headers=headers,
                    protocols=[PROTOCOL],
                    max_msg_size=MAX_FRAME,
                    timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_TIMEOUT),
                )
                try:
                    return cls(socket, await _hello(socket), hear)
                except BaseException:
                    await socket.close()
                    raise
        except aiohttp.WSServerHandshakeError as error:
            wait = retry_after(None if error.headers is None else error.headers.get("Retry-After"))
            misplaced = 400 <= error.status < 500 and error.status not in (408, 425, 429)
            raise Lost(f"the server answered {error.status}", wait, misplaced=misplaced) from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Lost(said(error)) from error

    async def ask(self, kind: str, data: Json, told: Callable[[Frame], None] | None = None) -> Any:
        """Send a command and return its answer's ``data``.

        :param told: hears of the acknowledgement before anything that came after it.
        :raises Refused: if the answer is an error.
        :raises Lost: if the connection ends before the answer; whether the command was carried out is not known.
        """
        number = next(self._ids)
        text = json.dumps({"type": kind, "id": number, "data": data})
        if len(text) > self._max_frame:
            raise Refused("frame_too_long", f"The server takes frames of {self._max_frame} bytes at the most.")
        if self._lost is not None:
            raise self._lost
        answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._pending[number] = Pending(answer, told)  # until it is answered, whether or not somebody waits
        await self._send(text)
        frame = await answer
        if frame["type"] == "ack":
            return frame["data"]
        error = frame["error"]
        if error["code"] == "rate_limited":
            raise RateLimited(error["detail"], error.get("retry_after_ms", 1000) / 1000)
        raise Refused(error["code"], error["detail"], errors=error.get("errors"), until=error.get("until"))

    async def run(self) -> None:
        """Read until the connection ends, and ping meanwhile.

        :raises Lost: when it has ended and coming back is right.
        :raises Stopped: when it has ended for good.
        """
        pinging = asyncio.create_task(self._keep_pinging())
        try:
            await self._read()
        except Lost as lost:
            self._lost = lost
            raise
        finally:
            pinging.cancel()
            self._lost = self._lost or Lost("the connection was closed")
            for pending in self._pending.values():
                if not pending.answer.done():
                    pending.answer.set_exception(self._lost)
                    pending.answer.exception()  # nobody need be waiting any more

    async def close(self) -> None:
        """Close politely, or else at once."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await self._socket.close()

    async def _read(self) -> None:
        silence = 2 * self._heartbeat
        while True:
            try:
                message = await self._socket.receive(timeout=silence)
            except TimeoutError:
                raise Lost(f"the server was silent for {silence:g} s") from None
            if message.type is not aiohttp.WSMsgType.TEXT:
                raise _ending(message, self._socket.close_code, self._retry_after)
            self._take(_decoded(message.data))

    def _take(self, frame: Frame) -> None:
        kind = frame["type"]
        if kind in ("ack", "error"):
            pending = self._pending.pop(frame["re"], None)
            if pending is not None:
                if kind == "ack" and pending.told is not None:
                    pending.told(frame)
                if not pending.answer.done():
                    pending.answer.set_result(frame)
            else:
                log.warning("the server answered what was not asked: %s", frame)
        elif kind == "restarting":
            self._retry_after = frame["data"]["retry_after_ms"] / 1000
        else:
            self._hear(frame)

    async def _keep_pinging(self) -> None:
        with contextlib.suppress(Lost):
            while True:
                await asyncio.sleep(self._heartbeat)
                await self._send('{"type":"ping"}')

    async def _send(self, text: str) -> None:
        try:
            await self._socket.send_str(text)
        except (aiohttp.ClientError, OSError) as error:
            self._lost = self._lost or Lost(said(error))
            raise self._lost from error


async def _hello(socket: "aiohttp.ClientWebSocketResponse[Any]") -> Json:
    """Return the ``data`` of the server's first frame; where another dialect was chosen, there may be none."""
    if socket.protocol != PROTOCOL:
        raise ProtocolError(f"the server does not speak {PROTOCOL}")
    message = await socket.receive()
    if message.type is not aiohttp.WSMsgType.TEXT:
        raise _ending(message, socket.close_code, None)
    frame = _decoded(message.data)
    if frame["type"] != "hello" or frame["data"]["protocol"] != 2:
        raise ProtocolError(f"the server does not speak {PROTOCOL}")
    data: Json = frame["data"]
    return data


def _decoded(text: str) -> Frame:
    try:
        frame = json.loads(text)
    except ValueError:
        frame = None
    if not isinstance(frame, dict) or not isinstance(frame.get("type"), str):
        raise ProtocolError("the server sent what is no frame")
    return frame


def _ending(message: aiohttp.WSMessage, code: int | None, wait: float | None) -> Exception:
    """Return what the end of a socket means."""
    if message.type is aiohttp.WSMsgType.BINARY:
        return ProtocolError("the server sent a binary frame")
    if isinstance(message.data, aiohttp.WebSocketError):
        return ProtocolError(f"the server sent a broken frame: {message.data}")
    reason = message.extra if isinstance(message.extra, str) and message.extra else ""
    if code in FINAL_CODES:
        kind, meaning = FINAL_CODES[code]
        return kind(meaning, code)
    return Lost(f"the server closed with {code}{reason and f': {reason}'}", wait, flooded=code == FLOODED)
