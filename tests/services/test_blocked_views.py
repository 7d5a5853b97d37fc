"""The blocked see what they would see without the block, the blocker what they would see had nothing been hidden.

A random history is played in three worlds: as it is, without the blocks, and without what the blocked did meanwhile.

Longer than 300 lines: three worlds are played by one class.
"""

import dataclasses
import functools
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chatd.config import Limits
from chatd.errors import ChatError
from chatd.events import Change, Event
from chatd.places import UserPlace
from chatd.schemas import events as forms
from chatd.services.histories import Histories
from chatd.services.messages import Messages
from chatd.services.sync import Sync
from chatd.storage import blocks, change_log, users
from chatd.storage.commit import Work, commit
from chatd.storage.database import Database
from chatd.storage.engine import Sql
from chatd.storage.engine.sqlite.engine import Sqlite
from chatd.storage.engine.sqlite.migrate import migrate
from chatd.storage.engine.sqlite.sql import Connection
from chatd.storage.memory import Memory

ALICE, BOB, CAROL = 1, 2, 3
PEOPLE = (ALICE, BOB, CAROL)

#: The messages that steps point at, the first is 1: most of them exist by then.
NUMBERS = st.integers(1, 14)

#: Above every message id in here.
BEYOND = 1000


@dataclass(frozen=True)
class Step:
    """Somebody does something, mostly to ``other``; ``number`` is the message it is about."""

    kind: str
    actor: int = ALICE
    other: int = BOB
    number: int = 0
    emoji: str = "👍"
    client_id: str | None = None


def steps(*kinds: str, **fields: Any) -> st.SearchStrategy[Step]:
    """Return a strategy for steps of these kinds between Alice and Bob, and now and then with Carol."""
    pairs = [(ALICE, BOB), (BOB, ALICE)] * 3 + [(BOB, CAROL), (CAROL, ALICE)]
    return st.tuples(st.sampled_from(kinds), st.sampled_from(pairs), st.fixed_dictionaries(fields)).map(
        lambda drawn: Step(drawn[0], *drawn[1], **drawn[2])
    )


STEPS = st.one_of(
    steps("send", client_id=st.none() | st.sampled_from("ab")),
    steps("send", number=NUMBERS),
    steps("read", "edit", "delete", number=NUMBERS),
    steps("react", "unreact", number=NUMBERS, emoji=st.sampled_from("👍👎")),
    steps("block", "block", "unblock"),
)


class _Now:
    """A clock that a step sets."""

    now = 0

    def __call__(self) -> int:
        return self.now


