"""The database: writes that commit in groups, reads beside them, and who wants to know of commits.

A write is a plain function that runs on the writer's own thread, inside a savepoint. All writes that are waiting
share one transaction and one fsync; each caller is answered after the commit. No ``await`` can leave a transaction
open, and cancelling a caller changes nothing in the database.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from functools import partial
from time import perf_counter
from typing import Any, TypeVar, cast

from chatd.errors import StorageUnavailable
from chatd.events import Event
from chatd.stats import Stats
from chatd.storage import memory
from chatd.storage.commit import Outcome, Work, commit
from chatd.storage.engine import Engine, Read
from chatd.storage.memory import Memory

log = logging.getLogger(__name__)

T = TypeVar("T")

#: How many writes share a commit at the most. Measured on a sketch of this writer: a cap of 64 costs 26 %
#: of the throughput of 512, and more than 512 gains nothing.
BATCH_LIMIT = 512

Subscriber = Callable[[Event], None]

#: Called with the result of a write, or with no result and the error it raised.
Done = Callable[[T | None, Exception | None], None]

#: A work, its callback, and when it was submitted, by ``time.perf_counter``.
_Waiting = tuple[Work[Any], Done[Any], float]


class Database:
    """The queue of writes, and the subscribers to what they commit, over an engine."""

    def __init__(
        self,
        engine: Engine,
        *,
        stats: Stats | None = None,
        batch_limit: int = BATCH_LIMIT,
        memory_limit: int = memory.LIMIT,
    ) -> None:
        """Create a database that :meth:`open` opens.

        :param engine: what stores it.
        :param stats: where commits are counted.
        :param batch_limit: how many writes share a commit at the most.
        :param memory_limit: see :class:`Memory`.
        """
        self.engine = engine
        self._stats = stats
        self._batch_limit = batch_limit
        self._memory_limit = memory_limit
        self._waiting: deque[_Waiting] = deque()
        self._wake = asyncio.Event()
        self._closing = False
        self._subscribers: list[tuple[Subscriber, tuple[type[Event], ...]]] = []
        self._interested: dict[type[Event], list[Subscriber]] = {}
        self._committing: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Open the engine and start committing.

        :raises DatabaseUnusable: the engine cannot be opened.
        """
        await self.engine.open()
        try:
            remembered = await self.engine.write(partial(Memory, limit=self._memory_limit))
        except BaseException:
            await self.engine.close()
            raise
        self._committing = asyncio.create_task(self._commit_loop(remembered))

    async def close(self) -> None:
        """Run every write that waits, then close. Nothing may be written afterwards."""
        self._closing = True
        self._wake.set()
        if self._committing is not None:
            await self._committing
        await self.engine.close()

    @property
    def queue_length(self) -> int:
        """How many writes wait for the next commit."""
        return len(self._waiting)

    def subscribe(self, subscriber: Subscriber, *kinds: type[Event]) -> None:
        """Call ``subscriber`` with every published event, in the order of their commits.

        :param kinds: if any are given, it hears of these only.
        """
        self._subscribers.append((subscriber, kinds or (Event,)))
        self._interested.clear()

    def subscribe_foreign(self, subscriber: Callable[[], None]) -> None:
        """Call ``subscriber`` after another process has committed something."""
        self.engine.subscribe_foreign(subscriber)

    async def write(self, work: Work[T]) -> T:
        """Run ``work`` in a transaction and return its result once that is on disk.

        :param work: a plain function or a gathered work. What fails in it is raised here, and undone alone.
        :raises StorageUnavailable: nothing could be written; nothing of ``work`` is kept.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self.submit(work, partial(_resolve, future))
        return await future

    def submit(self, work: Work[T], done: Done[T]) -> None:
        """Run ``work`` as :meth:`write` does, without waiting.

        :param done: called after the commit and right after the events of ``work``, before anything later is told;
            so what it sends has its place in the order of the log.
        :raises StorageUnavailable: the database is closing.
        """
        if self._closing:
            raise StorageUnavailable
        if not self._waiting:
            self._wake.set()
        self._waiting.append((work, done, perf_counter()))

    async def read(self, work: Read[T]) -> T:
        """Return ``work(connection)``, run on a reader's thread in one snapshot of the database.

        :raises StorageUnavailable: the database could not be read.
        """
        return await self.engine.read(work)

    async def forget_deleted(self) -> bool:
        """Remove what was deleted from wherever the engine still keeps it.

        :returns: False where others read for so long that it has to be tried again.
        :raises StorageUnavailable: the disk failed.
        """
        return await self.engine.forget_deleted()

    async def _commit_loop(self, remembered: Memory) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), self._batch_limit))]
                works = [work for work, _, _ in batch]
                began = perf_counter()
                try:
                    outcomes = await self.engine.write(partial(commit, memory=remembered, batch=works))
                except StorageUnavailable:
                    self._settle(batch, [Outcome(None, StorageUnavailable(), ()) for _ in batch])
                    if self._stats is not None:
                        self._stats.failed_commits += 1
                    continue
                ended = perf_counter()
                self._settle(batch, outcomes)
                if self._stats is not None:
                    submitted = [when for _, _, when in batch]
                    told = [when for when, each in zip(submitted, outcomes, strict=True) if each.events]
                    self._stats.committed(began, ended, submitted, told)
            if self._closing:
                return

    def _settle(self, batch: list[_Waiting], outcomes: list[Outcome[Any]]) -> None:
        """Publish what was committed, then answer the callers: no ``await`` in here, so order is the log's order."""
        for (_, done, _), outcome in zip(batch, outcomes, strict=True):
            for event in outcome.events:
                self._publish(event)
            try:
                done(outcome.result, outcome.error)
            except Exception:
                log.exception("an answer to a write failed", extra={"event": "answer_failed"})

    def _publish(self, event: Event) -> None:
        kind = type(event)
        if kind not in self._interested:
            self._interested[kind] = [tell for tell, kinds in self._subscribers if issubclass(kind, kinds)]
        for subscriber in self._interested[kind]:
            try:
                subscriber(event)
            except Exception:
                log.exception("a subscriber failed on %r", kind.__name__, extra={"event": "subscriber_failed"})


def _resolve(future: asyncio.Future[T], result: T | None, error: Exception | None) -> None:
    """Resolve the future of a write, unless its caller was cancelled."""
    if future.done():
        return
    if error is None:
        future.set_result(cast(T, result))
    else:
        future.set_exception(error)
