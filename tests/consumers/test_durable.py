"""Consumers that keep a cursor: nothing is skipped, whatever ends or fails."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence

import pytest

from chatd.consumers import Consumers, DurableConsumer
from chatd.events import ProfileChanged
from chatd.models import LogEntry
from chatd.storage import change_log, cursors, users
from chatd.storage.commit import Transaction
from chatd.storage.database import Database
from chatd.storage.stores import Store
from tests.engines import open_engine
from tests.support import PATIENCE


@pytest.fixture
async def db(store: Store) -> AsyncIterator[Database]:
    """A database with one user, open."""
    db = Database(open_engine(store))
    await db.open()

    def add(tx: Transaction) -> None:
        tx.db.execute(
            """
            INSERT INTO users (id, username, username_key, nickname, search_key, created_at)
            VALUES (1, 'ada', 'ada', 'Ada', 'ada', 0)
            """
        )

    await db.write(add)
    yield db
    await db.close()


async def change(db: Database) -> int:
    """Make a change and return its ``seq``."""

    def work(tx: Transaction) -> int:
        seq = change_log.append(tx.db, "profile", user_id=1, created_at=0)
        tx.publish(ProfileChanged(seq=seq, recipients=(1,), user=users.require(tx.db, 1)))
        return seq

    return await db.write(work)


async def prune(db: Database) -> None:
    """Prune the whole change log."""
    await db.write(lambda tx: change_log.prune(tx.db, before=1, limit=1000))


class Collector(DurableConsumer):
    """Collects what it handles; ``failures`` is how often it fails first."""

    name = "collector"

    def __init__(self, db: Database, *, step: int = 2, failures: int = 0) -> None:
        super().__init__(db, step=step, retry_after=0)
        self._failures = failures
        self.handled: list[int] = []
        self.tried = 0
        self.resyncs = 0
        self._changed = asyncio.Condition()

    async def handle(self, entries: Sequence[LogEntry]) -> None:
        """Collect changes."""
        self.tried += 1
        if self.tried <= self._failures:
            raise RuntimeError("not today")
        self.handled += [entry.seq for entry in entries]
        async with self._changed:
            self._changed.notify_all()

    async def resync(self) -> None:
        """Count it."""
        self.resyncs += 1
        async with self._changed:
            self._changed.notify_all()

    async def has(self, count: int) -> list[int]:
        """Wait until ``count`` changes were handled, and return all."""
        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(lambda: len(self.handled) >= count)
        return self.handled

    async def resynced(self) -> None:
        """Wait until it has been told to do without what was pruned."""
        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(lambda: self.resyncs > 0)


async def started(db: Database, collector: Collector) -> Consumers:
    """Start a consumer."""
    consumers = Consumers(db)
    consumers.add(collector)
    await consumers.start()
    return consumers


async def test_a_new_consumer_begins_at_the_end_of_the_log_and_follows(db: Database) -> None:
    await change(db)
    collector = Collector(db)
    consumers = await started(db, collector)
    assert consumers.cursors() == {"collector": 1}
    assert [await change(db) for _ in range(5)] == await collector.has(5)


async def test_a_consumer_goes_on_where_it_was_stopped(db: Database) -> None:
    first = Collector(db)
    consumers = await started(db, first)
    await change(db)
    await first.has(1)
    await consumers.stop()
    missed = [await change(db) for _ in range(5)]
    second = Collector(db)
    await started(db, second)
    handled = await second.has(5)
    assert handled[-5:] == missed
    assert handled[:-5] in ([], [1])  # the stop may have come before the cursor was stored


async def test_a_step_that_fails_is_repeated_and_nothing_is_skipped(
    db: Database, caplog: pytest.LogCaptureFixture
) -> None:
    collector = Collector(db, failures=3)
    await started(db, collector)
    made = [await change(db) for _ in range(3)]
    assert await collector.has(3) == made
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == [
        "collector could not handle a change"
    ] * 3


async def test_a_consumer_behind_the_pruned_log_is_told_and_goes_on_from_now(db: Database) -> None:
    first = Collector(db)
    await (await started(db, first)).stop()
    for _ in range(3):
        await change(db)
    await prune(db)
    second = Collector(db)
    await started(db, second)
    await second.resynced()
    assert [await change(db)] == await second.has(1)
    assert second.resyncs == 1


async def test_a_consumer_that_has_handled_everything_does_not_notice_that_the_log_is_pruned(db: Database) -> None:
    collector = Collector(db)
    await started(db, collector)
    made = [await change(db)]
    await collector.has(1)
    await prune(db)
    made.append(await change(db))
    assert await collector.has(2) == made
    assert collector.resyncs == 0


async def test_after_kill_9_every_change_is_handled_at_least_once_and_in_order(db: Database, store: Store) -> None:
    step = 3
    assert run_until(store, step, hold_at=0, last="started") == []
    made = [await change(db) for _ in range(14)]
    runs = [run_until(store, step, hold_at=hold_at, last=str(hold_at)) for hold_at in (7, 14)]
    stored = await db.read(lambda sql: cursors.get(sql, "following"))
    assert runs == [[1, 2, 3, 4, 5, 6, 7], [7, 8, 9, 10, 11, 12, 13, 14]]
    assert sorted({seq for run in runs for seq in run}) == made
    assert stored == 12


def run_until(store: Store, step: int, *, hold_at: int, last: str) -> list[int]:
    """Run a consumer until it has said ``last``, kill it with SIGKILL, and return what it handled.

    :param hold_at: the change at which it stands still before it stores its cursor.
    """
    command = [sys.executable, "-m", "tests.consumers.following", str(store), str(step), str(hold_at)]
    said: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        while last not in said:
            line = process.stdout.readline()
            assert line, "the program ended by itself"
            said.append(line.strip())
        process.kill()
    return [int(line) for line in said if line != "started"]
