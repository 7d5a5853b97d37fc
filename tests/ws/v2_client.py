"""A raw client of chatd.v2, which shows every frame as it comes."""

import itertools
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import ClientWebSocketResponse, WSMsgType

from chatd.http.context import CONFIG, SERVICES
from chatd.models import Stay
from chatd.storage import change_log, stays
from chatd.storage.commit import Transaction, write_once
from chatd.storage.stores import Store
from tests.support import PATIENCE, Chat, Person

Frame = dict[str, Any]

PROTOCOL = "chatd.v2"

#: What may come at any time, without a place in the log.
PASSING = ("presence", "presence_list", "typing")


#: Awaited before a client asks whether all has come, where what others do takes a moment to come here.
BEFORE_SETTLING: list[Callable[[], Awaitable[None]]] = []


class ResyncNeeded(AssertionError):
    """What a client has is of another log: it has to load everything again."""


class V2Client:
    """One connection: what comes while an answer is awaited is kept for later."""

    def __init__(self, ws: ClientWebSocketResponse) -> None:
        self.ws = ws
        self.hello: Frame = {}
        self._ids = itertools.count(1)
        self._kept: list[Frame] = []

    async def write(self, frame: Any) -> None:
        """Send a frame: text as it is, anything else as JSON."""
        await self.ws.send_str(frame if isinstance(frame, str) else json.dumps(frame))

    async def read_text(self) -> str:
        """Return the next frame as it came."""
        message = await self.ws.receive(timeout=PATIENCE)
        assert message.type is WSMsgType.TEXT, (message, self.ws.close_code)
        return str(message.data)

    async def _receive(self) -> Frame:
        frame: Frame = json.loads(await self.read_text())
        return frame

    async def read(self) -> Frame:
        """Return the next frame, the oldest of those kept first."""
        return self._kept.pop(0) if self._kept else await self._receive()

    async def read_until(self, *kinds: str) -> Frame:
        """Return the next frame of certain kinds; what comes before it is left out."""
        while True:
            frame = await self.read()
            if frame["type"] in kinds:
                return frame

    async def answer(self, re: Any) -> Frame:
        """Return the answer to a command, and keep what comes before it."""
        while True:
            frame = await self._receive()
            if frame["type"] in ("ack", "error") and frame["re"] == re:
                return frame
            self._kept.append(frame)

    async def command(self, kind: str, **data: Any) -> Frame:
        """Send a command and return its answer."""
        re = next(self._ids)
        await self.write({"type": kind, "id": re, "data": data})
        return await self.answer(re)

    async def ack(self, kind: str, **data: Any) -> Frame:
        """Send a command that is carried out, and return its answer."""
        frame = await self.command(kind, **data)
        assert frame["type"] == "ack", frame
        return frame

    async def error(self, kind: str, **data: Any) -> str:
        """Send a command that fails, and return the code; the error's form is checked."""
        frame = await self.command(kind, **data)
        assert frame["type"] == "error", frame
        assert set(frame) == {"type", "re", "error"}
        assert set(frame["error"]) == {"code", "detail"}
        assert frame["error"]["detail"]
        return str(frame["error"]["code"])

    async def send(self, to: Person, content: str, **data: Any) -> Frame:
        """Send a private message and return the answer."""
        return await self.ack("send", user=to.id, content=content, **data)

    async def settle(self, *, passing: bool = False) -> list[Frame]:
        """Ping, and return all that came before the pong.

        :param passing: also what has no place in the log.
        """
        for wait in BEFORE_SETTLING:
            await wait()
        await self.write({"type": "ping"})
        found = []
        while (frame := await self.read())["type"] != "pong":
            if passing or frame["type"] not in PASSING:
                found.append(frame)
        return found

    async def cursor(self) -> int | None:
        """Ping, and return the cursor of the pong; all before it must have been read."""
        for wait in BEFORE_SETTLING:
            await wait()
        await self.write({"type": "ping"})
        found: int | None = (await self.read_until("pong"))["data"]["cursor"]
        return found

    async def page(
        self, since: int, limit: int | None = None, *, epoch: str | None = None
    ) -> tuple[list[Frame], int, bool]:
        """Sync a page; return its events, the cursor after them, and whether there are more.

        :param epoch: of which log; None is the one that the server has named.
        :raises ResyncNeeded: it is another log.
        """
        data = {"epoch": epoch or self.hello["epoch"], "since": since, **({} if limit is None else {"limit": limit})}
        before = len(self._kept)
        answer = await self.command("sync", **data)
        if answer["type"] == "error" and answer["error"]["code"] == "resync":
            raise ResyncNeeded(answer)
        assert answer["type"] == "ack", answer
        events = [frame for frame in self._kept[before:] if frame["type"] not in PASSING]
        del self._kept[before:]
        assert set(answer) == {"type", "re", "data"}
        return events, answer["data"]["cursor"], answer["data"]["more"]

    async def catch_up(self, since: int = 0, limit: int | None = None) -> list[Frame]:
        """Sync until there is no more, and return all that was replayed."""
        events, cursor, more = await self.page(since, limit)
        while more:
            further, cursor, more = await self.page(cursor, limit)
            events += further
        return events

    async def closed(self) -> int | None:
        """Wait for the server to close, and return the code; frames before it are kept."""
        while True:
            message = await self.ws.receive(timeout=PATIENCE)
            if message.type is not WSMsgType.TEXT:
                return self.ws.close_code
            self._kept.append(json.loads(message.data))


