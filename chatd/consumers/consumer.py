"""The interface of consumers, and the list of those that a server has."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import ClassVar

from chatd.events import Event
from chatd.storage.database import Database


class Consumer:
    """Follows what is committed, from the start of the server to its end."""

    #: What the log and the metrics call it.
    name: ClassVar[str]

    #: The kinds of events it is called with; none by default.
    kinds: tuple[type[Event], ...] = ()

    #: Called with each committed event of those kinds, in the order of the log and before the caller of the write gets
    #: its answer. It runs on the event loop and must not block: what takes time belongs in :meth:`spawn`.
    consume: Callable[[Event], None]

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def cursor(self) -> int | None:
        """The ``seq`` up to which everything is done; None for a consumer that keeps no cursor."""
        return None

    async def start(self) -> None:
        """Begin to follow; the database is open."""

    def notice(self) -> None:
        """Called after another process has committed something. Its events are not known."""

    async def stop(self) -> None:
        """Stop following, and cancel all tasks; the database is still open."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def spawn(self, work: Coroutine[None, None, None]) -> None:
        """Run ``work`` in a task that ends with the consumer at the latest."""
        self._tasks.add(task := asyncio.create_task(work))
        task.add_done_callback(self._tasks.discard)


class Consumers:
    """All consumers of a server."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._consumers: list[Consumer] = []

    def add(self, *consumers: Consumer) -> None:
        """Add consumers; each event reaches them in this order. Those added before :meth:`start` miss nothing."""
        for consumer in consumers:
            self._consumers.append(consumer)
            if consumer.kinds:
                self._db.subscribe(consumer.consume, *consumer.kinds)
            if type(consumer).notice is not Consumer.notice:
                self._db.subscribe_foreign(consumer.notice)

    def cursors(self) -> Mapping[str, int]:
        """Return the cursors of the consumers that keep one, by name."""
        return {each.name: each.cursor for each in self._consumers if each.cursor is not None}

    async def start(self) -> None:
        """Start all."""
        for consumer in self._consumers:
            await consumer.start()

    async def stop(self) -> None:
        """Stop all, the last first."""
        for consumer in reversed(self._consumers):
            await consumer.stop()
