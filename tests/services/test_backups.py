"""The backups that a server makes by itself: when they are due, which are kept, and what happens when one fails."""

import asyncio
import contextlib
import datetime as dt
import functools
import logging
import sqlite3
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chatd.http.context import SERVICES
from chatd.services.backups import Backups, Pace
from chatd.storage.engine.sqlite.migrate import migrate
from tests.conftest import Start
from tests.support import until

DAY = 24 * 60 * 60


class Clock:
    """A wall clock that a test sets."""

    def __init__(self) -> None:
        self.now = 0
        self.set("2026-01-31 12:00:00")

    def __call__(self) -> int:
        return self.now

    def set(self, time: str) -> None:
        """Set it to a time in UTC."""
        self.now = int(dt.datetime.fromisoformat(f"{time}+00:00").timestamp() * 1000)


#: Backups without a pause.
Impatient = functools.partial(Backups, pace=Pace(settling=0, retry=0.01, look=0.005), reserve_max=0)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database."""
    migrate(tmp_path / "chatd.db")
    return tmp_path / "chatd.db"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Where backups are to be."""
    return tmp_path / "copies"


@contextlib.asynccontextmanager
async def running(made: Backups) -> AsyncIterator[None]:
    """Make backups."""
    task = asyncio.create_task(made.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def names(directory: Path) -> list[str]:
    """Return the names in a directory, if there is one."""
    return sorted(path.name for path in directory.iterdir()) if directory.exists() else []


def proven(caplog: pytest.LogCaptureFixture) -> int:
    """Return of how many backups the log says that they are proven."""
    return sum(record.getMessage() == "a backup is proven" for record in caplog.records)


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """The log, with all that the server says."""
    caplog.set_level(logging.INFO)
    return caplog


async def test_backups_are_made_when_they_are_due_and_the_oldest_go(
    database: Path, directory: Path, log: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    made = Impatient(database, directory, clock, every_hours=24, keep=2)
    assert made.last_proven_at is None
    async with running(made):
        await until(lambda: proven(log) == 1)
        assert names(directory) == ["chatd-20260131T120000Z.db"]
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
        assert made.last_proven_at is not None
        (directory / "chatd-notes.db").write_text("mine")
        clock.set("2026-02-01 11:59:59")
        await asyncio.sleep(0.05)
        clock.set("2026-02-01 12:00:01")
        await until(lambda: proven(log) == 2)
        clock.set("2026-02-09 07:00:00")
        await until(lambda: proven(log) == 3)
    assert names(directory) == ["chatd-20260201T120001Z.db", "chatd-20260209T070000Z.db", "chatd-notes.db"]
    with contextlib.closing(sqlite3.connect(directory / "chatd-20260209T070000Z.db")) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_a_server_that_starts_again_makes_one_only_when_it_is_due(
    database: Path, directory: Path, log: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    for _ in range(3):
        async with running(Impatient(database, directory, clock, every_hours=24, keep=7)):
            await until(lambda: proven(log))
            await asyncio.sleep(0.05)
    assert proven(log) == 1


async def test_one_that_a_wrong_clock_dated_into_the_future_neither_stops_others_nor_outlives_them(
    database: Path, directory: Path, log: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    clock.set("2036-01-01 00:00:00")
    made = Impatient(database, directory, clock, every_hours=24, keep=2)
    async with running(made):
        await until(lambda: proven(log) == 1)
        clock.set("2026-01-01 00:00:00")
        await until(lambda: proven(log) == 2)
        clock.set("2026-01-02 00:00:00")
        await until(lambda: proven(log) == 3)
    assert names(directory) == ["chatd-20260101T000000Z.db", "chatd-20260102T000000Z.db"]


async def test_a_backup_that_fails_is_an_error_and_tried_again_and_no_old_one_goes(
    database: Path, directory: Path, log: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    made = Impatient(database, directory, clock, every_hours=24, keep=1)
    async with running(made):
        await until(lambda: proven(log) == 1)
        aside = directory.with_name("aside")
        directory.rename(aside)
        directory.write_text("in the way")
        clock.set("2026-02-01 12:00:00")
        await until(lambda: sum(record.levelno == logging.ERROR for record in log.records) > 2)
        assert names(aside) == ["chatd-20260131T120000Z.db"]
        directory.unlink()
        aside.rename(directory)
        await until(lambda: proven(log) == 2)
    errors = {record.getMessage() for record in log.records if record.levelno == logging.ERROR}
    assert errors == {f"the backup failed: the directory {directory} cannot be used: File exists"}
    assert not [record for record in log.records if record.exc_info]
    assert names(directory) == ["chatd-20260201T120000Z.db"]


async def test_a_damaged_database_costs_no_older_backup(
    database: Path, directory: Path, log: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    made = Impatient(database, directory, clock, every_hours=24, keep=1)
    async with running(made):
        await until(lambda: proven(log) == 1)
        with contextlib.closing(sqlite3.connect(database)) as db, db:
            db.execute("INSERT INTO avatars (filename, owner_id, content, created_at) VALUES ('a', 7, x'00', 1)")
        clock.set("2026-02-01 12:00:00")
        await until(lambda: any("is damaged" in record.getMessage() for record in log.records))
    assert names(directory) == ["chatd-20260131T120000Z.db"]


@pytest.mark.sqlite  # backups are of its file; PostgreSQL has its own
async def test_a_server_makes_backups_off_its_loop_and_can_say_when(
    start: Start, log: pytest.LogCaptureFixture
) -> None:
    chat = await start(backup={"every_hours": 0.0004})  # which is also when the first is made
    services = chat.server.app[SERVICES]
    services.backups.reserve_max = 0
    await until(lambda: services.backups.last_proven_at is not None)
    await chat.people("alice", "bobby")
    await until(lambda: proven(log) >= 1)


async def test_backups_that_are_to_follow_at_once_have_a_second_each(
    database: Path, directory: Path, log: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    async with running(Impatient(database, directory, clock, every_hours=1e-300, keep=7)):
        for second in range(3):
            clock.set(f"2026-02-01 12:00:0{second}")
            await until(lambda: proven(log) == second + 1)  # noqa: B023 (it is waited for)
    assert not [record for record in log.records if record.levelname == "ERROR"]


async def test_backups_can_be_turned_off(database: Path, directory: Path) -> None:
    await Impatient(database, directory, Clock(), every_hours=0, keep=1).run()
    assert names(directory) == []
