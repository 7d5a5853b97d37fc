"""When the disk is full, busy or broken: nothing is half-written, and all goes on once it is over."""

import asyncio
import contextlib
import itertools
import os
import resource
import sqlite3
import threading
from pathlib import Path

import pytest

from chatd.errors import DatabaseUnusable, StorageUnavailable
from chatd.events import Event
from chatd.storage.commit import Transaction, Write, write_once
from chatd.storage.database import Database
from chatd.storage.engine import Sql
from chatd.storage.engine.sqlite.engine import Sqlite
from tests.storage.support import ended_since, hold, note, notes, seen_outside, start, unreadable

ROOM = 1_000_000

pytestmark = pytest.mark.sqlite  # its file, which is made full, unreadable or damaged


def pages(limit: int | None = None) -> Write[None]:
    """Return a work that lets the file grow to ``limit`` pages, or no further than it is."""

    def work(tx: Transaction) -> None:
        count = limit or tx.db.execute("PRAGMA page_count").fetchone()[0]
        tx.db.execute(f"PRAGMA max_page_count = {count}")

    return work


def much(name: str) -> Write[None]:
    """Return a work that stores more than fits into the pages there are."""

    def work(tx: Transaction) -> None:
        note(name)(tx)
        tx.db.execute("UPDATE change_log_state SET epoch = ?", ("x" * 100_000,))

    return work


async def test_a_full_disk_refuses_the_whole_batch_and_the_same_connection_recovers(db: Database, path: Path) -> None:
    events: list[Event] = []
    db.subscribe(events.append)
    await db.write(note("before"))
    await db.write(pages())
    gate, holding = await hold(db)
    batch = await start(db, note("small", 1), much("large"), note("after", 2))
    gate.open()
    await holding
    outcomes = await asyncio.gather(*batch, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [StorageUnavailable] * 3
    assert events == []
    assert await db.read(notes) == {"before"}
    assert seen_outside(path) == {"before"}

    await db.write(pages(ROOM))
    await db.write(much("large"))
    assert seen_outside(path) == {"before", "large"}


async def test_a_log_that_cannot_grow_refuses_writes_until_it_can(db: Database, path: Path) -> None:
    await db.write(note("before"))
    log = path.with_name("chatd.db-wal")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size, hard))
    try:
        for attempt in range(3):
            with pytest.raises(StorageUnavailable):
                await db.write(much(f"refused {attempt}"))
            assert await db.read(notes) == {"before"}
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    await db.write(much("after"))
    assert seen_outside(path) == {"before", "after"}
    assert await db.read(lambda connection: connection.execute("PRAGMA integrity_check").fetchone()) == ("ok",)


async def test_a_lock_held_for_too_long_refuses_writes_until_it_is_let_go(path: Path) -> None:
    db = Database(Sqlite(path, busy_timeout_ms=20))
    await db.open()
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        gate = await start(db, note("refused"), note("refused too"))
        outcomes = await asyncio.gather(*gate, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [StorageUnavailable] * 2
        assert await db.read(notes) == set()
        with pytest.raises(StorageUnavailable, match="locked"):
            write_once(path, note("refused as well"))
        other.execute("ROLLBACK")
        await db.write(note("after"))
    assert seen_outside(path) == {"after"}
    await db.close()


async def test_a_lock_let_go_in_time_only_delays_a_write(db: Database, path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        (waiting,) = await start(db, note("delayed"))
        assert await db.read(notes) == set()
        assert not waiting.done()
        other.execute("COMMIT")
        assert await waiting == "delayed"


async def test_a_disk_that_cannot_be_read_is_a_storage_fault_and_not_a_bug(path: Path) -> None:
    write_once(path, much("before"))
    db = Database(Sqlite(path, readers=1))
    await db.open()

    def read_all(connection: Sql) -> int:
        return len(connection.execute("SELECT epoch FROM change_log_state").fetchone()[0])

    with unreadable(path), pytest.raises(StorageUnavailable):
        await db.read(read_all)
    assert await db.read(read_all) == 100_000
    await db.write(note("after"))
    assert await db.read(notes) == {"before", "after"}
    await db.close()


async def test_a_database_that_opens_only_in_part_leaves_no_thread_behind(path: Path) -> None:
    before = set(threading.enumerate())
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken = {int(name) for name in os.listdir("/proc/self/fd")}  # noqa: PTH208
    free = (number for number in itertools.count() if number not in taken)
    enough_for_the_writer = list(itertools.islice(free, 5))[-1]
    db = Database(Sqlite(path))
    resource.setrlimit(resource.RLIMIT_NOFILE, (enough_for_the_writer, hard))
    try:
        with pytest.raises(DatabaseUnusable, match="unable to open"):
            await db.open()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    await ended_since(before)
