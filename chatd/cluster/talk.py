"""What processes say to each other and nobody stores: who came and went, who is writing.

It is said by notifications alone, so some of it may be lost. Each process therefore says the whole list of its
connections from time to time, and is forgotten by the others where it is silent for longer.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import msgspec

from chatd.clock import Clock
from chatd.cluster.background import Background
from chatd.cluster.encoding import Undecodable, decode, encode
from chatd.cluster.roll import Opened, Roll, parts
from chatd.errors import StorageUnavailable
from chatd.events import Event

log = logging.getLogger(__name__)

#: How long what happens is gathered before it is said, in seconds.
BATCH_INTERVAL = 0.1

#: How often the whole list is said, in seconds.
LIST_INTERVAL = 15.0

#: How long a silent process is remembered, in seconds: it may have been two lists that were lost.
LIFETIME = 45.0

#: How long a process is remembered that has said goodbye, in seconds: most of its clients are elsewhere by then.
GOODBYE = 5.0

#: How long to wait before somebody is told to have gone, in seconds: they may have come to another process just now.
GONE_DELAY = 0.3

#: How many users and connections one notification has room for: at most nine bytes each, of some 5,900.
PART = 600

#: The most bytes of an event that is said, and the most events that wait.
EVENT_LIMIT = 5_000
EVENTS_LIMIT = 1_000

#: Says something to all other processes.
Say = Callable[[bytes], Awaitable[None]]


class Talk:
    """Says who is connected here and hears who is elsewhere."""

    def __init__(
        self,
        roll: Roll,
        say: Say,
        clock: Clock,
        *,
        publish: Callable[[Event], None],
        came_or_went: Callable[[int], None],
        close: Callable[[int, int], None],
        batch_interval: float = BATCH_INTERVAL,
        list_interval: float = LIST_INTERVAL,
        lifetime: float = LIFETIME,
    ) -> None:
        """Create a talk that :meth:`start` begins.

        :param roll: what is known.
        :param say: says something to the others.
        :param clock: tells when connections were opened.
        :param publish: called with each event that another process says.
        :param came_or_went: called with a user who has come, or has gone for good.
        :param close: called with the user and the number of a connection here that is one too many.
        """
        self._roll = roll
        self._say = say
        self._clock = clock
        self._publish = publish
        self._came_or_went = came_or_went
        self._close = close
        self._batch_interval = batch_interval
        self._list_interval = list_interval
        self._lifetime = lifetime
        self._parts: dict[str, tuple[int, list[Opened]]] = {}
        self._events: list[bytes] = []
        self._gone: dict[int, float] = {}
        self._wants_list = asyncio.Event()
        self._talking = Background(self._run)

    async def start(self) -> None:
        """Ask the others who is there, and begin to say what happens here."""
        await self._try([["who"]])
        self._talking.start()

    async def stop(self) -> None:
        """Say goodbye."""
        await self._talking.stop()
        await self._try([["bye"]])

    def came(self, user_id: int, number: int) -> None:
        """Add a connection here."""
        if self._roll.came(user_id, number, self._clock()):
            self._note(user_id)
        self._close_excess([user_id])

    def went(self, user_id: int, number: int) -> None:
        """Remove a connection here."""
        if self._roll.went(user_id, number):
            self._note(user_id)

    def is_online(self, user_id: int) -> bool:
        """Report whether a user has a connection to any process, or had one a moment ago."""
        return self._roll.is_online(user_id) or user_id in self._gone

    def tell(self, event: Event) -> None:
        """Tell the clients of the other processes something that may be lost."""
        data = encode([event])
        if len(data) <= EVENT_LIMIT and len(self._events) < EVENTS_LIMIT:
            self._events.append(data)

    def hear(self, process: str, data: bytes) -> None:
        """Take what another process says; of what this version does not know, nothing."""
        try:
            said: list[Any] = msgspec.msgpack.decode(data)
            for kind, *rest in said:
                self._hear(process, kind, rest)
        except (msgspec.MsgspecError, Undecodable, TypeError, ValueError, AttributeError) as error:
            log.warning("another process was not understood: %s", error, extra={"event": "talk_unreadable"})

    def _hear(self, process: str, kind: str, rest: list[Any]) -> None:
        now = asyncio.get_running_loop().time()
        match kind, rest:
            case "changed", [opened]:
                self._take(self._roll.hear(process, opened, now), opened)
            case "list", [number, count, opened]:
                so_far = [] if number == 0 else self._parts.pop(process, (count, []))[1]
                if len(so_far) != number:  # a part was lost: the next list comes soon
                    return
                self._parts[process] = count, [*so_far, opened]
                if number + 1 == count:
                    whole = {user_id: times for part in self._parts.pop(process)[1] for user_id, times in part.items()}
                    self._take(self._roll.hear_whole(process, whole, now), whole)
            case "who", []:
                self._wants_list.set()
            case "bye", []:
                self._roll.expect(process, now + GOODBYE, self._lifetime)
            case "event", [data]:
                for event in decode(data):
                    self._publish(event)

    def _take(self, came_or_went: Iterable[int], opened: Opened) -> None:
        for user_id in came_or_went:
            self._note(user_id)
        self._close_excess(opened)

    def _note(self, user_id: int) -> None:
        """Tell who has come at once, and who has gone only if they stay away."""
        if not self._roll.is_online(user_id):
            self._gone[user_id] = asyncio.get_running_loop().time() + GONE_DELAY
        elif self._gone.pop(user_id, None) is None:
            self._came_or_went(user_id)

    def _close_excess(self, user_ids: Iterable[int]) -> None:
        for user_id in user_ids:
            for number in self._roll.excess(user_id):
                self._close(user_id, number)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        listed_at = loop.time()
        looked_at = loop.time()
        while True:
            await asyncio.sleep(self._batch_interval)
            now = loop.time()
            if now - looked_at > self._list_interval:  # this process was stopped: it cannot know who was silent
                self._roll.hear_all(now)
                await self._try([["who"]])
            looked_at = now
            for user_id in self._roll.forget(now, self._lifetime):
                self._note(user_id)
            for user_id in [each for each, when in self._gone.items() if when <= now]:
                del self._gone[user_id]
                self._came_or_went(user_id)
            await self._say_events()
            if self._wants_list.is_set() or now - listed_at >= self._list_interval:
                self._wants_list.clear()
                listed_at = now
                self._roll.take_changes()
                whole = list(parts(self._roll.whole(), PART))
                for number, part in enumerate(whole):
                    await self._try([["list", number, len(whole), part]])
            elif changes := self._roll.take_changes():
                for part in parts(changes, PART):
                    await self._try([["changed", part]])

    async def _say_events(self) -> None:
        while self._events:
            size = len(self._events[0])
            count = 1
            while count < len(self._events) and size + len(self._events[count]) <= EVENT_LIMIT:
                size += len(self._events[count])
                count += 1
            said, self._events = self._events[:count], self._events[count:]
            await self._try([["event", data] for data in said])

    async def _try(self, said: list[list[Any]]) -> None:
        try:
            await self._say(msgspec.msgpack.encode(said))
        except StorageUnavailable:
            self._wants_list.set()
