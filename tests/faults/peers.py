"""The clients that talk over a bad line: what each does by chance, and what it keeps of what it is told."""

import asyncio
import contextlib
import random
import zlib
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

from chatd.client import (
    Client,
    Cursor,
    Disconnected,
    EventStream,
    GroupPlace,
    Place,
    Refused,
    Resync,
    Unreachable,
    UserPlace,
)
from tests.faults.support import Entry, entry_of

#: How many of them, the first, get half of all that is said.
POPULAR = 2

#: How long a call over HTTP may hang on the bad line before it is made again, in seconds.
HANGS = 1.0


class Reader:
    """Somebody who keeps every event of a client, and the cursor to go on from."""

    def __init__(self, since: Cursor) -> None:
        self._cursor = since
        self.entries: list[Entry] = []

    async def read(self, stream: EventStream) -> None:
        """Read until the client disconnects."""
        async for event in stream:
            assert not isinstance(event, Resync), event
            if event.cursor is not None:
                self.entries.append(entry_of(event, event.cursor.seq))
                self._cursor = event.cursor

    def start(self, client: Client) -> "asyncio.Task[None]":
        """Read on where it stopped."""
        return asyncio.create_task(self.read(client.events(self._cursor)))


class Peer:
    """A user with a client, who does this and that, and knows what came of it."""

    def __init__(
        self, user_id: int, client: Client, others: list[int], groups: list[GroupPlace], chance: random.Random
    ) -> None:
        self.user_id = user_id
        self.readers: list[Reader] = []
        #: The message of each ``client_id`` whose sending returned.
        self.sent: dict[str, int] = {}
        #: Each ``client_id`` of which it is not known whether it was stored.
        self.unsure: set[str] = set()
        self.done: Counter[str] = Counter()
        self.put_out = 0
        self._client = client
        self._others = others
        self._groups = groups
        self._chance = chance
        self._count = 0
        self._reading: list[asyncio.Task[None]] = []

    async def begin(self) -> None:
        """Connect, and read from the first event on."""
        await self._client.connect()
        await self._read_from_the_beginning()

    async def talk(self, stop: asyncio.Event) -> None:
        """Do this and that until ``stop`` is set, and send once more."""
        doings = {
            self._send: 50,
            self._send_impatiently: 10,
            self._repeat: 10,
            self._mark_as_read: 10,
            self._react: 10,
            self._disconnect_and_return: 2,
            self._join_a_group: 6,
            self._leave_a_group: 3,
            self._put_somebody_out: 20 if self.user_id <= POPULAR else 0,  # each of these owns a group
            self._read_from_the_beginning: 10 if self.user_id <= POPULAR else 1,
        }
        while not stop.is_set():
            (doing,) = self._chance.choices(list(doings), list(doings.values()))
            await doing()
            self.done[doing.__name__] += 1
            await asyncio.sleep(self._chance.uniform(0, 0.2))
        await self._send()

    async def end(self) -> None:
        """Disconnect, and read what is left."""
        await self._client.close()
        await asyncio.gather(*self._reading)

    async def _send(self) -> None:
        self._count += 1
        client_id = f"{self.user_id}-{self._count}"
        self.unsure.add(client_id)
        await self._send_as(client_id)

    async def _send_impatiently(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._chance.uniform(0, 0.05)):
                await self._send()

    async def _repeat(self) -> None:
        known = [*self.sent, *sorted(self.unsure)]
        if known:
            await self._send_as(self._chance.choice(known))

    async def _send_as(self, client_id: str) -> None:
        to = self._place_of(client_id)
        try:
            message = await self._client.send(to, content_of(client_id), client_id=client_id)
        except Refused:
            assert isinstance(to, GroupPlace)  # one is not in it now; an earlier try may have come through
            assert client_id not in self.sent
            return
        assert self.sent.setdefault(client_id, message.id) == message.id
        self.unsure.discard(client_id)

    def _place_of(self, client_id: str) -> Place:
        """Return where the message goes that has this ``client_id``, the same each time."""
        digest = zlib.crc32(client_id.encode())
        if digest % 3 == 0:
            return self._groups[digest // 3 % len(self._groups)]
        return UserPlace(self._others[digest % (POPULAR if digest % 2 else len(self._others))])

    async def _mark_as_read(self) -> None:
        if (message := self._last_heard()) is not None:
            _, _, sender_id, message_id, _, group_id = message
            place = UserPlace(sender_id) if group_id is None else GroupPlace(group_id)
            with contextlib.nullcontext() if group_id is None else contextlib.suppress(Refused):
                await self._client.read(place, message_id)

    async def _react(self) -> None:
        if (message := self._last_heard()) is not None:
            with contextlib.nullcontext() if message[-1] is None else contextlib.suppress(Refused):
                await self._client.react(message[3], self._chance.choice("👍👎😀"))

    async def _join_a_group(self) -> None:
        group = self._chance.choice(self._groups)
        await self._until_answered(lambda: self._client.groups.join(group))

    async def _leave_a_group(self) -> None:
        if self.user_id > POPULAR:  # somebody stays, or the group would end
            group = self._chance.choice(self._groups)
            with contextlib.suppress(Refused):
                await self._until_answered(lambda: self._client.groups.leave(group))

    async def _put_somebody_out(self) -> None:
        group, other = self._groups[self.user_id - 1], self._chance.choice(self._others[POPULAR:])
        with contextlib.suppress(Refused):  # who is not in it
            await self._until_answered(lambda: self._client.groups.act(group, "kick", other))
            self.put_out += 1

    async def _until_answered(self, call: Callable[[], Coroutine[Any, Any, object]]) -> None:
        while True:
            with contextlib.suppress(Unreachable, TimeoutError):
                async with asyncio.timeout(HANGS):
                    await call()
                return
            await asyncio.sleep(0.02)

    async def _disconnect_and_return(self) -> None:
        sending = asyncio.create_task(self._send())
        await asyncio.sleep(self._chance.uniform(0, 0.02))
        await self._client.disconnect()
        with contextlib.suppress(Disconnected):
            await sending
        await asyncio.gather(*self._reading)
        await self._client.connect()
        self._reading = [reader.start(self._client) for reader in self.readers]

    async def _read_from_the_beginning(self) -> None:
        place = self._client.cursor
        assert place is not None
        reader = Reader(Cursor(place.epoch, 0))
        self.readers.append(reader)
        self._reading.append(reader.start(self._client))

    def _last_heard(self) -> Entry | None:
        heard = (each for each in reversed(self.readers[0].entries) if each[1] == "message" and each[2] != self.user_id)
        return next(heard, None)


def content_of(client_id: str) -> str:
    """Return the text that goes with a ``client_id``."""
    return f"this is {client_id}"
