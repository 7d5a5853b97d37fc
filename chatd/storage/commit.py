"""One commit: many works in one transaction, each in a savepoint of its own."""

import contextlib
import itertools
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast, runtime_checkable

from chatd.errors import StorageUnavailable
from chatd.events import Event
from chatd.storage.engine import Sql
from chatd.storage.engine.sqlite.connections import Connection, connect, is_storage_fault
from chatd.storage.engine.sqlite.reasons import reason
from chatd.storage.memory import Memory

T = TypeVar("T")


class Transaction:
    """What a write works with: the connection, and the facts to tell once they are committed."""

    __slots__ = ("db", "events")

    def __init__(self, db: Sql) -> None:
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

    def together(self, db: Sql, memory: Memory, works: Sequence[Any]) -> list[Outcome]:
        """Do all ``works``, this one the first of them, and return their outcomes in the same order.

        What this raises undoes all of it; then they are done in two halves, and in the end each alone.
        """


Write = Callable[[Transaction], T]


def commit(db: Connection, memory: Memory | None, batch: list[Write[Any]]) -> list[Outcome]:
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


def _run_all(db: Connection, memory: Memory | None, batch: list[Write[Any]]) -> list[Outcome]:
    if memory is None:
        return [_run(db, work) for work in batch]
    memory.refresh()
    outcomes: list[Outcome] = []
    for kind, works in itertools.groupby(batch, type):
        if issubclass(kind, Together):
            outcomes += _run_together(db, memory, list(works), first=not outcomes)
        else:
            outcomes += [_run(db, work) for work in works]
    return outcomes


def _run_together(db: Connection, memory: Memory, works: list[Any], *, first: bool) -> list[Outcome]:
    """Do works of one kind together; where that fails, in two halves.

    :param first: the transaction has written nothing yet, and can be begun anew instead of going back to a savepoint.
        For a savepoint SQLite copies every page before it is changed, a tenth of what a message costs.
    """
    if not first:
        db.execute("SAVEPOINT works")
    try:
        outcomes = cast(Together, works[0]).together(db, memory, works)
    except Exception as error:
        if is_storage_fault(error) or not db.in_transaction:
            raise
        memory.forget()
        if first:
            db.execute("ROLLBACK")
            db.execute("BEGIN IMMEDIATE")
        else:
            db.execute("ROLLBACK TO works")
            db.execute("RELEASE works")
    else:
        if not first:
            db.execute("RELEASE works")
        return outcomes
    if len(works) == 1:
        return [_run(db, works[0])]
    middle = len(works) // 2
    halves = (works[:middle], first), (works[middle:], False)
    return [outcome for half, first in halves for outcome in _run_together(db, memory, half, first=first)]


def _run(db: Connection, work: Write[Any]) -> Outcome:
    transaction = Transaction(db)
    db.execute("SAVEPOINT work")
    try:
        outcome = Outcome(work(transaction), None, transaction.events)
    except Exception as error:
        if is_storage_fault(error) or not db.in_transaction:
            raise
        db.execute("ROLLBACK TO work")
        if isinstance(error, StopIteration):  # no future takes one
            error = RuntimeError("a work raised StopIteration")
        outcome = Outcome(None, error, [])
    db.execute("RELEASE work")
    return outcome


def write_once(path: Path, work: Write[T]) -> T:
    """Run ``work`` in a transaction of its own, for a command beside the server or without one.

    :raises StorageUnavailable: nothing could be written.
    """
    try:
        with contextlib.closing(connect(path, checkpoints=False)) as db:
            (outcome,) = commit(db, None, [work])
    except sqlite3.Error as error:
        raise StorageUnavailable(f"cannot write to {path}: {reason(error)}") from error
    if outcome.error is not None:
        raise outcome.error
    return cast(T, outcome.result)
