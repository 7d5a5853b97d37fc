"""The write-ahead log has an end, also where there is always somebody reading."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chatd.storage import invites
from chatd.storage.commit import Transaction
from chatd.storage.database import Database
from chatd.storage.engine import Sql
from chatd.storage.engine.sqlite.engine import Sqlite
from chatd.storage.engine.sqlite.migrate import migrate

LIMIT = 8 * 1024 * 1024

#: How much is written in all, in bytes.
WRITTEN = 4 * LIMIT

#: What one write takes of the log, in bytes, or a little more.
CHUNK = 64 * 1024


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    """A database whose log is looked at often."""
    migrate(tmp_path / "chatd.db")
    db = Database(Sqlite(tmp_path / "chatd.db", log_limit=LIMIT, watch_interval=0.02))
    await db.open()
    yield db
    await db.close()


async def keep_reading(db: Database, stop: asyncio.Event) -> int:
    """Read without a pause, each time for a moment; there is no moment in which neither of two such readers reads."""

    def read(connection: Sql) -> None:
        connection.execute("SELECT count(*) FROM invites").fetchone()
        time.sleep(0.005)

    count = 0
    while not stop.is_set():
        await asyncio.gather(db.read(read), asyncio.sleep(0.0025))
        count += 1
    return count


async def test_readers_that_never_pause_do_not_let_the_log_grow_for_ever(db: Database, tmp_path: Path) -> None:
    def work(tx: Transaction) -> None:
        for _ in range(CHUNK // 4096):
            invites.insert(tx.db, code := next(codes), 1)
            assert code

    codes = (number.to_bytes(3000, "big") for number in range(2**32))
    log, stop, largest = tmp_path / "chatd.db-wal", asyncio.Event(), 0
    reading = [asyncio.create_task(keep_reading(db, stop)) for _ in range(3)]
    for _ in range(WRITTEN // CHUNK):
        await db.write(work)
        largest = max(largest, log.stat().st_size)
    stop.set()
    assert all(count > 10 for count in await asyncio.gather(*reading))
    assert largest > LIMIT
    assert largest < 2 * LIMIT
