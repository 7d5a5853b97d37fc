"""Writes that are easy to see, accounts, ways to stop the writer and to look from outside, and an unreadable disk."""

import asyncio
import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

from chatd.events import UserDisabled
from chatd.storage import invites, users
from chatd.storage.commit import Transaction, Work, Write
from chatd.storage.database import Database
from chatd.storage.engine import Sql
from chatd.storage.engine.sqlite.sql import Connection
from chatd.storage.stores import Store, snapshot
from tests.support import PATIENCE


def note(name: str, event: int | None = None) -> Write[str]:
    """Return a work that stores ``name``, publishes an event with the number ``event``, and returns ``name``."""

    def work(tx: Transaction) -> str:
        invites.insert(tx.db, name.encode(), 1)
        if event is not None:
            tx.publish(UserDisabled(recipients=(event,)))
        return name

    return work


def notes(db: Sql) -> set[str]:
    """Return what :func:`note` has stored, as ``db`` sees it."""
    return {code.decode() for (code,) in db.execute("SELECT code_hash FROM invites")}


def seen_outside(store: Store) -> set[str]:
    """Return what :func:`note` has stored, as another connection sees it now."""
    if isinstance(store, Path):
        with contextlib.closing(sqlite3.connect(store, factory=Connection)) as other:
            return notes(other)
    with snapshot(store) as db:
        return notes(db)


def connection(db: Sql) -> Connection:
    """Return what ``db`` really is, for what only SQLite can do."""
    assert isinstance(db, Connection)
    return db


def traced(seen: list[str]) -> Write[None]:
    """Return a work that has every statement of the writer appended to ``seen`` from then on."""
    return lambda tx: connection(tx.db).set_trace_callback(seen.append)


class Gate:
    """A work that holds its thread from when it is entered until it is opened."""

    def __init__(self) -> None:
        self._entered = threading.Event()
        self._opened = threading.Event()

    def wait(self) -> None:
        """Say that it is entered, and wait until it is opened."""
        self._entered.set()
        assert self._opened.wait(PATIENCE), "nobody opened the gate"

    def work(self, _: Transaction) -> None:
        """Be a write."""
        self.wait()

    def read(self, _: Sql) -> None:
        """Be a read."""
        self.wait()

    async def entered(self) -> None:
        """Return when the work has begun."""
        assert await asyncio.to_thread(self._entered.wait, PATIENCE), "nobody came to the gate"

    def open(self) -> None:
        """Let the work end."""
        self._opened.set()


async def ended_since(before: set[threading.Thread]) -> None:
    """Return when every thread that was not there before has ended, and fail if one does not."""
    for thread in set(threading.enumerate()) - before:
        await asyncio.to_thread(thread.join, PATIENCE)
        assert not thread.is_alive(), thread


async def start(db: Database, *works: Work[object]) -> list["asyncio.Task[object]"]:
    """Start writes, in their order, and return when all of them wait."""
    tasks = [asyncio.create_task(db.write(work)) for work in works]
    await asyncio.sleep(0)
    return tasks


async def hold(db: Database) -> tuple[Gate, "asyncio.Task[object]"]:
    """Hold the writer inside a transaction, so that what is written next has to wait."""
    gate = Gate()
    (task,) = await start(db, gate.work)
    await gate.entered()
    return gate, task


async def keep_no_pages(db: Database) -> None:
    """Make every reader go to the disk for whatever it reads from now on."""

    def forget(connection: Sql) -> int:
        connection.execute("PRAGMA cache_size = 0")
        return id(connection)

    # A single read would miss the reader that the server itself is using; so many are spread over all of them.
    found = await asyncio.gather(*(db.read(forget) for _ in range(8)))
    assert len(set(found)) == 2


def _opens(descriptor: Path, path: Path) -> bool:
    try:
        return descriptor.readlink() == path
    except FileNotFoundError:
        return False


@contextlib.contextmanager
def unreadable(path: Path) -> Iterator[None]:
    """Make every descriptor this process has of ``path`` answer reads with an error, as a broken disk does."""
    descriptors = [int(each.name) for each in Path("/proc/self/fd").iterdir() if _opens(each, path)]
    saved = {descriptor: os.dup(descriptor) for descriptor in descriptors}
    broken = os.open(path, os.O_WRONLY)
    try:
        for descriptor in saved:
            os.dup2(broken, descriptor, inheritable=False)
        yield
    finally:
        for descriptor, copy in saved.items():
            os.dup2(copy, descriptor, inheritable=False)
            os.close(copy)
        os.close(broken)


def add_account(tx: Transaction, name: str) -> int:
    """Make an account without a password, and return its id."""
    made = users.insert(
        tx.db,
        username=name,
        username_key=name,
        nickname=name,
        search_key=name,
        password_hash=None,
        is_ai=False,
        role="member",
        created_at=1,
    )
    assert made is not None
    return made.id
