"""Group commit: writes that wait share one commit, and none of them knows."""

import asyncio
import sqlite3
from collections.abc import Sequence

import psycopg
import pytest

from chatd.errors import UserNotFound
from chatd.events import Event, UserDisabled
from chatd.storage import invites
from chatd.storage.commit import Conflict, Outcome, Transaction, Write, write_once
from chatd.storage.database import Database
from chatd.storage.engine import Sql
from chatd.storage.memory import Memory
from chatd.storage.stores import Store
from tests.engines import open_engine
from tests.storage.support import Gate, hold, note, notes, seen_outside, start, traced


def raising(name: str, event: int) -> Write[None]:
    """Return a work that stores, publishes and then fails."""

    def work(tx: Transaction) -> None:
        note(name, event)(tx)
        raise UserNotFound

    return work


def boundaries(statements: list[str]) -> list[str]:
    return [statement for statement in statements if statement in ("BEGIN IMMEDIATE", "COMMIT", "ROLLBACK")]


@pytest.mark.sqlite  # its trace of statements
async def test_writes_that_wait_share_one_commit(db: Database, store: Store) -> None:
    statements: list[str] = []
    await db.write(traced(statements))
    gate, holding = await hold(db)
    waiting = await start(db, *[note(f"n{number}") for number in range(40)])
    statements.clear()
    gate.open()
    await asyncio.gather(holding, *waiting)
    assert boundaries(statements) == ["COMMIT", "BEGIN IMMEDIATE", "COMMIT"]
    assert len(seen_outside(store)) == 40


@pytest.mark.sqlite  # its trace of statements
async def test_a_batch_has_a_limit_and_the_rest_comes_with_the_next(store: Store) -> None:
    db = Database(open_engine(store), batch_limit=8)
    await db.open()
    statements: list[str] = []
    await db.write(traced(statements))
    gate, holding = await hold(db)
    waiting = await start(db, *[note(f"n{number}") for number in range(20)])
    statements.clear()
    gate.open()
    await asyncio.gather(holding, *waiting)
    assert boundaries(statements) == ["COMMIT"] + 3 * ["BEGIN IMMEDIATE", "COMMIT"]
    assert len(await db.read(notes)) == 20
    await db.close()


async def test_each_write_gets_its_own_result(db: Database) -> None:
    gate, _ = await hold(db)
    waiting = await start(db, *[note(f"n{number}") for number in range(5)])
    gate.open()
    assert await asyncio.gather(*waiting) == ["n0", "n1", "n2", "n3", "n4"]


@pytest.mark.sqlite  # its trace of statements
async def test_a_work_that_raises_undoes_itself_alone(db: Database, store: Store) -> None:
    events: list[Event] = []
    db.subscribe(events.append)
    statements: list[str] = []
    await db.write(traced(statements))
    gate, holding = await hold(db)
    before, failing, after = await start(db, note("before", 1), raising("failing", 2), note("after", 3))
    statements.clear()
    gate.open()
    await holding
    assert await before == "before"
    with pytest.raises(UserNotFound):
        await failing
    assert await after == "after"
    assert boundaries(statements) == ["COMMIT", "BEGIN IMMEDIATE", "COMMIT"]
    assert seen_outside(store) == {"before", "after"}
    assert events == [UserDisabled(recipients=(1,)), UserDisabled(recipients=(3,))]


async def test_a_statement_that_fails_undoes_its_work_alone(db: Database, store: Store) -> None:
    def twice(tx: Transaction) -> None:
        note("once")(tx)
        note("once")(tx)

    gate, _ = await hold(db)
    failing, fine = await start(db, twice, note("fine"))
    gate.open()
    with pytest.raises((sqlite3.IntegrityError, psycopg.IntegrityError)):
        await failing
    await fine
    assert seen_outside(store) == {"fine"}


async def test_a_write_is_answered_only_after_the_commit_of_its_batch(db: Database, store: Store) -> None:
    first_gate, holding = await hold(db)
    second_gate = Gate()
    written, rest = await start(db, note("written"), second_gate.work)
    first_gate.open()
    await holding
    await second_gate.entered()
    assert not written.done()
    assert seen_outside(store) == set()
    visible: list[set[str]] = []
    written.add_done_callback(lambda _: visible.append(seen_outside(store)))
    second_gate.open()
    await asyncio.gather(written, rest)
    assert visible == [{"written"}]


