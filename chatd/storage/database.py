"""The database: one writer that commits in groups, and readers beside it.

A write is a plain function that runs on the writer's own thread, inside a savepoint. All writes that are waiting
share one transaction and one fsync; each caller's future resolves after the commit. No ``await`` can leave a
transaction open, and cancelling a caller changes nothing in the database.
"""

import asyncio
import contextlib
import logging
import os
import sqlite3
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any, NoReturn, TypeVar, cast

import aiosqlite

from chatd.errors import DatabaseUnusable, StorageUnavailable
from chatd.events import Event
from chatd.stats import Stats
from chatd.storage.commit import Outcome, Work, commit
from chatd.storage.engine import Read
from chatd.storage.engine.sqlite import write_ahead_log
from chatd.storage.engine.sqlite.connections import LOG_LIMIT, Synchronous, connect
from chatd.storage.engine.sqlite.faults import is_storage_fault, is_unsynced, reason
from chatd.storage.engine.sqlite.sql import Connection
from chatd.storage.memory import Memory

log = logging.getLogger(__name__)

T = TypeVar("T")

#: How many writes share a commit at the most. Measured on a sketch of this writer: a cap of 64 costs 26 %
#: of the throughput of 512, and more than 512 gains nothing.
BATCH_LIMIT = 512

#: How often commits of other processes are looked for, in seconds.
WATCH_INTERVAL = 1.0

#: How long reads are held at the most so that a log longer than :data:`LOG_LIMIT` can begin anew, in seconds.
HOLD_LIMIT = 1.0

Subscriber = Callable[[Event], None]

#: Called with the result of a write, or with what it raised and no result.
Done = Callable[[T | None, Exception | None], None]

#: A work, who is told of its outcome, and when it was submitted, by ``time.perf_counter``.
_Waiting = tuple[Work[Any], Done[Any], float]


class _Thread(aiosqlite.Connection):
    """A connection that runs whole functions on its own thread, not statement by statement."""

    pending = 0

    async def run(self, function: Callable[..., T], *args: Any) -> T:
        """Return ``function(connection, *args)``, called on the connection's thread."""
        self.pending += 1
        try:
            return cast(T, await self._execute(self._call, function, *args))  # type: ignore[no-untyped-call]
        finally:
            self.pending -= 1

    def _call(self, function: Callable[..., T], *args: Any) -> T:
        return function(self._conn, *args)