async def connect(person: Person) -> V2Client:
    """Connect and read the hello."""
    headers = {"Authorization": f"Bearer {person.token}"}
    client = V2Client(await person.client.ws_connect("/messages/ws", headers=headers, protocols=[PROTOCOL]))
    frame = await client.read()
    assert frame["type"] == "hello"
    client.hello = frame["data"]
    return client


async def live(person: Person) -> V2Client:
    """Connect and sync from now."""
    client = await connect(person)
    assert set(await client.ack("sync")) == {"type", "re", "data"}
    return client


def kinds(frames: list[Frame]) -> list[str]:
    """Return the types of frames."""
    return [frame["type"] for frame in frames]


def contents(frames: list[Frame]) -> list[str]:
    """Return what the new messages among frames say."""
    return [frame["data"]["content"] for frame in frames if frame["type"] == "new_message"]


async def logged(chat: Chat, person: Person) -> list[Frame]:
    """Return the whole log as a person sees it, read over REST."""
    epoch = (await live(person)).hello["epoch"]
    events: list[Frame] = []
    page: dict[str, Any] = {"more": True, "cursor": 0}
    while page["more"]:
        page = await person.get(f"/messages/events?epoch={epoch}&since={page['cursor']}&timeout=0")
        events += page["events"]
    return events


def add_group(chat: Chat, name: str, *people: Person) -> int:
    """Make a group of members alone, who see everything, and return its id."""
    return write_group(chat.server.app[CONFIG].store, name, *people)


def write_group(database: Store, name: str, *people: Person) -> int:
    """Make such a group in the database of a server, and return its id."""

    def work(tx: Transaction) -> int:
        (group_id,) = tx.db.execute(
            "INSERT INTO conversations (kind, name, created_at) VALUES ('group', :name, 0) RETURNING id", {"name": name}
        ).fetchone()
        for person in people:
            _join(tx, group_id, person)
        return int(group_id)

    return write_once(database, work)


def own(chat: Chat, group_id: int, person: Person) -> None:
    """Make a member the owner of a group that has none."""
    write_once(chat.server.app[CONFIG].store, lambda tx: stays.set_role(tx.db, group_id, person.id, "owner"))


def join(chat: Chat, group_id: int, person: Person) -> None:
    """Let somebody join a group."""
    write_once(chat.server.app[CONFIG].store, lambda tx: _join(tx, group_id, person))


def leave(chat: Chat, group_id: int, person: Person) -> None:
    """Let somebody leave a group."""

    def work(tx: Transaction) -> None:
        stays.end(tx.db, group_id, person.id, _log_membership(tx, group_id, person, None))

    write_once(chat.server.app[CONFIG].store, work)


def _join(tx: Transaction, group_id: int, person: Person) -> None:
    joined = _log_membership(tx, group_id, person, "member")
    stays.begin(tx.db, Stay(group_id, person.id, "member", 0, 0), seq=joined)


def _log_membership(tx: Transaction, group_id: int, person: Person, role: str | None) -> int:
    data = json.dumps({"role": role, "how": "joined" if role else "left"})
    return change_log.append(tx.db, "membership", conversation_id=group_id, user_id=person.id, data=data, created_at=0)


async def busy(chat: Chat) -> tuple[Person, Person, list[Frame]]:
    """Return two people and all that one of every kind of change between them has left in the log."""
    alice, bob = await chat.people("alice", "bobby")
    one, two = await live(alice), await live(bob)
    for number in range(5):
        await one.send(bob, f"n{number}")
    await two.ack("read", user=alice.id, up_to=3)
    await one.ack("edit", message_id=2, content="edited")
    await two.ack("react", message_id=2, emoji="👍")
    await two.ack("unreact", message_id=2, emoji="👍")
    await two.ack("react", message_id=1, emoji="🎉")
    await one.ack("delete", message_id=3)
    await two.send(alice, "mine")
    async with await alice.request("PUT", "/users/me", json={"nickname": "Al"}) as response:
        assert response.status == 200
    return alice, bob, await (await connect(bob)).catch_up()


async def prune(chat: Chat, count: int) -> None:
    """Forget the oldest changes."""
    await chat.server.app[SERVICES].database.write(lambda tx: change_log.prune(tx.db, before=2**60, limit=count))