async def test_events_are_told_in_the_order_of_commits_before_any_caller_goes_on(db: Database, store: Store) -> None:
    told: list[str] = []

    def subscriber(event: Event) -> None:
        assert f"n{event.recipients[0]}" in seen_outside(store), "told before it was committed"
        told.append(f"event {event.recipients[0]}")

    async def caller(number: int) -> None:
        await db.write(note(f"n{number}", number))
        told.append(f"caller {number}")

    db.subscribe(subscriber)
    gate, holding = await hold(db)
    callers = [asyncio.create_task(caller(number)) for number in range(4)]
    await asyncio.sleep(0)
    gate.open()
    await asyncio.gather(holding, *callers)
    await caller(4)
    assert told == [
        *[f"event {number}" for number in range(4)],
        *[f"caller {number}" for number in range(4)],
        "event 4",
        "caller 4",
    ]


async def test_a_subscriber_that_raises_hurts_nobody(db: Database, caplog: pytest.LogCaptureFixture) -> None:
    events: list[Event] = []

    def broken(_: Event) -> None:
        raise RuntimeError("a bug in a subscriber")

    db.subscribe(broken)
    db.subscribe(events.append)
    assert await db.write(note("first", 1)) == "first"
    assert await db.write(note("second", 2)) == "second"
    assert events == [UserDisabled(recipients=(1,)), UserDisabled(recipients=(2,))]
    assert "a bug in a subscriber" in caplog.text


async def test_cancelling_a_caller_before_its_work_changes_nothing(db: Database, store: Store) -> None:
    events: list[Event] = []
    db.subscribe(events.append)
    gate, holding = await hold(db)
    cancelled, other = await start(db, note("cancelled", 1), note("other", 2))
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    gate.open()
    await asyncio.gather(holding, other)
    assert seen_outside(store) == {"cancelled", "other"}
    assert events == [UserDisabled(recipients=(1,)), UserDisabled(recipients=(2,))]


async def test_cancelling_a_caller_during_its_work_changes_nothing(db: Database, store: Store) -> None:
    gate = Gate()

    def work(tx: Transaction) -> None:
        note("cancelled")(tx)
        gate.wait()

    (cancelled,) = await start(db, work)
    await gate.entered()
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    assert seen_outside(store) == set()
    gate.open()
    await db.write(lambda tx: None)
    assert seen_outside(store) == {"cancelled"}
    assert write_once(store, note("another")) == "another", "no transaction was left open"


async def test_cancelling_a_caller_whose_work_fails_hurts_nobody(db: Database, store: Store) -> None:
    gate, holding = await hold(db)
    cancelled, other = await start(db, raising("failing", 1), note("other"))
    cancelled.cancel()
    gate.open()
    await asyncio.gather(holding, other)
    assert seen_outside(store) == {"other"}


class Together:
    """A work that runs together with its neighbours.

    It has a bug where one is called ``bug``, and has to look first where one is called ``conflict``.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def run_all(
        self, db: Sql, memory: Memory, works: "Sequence[Together]", /, *, looks_first: bool
    ) -> list[Outcome[str]]:
        """Store all names."""
        for work in works:
            invites.insert(db, work.name.encode(), 1)
            if work.name == "bug":
                raise KeyError(work.name)
            if work.name == "conflict" and not looks_first:
                raise Conflict
        return [Outcome(", ".join(each.name for each in works), None, ()) for _ in works]


async def test_works_of_one_class_that_stand_side_by_side_run_together(db: Database) -> None:
    gate, holding = await hold(db)
    waiting = await start(db, Together("a"), Together("b"), note("alone"), Together("c"))
    gate.open()
    await holding
    assert await asyncio.gather(*waiting) == ["a, b", "a, b", "alone", "c"]


async def test_works_that_find_a_conflict_run_again_and_what_was_written_is_written_once(
    db: Database, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    gate, holding = await hold(db)
    waiting = await start(db, note("before"), Together("a"), Together("conflict"), note("after"))
    gate.open()
    await holding
    assert await asyncio.gather(*waiting) == ["before", "a, conflict", "a, conflict", "after"]
    assert seen_outside(store) == {"before", "a", "conflict", "after"}
    assert not caplog.records


async def test_a_bug_among_works_that_run_together_fails_its_own_work_alone(
    db: Database, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    events: list[Event] = []
    db.subscribe(events.append)
    gate, holding = await hold(db)
    waiting = await start(db, note("first", 1), Together("a"), Together("bug"), Together("b"), note("last", 2))
    gate.open()
    await holding
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert [each for each in outcomes if isinstance(each, str)] == ["first", "a", "b", "last"]
    assert isinstance(outcomes[2], KeyError)
    assert seen_outside(store) == {"first", "a", "b", "last"}
    assert events == [UserDisabled(recipients=(1,)), UserDisabled(recipients=(2,))]
    assert "KeyError" in caplog.text


async def test_no_error_of_a_work_stops_the_writer(db: Database) -> None:
    with pytest.raises(RuntimeError, match="StopIteration"):
        await db.write(lambda tx: next(iter(())))
    assert await db.write(note("after")) == "after"
