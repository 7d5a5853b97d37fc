"""The database: one writer that commits in groups, and readers beside it.

A write is a plain function that runs on the writer's own thread, inside a savepoint. All writes that are waiting
share one transaction and one fsync; each caller's future resolves after the commit. No ``await`` can leave a
transaction open, and cancelling a caller changes nothing in the database.
"""

import asyncio
import contextlib
import itertools
import logging
import os
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any, Literal, NoReturn, Protocol, TypeVar, cast, runtime_checkable

import aiosqlite

from chatd.errors import DatabaseUnusable, StorageUnavailable
from chatd.events import Event
from chatd.stats import Stats
from chatd.storage.memory import Memory
from chatd.storage.reasons import reason

log = logging.getLogger(__name__)

T = TypeVar("T")

Synchronous = Literal["FULL", "NORMAL", "OFF"]

#: How many writes share a commit at the most. Measured on a sketch of this writer: a cap of 64 costs 26 %
#: of the throughput of 512, and more than 512 gains nothing.
BATCH_LIMIT = 512

#: How long a statement waits for another process (a ``chatd user …`` beside the server), in milliseconds.
BUSY_TIMEOUT_MS = 5_000

#: How many pages the write-ahead log has when it is folded into the database: 16 MB. With SQLite's own 1,000, the
#: pages that every message changes are written three times as often, which costs a busy writer 15 %.
CHECKPOINT_PAGES = 4_000

#: What a connection may keep of the file in memory, in KiB.
WRITER_CACHE_KB = 16 * 1024
READER_CACHE_KB = 2 * 1024

#: How often commits of other processes are looked for, in seconds.
WATCH_INTERVAL = 1.0

#: How long the write-ahead log may become, in bytes, before readers are held for a moment so that it can begin anew:
#: four times what the writer checkpoints at. Readers that overlap without a gap would let it grow for ever.
LOG_LIMIT = 64 * 1024 * 1024

#: How long reads are held for that at the most, in seconds.
HOLD_LIMIT = 1.0

#: The primary result codes that say the disk, not the statement, is at fault: https://sqlite.org/rescode.html
_STORAGE_FAULTS = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
    }
)

#: A sync failed: what the kernel holds in memory and calls written may not be on disk, and no later sync will say so.
_UNSYNCED = frozenset({sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC})


class Transaction:
    """What a write works with: the connection, and the facts to tell once they are committed."""

    __slots__ = ("db", "events")

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self.events: list[Event] = []

    def publish(self, event: Event) -> None:
        """Tell ``event`` to the subscribers after the commit; never, should there be none."""
        self.events.append(event)


class Outcome:
    """What became of one work: its result or what it raised, and the facts to tell."""

    __slots__ = ("error", "events", "result")

    def __init__(self, result: Any, error: Exception | None, events: list[Event]) -> None:
        self.result = result
        self.error = error
        self.events = events


@runtime_checkable
class Together(Protocol):
    """A work that can be done in one go with others of its kind that stand beside it in a batch."""

    def together(self, db: sqlite3.Connection, memory: Memory, works: Sequence[Any]) -> list[Outcome]:
        """Do all ``works``, this one the first of them, and return their outcomes in the same order.

        What this raises undoes all of it; then they are done in two halves, and in the end each alone.
        """


Write = Callable[[Transaction], T]
Read = Callable[[sqlite3.Connection], T]
Subscriber = Callable[[Event], None]

#: Called with the result of a write, or with what it raised and no result.
Done = Callable[[T | None, Exception | None], None]

#: A work, who is told of its outcome, and when it was submitted, by ``time.perf_counter``.
_Waiting = tuple[Write[Any], Done[Any], float]


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


def connect(
    path: Path, *, checkpoints: bool, synchronous: Synchronous = "FULL", writable: bool = True
) -> sqlite3.Connection:
    """Open ``path`` with the settings every connection of chatd has.

    :param checkpoints: whether this connection may checkpoint the write-ahead log. Only one may: SQLite before
        3.51.3 can lose writes when two connections checkpoint at once (https://sqlite.org/wal.html).
    :param synchronous: FULL, or an acknowledged message may be lost in a power cut.
    :param writable: False for a connection that only reads.
    """
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    try:
        db.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute(f"PRAGMA synchronous = {synchronous}")
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA trusted_schema = OFF")
        db.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES if checkpoints else 0}")
        db.execute(f"PRAGMA cache_size = {-WRITER_CACHE_KB if checkpoints else -READER_CACHE_KB}")
        db.execute(f"PRAGMA journal_size_limit = {64 * 1024 * 1024}")
        db.execute(f"PRAGMA query_only = {'OFF' if writable else 'ON'}")
    except BaseException:
        db.close()
        raise
    return db


