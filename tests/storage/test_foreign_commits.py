"""Commits of other processes are noticed, our own are not."""

import asyncio
import contextlib
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from chatd.storage.commit import write_once
from chatd.storage.database import Database
from chatd.storage.engine.sqlite.engine import Sqlite
from tests.storage.support import note, traced
from tests.support import PATIENCE

pytestmark = pytest.mark.sqlite  # its watch; PostgreSQL has the stream of commits


@pytest.fixture
async def db(path: Path) -> AsyncIterator[Database]:
    """A database that looks often."""
    db = Database(Sqlite(path, watch_interval=0.005))
    await db.open()
    yield db
    await db.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.005)


async def test_a_commit_of_another_process_is_noticed(db: Database, path: Path) -> None:
    noticed = asyncio.Event()
    db.subscribe_foreign(noticed.set)
    statement = "INSERT INTO invites (code_hash, created_at) VALUES (x'01', 1)"
    program = f"import sqlite3; db = sqlite3.connect({str(path)!r}); db.execute({statement!r}); db.commit()"
    await asyncio.to_thread(subprocess.run, [sys.executable, "-c", program], check=True)
    await asyncio.wait_for(noticed.wait(), PATIENCE)


async def test_a_commit_right_after_the_opening_is_noticed(path: Path) -> None:
    noticed = asyncio.Event()
    db = Database(Sqlite(path, watch_interval=0.005))
    db.subscribe_foreign(noticed.set)
    await db.open()
    write_once(path, note("at once"))
    try:
        await asyncio.wait_for(noticed.wait(), PATIENCE)
    finally:
        await db.close()


async def test_commits_of_our_own_are_not_noticed_and_each_of_others_is(db: Database, path: Path) -> None:
    statements: list[str] = []
    count = 0

    def noticed() -> None:
        nonlocal count
        count += 1

    async def watched_again() -> None:
        """Return after the watcher has looked at least once more."""
        seen = statements.count("PRAGMA data_version")
        await until(lambda: statements.count("PRAGMA data_version") >= seen + 2)

    await db.write(traced(statements))
    db.subscribe_foreign(noticed)
    for number in range(3):
        await db.write(note(f"own {number}"))
        await watched_again()
    assert count == 0
    write_once(path, note("foreign"))
    await until(lambda: count > 0)
    await db.write(note("own again"))
    await watched_again()
    assert count == 1
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("DELETE FROM invites")
        other.commit()
    await until(lambda: count > 1)
    assert count == 2


async def test_a_subscriber_that_raises_hurts_neither_the_others_nor_the_watch(
    db: Database, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    count = 0

    def broken() -> None:
        raise RuntimeError("a bug in a subscriber")

    def noticed() -> None:
        nonlocal count
        count += 1

    db.subscribe_foreign(broken)
    db.subscribe_foreign(noticed)
    write_once(path, note("first"))
    await until(lambda: count == 1)
    write_once(path, note("second"))
    await until(lambda: count == 2)
    assert "a bug in a subscriber" in caplog.text
