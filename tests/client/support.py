"""Clients of a server, a line to it that can be cut, and a peer that says what a test wants."""

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from types import TracebackType
from typing import Any, Self

from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer
from yarl import URL

from chatd.client import Backoff, Client, Event, EventStream, NewMessage
from tests.listener import Listener
from tests.support import PATIENCE, Person

#: What a scripted server does with a socket; the number counts its sockets from 1.
Script = Callable[["PeerSocket", int], Awaitable[None]]


def fast() -> Backoff:
    """Return a backoff for tests, which need not wait for seconds."""
    return Backoff(first=0.01, most=0.05)


async def nap(seconds: float) -> None:
    """Sleep, but not as long as the server asks for."""
    await asyncio.sleep(min(seconds, 0.05))


def client_of(person: Person, url: str | None = None, **options: Any) -> Client:
    """Return a person's client, to be connected by ``async with``.

    :param url: where, if not directly at the person's server.
    """
    address = url or str(person.client.make_url("/"))
    return Client(address, token=person.token, **{"backoff": fast(), **options})


async def take(stream: EventStream, count: int) -> list[Event]:
    """Return the next ``count`` events that are logged."""
    events: list[Event] = []
    async with asyncio.timeout(PATIENCE):
        while len(events) < count:
            event = await anext(stream)
            if event.cursor is not None:
                events.append(event)
    return events


async def take_contents(stream: EventStream, count: int) -> list[str]:
    """Return what is in the next ``count`` messages; nothing else that is logged may come among them."""
    contents = []
    for event in await take(stream, count):
        assert isinstance(event, NewMessage), event
        contents.append(event.message.content)
    return contents


class Line:
    """A TCP line to a server, to be cut and mended."""

    def __init__(self, url: str) -> None:
        """Create a line that ``async with`` lays."""
        self.target = URL(url)
        #: While set, nothing comes back from the server.
        self.is_deaf = False
        #: While set, who connects is cut off.
        self.is_down = False
        self.url = ""
        self.connections = 0
        self._listener = Listener(self._serve)

    async def __aenter__(self) -> Self:
        await self._listener.start()
        self.url = f"http://127.0.0.1:{self._listener.port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._listener.stop()

    def cut(self) -> None:
        """Cut every connection off."""
        self._listener.cut()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self.is_down:
            writer.transport.abort()
            return
        far_reader, far_writer = await self._listener.connect(self.target.host, self.target.port)
        await asyncio.gather(self._pump(reader, far_writer, False), self._pump(far_reader, writer, True))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_answer: bool) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                if not (is_answer and self.is_deaf):
                    writer.write(data)
                    await writer.drain()
        writer.transport.abort() if self.is_down else writer.close()


async def cut_again_and_again(*lines: Line) -> None:
    """Cut one line or another for ever, in ever longer intervals: at last something gets through on any machine."""
    longest = 0.03
    while True:
        await asyncio.sleep(random.uniform(0, longest))
        random.choice(lines).cut()
        longest *= 1.02


class PeerSocket:
    """A client's socket as its server sees it."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.socket = socket
        self.request = request

    async def send(self, **frame: Any) -> None:
        """Send a frame."""
        await self.socket.send_str(json.dumps(frame))

    async def hello(self, cursor: int = 0, epoch: str = "e", heartbeat_ms: int = 30_000) -> None:
        """Say hello to user 1."""
        user = {"id": 1, "username": "alice", "nickname": "Alice", "avatar_path": None, "is_ai": False}
        numbers = {"protocol": 2, "heartbeat_ms": heartbeat_ms, "max_frame_bytes": 65536, "session_id": 1}
        await self.send(type="hello", data={**numbers, "epoch": epoch, "cursor": cursor, "user": user})

    async def receive(self) -> Any:
        """Return the client's next frame."""
        message = await self.socket.receive(timeout=PATIENCE)
        assert message.type is WSMsgType.TEXT, message
        return json.loads(message.data)

    async def ack(self, frame: Any, data: Any, **more: Any) -> None:
        """Acknowledge a frame."""
        await self.send(type="ack", re=frame["id"], data=data, **more)

    async def refuse(self, frame: Any, code: str, **more: Any) -> None:
        """Answer a frame with an error."""
        await self.send(type="error", re=frame["id"], error={"code": code, "detail": f"This is {code}.", **more})

    async def catch_up(self, cursor: int = 0) -> Any:
        """Expect a sync, say that nothing has happened, and return the frame."""
        frame = await self.receive()
        assert frame["type"] == "sync", frame
        await self.ack(frame, {"cursor": cursor, "more": False})
        return frame

    async def wait_closed(self) -> None:
        """Wait until the client is gone, whatever it says meanwhile."""
        async for _ in self.socket:
            pass


@contextlib.asynccontextmanager
async def peer(script: Script, *routes: web.RouteDef) -> AsyncIterator[str]:
    """A server that does with each socket what ``script`` says, and closes it afterwards; its address."""
    failures: list[BaseException] = []
    sockets = 0

    async def serve(request: web.Request) -> web.WebSocketResponse:
        nonlocal sockets
        sockets += 1
        socket = web.WebSocketResponse(protocols=["chatd.v2"])
        await socket.prepare(request)
        try:
            await script(PeerSocket(socket, request), sockets)
        except ConnectionError:
            pass
        except Exception as error:
            failures.append(error)
        await socket.close()
        return socket

    app = web.Application()
    app.add_routes([web.get("/messages/ws", serve), *routes])
    async with TestServer(app) as server:
        yield str(server.make_url("/"))
    if failures:
        raise failures[0]
