"""People who talk over REST and sockets at once until their server is gone, and what they know then."""

import asyncio
import contextlib
import itertools
import json
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

import aiohttp

from tests.process import ServerProcess, client_of
from tests.support import Person, error_of, register

WebSocket: TypeAlias = "aiohttp.ClientWebSocketResponse[Any]"

#: How many commands a socket has on their way at once.
WINDOW = 8

#: How many people talk, one after the other by REST and by socket; one more listens to all of them.
SENDERS = 6

#: What a client meets whose server is gone.
GONE = (aiohttp.ClientError, ConnectionError)


@dataclass
class Ledger:
    """What clients know: of each ``client_id`` whether it was acknowledged, refused, or neither."""

    #: The ids of the messages that were acknowledged.
    acked: dict[str, int] = field(default_factory=dict)
    #: The places in the log that acknowledgements named, by message id.
    seqs: dict[int, int] = field(default_factory=dict)
    unsure: dict[str, Person] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    #: The messages each socket was told of, in order.
    pushed: list[list[int]] = field(default_factory=list)
    #: How sockets were closed.
    codes: list[int | None] = field(default_factory=list)
    _acks: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    def ack(self, client_id: str, message_id: int, seq: int | None = None) -> None:
        """Note that a message was acknowledged."""
        del self.unsure[client_id]
        self.acked[client_id] = message_id
        if seq is not None:
            self.seqs[message_id] = seq
        self._acks.release()

    def refuse(self, client_id: str) -> None:
        """Note that a message was refused: it must not be stored."""
        del self.unsure[client_id]
        self.refused.add(client_id)

    async def more_acks(self, count: int) -> None:
        """Wait for so many acknowledgements more."""
        for _ in range(count):
            await self._acks.acquire()

    def forget_acks(self) -> None:
        """Count from now in :meth:`more_acks`."""
        self._acks = asyncio.Semaphore(0)


def content_of(client_id: str) -> str:
    """Return the text that goes with a ``client_id``."""
    return f"this is {client_id}"


async def over_rest(sender: Person, receiver: Person, turn: str, ledger: Ledger) -> None:
    """Send message after message until the server is gone."""
    ids: list[int] = []
    with contextlib.suppress(*GONE):
        for number in itertools.count():
            client_id = f"{turn} {sender.username} {number}"
            body = {"content": content_of(client_id), "client_id": client_id}
            ledger.unsure[client_id] = sender
            async with await sender.request("POST", f"/messages/send/{receiver.id}", json=body) as response:
                if response.status == 200:
                    ids.append((await response.json())["id"])
                    ledger.ack(client_id, ids[-1])
                else:
                    assert await error_of(response) == (503, "storage_unavailable")
                    ledger.refuse(client_id)
    assert ids == sorted(set(ids))


async def over_socket(ws: WebSocket, sender: Person, receiver: Person, turn: str, ledger: Ledger) -> None:
    """Send command after command, many on their way at once, until the server is gone."""
    sent: dict[int, str] = {}
    numbers = itertools.count()

    async def send() -> None:
        number = next(numbers)
        sent[number] = client_id = f"{turn} {sender.username} {number}"
        ledger.unsure[client_id] = sender
        data = {"user": receiver.id, "content": content_of(client_id), "client_id": client_id}
        await ws.send_str(json.dumps({"type": "send", "id": number, "data": data}))

    seqs: list[int] = []
    with contextlib.suppress(*GONE):
        for _ in range(WINDOW):
            await send()
        async for message in ws:
            frame = message.json()
            if frame["type"] == "ack":
                seqs.append(frame["seq"])
                ledger.ack(sent.pop(frame["re"]), frame["data"]["message"]["id"], frame["seq"])
                await send()
            elif frame["type"] == "error":
                assert frame["error"]["code"] == "storage_unavailable", frame
                ledger.refuse(sent.pop(frame["re"]))
                await send()
    ledger.codes.append(ws.close_code)
    assert seqs == sorted(set(seqs))