@functools.cache
def _prepared() -> bytes:
    """Return a database with three people in it."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "chatd.db"
        migrate(path)
        with closing(sqlite3.connect(path, isolation_level=None, factory=Connection)) as db:
            db.executemany(
                """
                INSERT INTO users (id, username, username_key, nickname, search_key, created_at)
                VALUES (?1, 'u' || ?1, 'u' || ?1, 'U', 'u', 0)
                """,
                [(person,) for person in PEOPLE],
            )
            db.execute("PRAGMA journal_mode = DELETE")
            return db.serialize()


class _Reading(Database):
    """Reads of a database in memory, done at once."""

    def __init__(self, db: Sql) -> None:
        self.db = db

    async def read(self, work: Callable[[Sql], Any]) -> Any:
        return work(self.db)


class World:
    """A database, and what each person's connections were told."""

    def __init__(self, db: Connection) -> None:
        self.db = db
        self.db.count_changes()
        self._memory = Memory(db)
        self.told: dict[int, list[Event]] = {person: [] for person in PEOPLE}
        self._clock = _Now()
        self._service = Messages(Database(Sqlite(Path())), Limits(messages_per_second=0), self._clock)
        db.execute("PRAGMA foreign_keys = ON")

    def take(self, step: Step, at: int, *, reply_to: int | None = None) -> Any:
        """Take a step and return its result, or None where it was refused."""
        self._clock.now = at
        ((outcome,), _) = commit(self.db, self._memory, [self._work(step, at, reply_to)])
        assert outcome.error is None or isinstance(outcome.error, ChatError)
        seqs = [event.seq for event in outcome.events if isinstance(event, Change)]
        assert sorted(seqs) == seqs
        for event in outcome.events:
            for person in event.recipients:
                self.told[person].append(event)
        return outcome.result

    def _work(self, step: Step, at: int, reply_to: int | None) -> Work[Any]:
        actor, other, number = step.actor, step.other, step.number
        match step.kind:
            case "send":
                to, text = UserPlace(other), f"said at {at}" if step.client_id is None else "the same"
                return self._service.post(actor, to, text, step.client_id, reply_to=reply_to).work
            case "read":
                return self._service.move_marker(actor, UserPlace(other), number).work
            case "edit":
                return self._service.edit(actor, number, f"edited at {at}").work
            case "delete":
                return self._service.delete(actor, number).work
            case "react" | "unreact":
                return self._service.react(actor, number, step.emoji, step.kind == "react").work
            case "block":
                return lambda tx: blocks.add(tx.db, actor, other, at)
            case _:
                return lambda tx: blocks.remove(tx.db, actor, other)

    def pointed(self, step: Step) -> Step:
        """Return a step with the id of the message in the place of its number."""
        if not step.number:
            return step
        query = "SELECT id FROM messages ORDER BY id LIMIT 1 OFFSET ?"
        (found,) = self.db.execute(query, (step.number - 1,)).fetchone() or (BEYOND + step.number,)
        return dataclasses.replace(step, number=found)

    def pass_over(self, up_to: int) -> None:
        """Fill the numbers up to a seq with changes that nobody sees."""
        assert change_log.head(self.db) <= up_to
        while change_log.head(self.db) < up_to:
            change_log.append(self.db, "profile", created_at=0)

    def view(self, person: int) -> dict[Any, Any]:
        """Return all that a person can see."""
        histories, changes = Histories(_Reading(self.db)), Sync(_Reading(self.db), self._clock, 30)
        seen: dict[Any, Any] = {
            "overviews": _now(histories.overviews(person)),
            "unread": _now(histories.unread_count(person)),
            "conversations": [
                msgspec.structs.replace(each, conversation=each.conversation.other_id)
                for each in _now(histories.conversations(person, before=None, limit=100)).items
            ],
            "paged": [],
            "acquaintances": sorted(users.acquaintances(self.db, person)),
            "blocked": [each.user.id for each in blocks.page(self.db, person, skip=0, limit=10)],
        }
        before = None
        while (page := _now(histories.conversations(person, before=before, limit=1))).items:
            seen["paged"] += [each.user.id for each in page.items]
            before = page.items[-1].last_message.id
        sides = ("before", "after", "around")
        queries: list[dict[str, Any]] = [{}, *({side: at} for side in sides for at in (1, 4, 7, 30, BEYOND))]
        for other in PEOPLE:
            if other == person:
                continue
            for number in (1, 2, 3):
                page = _now(histories.history(person, other, page=number, page_size=3))
                seen["history", other, number] = page
            for query in queries:
                found = _now(histories.messages(person, UserPlace(other), **query, limit=3))
                seen["messages", other, str(query)] = found
        epoch = change_log.epoch(self.db)
        seen["log"] = _frames(_now(changes.replay(person, epoch=epoch, since=0, limit=10_000)).events)
        few = []
        page = _now(changes.replay(person, epoch=epoch, since=0, limit=2))
        while page.events:
            few += page.events
            page = _now(changes.replay(person, epoch=epoch, since=page.cursor, limit=2))
        assert _frames(few) == seen["log"]
        seen["told"] = _frames(self.told[person])
        return seen


def _now(reading: Any) -> Any:
    """Return the result of a coroutine that waits for nothing."""
    try:
        reading.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waits")


def _frames(events: list[Any]) -> list[Any]:
    """Return events as clients see them, without the seq, which differs where something was hidden."""
    return [{name: value for name, value in forms.event(event).items() if name != "seq"} for event in events]


@contextmanager
def world() -> Iterator[World]:
    """Open a fresh world."""
    with closing(sqlite3.connect(":memory:", isolation_level=None, factory=Connection)) as db:
        db.deserialize(_prepared())
        yield World(db)


def reply(step: Step) -> int | None:
    """Return what a step replies to: those that send with a number are replies."""
    return step.number or None if step.kind == "send" else None


def changed(result: Any) -> bool:
    """Report whether a step had an effect."""
    return result is not None and (result is True or getattr(result, "seq", None) is not None)


def hides(w: World, step: Step) -> bool:
    """Report whether the newest change is hidden from somebody other than who made it."""
    return step.kind in ("send", "edit", "delete", "react", "unreact") and _hidden_from(w) is not None


