"""One commit: many works in one transaction, none of which can undo another."""

import itertools
import logging
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Generic, NamedTuple, Protocol, TypeGuard, TypeVar, cast

from chatd.errors import ChatError
from chatd.events import Event
from chatd.records import Record
from chatd.storage import circles
from chatd.storage.circles import Circle
from chatd.storage.engine import Sql, WriterSql
from chatd.storage.memory import Memory
from chatd.storage.stores import writer

log = logging.getLogger(__name__)

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Transaction:
    """What a write works with: the connection, and the events to publish once it is committed."""

    __slots__ = ("_memory", "db", "events", "has_remembered")

    def __init__(self, db: Sql, memory: Memory | None = None) -> None:
        """Create the transaction of one write.

        :param memory: what ``db`` remembers; None where it remembers nothing.
        """
        self.db = db
        self.events: list[Event] = []
        self._memory = memory
        #: Whether the memory may hold what this write has written.
        self.has_remembered = False

    def circle(self, group_id: int) -> Circle | None:
        """Return who is in a group as this write leaves it so far; None where nobody is."""
        if self._memory is None:
            return circles.load(self.db, [group_id]).get(group_id)
        self.has_remembered = True
        self._memory.doubt()
        self._memory.refresh()
        return self._memory.circles([group_id]).get(group_id)

    def publish(self, event: Event) -> None:
        """Publish ``event`` after the commit; never, if there is none."""
        self.events.append(event)


class Outcome(Record, Generic[T_co]):
    """What became of one work: its result or the error it raised, and the events to publish."""

    result: T_co | None
    error: Exception | None
    events: Sequence[Event]


#: A work that runs alone, in a savepoint: what it raises undoes what it wrote.
Write = Callable[[Transaction], T]


class Conflict(Exception):
    """Works that run together took for granted what is not so; see :class:`Gathered`."""


class Gathered(Protocol[T_co]):
    """A work that runs together with all of its class that stand beside it in a batch.

    It is optimistic: it takes for granted what is mostly so and takes time to look up. Where it finds a conflict with
    that, it raises :class:`Conflict`. Then the whole batch is undone and runs again, and looks first.
    """

    def run_all(
        self, db: Sql, memory: Memory, works: Sequence[Any], /, *, looks_first: bool
    ) -> Sequence[Outcome[T_co]]:
        """Run ``works``, of which this is the first, and return their outcomes in the same order.

        A work that fails has an outcome with an error, and has written nothing. What else this raises is a bug or the
        disk's fault; then the whole transaction is undone.

        :param looks_first: take nothing for granted.
        :raises Conflict: ``works`` have to look first.
        """


Work = Write[T] | Gathered[T]


#: Returns what other processes are told of events.
Encode = Callable[[Iterable[Event]], bytes]


class Committed(NamedTuple):
    """What became of a batch."""

    outcomes: list[Outcome[Any]]
    #: The commit's place among those of all processes; 0 where they are not numbered.
    number: int


def commit(db: WriterSql, memory: Memory | None, batch: Sequence[Work[Any]], encode: Encode | None = None) -> Committed:
    """Run every work of ``batch`` in one transaction and commit it.

    A work that fails is undone alone. If the engine gives up the transaction (a full disk), so does this.

    :param memory: what ``db`` remembers; None where no work is gathered.
    :param encode: makes of the events what other processes are told; None does not say what has happened.
    """
    try:
        db.begin()
        try:
            outcomes = _run_all(db, memory, batch)
        except Exception as error:
            if db.is_lost(error):
                raise
            log.exception("works that run together failed: each runs alone", extra={"event": "batch_parted"})
            _begin_again(db)
            outcomes = _run_each(db, memory, batch)
        db.record(None if encode is None else encode(event for outcome in outcomes for event in outcome.events))
        db.commit()
    except BaseException:
        if memory is not None:
            memory.forget()
        db.rollback()
        raise
    return Committed(outcomes, db.number)


def _begin_again(db: WriterSql) -> None:
    db.rollback()
    db.begin()


def _run_all(db: WriterSql, memory: Memory | None, batch: Sequence[Work[Any]]) -> list[Outcome[Any]]:
    """Run a batch in order: neighbours of one gathered class together, every other work in a savepoint."""
    try:
        return _run_once(db, memory, batch, looks_first=False)
    except Conflict:
        assert memory is not None
        memory.forget()
        _begin_again(db)
        return _run_once(db, memory, batch, looks_first=True)


def _run_once(
    db: WriterSql, memory: Memory | None, batch: Sequence[Work[Any]], *, looks_first: bool
) -> list[Outcome[Any]]:
    outcomes: list[Outcome[Any]] = []
    is_fresh = False
    for _, neighbours in itertools.groupby(batch, type):
        works: list[Any] = list(neighbours)
        if _is_gathered(works[0]):
            assert memory is not None
            if not is_fresh:
                memory.refresh()
                is_fresh = True
            outcomes += works[0].run_all(db, memory, works, looks_first=looks_first)
        else:
            outcomes += [_run(db, memory, work) for work in works]
            is_fresh = False
            if memory is not None:
                memory.doubt()
    return outcomes


def _is_gathered(work: Work[T]) -> TypeGuard[Gathered[T]]:
    return hasattr(work, "run_all")  # isinstance() of a protocol takes 5 µs


def _run_each(db: WriterSql, memory: Memory | None, batch: Sequence[Work[Any]]) -> list[Outcome[Any]]:
    """Run every work of a batch in a savepoint, gathered ones too, so that the one with the bug fails alone."""

    def alone(work: Gathered[T]) -> Write[T]:
        def write(tx: Transaction) -> T:
            assert memory is not None
            memory.forget()
            memory.refresh()
            (outcome,) = work.run_all(db, memory, [work], looks_first=True)
            if outcome.error is not None:
                raise outcome.error
            tx.events += outcome.events
            return cast(T, outcome.result)

        return write

    outcomes = [_run(db, memory, alone(work) if _is_gathered(work) else cast(Write[Any], work)) for work in batch]
    if memory is not None:
        memory.forget()  # the last work may be undone
    return outcomes


def _run(db: WriterSql, memory: Memory | None, work: Write[T]) -> Outcome[T]:
    transaction = Transaction(db, memory)
    db.savepoint()
    try:
        outcome = Outcome(work(transaction), None, transaction.events)
        db.release()
    except Exception as error:
        if db.is_lost(error):
            raise
        db.undo()
        if memory is not None and transaction.has_remembered:
            memory.forget()
        if isinstance(error, ChatError):  # a refusal: its frames, which refer to it, are of no use to anybody
            error.__traceback__ = None
        if isinstance(error, StopIteration):  # no future takes one
            error = RuntimeError("a work raised StopIteration")
        outcome = Outcome(None, error, ())
        db.release()
    return outcome


def write_once(store: Path | str, work: Write[T], encode: Encode | None = None) -> T:
    """Run ``work`` in a transaction of its own, for a command beside the server or without one.

    :param store: see :mod:`chatd.storage.stores`.
    :param encode: see :func:`commit`.
    :raises StorageUnavailable: nothing could be written.
    """
    with writer(store) as db:
        ((outcome,), _) = commit(db, None, [work], encode)
    if outcome.error is not None:
        raise outcome.error
    return cast(T, outcome.result)