class Database:
    """The writer, the readers, and those who want to know what was committed."""

    def __init__(
        self, path: Path, *, readers: int = 2, synchronous: Synchronous = "FULL", stats: Stats | None = None
    ) -> None:
        """Create a database that :meth:`open` opens.

        :param path: the database file, already migrated.
        :param readers: how many reads may run at once.
        :param synchronous: see :func:`connect`.
        :param stats: where commits are counted.
        """
        self._stats = stats
        self._path = path
        self._writer = _Thread(lambda: connect(path, checkpoints=True, synchronous=synchronous), 64)
        self._readers = [_Thread(lambda: connect(path, checkpoints=False, writable=False), 64) for _ in range(readers)]
        self._waiting: deque[_Waiting] = deque()
        self._wake = asyncio.Event()
        self._readable = asyncio.Event()
        self._readable.set()
        self._a_read_ended = asyncio.Event()
        self._closing = False
        self._subscribers: list[tuple[Subscriber, tuple[type[Event], ...]]] = []
        self._interested: dict[type[Event], list[Subscriber]] = {}
        self._foreign_subscribers: list[Callable[[], None]] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Open all connections and start committing.

        :raises DatabaseUnusable: the disk does not let us.
        """
        try:
            for connection in (self._writer, *self._readers):
                await connection
            await self._writer.run(write_ahead_log.begin_anew)
            await self._writer.run(Connection.count_changes)
            memory = await self._writer.run(Memory)
            seen = await self._writer.run(_data_version)
        except sqlite3.Error as error:
            await self.close()
            raise DatabaseUnusable(f"{self._path} cannot be opened: {reason(error)}") from error
        except BaseException:
            await self.close()
            raise
        self._tasks = [asyncio.create_task(self._commit_loop(memory)), asyncio.create_task(self._watch(seen))]

    async def close(self) -> None:
        """Carry out every write that waits, then close. Nothing may be written afterwards."""
        self._closing = True
        self._wake.set()
        if self._tasks:
            committing, watching = self._tasks
            watching.cancel()
            await committing
            with contextlib.suppress(asyncio.CancelledError):
                await watching
        for connection in (*self._readers, self._writer):
            await connection.close()

    @property
    def queue_length(self) -> int:
        """How many writes wait for the next commit."""
        return len(self._waiting)

    def subscribe(self, subscriber: Subscriber, *kinds: type[Event]) -> None:
        """Have ``subscriber`` called with every published event, in the order of their commits.

        :param kinds: if any are given, it hears of these only.
        """
        self._subscribers.append((subscriber, kinds or (Event,)))
        self._interested.clear()

    def subscribe_foreign(self, subscriber: Callable[[], None]) -> None:
        """Have ``subscriber`` called after another process has committed something."""
        self._foreign_subscribers.append(subscriber)

    async def write(self, work: Work[T]) -> T:
        """Run ``work`` in a transaction and return its result once that is on disk.

        :param work: a plain function or a gathered work. What fails in it is raised here, and undone alone.
        :raises StorageUnavailable: nothing could be written; nothing of ``work`` is kept.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self.submit(work, partial(_resolve, future))
        return await future

    def submit(self, work: Work[T], done: Done[T]) -> None:
        """Have ``work`` run like :meth:`write` does, without waiting.

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

        :raises StorageUnavailable: the file could not be read.
        """
        if not self._readable.is_set():
            await self._readable.wait()
        reader = min(self._readers, key=lambda candidate: candidate.pending)
        try:
            return await reader.run(_snapshot, work)
        except sqlite3.Error as error:
            if is_storage_fault(error):
                log.error("cannot read the database: %s", error, extra={"event": "database_unreadable"})
                raise StorageUnavailable from error
            raise
        finally:
            self._a_read_ended.set()

    async def _commit_loop(self, memory: Memory) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), BATCH_LIMIT))]
                began = perf_counter()
                try:
                    outcomes = await self._writer.run(commit, memory, [work for work, _, _ in batch])
                except Exception as error:
                    if is_unsynced(error):
                        _end_process()
                    log.error("cannot write to the database: %s", error, extra={"event": "database_unwritable"})
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
        """Tell what was committed, then answer the callers: no ``await`` in here, so order is the log's order."""
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

    async def begin_log_anew(self) -> bool:
        """Truncate the write-ahead log to an empty file, so that what was deleted is not in it any more.

        :returns: False where others read for so long that it has to be tried again.
        :raises StorageUnavailable: the disk failed.
        """
        try:
            return await self._shorten_log()
        except sqlite3.Error as error:
            self._blame(error)
            raise StorageUnavailable from error

    async def _shorten_log(self) -> bool:
        """Hold new reads until those under way have ended, and have the log begin anew; writes go on meanwhile."""
        self._readable.clear()
        try:
            async with asyncio.timeout(HOLD_LIMIT):
                while any(reader.pending for reader in self._readers):
                    self._a_read_ended.clear()
                    await self._a_read_ended.wait()
                return await self._writer.run(write_ahead_log.begin_anew)
        except TimeoutError:
            log.warning("the write-ahead log stays long: a read takes its time", extra={"event": "log_stays_long"})
            return False
        finally:
            self._readable.set()

    def _blame(self, error: sqlite3.Error) -> None:
        """Log an error of the disk that came with no caller's statement; end the process if it was a failed sync."""
        if is_unsynced(error):
            _end_process()
        log.error("cannot read the database: %s", error, extra={"event": "database_unreadable"})

    async def _watch(self, seen: int) -> None:
        """Notice the commits of other processes: ``data_version`` changes by theirs and never by our own.

        :param seen: its value when the database was opened.
        """
        while True:
            await asyncio.sleep(WATCH_INTERVAL)
            try:
                version = await self._writer.run(_data_version)
                if write_ahead_log.size(self._path) > LOG_LIMIT:
                    await self._shorten_log()
            except sqlite3.Error as error:
                self._blame(error)
                continue
            if version != seen:
                seen = version
                for subscriber in self._foreign_subscribers:
                    try:
                        subscriber()
                    except Exception:
                        log.exception("a subscriber failed on a foreign commit", extra={"event": "subscriber_failed"})


def _resolve(future: asyncio.Future[T], result: T | None, error: Exception | None) -> None:
    """Be told of a write for who waits for it, unless nobody does any more."""
    if future.done():
        return
    if error is None:
        future.set_result(cast(T, result))
    else:
        future.set_exception(error)


def _end_process() -> NoReturn:
    """End without a further word to anybody: a refusal would say that nothing was stored, and that is not known."""
    log.error(
        "the disk failed to sync: chatd ends, as nothing it would store now could be relied on",
        extra={"event": "sync_failed"},
    )
    os._exit(os.EX_IOERR)


def _data_version(db: sqlite3.Connection) -> int:
    return cast(int, db.execute("PRAGMA data_version").fetchone()[0])


def _snapshot(db: Connection, work: Read[T]) -> T:
    db.execute("BEGIN")
    try:
        return work(db)
    finally:
        if db.in_transaction:  # an I/O error has ended it already
            db.execute("COMMIT")