def is_hidden(w: World, message_id: int | None, person: int) -> bool:
    """Report whether a message is hidden from a person."""
    query = "SELECT 1 FROM messages WHERE id = ? AND hidden_from = ?"
    return message_id is not None and w.db.execute(query, (message_id, person)).fetchone() is not None


HISTORIES = st.lists(STEPS, min_size=6, max_size=40)

#: Bob writes first while he is blocked; later the block ends, and he answers what was hidden.
FROM_THE_BEGINNING = [
    Step("block"),
    Step("send", BOB, ALICE),
    Step("read", BOB, ALICE, 9),
    Step("read", ALICE, BOB, 9),
    Step("unblock"),
    Step("send", BOB, ALICE, 1),
    Step("read", ALICE, BOB, 9),
]

#: Bob does all there is to be done while Alice blocks him, after they have spoken.
IN_THE_MIDDLE = [
    Step("send", BOB, ALICE),
    Step("send", ALICE, BOB),
    Step("block"),
    Step("edit", BOB, ALICE, 1),
    Step("react", BOB, ALICE, 2),
    Step("send", BOB, ALICE, client_id="a"),
    Step("send", BOB, ALICE, client_id="a"),
    Step("react", BOB, ALICE, 3, "👎"),
    Step("unreact", BOB, ALICE, 3, "👎"),
    Step("read", BOB, ALICE, 3),
    Step("send", ALICE, BOB),
    Step("react", ALICE, BOB, 3),
    Step("unblock"),
    Step("send", BOB, ALICE, 3),
    Step("edit", ALICE, BOB, 2),
    Step("delete", BOB, ALICE, 1),
]


@settings(max_examples=120, deadline=None)
@given(HISTORIES)
@example(FROM_THE_BEGINNING)
@example(IN_THE_MIDDLE)
def test_the_blocked_see_what_they_would_see_without_the_block(taken: list[Step]) -> None:
    for blocked in PEOPLE:
        with world() as real, world() as other:
            for at, step in enumerate(taken, 1):
                other.pass_over(change_log.head(real.db))
                step = real.pointed(step)
                result = real.take(step, at, reply_to=reply(step))
                if step.kind in ("block", "unblock"):
                    if step.actor == blocked:
                        other.take(step, at)
                elif step.actor == blocked:  # not even a refusal tells
                    expected = other.take(step, at, reply_to=reply(step))
                    assert _without_seq(result) == _without_seq(expected)
                elif changed(result):
                    if step.kind == "read":
                        step = dataclasses.replace(step, number=result.up_to)
                    other.take(step, at, reply_to=reply(step))
            # The others' own messages may be hidden from each other only in the real world; that is not theirs to see.
            assert real.view(blocked) == other.view(blocked)


@settings(max_examples=120, deadline=None)
@given(HISTORIES)
@example(FROM_THE_BEGINNING)
@example(IN_THE_MIDDLE)
def test_the_blocker_sees_what_they_would_see_had_nothing_hidden_been_done(taken: list[Step]) -> None:
    for blocker in PEOPLE:
        with world() as real, world() as other:
            for at, step in enumerate(taken, 1):
                other.pass_over(change_log.head(real.db))  # what is hidden has taken a number, too
                step = real.pointed(step)
                result = real.take(step, at, reply_to=reply(step))
                if step.actor == blocker:
                    assert other.take(step, at, reply_to=reply(step)) == result
                    continue
                if not changed(result):
                    continue
                hidden = step.kind not in ("block", "unblock", "read") and hides(real, step)
                if hidden and step.other == blocker and _hidden_from(real) == blocker:
                    continue
                answered = None if is_hidden(real, reply(step), blocker) else reply(step)
                other.take(step, at, reply_to=answered)
            assert real.view(blocker) == other.view(blocker)


def _hidden_from(w: World) -> int | None:
    (_, found), *_ = w.db.execute(
        "SELECT seq, hidden_from FROM change_log UNION ALL SELECT id, hidden_from FROM messages ORDER BY 1 DESC LIMIT 1"
    )
    return None if found is None else int(found)


def _without_seq(result: Any) -> Any:
    """Return a result as it can be compared: only the seq differs between the worlds."""
    if result is None or isinstance(result, bool):
        return result
    return msgspec.structs.replace(result, seq=result.seq is not None)