def write_once(path: Path, work: Write[T]) -> T:
    """Run ``work`` in a transaction of its own, for a command beside the server or without one.

    :raises StorageUnavailable: nothing could be written.
    """
    try:
        with contextlib.closing(connect(path, checkpoints=False)) as db:
            (outcome,) = _commit(db, None, [work])
    except sqlite3.Error as error:
        raise StorageUnavailable(f"cannot write to {path}: {reason(error)}") from error
    if outcome.error is not None:
        raise outcome.error
    return cast(T, outcome.result)


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
            memory = await self._writer.run(Memory)
            await self._writer.run(_begin_log_anew)
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

    async def write(self, work: Write[T]) -> T:
        """Run ``work`` in a transaction and return its result once that is on disk.

        :param work: a plain function. What it raises is raised here, and undoes what it alone has written.
        :raises StorageUnavailable: nothing could be written; nothing of ``work`` is kept.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        def done(result: T | None, error: Exception | None) -> None:
            if future.done():
                return
            if error is None:
                future.set_result(cast(T, result))
            else:
                future.set_exception(error)

        self.submit(work, done)
        return await future

    def submit(self, work: Write[T], done: Done[T]) -> None:
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
            if _is_storage_fault(error):
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
                    outcomes = await self._writer.run(_commit, memory, [work for work, _, _ in batch])
                except Exception as error:
                    if _is_unsynced(error):
                        _end_process()
                    log.error("cannot write to the database: %s", error, extra={"event": "database_unwritable"})
                    self._settle(batch, [Outcome(None, StorageUnavailable(), []) for _ in batch])
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

    def _settle(self, batch: list[_Waiting], outcomes: list[Outcome]) -> None:
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

    def _log_size(self) -> int:
        try:
            return self._path.with_name(f"{self._path.name}-wal").stat().st_size
        except FileNotFoundError:
            return 0

    async def _shorten_log(self) -> None:
        """Hold new reads until those under way have ended, and have the log begin anew; writes go on meanwhile."""
        self._readable.clear()
        try:
            async with asyncio.timeout(HOLD_LIMIT):
                while any(reader.pending for reader in self._readers):
                    self._a_read_ended.clear()
                    await self._a_read_ended.wait()
                await self._writer.run(_begin_log_anew)
        except TimeoutError:
            log.warning("the write-ahead log stays long: a read takes its time", extra={"event": "log_stays_long"})
        finally:
            self._readable.set()

    async def _watch(self, seen: int) -> None:
        """Notice the commits of other processes: ``data_version`` changes by theirs and never by our own.

        :param seen: its value when the database was opened.
        """
        while True:
            await asyncio.sleep(WATCH_INTERVAL)
            try:
                version = await self._writer.run(_data_version)
                if self._log_size() > LOG_LIMIT:
                    await self._shorten_log()
            except sqlite3.Error as error:
                if _is_unsynced(error):
                    _end_process()
                log.error("cannot read the database: %s", error, extra={"event": "database_unreadable"})
                continue
            if version != seen:
                seen = version
                for subscriber in self._foreign_subscribers:
                    try:
                        subscriber()
                    except Exception:
                        log.exception("a subscriber failed on a foreign commit", extra={"event": "subscriber_failed"})


def _is_storage_fault(error: Exception) -> bool:
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF in _STORAGE_FAULTS


def _is_unsynced(error: Exception) -> bool:
    return getattr(error, "sqlite_errorcode", 0) in _UNSYNCED


def _end_process() -> NoReturn:
    """End without a further word to anybody: a refusal would say that nothing was stored, and that is not known."""
    log.error(
        "the disk failed to sync: chatd ends, as nothing it would store now could be relied on",
        extra={"event": "sync_failed"},
    )
    os._exit(os.EX_IOERR)


def _begin_log_anew(db: sqlite3.Connection) -> None:
    """Bring all that is in the log into the database, sync it, and have the log begin anew.

    At the start this is what the last server left. If it ended because a sync failed, its log may be on disk only in
    part, though it can be read: commits that were appended to it would be lost with it.
    """
    db.execute("PRAGMA busy_timeout = 0")  # another process that reads is not waited for
    try:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        db.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")


def _data_version(db: sqlite3.Connection) -> int:
    return cast(int, db.execute("PRAGMA data_version").fetchone()[0])


def _snapshot(db: sqlite3.Connection, work: Read[T]) -> T:
    db.execute("BEGIN")
    try:
        return work(db)
    finally:
        if db.in_transaction:  # an I/O error has ended it already
            db.execute("COMMIT")


def _commit(db: sqlite3.Connection, memory: Memory | None, batch: list[Write[Any]]) -> list[Outcome]:
    """Run every work of ``batch`` in a savepoint of one transaction, and commit it.

    A work that fails is undone alone. Where SQLite gives up the whole transaction (a full disk), so do we.
    """
    try:
        db.execute("BEGIN IMMEDIATE")
        outcomes = _run_all(db, memory, batch)
        db.execute("COMMIT")
    except BaseException:
        if memory is not None:
            memory.forget()
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    return outcomes


def _run_all(db: sqlite3.Connection, memory: Memory | None, batch: list[Write[Any]]) -> list[Outcome]:
    if memory is None:
        return [_run(db, work) for work in batch]
    memory.refresh()
    outcomes: list[Outcome] = []
    for kind, works in itertools.groupby(batch, type):
        if issubclass(kind, Together):
            outcomes += _run_together(db, memory, list(works))
        else:
            outcomes += [_run(db, work) for work in works]
    return outcomes


def _run_together(db: sqlite3.Connection, memory: Memory, works: list[Any]) -> list[Outcome]:
    db.execute("SAVEPOINT works")
    try:
        outcomes = cast(Together, works[0]).together(db, memory, works)
    except Exception as error:
        if _is_storage_fault(error) or not db.in_transaction:
            raise
        memory.forget()
        db.execute("ROLLBACK TO works")
        db.execute("RELEASE works")
    else:
        db.execute("RELEASE works")
        return outcomes
    if len(works) == 1:
        return [_run(db, works[0])]
    middle = len(works) // 2
    return _run_together(db, memory, works[:middle]) + _run_together(db, memory, works[middle:])


def _run(db: sqlite3.Connection, work: Write[Any]) -> Outcome:
    transaction = Transaction(db)
    db.execute("SAVEPOINT work")
    try:
        outcome = Outcome(work(transaction), None, transaction.events)
    except Exception as error:
        if _is_storage_fault(error) or not db.in_transaction:
            raise
        db.execute("ROLLBACK TO work")
        if isinstance(error, StopIteration):  # no future takes one
            error = RuntimeError("a work raised StopIteration")
        outcome = Outcome(None, error, [])
    db.execute("RELEASE work")
    return outcome
