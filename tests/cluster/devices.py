"""Devices that come back to whichever process answers, and people who write until each message is acknowledged."""

import asyncio
import contextlib
import itertools
import random
from typing import Any

from aiohttp import ClientError

from tests.cluster.support import Doors
from tests.support import Person
from tests.ws.v2_client import PASSING, ResyncNeeded, V2Client, connect, contents

#: What is answered where nothing can be stored now, or by a proxy that reaches nobody.
UNAVAILABLE = (502, 503, 504)


#: What is kept of an event: a long run has many.
Entry = tuple[int, list[str]]


def entry_of(event: dict[str, Any]) -> Entry:
    """Return what is kept of an event."""
    return event["seq"], contents([event])


class Disorder(Exception):
    """An event came twice, or after a later one."""


class Device:
    """A device that stays connected, whatever happens to processes, and records every logged event."""

    def __init__(self, doors: Doors, person: Person, dice: random.Random) -> None:
        #: The ``seq`` of each event, and what it says if it is a new message.
        self.record: list[Entry] = []
        #: How many times it has been told to load everything again.
        self.resyncs = 0
        #: Why connections ended: close codes.
        self.ends: list[int | None] = []
        self._doors = doors
        self._person = person
        self._dice = dice
        self._cursor = 0
        self._epoch: str | None = None
        self._task = asyncio.create_task(self._stay())

    @property
    def cursor(self) -> int:
        """The ``seq`` of the newest event it has."""
        return self._cursor

    async def stop(self) -> None:
        """Leave; raise what it has found wrong."""
        if self._task.done() and not self._task.cancelled():
            await self._task
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def _stay(self) -> None:
        while True:
            number = self._dice.randrange(len(self._doors.clients))
            with contextlib.suppress(ClientError, OSError, AssertionError, TimeoutError):
                client = await asyncio.wait_for(connect(self._doors.at(number, self._person)), 3)
                try:
                    await self._listen(client)
                finally:
                    self.ends.append(client.ws.close_code)
                    await client.ws.close()
            await asyncio.sleep(0.05)

    async def _listen(self, client: V2Client) -> None:
        more = True
        while more:
            try:
                events, cursor, more = await client.page(self._cursor, epoch=self._epoch)
            except ResyncNeeded:
                self.resyncs += 1
                self.record.clear()
                self._cursor, self._epoch = 0, client.hello["epoch"]
                continue
            self._epoch = self._epoch or client.hello["epoch"]
            for event in events:
                self._take(event)
            self._cursor = max(self._cursor, cursor)
        while True:
            frame = await client.read()
            if frame["type"] not in PASSING and "seq" in frame:
                self._take(frame)

    def _take(self, event: dict[str, Any]) -> None:
        if event["seq"] <= self._cursor:
            raise Disorder(event["seq"], self._cursor)
        self._cursor = event["seq"]
        self.record.append(entry_of(event))


class Writer:
    """Writes one message after the other to somebody, over REST, each again until it is acknowledged."""

    def __init__(self, doors: Doors, person: Person, to: Person, dice: random.Random, *, pause: float = 0) -> None:
        self.acked: dict[str, int] = {}
        self._doors = doors
        self._person = person
        self._to = to
        self._dice = dice
        self._pause = pause
        self._is_stopping = False
        self._task = asyncio.create_task(self._write())

    async def stop(self) -> None:
        """Get the last one acknowledged, and stop."""
        self._is_stopping = True
        await self._task

    def abandon(self) -> None:
        """Stop at once."""
        self._task.cancel()

    def _at_any(self) -> Person:
        return self._doors.at(self._dice.randrange(len(self._doors.clients)), self._person)

    async def _write(self) -> None:
        for number in itertools.count():
            client_id = f"{self._person.username}-{number}"
            while client_id not in self.acked:
                with contextlib.suppress(ClientError, OSError, TimeoutError):
                    async with asyncio.timeout(3):
                        message_id = await self._send(client_id)
                    if message_id is not None:
                        self.acked[client_id] = message_id
                        continue
                await asyncio.sleep(0.05)
            if self._is_stopping:
                return
            await asyncio.sleep(self._pause)

    async def _send(self, client_id: str) -> int | None:
        """Send a message and return its id; None where it is said that it cannot be stored now."""
        body = {"content": client_id, "client_id": client_id}
        async with await self._at_any().request("POST", f"/messages/send/{self._to.id}", json=body) as response:
            assert response.status in (200, *UNAVAILABLE), await response.text()
            return (await response.json())["id"] if response.status == 200 else None


class SocketWriter(Writer):
    """Writes over a socket, until it is closed or does not answer, and then over another one."""

    _client: V2Client | None = None

    async def _send(self, client_id: str) -> int | None:
        client, self._client = self._client, None
        client = client or await _connected(self._at_any())
        try:
            answer = await client.command("send", user=self._to.id, content=client_id, client_id=client_id)
        except AssertionError as error:  # it is closed
            raise ClientError from error
        self._client = client
        if answer["type"] == "ack":
            return int(answer["data"]["message"]["id"])
        assert answer["error"]["code"] == "storage_unavailable", answer
        return None


async def _connected(person: Person) -> V2Client:
    try:
        return await connect(person)
    except AssertionError as error:  # it is closed at once
        raise ClientError from error


async def whole_log(person: Person) -> list[dict[str, Any]]:
    """Return the whole log as a person sees it, read over REST."""
    epoch = (await connect(person)).hello["epoch"]
    events: list[dict[str, Any]] = []
    page: dict[str, Any] = {"more": True, "cursor": 0}
    while page["more"]:
        page = await person.get(f"/messages/events?epoch={epoch}&since={page['cursor']}&timeout=0")
        events += page["events"]
    return events
