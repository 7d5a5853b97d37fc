"""A server for a state machine, its users, and their devices; all that can be known of them."""

import asyncio
import itertools
import json
from collections.abc import Coroutine, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp

from chatd.serve import Server
from tests.faults.proxy import FaultProxy
from tests.process import chatd
from tests.support import PATIENCE, settings

T = TypeVar("T")

Frame = dict[str, Any]

#: What may come at any time, without a place in the log.
PASSING = ("presence", "presence_list", "typing")


@dataclass(frozen=True)
class User:
    """Somebody with an account."""

    id: int
    token: str


@dataclass
class Message:
    """A message as it is now."""

    sender_id: int
    receiver_id: int
    content: str
    is_edited: bool = False
    is_deleted: bool = False
    reactions: set[tuple[str, int]] = field(default_factory=set)


@dataclass
class View:
    """Messages by id, and how far each reader (first) has read those of another (second)."""

    messages: dict[int, Message] = field(default_factory=dict)
    markers: dict[tuple[int, int], int] = field(default_factory=dict)

    def of(self, user_id: int) -> "View":
        """Return what of it a user may see."""
        return View(
            {key: each for key, each in self.messages.items() if user_id in (each.sender_id, each.receiver_id)},
            {pair: up_to for pair, up_to in self.markers.items() if user_id in pair},
        )

    def unread(self, reader_id: int, other_id: int) -> int:
        """Return how many of another's messages a reader has not read, and the other has not taken back."""
        marker = self.markers.get((reader_id, other_id), 0)
        return sum(
            (each.sender_id, each.receiver_id) == (other_id, reader_id) and message_id > marker and not each.is_deleted
            for message_id, each in self.messages.items()
        )

    def apply(self, kind: str, data: Frame) -> None:
        """Take an event."""
        match kind:
            case "new_message":
                assert data["id"] not in self.messages
                self.messages[data["id"]] = message_of(data)
            case "message_edited":
                self.messages[data["id"]] = message_of(data)
            case "message_deleted":
                message = self.messages[data["id"]]
                message.content, message.is_deleted, message.reactions = "", True, set()
            case "reaction":
                reaction = data["emoji"], data["user_id"]
                reactions = self.messages[data["message_id"]].reactions
                reactions.add(reaction) if data["on"] else reactions.discard(reaction)
            case "read":
                pair = data["reader_id"], data["user_id"]
                assert data["up_to"] > self.markers.get(pair, 0)
                self.markers[pair] = data["up_to"]
            case _:
                raise AssertionError(kind)


def message_of(data: Frame) -> Message:
    """Return a message as the server describes it."""
    return Message(
        data["sender_id"],
        data["receiver_id"],
        data["content"],
        data["edited_at"] is not None,
        data["deleted_at"] is not None,
        {(each["emoji"], user_id) for each in data["reactions"] for user_id in each["user_ids"]},
    )


