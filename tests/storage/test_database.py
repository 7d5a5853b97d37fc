"""The connections: their settings, reading, closing, and commands beside the server."""

import asyncio
import contextlib
import sqlite3
import threading
from pathlib import Path
from typing import Any

import psycopg
import pytest

from chatd.errors import StorageUnavailable, UserNotFound
from chatd.storage.commit import Transaction, write_once
from chatd.storage.database import Database
from chatd.storage.engine import Sql
from chatd.storage.engine.sqlite.connections import BUSY_TIMEOUT_MS, CHECKPOINT_PAGES, connect
from chatd.storage.engine.sqlite.engine import Sqlite
from chatd.storage.stores import Store
from tests.engines import open_engine
from tests.storage.support import Gate, ended_since, hold, note, notes, seen_outside, start
from tests.support import PATIENCE

SHARED = {
    "busy_timeout": BUSY_TIMEOUT_MS,
    "foreign_keys": 1,
    "journal_mode": "wal",
    "journal_size_limit": 64 * 1024 * 1024,
    "secure_delete": 1,
    "synchronous": 2,
    "trusted_schema": 0,
}
WRITER = {**SHARED, "query_only": 0, "wal_autocheckpoint": CHECKPOINT_PAGES}
READER = {**SHARED, "query_only": 1, "wal_autocheckpoint": 0}
COMMAND = {**SHARED, "query_only": 0, "wal_autocheckpoint": 0}


def settings(db: Sql) -> dict[str, Any]:
    """Return what every pragma that chatd sets says on ``db``."""
    return {name: db.execute(f"PRAGMA {name}").fetchone()[0] for name in WRITER}


@pytest.mark.sqlite  # its pragmas
async def test_the_writer_syncs_every_commit_and_checkpoints(db: Database) -> None:
    assert await db.write(lambda tx: settings(tx.db)) == WRITER


async def test_every_reader_only_reads_and_never_checkpoints(path: Path) -> None:
    db = Database(Sqlite(path, readers=3))
    await db.open()
    meeting = threading.Barrier(3)

    def read(connection: Sql) -> tuple[int, dict[str, Any]]:
        meeting.wait(PATIENCE)
        return id(connection), settings(connection)

    found = dict(await asyncio.gather(db.read(read), db.read(read), db.read(read)))
    await db.close()
    assert list(found.values()) == [READER, READER, READER]


def test_a_command_beside_the_server_syncs_but_never_checkpoints(path: Path) -> None:
    assert write_once(path, lambda tx: settings(tx.db)) == COMMAND


async def test_only_a_test_may_ask_for_less_than_a_synced_commit(path: Path) -> None:
    db = Database(Sqlite(path, synchronous="OFF"))
    await db.open()
    assert (await db.write(lambda tx: settings(tx.db)))["synchronous"] == 0
    await db.close()


async def test_a_reader_cannot_write(db: Database, store: Store) -> None:
    with pytest.raises(StorageUnavailable) as refused:
        await db.read(lambda connection: note("from a reader")(Transaction(connection)))
    assert "read" in str(refused.value.__cause__), "which is what both engines say of it"
    assert seen_outside(store) == set()
    assert await db.read(notes) == set()


async def test_a_read_sees_one_snapshot(db: Database) -> None:
    gate = Gate()

    def read_twice(connection: Sql) -> tuple[set[str], set[str]]:
        before = notes(connection)
        gate.wait()
        return before, notes(connection)

    reading = asyncio.create_task(db.read(read_twice))
    await gate.entered()
    await db.write(note("meanwhile"))
    assert await db.read(notes) == {"meanwhile"}
    gate.open()
    assert await reading == (set(), set())


async def test_a_read_that_raises_leaves_its_reader_usable(path: Path) -> None:
    db = Database(Sqlite(path, readers=1))
    await db.open()

    def fail(connection: Sql) -> None:
        notes(connection)
        raise UserNotFound

    with pytest.raises(UserNotFound):
        await db.read(fail)
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await db.read(lambda connection: connection.execute("SELECT * FROM nowhere"))
    await db.write(note("later"))
    assert await db.read(notes) == {"later"}
    await db.close()


async def test_reads_go_on_while_the_writer_is_busy(db: Database) -> None:
    gate, holding = await hold(db)
    assert await db.read(notes) == set()
    assert not holding.done()
    gate.open()
    await holding


async def test_closing_commits_what_waits_and_refuses_what_comes_later(db: Database, store: Store) -> None:
    gate, holding = await hold(db)
    waiting = await start(db, note("first"), note("second"))
    closing = asyncio.create_task(db.close())
    await asyncio.sleep(0)
    with pytest.raises(StorageUnavailable):
        await db.write(note("too late"))
    gate.open()
    assert await asyncio.gather(*waiting) == ["first", "second"]
    await asyncio.gather(holding, closing)
    with pytest.raises(StorageUnavailable):
        await db.write(note("much too late"))
    assert seen_outside(store) == {"first", "second"}


async def test_closing_leaves_no_write_ahead_log_and_no_thread(path: Path) -> None:
    before = set(threading.enumerate())
    db = Database(Sqlite(path))
    await db.open()
    assert set(threading.enumerate()) - before
    await db.write(note("stays"))
    assert path.with_name("chatd.db-wal").exists()
    await db.close()
    assert not path.with_name("chatd.db-wal").exists()
    await ended_since(before)


def test_a_command_writes_in_one_transaction(path: Path) -> None:
    def work(tx: Transaction) -> None:
        note("kept by nobody")(tx)
        raise UserNotFound

    assert write_once(path, note("kept")) == "kept"
    with pytest.raises(UserNotFound):
        write_once(path, work)
    assert seen_outside(path) == {"kept"}


def test_a_command_that_cannot_open_the_database_says_so(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="unable to open database file"):
        write_once(tmp_path / "missing" / "chatd.db", note("lost"))


def test_a_connection_that_cannot_be_set_up_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "chatd.db"
    path.write_text("this is not a database, however long one looks at it")
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        connect(path, checkpoints=True)


def test_foreign_keys_are_enforced(path: Path) -> None:
    with contextlib.closing(connect(path, checkpoints=True)) as db, pytest.raises(sqlite3.IntegrityError):
        db.execute("INSERT INTO memberships (conversation_id, user_id) VALUES (1, 1)")


async def test_a_statement_that_fails_leaves_its_reader_usable(store: Store) -> None:
    db = Database(open_engine(store, readers=1))
    await db.open()
    for _ in range(5):
        with pytest.raises((sqlite3.Error, psycopg.Error)):
            await db.read(lambda connection: connection.execute("SELECT missing FROM users").fetchall())
        assert await db.read(notes) == set()
    await db.close()
