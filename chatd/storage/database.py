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
from typing import Any, Protocol, TypeVar, cast

from chatd.errors import StorageUnavailable
from chatd.events import Event
from chatd.stats import Stats
from chatd.storage import memory
from chatd.storage.commit import Encode, Outcome, Work, commit
from chatd.storage.engine import Engine, Read, Watching
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


class Sequence(Protocol):
    """Tells what is committed in the order of all processes; see :class:`chatd.cluster.stream.Stream`."""

    def begin(self) -> None:
        """Note that a commit of this process is on its way."""

    def end(self, number: int | None, settle: Callable[[], None], /) -> None:
        """Call ``settle`` once all commits with lower numbers are told; None: nothing was committed."""


class Database:
    """The queue of writes, and the subscribers to what they commit, over an engine."""

    def __init__(
        self,
        engine: Engine,
        *,
        stats: Stats | None = None,
        batch_limit: int = BATCH_LIMIT,
        memory_limit: int = memory.LIMIT,
        encode: Encode | None = None,
    ) -> None:
        """Create a database that :meth:`open` opens.

        :param engine: what stores it.
        :param stats: where commits are counted.
        :param batch_limit: how many writes share a commit at the most.
        :param memory_limit: see :class:`Memory`.
        :param encode: see :func:`commit`.
        """
        self.engine = engine
        self._stats = stats
        self._batch_limit = batch_limit
        self._memory_limit = memory_limit
        self._encode = encode
        self._waiting: deque[_Waiting] = deque()
        self._wake = asyncio.Event()
        self._closing = False
        self._subscribers: list[tuple[Subscriber, tuple[type[Event], ...]]] = []
        self._interested: dict[type[Event], list[Subscriber]] = {}
        self._committing: asyncio.Task[None] | None = None
        self._sequence: Sequence | None = None
        self._foreign_subscribers: list[Callable[[], None]] = []
        self._refuses = False
        engine.subscribe_doubt(self._doubt)
        if isinstance(engine, Watching):
            engine.subscribe_foreign(self.tell_foreign)

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
        self._closing = self._refuses = True
        self._wake.set()
        if self._committing is not None:
            await self._committing
        await self.engine.close()

    @property
    def queue_length(self) -> int:
        """How many writes wait for the next commit."""
        return len(self._waiting)

    @property
    def is_shared(self) -> bool:
        """Whether other servers may use the same database."""
        return self.engine.is_shared

    def settle_by(self, sequence: Sequence) -> None:
        """Publish and answer from now on when ``sequence`` says so."""
        self._sequence = sequence

    def subscribe(self, subscriber: Subscriber, *kinds: type[Event]) -> None:
        """Call ``subscriber`` with every published event, in the order of their commits.

        :param kinds: if any are given, it hears of these only.
        """
        self._subscribers.append((subscriber, kinds or (Event,)))
        self._interested.clear()

    def subscribe_foreign(self, subscriber: Callable[[], None]) -> None:
        """Call ``subscriber`` after another process has committed something that is not published here."""
        self._foreign_subscribers.append(subscriber)

    def tell_foreign(self) -> None:
        """Tell that another process has committed something that it does not describe."""
        for subscriber in self._foreign_subscribers:
            try:
                subscriber()
            except Exception:
                log.exception("a subscriber failed on a foreign commit", extra={"event": "subscriber_failed"})

    async def write(self, work: Work[T]) -> T:
        """Run ``work`` in a transaction and return its result once that is on disk.

        :param work: a plain function or a gathered work. What fails in it is raised here, and undone alone.
        :raises StorageUnavailable: nothing could be written; nothing of ``work`` is kept.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self.submit(work, partial(_resolve, future))
        try:
            return await future
        finally:
            del future  # its error refers to this frame: all frames of the caller would wait for the garbage collector

    def submit(self, work: Work[T], done: Done[T]) -> None:
        """Run ``work`` as :meth:`write` does, without waiting.

        :param done: called after the commit and right after the events of ``work``, before anything later is told;
            so what it sends has its place in the order of the log.
        :raises StorageUnavailable: the database is closing, or it is not known whether the last commit is there.
        """
        if self._refuses:
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

    def _doubt(self, is_doubted: bool) -> None:
        """Take no writes while it is not known whether a commit is there: they would wait as long as it does."""
        self._refuses = is_doubted or self._closing
        if is_doubted:
            waiting, self._waiting = list(self._waiting), deque()
            self._settle(waiting, [Outcome(None, StorageUnavailable(), ()) for _ in waiting])

    async def _commit_loop(self, remembered: Memory) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), self._batch_limit))]
                works = [work for work, _, _ in batch]
                began = perf_counter()
                if self._sequence is not None:
                    self._sequence.begin()
                try:
                    outcomes, number = await self.engine.write(
                        partial(commit, memory=remembered, batch=works, encode=self._encode)
                    )
                except StorageUnavailable:
                    failed: list[Outcome[Any]] = [Outcome(None, StorageUnavailable(), ()) for _ in batch]
                    self._in_turn(None, partial(self._settle, batch, failed))
                    if self._stats is not None:
                        self._stats.failed_commits += 1
                    continue
                self._in_turn(number, partial(self._conclude, batch, outcomes, began, perf_counter()))
            if self._closing:
                return

    def _in_turn(self, number: int | None, settle: Callable[[], None]) -> None:
        """Settle a commit: now, or in the order of all processes."""
        if self._sequence is None:
            settle()
        else:
            self._sequence.end(number, settle)

    def _conclude(self, batch: list[_Waiting], outcomes: list[Outcome[Any]], began: float, ended: float) -> None:
        """Settle a commit and count it."""
        self._settle(batch, outcomes)
        if self._stats is not None:
            submitted = [when for _, _, when in batch]
            told = [when for when, each in zip(submitted, outcomes, strict=True) if each.events]
            self._stats.committed(began, ended, submitted, told)

    def _settle(self, batch: list[_Waiting], outcomes: list[Outcome[Any]]) -> None:
        """Publish what was committed, then answer the callers: no ``await`` in here, so order is the log's order."""
        for (_, done, _), outcome in zip(batch, outcomes, strict=True):
            for event in outcome.events:
                self.publish(event)
            try:
                done(outcome.result, outcome.error)
            except Exception:
                log.exception("an answer to a write failed", extra={"event": "answer_failed"})

    def publish(self, event: Event) -> None:
        """Call the subscribers with an event, as if this process had committed it."""
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