class Device:
    """A device that keeps all it has been told, and where it was told it."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.view = View()
        self.cursor = 0
        self._socket: aiohttp.ClientWebSocketResponse[Any] | None = None
        self._ids = itertools.count(1)
        self._asked: dict[int, tuple[str, Frame]] = {}

    @property
    def socket(self) -> "aiohttp.ClientWebSocketResponse[Any]":
        """Its connection."""
        assert self._socket is not None
        return self._socket

    @property
    def is_connected(self) -> bool:
        """Whether it has a connection."""
        return self._socket is not None

    async def connect(self, world: "World") -> None:
        """Connect, and hear the hello."""
        headers = {"Authorization": f"Bearer {self.user.token}"}
        self._socket = await world.http.ws_connect(
            f"{world.proxy.url}/messages/ws", headers=headers, protocols=["chatd.v2"]
        )
        self._line = world.proxy.lines[-1]
        self._epoch = (await self._receive())["data"]["epoch"]

    async def catch_up(self, limit: int) -> None:
        """Sync, a page after another, until there is no more."""
        more = True
        while more:
            data = {"epoch": self._epoch, "since": self.cursor, "limit": limit}
            answer = (await self.command("sync", data))["data"]
            assert answer["cursor"] >= self.cursor
            self.cursor, more = answer["cursor"], answer["more"]

    async def ask(self, kind: str, data: Frame) -> int:
        """Send a command and return its id."""
        number = next(self._ids)
        self._asked[number] = kind, data
        await self.socket.send_str(json.dumps({"type": kind, "id": number, "data": data}))
        return number

    async def answer(self, number: int) -> Frame:
        """Return a command's answer; what comes before it is taken in."""
        while True:
            frame = await self._receive()
            if frame["type"] in ("ack", "error"):
                kind, data = self._asked.pop(frame["re"])
                if "seq" in frame:
                    self._take(frame["seq"], *event_of(self.user.id, kind, data, frame["data"]))
                if frame["re"] == number:
                    return frame
            else:
                self._hear(frame)

    async def command(self, kind: str, data: Frame) -> Frame:
        """Send a command and return its answer."""
        return await self.answer(await self.ask(kind, data))

    async def settle(self) -> None:
        """Take in all there is."""
        await self.socket.send_str('{"type":"ping"}')
        while (frame := await self._receive())["type"] != "pong":
            self._hear(frame)
        assert frame["data"]["cursor"] >= self.cursor
        self.cursor = frame["data"]["cursor"]

    async def cut(self) -> None:
        """Lose the line."""
        self._line.reset()
        await self._close()

    async def hear_the_end(self) -> None:
        """Wait until the server closes because it restarts; it says so before."""
        assert (await self._receive())["type"] == "restarting"
        message = await self.socket.receive(timeout=PATIENCE)
        assert (message.type, self.socket.close_code) == (aiohttp.WSMsgType.CLOSE, 1012)
        await self._close()

    async def _close(self) -> None:
        await self.socket.close()
        self._socket = None
        self._asked.clear()

    async def _receive(self) -> Frame:
        while True:
            message = await self.socket.receive(timeout=PATIENCE)
            assert message.type is aiohttp.WSMsgType.TEXT, message
            frame: Frame = json.loads(message.data)
            if frame["type"] not in PASSING:
                return frame

    def _hear(self, frame: Frame) -> None:
        self._take(frame["seq"], frame["type"], frame["data"])

    def _take(self, seq: int, kind: str, data: Frame) -> None:
        assert seq > self.cursor
        self.cursor = seq
        self.view.apply(kind, data)


def event_of(user_id: int, kind: str, asked: Frame, answer: Frame) -> tuple[str, Frame]:
    """Return the event that the acknowledgement of a command stands for."""
    match kind:
        case "send":
            return "new_message", answer["message"]
        case "edit":
            return "message_edited", answer["message"]
        case "delete":
            return "message_deleted", answer["message"]
        case "react" | "unreact":
            return "reaction", {**asked, "user_id": user_id, "on": kind == "react"}
        case "read":
            return "read", {"reader_id": user_id, "user_id": asked["user"], "up_to": answer["up_to"]}
    raise AssertionError(kind)


class World:
    """A real server behind a line that can be cut, driven step by step."""

    def __init__(self, data_dir: Path, chance: Any, *, database: Mapping[str, str]) -> None:
        self._data_dir = data_dir
        self._chance = chance
        self._database = database
        self._runner = asyncio.Runner()
        self._users = self._newcomers()

    def run(self, doing: Coroutine[Any, Any, T]) -> T:
        """Do something."""
        return self._runner.run(doing)

    def newcomer(self) -> User:
        """Return a user whom nobody has met."""
        return next(self._users)

    async def restart(self, devices: list[Device]) -> None:
        """Stop the server, whose connected ``devices`` are told so, and start it again."""
        await asyncio.gather(self.server.stop(), *(device.hear_the_end() for device in devices))
        await self._start()
        self.proxy.target = self.server.url

    async def ask(self, user: User, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Ask over REST; return the status and the JSON."""
        headers = {"Authorization": f"Bearer {user.token}"}
        async with self.http.request(method, self.server.url + path, headers=headers, json=body) as response:
            return response.status, await response.json() if response.content_type == "application/json" else None

    def __enter__(self) -> Self:
        self.run(self._open())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.run(self._close())
        self._runner.close()

    async def _open(self) -> None:
        await self._start()
        self.http = aiohttp.ClientSession()
        self.proxy = await FaultProxy(self.server.url, self._chance).__aenter__()

    async def _close(self) -> None:
        await self.http.close()
        await self.proxy.__aexit__(None, None, None)
        await self.server.stop()

    async def _start(self) -> None:
        self.server = Server(settings(self._data_dir, database=self._database))
        await self.server.start()

    def _newcomers(self) -> Iterator[User]:
        for batch in itertools.count():
            names = (f"bot{batch}.{number}" for number in range(200))
            url = self._database.get("url", "")
            added = chatd(self._data_dir, "user", "add", "--bot", *names, CHATD_DATABASE_URL=url)
            assert added.returncode == 0, added.stderr
            for line in added.stdout.splitlines():
                user_id, _, token = line.split()
                yield User(int(user_id), token)
