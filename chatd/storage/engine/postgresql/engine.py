"""PostgreSQL as an engine: one connection that writes, some that read, and one that listens, each on its own thread."""

import asyncio
import logging
import queue
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import psycopg

from chatd.errors import DatabaseUnusable, StorageUnavailable
from chatd.storage.engine import Hint, Read, Told, WriterSql
from chatd.storage.engine.postgresql.beside import reader, reading
from chatd.storage.engine.postgresql.connections import PATIENCE, Unanswered
from chatd.storage.engine.postgresql.faults import is_storage_fault, reason
from chatd.storage.engine.postgresql.listening import Listener
from chatd.storage.engine.postgresql.migrate import newest_version
from chatd.storage.engine.postgresql.speaking import Speaker
from chatd.storage.engine.postgresql.sql import Connection
from chatd.storage.engine.postgresql.writer import InDoubt, Writer

log = logging.getLogger(__name__)

T = TypeVar("T")

#: How long reads fail at once after the server did not answer one, in seconds: there are only so many who can wait.
SILENCE = 1.0

_AFTER = """
    SELECT number, writer, events FROM commits WHERE number > :number ORDER BY number LIMIT :limit
"""


_OLDEST_COMPATIBLE = "SELECT oldest_compatible FROM schema"


class PostgreSql:
    """A database of PostgreSQL; see :class:`chatd.storage.engine.Engine`."""

    is_shared = True

    def __init__(
        self, url: str, *, readers: int = 4, listen_url: str = "", lossless: bool = False, name: str | None = None
    ) -> None:
        """Create an engine that :meth:`open` opens.

        :param url: ``postgresql://…``; its tables are there already.
        :param readers: how many reads may run at once.
        :param listen_url: where PostgreSQL itself is, if a pooler is at ``url``.
        :param lossless: whether a standby that takes over has everything that was committed.
        :param name: of this process among those that write; by default a new one.
        """
        #: The name of this process among those that write.
        self.name = name or secrets.token_hex(4)
        self._closing = threading.Event()
        is_pooled = bool(listen_url) and listen_url != url
        self._writer = Writer(
            url, self.name, is_pooled=is_pooled, lossless=lossless, closing=self._closing, doubting=self._doubt
        )
        self._writing = ThreadPoolExecutor(1, "postgresql-writer")
        self._reading = ThreadPoolExecutor(readers, "postgresql-reader")
        self._readers = [reader(url, patience=PATIENCE, is_pooled=is_pooled) for _ in range(readers)]
        self._opened_after: dict[Connection, int] = {}
        self._free: queue.LifoQueue[Connection] = queue.LifoQueue()
        for each in self._readers:
            self._free.put(each)
        self._listener = Listener(listen_url or url)
        self._speaking = ThreadPoolExecutor(1, "postgresql-speaker")
        self._speaker = Speaker(url, self.name, is_pooled=is_pooled)
        self._doubt_subscribers: list[Callable[[bool], None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._silent_until = 0.0
        self._version = newest_version()  # now: whoever upgrades the program may replace its files while this runs

    async def open(self) -> None:
        """Open the writer and begin to listen; readers connect when they are needed.

        :raises DatabaseUnusable: there is no server, or it lets nobody in.
        """
        loop = self._loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._writing, self._writer.open)
            await loop.run_in_executor(self._reading, self._listener.probe)
        except psycopg.Error as error:
            await self.close()
            raise DatabaseUnusable(f"PostgreSQL cannot be used: {reason(error)}") from error
        except BaseException:
            await self.close()
            raise
        self._listener.start()

    async def close(self) -> None:
        """Close all connections."""
        self._closing.set()
        await asyncio.to_thread(self._listener.stop)
        await asyncio.to_thread(self._writing.shutdown)
        await asyncio.to_thread(self._reading.shutdown)
        await asyncio.to_thread(self._speaking.shutdown)
        self._speaker.close()
        for each in (*self._readers, self._writer):
            each.close()

    def subscribe_doubt(self, subscriber: Callable[[bool], None]) -> None:
        """Say when it is not known whether a commit is there, and when it is."""
        self._doubt_subscribers.append(subscriber)

    @property
    def is_leading(self) -> bool:
        """Whether this process does what one does for all of them."""
        return self._listener.is_leading

    async def write(self, work: Callable[[WriterSql], T]) -> T:
        """Run ``work`` on the writer's thread; see :meth:`chatd.storage.engine.Engine.write`.

        :raises InDoubt: the process ends while it is not known whether ``work`` was committed.
        """
        try:
            return await asyncio.get_running_loop().run_in_executor(self._writing, work, self._writer)
        except InDoubt:
            log.error("it is not known whether a commit is there", extra={"event": "commit_unsettled"})
            raise
        except Exception as error:
            log.error("cannot write to the database: %s", reason(error), extra={"event": "database_unwritable"})
            raise StorageUnavailable from error

    async def read(self, work: Read[T]) -> T:
        """Run ``work`` on a reader's thread; see :meth:`chatd.storage.engine.Engine.read`."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._reading, self._read, work)
        except psycopg.Error as error:
            if is_storage_fault(error):
                log.error("cannot read the database: %s", reason(error), extra={"event": "database_unreadable"})
                raise StorageUnavailable from error
            raise

    async def forget_deleted(self) -> bool:
        """Do nothing: PostgreSQL removes what was deleted by itself, with its autovacuum."""
        return True

    async def resolve(self, token: bytes, after: int = 0) -> int | None:
        """Return the number of the commit with a token, None where there is none; who commits now is waited for.

        :param after: a number that it is above.
        :raises StorageUnavailable: the database could not be read.
        """

        def find(_: WriterSql) -> int | None:
            return self._writer.find(token, after)

        return await self.write(find)

    async def after(self, number: int, limit: int) -> list[Told]:
        """Return the oldest commits above a number, in order; see :meth:`chatd.storage.engine.Engine.after`."""

        def work(db: object) -> list[Told]:
            assert isinstance(db, Connection)
            return [Told(*row) for row in db.execute(_AFTER, {"number": number, "limit": limit})]

        return await self.read(work)

    async def is_outdated(self) -> bool:
        """Report whether another process has made tables of which this program is too old.

        :raises StorageUnavailable: the database could not be read.
        """

        def work(db: object) -> bool:
            assert isinstance(db, Connection)
            (row,) = db.execute(_OLDEST_COMPATIBLE).fetchall()
            return bool(row["oldest_compatible"] > self._version)

        return await self.read(work)

    def listen(self, heard: Callable[[Sequence[Hint]], None], lost: Callable[[], None] = lambda: None) -> None:
        """Call ``heard`` on the event loop with what is heard of commits, own ones too.

        Nothing is promised of it: hints come twice, late, or never.

        :param lost: called when the connection was lost, and some of it may have been missed.
        """
        self._listener.hear(heard, lost)

    async def say(self, data: bytes) -> None:
        """Say something to the other processes; it is not stored, and may be lost.

        :param data: at most 5,900 bytes.
        :raises StorageUnavailable: it cannot be said.
        """
        try:
            await asyncio.get_running_loop().run_in_executor(self._speaking, self._speaker.say, data)
        except psycopg.Error as error:
            raise StorageUnavailable from error

    def hear(self, heard: Callable[[str, bytes], None]) -> None:
        """Call ``heard`` on the event loop with what other processes say, and the name of who says it."""
        self._listener.hear_talk(lambda name, data: None if name == self.name else heard(name, data))

    def _doubt(self, is_doubted: bool) -> None:
        assert self._loop is not None
        for subscriber in self._doubt_subscribers:
            self._loop.call_soon_threadsafe(subscriber, is_doubted)

    def _read(self, work: Read[T]) -> T:
        if time.monotonic() < self._silent_until:
            raise Unanswered("the server did not answer just now")
        try:
            return self._read_once_more(work)
        except (Unanswered, psycopg.errors.ConnectionTimeout):
            self._silent_until = time.monotonic() + SILENCE
            raise

    def _read_once_more(self, work: Read[T]) -> T:
        db = self._free.get()
        try:
            if not db.is_open or self._opened_after[db] != self._connections:  # the others may be at another server
                self._open(db)
            try:
                with reading(db):
                    return work(db)
            except psycopg.Error as error:
                if db.is_open or isinstance(error, Unanswered):
                    raise
            self._open(db)  # the connection was lost, and a read changes nothing
            with reading(db):
                return work(db)
        finally:
            self._free.put(db)

    def _open(self, db: Connection) -> None:
        self._opened_after[db] = self._connections
        db.open()

    @property
    def _connections(self) -> int:
        """How many times the connections were made that find out whether the server still takes writes."""
        return self._writer.connections + self._listener.connections
