"""SQLite as an engine: one connection that writes, some that read, each on a thread of its own."""

import asyncio
import contextlib
import logging
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, TypeVar, cast

import aiosqlite

from chatd.errors import DatabaseUnusable, StorageUnavailable
from chatd.storage.engine import Read, WriterSql
from chatd.storage.engine.sqlite import write_ahead_log
from chatd.storage.engine.sqlite.connections import BUSY_TIMEOUT_MS, LOG_LIMIT, Synchronous, connect
from chatd.storage.engine.sqlite.faults import is_storage_fault, is_unsynced, reason
from chatd.storage.engine.sqlite.sql import Connection

log = logging.getLogger(__name__)

T = TypeVar("T")

#: How often to look for commits of other processes, in seconds.
WATCH_INTERVAL = 1.0

#: How long reads are held at the most so that a log longer than ``log_limit`` can begin again, in seconds.
HOLD_LIMIT = 1.0


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


class Sqlite:
    """A database file; see :class:`chatd.storage.engine.Engine`."""

    is_shared = False

    def __init__(
        self,
        path: Path,
        *,
        readers: int = 2,
        synchronous: Synchronous = "FULL",
        watch_interval: float = WATCH_INTERVAL,
        log_limit: int = LOG_LIMIT,
        busy_timeout_ms: int = BUSY_TIMEOUT_MS,
    ) -> None:
        """Create an engine that :meth:`open` opens.

        :param path: the database file, already migrated.
        :param readers: how many reads may run at once.
        :param synchronous: see :func:`connect`.
        :param watch_interval: how often to look for commits of other processes, in seconds.
        :param log_limit: how long the write-ahead log may become before reads are held for a moment, in bytes.
        :param busy_timeout_ms: how long a write waits for another process, in milliseconds.
        """
        self.watch_interval = watch_interval
        self._path = path
        self._log_limit = log_limit
        self._busy_timeout_ms = busy_timeout_ms
        self._writer = _Thread(
            lambda: connect(path, checkpoints=True, synchronous=synchronous, busy_timeout_ms=busy_timeout_ms), 64
        )
        self._readers = [_Thread(lambda: connect(path, checkpoints=False, writable=False), 64) for _ in range(readers)]
        self._readable = asyncio.Event()
        self._readable.set()
        self._a_read_ended = asyncio.Event()
        self._foreign_subscribers: list[Callable[[], None]] = []
        self._watching: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Open all connections.

        :raises DatabaseUnusable: the disk does not let us.
        """
        try:
            for connection in (self._writer, *self._readers):
                await connection
            await self._writer.run(write_ahead_log.truncate, self._busy_timeout_ms)
            await self._writer.run(Connection.count_changes)
            seen = await self._writer.run(_data_version)
        except sqlite3.Error as error:
            await self.close()
            raise DatabaseUnusable(f"{self._path} cannot be opened: {reason(error)}") from error
        except BaseException:
            await self.close()
            raise
        self._watching = asyncio.create_task(self._watch(seen))

    async def close(self) -> None:
        """Close all connections."""
        if self._watching is not None:
            self._watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watching
        for connection in (*self._readers, self._writer):
            await connection.close()

    def subscribe_foreign(self, subscriber: Callable[[], None]) -> None:
        """Call ``subscriber`` after another process has committed something."""
        self._foreign_subscribers.append(subscriber)

    def subscribe_doubt(self, subscriber: Callable[[bool], None]) -> None:
        """Do nothing: a commit is on disk, or the process ends."""

    @property
    def is_leading(self) -> bool:
        """Whether this process does what one does for all of them: it is the only server."""
        return True

    async def write(self, work: Callable[[WriterSql], T]) -> T:
        """Run ``work`` on the writer's thread; see :meth:`chatd.storage.engine.Engine.write`."""
        try:
            return await self._writer.run(work)
        except Exception as error:
            if is_unsynced(error):
                _end_process()
            log.error("cannot write to the database: %s", error, extra={"event": "database_unwritable"})
            raise StorageUnavailable from error

    async def read(self, work: Read[T]) -> T:
        """Run ``work`` on a reader's thread; see :meth:`chatd.storage.engine.Engine.read`."""
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

    async def forget_deleted(self) -> bool:
        """Truncate the write-ahead log; see :meth:`chatd.storage.engine.Engine.forget_deleted`."""
        try:
            return await self._truncate_log()
        except sqlite3.Error as error:
            self._blame(error)
            raise StorageUnavailable from error

    async def _truncate_log(self) -> bool:
        """Hold new reads until those under way have ended, and truncate the log; writes go on meanwhile."""
        self._readable.clear()
        try:
            async with asyncio.timeout(HOLD_LIMIT):
                while any(reader.pending for reader in self._readers):
                    self._a_read_ended.clear()
                    await self._a_read_ended.wait()
                return await self._writer.run(write_ahead_log.truncate, self._busy_timeout_ms)
        except TimeoutError:
            log.warning("the write-ahead log stays long: a read takes its time", extra={"event": "log_stays_long"})
            return False
        finally:
            self._readable.set()

    def _blame(self, error: sqlite3.Error) -> None:
        """Log an error of the disk that no caller's statement raised; end the process if it was a failed sync."""
        if is_unsynced(error):
            _end_process()
        log.error("cannot read the database: %s", error, extra={"event": "database_unreadable"})

    async def _watch(self, seen: int) -> None:
        """Notice the commits of other processes: ``data_version`` changes by theirs and never by our own.

        :param seen: its value when the database was opened.
        """
        while True:
            await asyncio.sleep(self.watch_interval)
            try:
                version = await self._writer.run(_data_version)
                if write_ahead_log.size(self._path) > self._log_limit:
                    await self._truncate_log()
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


def _end_process() -> NoReturn:
    """End without a further word to anybody: a refusal would say that nothing was stored, and that is not known."""
    log.error(
        "the disk failed to sync: chatd ends, as nothing it would store now could be relied on",
        extra={"event": "sync_failed"},
    )
    os._exit(os.EX_IOERR)


def _data_version(db: Connection) -> int:
    return cast(int, db.execute("PRAGMA data_version").fetchone()[0])


def _snapshot(db: Connection, work: Read[T]) -> T:
    db.execute("BEGIN")
    try:
        return work(db)
    finally:
        if db.in_transaction:  # an I/O error has ended it already
            db.execute("COMMIT")