async def connect(person: Person) -> WebSocket:
    """Connect by chatd.v2 and catch up with now."""
    headers = {"Authorization": f"Bearer {person.token}"}
    ws = await person.client.ws_connect("/messages/ws", headers=headers, protocols=["chatd.v2"])
    await ws.send_str('{"type":"sync","id":"sync","data":{}}')
    while (await ws.receive_json())["type"] != "ack":
        pass
    return ws


async def listen(ws: WebSocket, ledger: Ledger) -> None:
    """Note what arrives until the server is gone."""
    ids: list[int] = []
    ledger.pushed.append(ids)
    with contextlib.suppress(*GONE):
        async for message in ws:
            frame = message.json()
            if frame["type"] == "new_message":
                ids.append(frame["data"]["id"])
                if "seq" in frame:
                    assert ledger.seqs.setdefault(ids[-1], frame["seq"]) == frame["seq"]
    ledger.codes.append(ws.close_code)


@contextlib.asynccontextmanager
async def talking(people: list[Person], turn: str, ledger: Ledger) -> AsyncIterator[None]:
    """Let everybody talk to the last of them, who listens in both dialects; leave when the server is gone."""
    *senders, receiver = people
    ledger.forget_acks()
    listening = [await connect(receiver), (await receiver.connect()).ws]
    sockets = [(sender, await connect(sender)) for sender in senders[::2]]
    async with asyncio.TaskGroup() as group:
        for ws in listening:
            group.create_task(listen(ws, ledger))
        for sender, ws in sockets:
            group.create_task(over_socket(ws, sender, receiver, turn, ledger))
        for sender in senders[1::2]:
            group.create_task(over_rest(sender, receiver, turn, ledger))
        yield


def missing(data_dir: Path, ledger: Ledger) -> int:
    """Return how many acknowledged messages are not stored."""
    with contextlib.closing(sqlite3.connect(f"file:{data_dir / 'chatd.db'}?mode=ro", uri=True)) as db:
        stored = {client_id for (client_id,) in db.execute("SELECT client_id FROM messages")}
    return len(ledger.acked.keys() - stored)


def check(data_dir: Path, ledger: Ledger) -> int:
    """Hold the database to what clients know, and return how many messages are in it."""
    with contextlib.closing(sqlite3.connect(f"file:{data_dir / 'chatd.db'}?mode=ro", uri=True)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        rows = db.execute("SELECT id, client_id, content FROM messages ORDER BY id").fetchall()
        others = db.execute("SELECT * FROM change_log").fetchall()
    stored = {client_id: message_id for message_id, client_id, _ in rows}
    assert len(stored) == len(rows)
    assert [content for *_, content in rows] == [content_of(client_id) for client_id in stored]
    assert {client_id: stored.get(client_id) for client_id in ledger.acked} == ledger.acked
    assert stored.keys() - ledger.acked.keys() <= ledger.unsure.keys()
    for ids in ledger.pushed:
        assert ids == sorted(set(ids) & set(stored.values()))
    # Nobody does anything but send here: the messages are the log, and it has no gap.
    assert others == []
    assert [message_id for message_id, *_ in rows] == list(range(1, len(rows) + 1))
    assert ledger.seqs == {message_id: message_id for message_id in ledger.seqs.keys() & set(stored.values())}
    return len(rows)


async def send_again(data_dir: Path, people: list[Person], ledger: Ledger) -> None:
    """Send what may or may not have been stored once more, twice, and hold what is stored then to what is known."""
    check(data_dir, ledger)
    *_, receiver = people
    for client_id, sender in list(ledger.unsure.items()):
        now = replace(sender, client=receiver.client)
        sent = [await now.send(receiver, content_of(client_id), client_id) for _ in range(2)]
        assert sent[0] == sent[1]
        ledger.ack(client_id, sent[0]["id"])
    count = check(data_dir, ledger)
    assert count == len(ledger.acked)
    assert await receiver.get("/messages/unread_count") == {"unread_count": count}


@contextlib.asynccontextmanager
async def people_on(server: ServerProcess, people: list[Person]) -> AsyncIterator[None]:
    """Let people use a server; register them if there are none yet."""
    async with client_of(server) as client:
        if people:
            people[:] = [replace(person, client=client) for person in people]
        else:
            people += [await register(client, f"user{number}") for number in range(SENDERS + 1)]
        yield
