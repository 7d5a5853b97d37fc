"""``kill -9`` under load: what was acknowledged is stored once, and what was not can be sent again."""

import asyncio
import contextlib
import random
import signal
import sqlite3
from dataclasses import dataclass, field, replace
from pathlib import Path

import aiohttp

from tests.process import ServerProcess, client_of
from tests.support import Person, Socket, register

ROUNDS = 5

#: How many acknowledgements clients have of a round before the server is killed.
ACKS = 150

#: What a client meets whose server is gone.
GONE = (aiohttp.ClientError, ConnectionError)


@dataclass
class Ledger:
    """What clients know: which ``client_id`` was acknowledged with which message, and which never was."""

    acked: dict[str, int] = field(default_factory=dict)
    unsure: dict[str, Person] = field(default_factory=dict)
    pushed: list[list[int]] = field(default_factory=list)


def content_of(client_id: str) -> str:
    """Return the text that goes with a ``client_id``."""
    return f"this is {client_id}"


async def keep_sending(sender: Person, receiver: Person, turn: int, ledger: Ledger, acks: asyncio.Semaphore) -> None:
    """Send message after message until the server is gone."""
    ids: list[int] = []
    with contextlib.suppress(*GONE):
        while True:
            client_id = f"{turn} {sender.username} {len(ids)}"
            ledger.unsure[client_id] = sender
            message = await sender.send(receiver, content_of(client_id), client_id)
            del ledger.unsure[client_id]
            ledger.acked[client_id] = message["id"]
            ids.append(message["id"])
            acks.release()
    assert ids == sorted(ids)


async def keep_listening(socket: Socket, ledger: Ledger) -> None:
    """Note what arrives until the server is gone."""
    ids: list[int] = []
    ledger.pushed.append(ids)
    with contextlib.suppress(*GONE):
        async for message in socket.ws:
            if message.type is aiohttp.WSMsgType.TEXT:
                ids.append(message.json()["data"]["id"])


async def kill_under_load(server: ServerProcess, people: list[Person], turn: int, ledger: Ledger) -> None:
    """Have everybody talk to the last of them, and kill the server in the middle."""
    *senders, receiver = people
    acks = asyncio.Semaphore(0)
    listening = [keep_listening(await receiver.connect(), ledger) for _ in range(2)]
    sending = [keep_sending(sender, receiver, turn, ledger, acks) for sender in senders]
    talking = asyncio.gather(*listening, *sending)
    for _ in range(ACKS):
        await acks.acquire()
    await asyncio.sleep(random.uniform(0, 0.03))
    server.signal(signal.SIGKILL)
    await talking
    assert await asyncio.to_thread(server.wait) == -signal.SIGKILL


def check(data_dir: Path, ledger: Ledger) -> int:
    """Hold the database to what clients know, and return how many messages are in it."""
    with contextlib.closing(sqlite3.connect(f"file:{data_dir / 'chatd.db'}?mode=ro", uri=True)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        rows = db.execute("SELECT id, client_id, content FROM messages ORDER BY id").fetchall()
        log = db.execute("SELECT seq, message_id FROM change_log WHERE kind = 'message' ORDER BY seq").fetchall()
    stored = {client_id: message_id for message_id, client_id, _ in rows}
    assert len(stored) == len(rows)
    assert [content for *_, content in rows] == [content_of(client_id) for client_id in stored]
    assert {client_id: stored.get(client_id) for client_id in ledger.acked} == ledger.acked
    assert stored.keys() - ledger.acked.keys() <= ledger.unsure.keys()
    for ids in ledger.pushed:
        assert ids == sorted(set(ids) & set(stored.values()))
    assert log == [(seq, message_id) for seq, (message_id, *_) in enumerate(rows, 1)]
    return len(rows)


async def test_kill_9_under_load_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    ledger = Ledger()
    people: list[Person] = []
    for turn in range(ROUNDS + 1):
        with ServerProcess(data_dir) as server:
            async with client_of(server) as client:
                people = [replace(person, client=client) for person in people]
                people = people or [await register(client, f"user{number}") for number in range(7)]
                receiver = people[-1]
                check(data_dir, ledger)
                for client_id, sender in ledger.unsure.items():
                    again = replace(sender, client=client)
                    sent = [await again.send(receiver, content_of(client_id), client_id) for _ in range(2)]
                    assert sent[0] == sent[1]
                    ledger.acked[client_id] = sent[0]["id"]
                ledger.unsure.clear()
                count = check(data_dir, ledger)
                assert count == len(ledger.acked)
                assert await receiver.get("/messages/unread_count") == {"unread_count": count}
                if turn < ROUNDS:
                    await kill_under_load(server, people, turn, ledger)
    assert len(ledger.acked) >= ROUNDS * ACKS
    assert all(len(ids) > 0 for ids in ledger.pushed)
