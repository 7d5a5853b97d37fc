"""Unread counts and read flags agree with the messages themselves, whatever people do in whatever order."""

import functools
import itertools
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chatd.config import Limits
from chatd.errors import ChatError
from chatd.places import GroupPlace, Place, UserPlace
from chatd.services.messages import Messages
from chatd.storage import blocks, change_log, messages, overviews
from chatd.storage.commit import Work, commit
from chatd.storage.database import Database
from chatd.storage.engine import Sql
from chatd.storage.engine.sqlite.engine import Sqlite
from chatd.storage.engine.sqlite.sql import Connection
from chatd.storage.memory import Memory
from tests.services.in_memory import image, opened

ALICE, BOB, CAROL = 1, 2, 3
PEOPLE = (ALICE, BOB, CAROL)
GROUP = 1
PLACES: list[tuple[int, Place]] = [(ALICE, UserPlace(BOB)), (BOB, UserPlace(ALICE))]
PLACES += [(CAROL, UserPlace(ALICE)), *((person, GroupPlace(GROUP)) for person in PEOPLE)]

steps = st.one_of(
    st.tuples(st.just("send"), st.sampled_from(PLACES), st.just(0)),
    st.tuples(st.just("read"), st.sampled_from(PLACES), st.integers(1, 15)),
    st.tuples(st.just("edit"), st.sampled_from(PLACES), st.integers(1, 15)),
    st.tuples(st.just("delete"), st.sampled_from(PLACES), st.integers(1, 15)),
    st.tuples(st.just("react"), st.sampled_from(PLACES), st.integers(1, 15)),
    st.tuples(st.sampled_from(["block", "unblock"]), st.sampled_from(PLACES[:3]), st.just(0)),
)


def prepare(db: Sql) -> None:
    """Make three people and a group of all of them."""
    for person in PEOPLE:
        db.execute(
            """
            INSERT INTO users (id, username, username_key, nickname, search_key, created_at)
            VALUES (:id, 'u' || :id, 'u' || :id, 'U', 'u', 0)
            """,
            {"id": person},
        )
    db.execute("INSERT INTO conversations (id, kind, name, created_at) VALUES (?, 'group', 'all', 0)", (GROUP,))
    for person in PEOPLE:
        db.execute("INSERT INTO memberships (conversation_id, user_id) VALUES (?, ?)", (GROUP, person))


@functools.cache
def fresh_database() -> bytes:
    """Return a database that is prepared."""
    return image(prepare)


def work_of(db: Sql, service: Messages, step: tuple[str, tuple[int, Place], int], content: str) -> Work[Any]:
    """Return the work of a step: its number is that of a message, the first is 1."""
    kind, (person, where), number = step
    if number:
        query = "SELECT id FROM messages ORDER BY id LIMIT 1 OFFSET ?"
        (number,) = db.execute(query, (number - 1,)).fetchone() or (1000 + number,)  # above every id
    if kind == "send":
        return service.post(person, where, content).work
    if kind == "read":
        return service.move_marker(person, where, number).work
    if kind == "edit":
        return service.edit(person, number, content).work
    if kind == "delete":
        return service.delete(person, number).work
    if kind in ("block", "unblock"):
        assert isinstance(where, UserPlace)
        other = where.id
        if kind == "block":
            return lambda tx: blocks.add(tx.db, person, other, 1)
        return lambda tx: blocks.remove(tx.db, person, other)
    return service.react(person, number, "👍", on=True).work


@settings(max_examples=100, deadline=None)
@given(st.lists(steps, min_size=10, max_size=40))
def test_unread_are_the_others_messages_above_the_marker_that_were_not_taken_back(
    taken: list[tuple[str, tuple[int, Place], int]],
) -> None:
    numbers = itertools.count(1)
    service = Messages(Database(Sqlite(Path())), Limits(messages_per_second=0), lambda: next(numbers))
    with opened(fresh_database()) as db:
        memory = Memory(db)
        for step in taken:
            check_step(db, memory, work_of(db, service, step, f"n{next(numbers)}"))


def check_step(db: Connection, memory: Memory, work: Work[Any]) -> None:
    """Carry a step out, and check what everybody sees then."""
    head = change_log.head(db)
    ((outcome,), _) = commit(db, memory, [work])
    assert outcome.error is None or isinstance(outcome.error, ChatError)
    seq = getattr(outcome.result, "seq", None)
    assert [getattr(event, "seq", None) for event in outcome.events] == ([] if seq is None else [seq])
    assert change_log.head(db) == (head if seq is None else head + 1)
    for person in PEOPLE:
        private, previews = 0, {}
        for state in overviews.states(db, person, before=None, limit=10):
            said = messages.before(db, state.conversation.id, None, 100, viewer=person)
            kept = [each for each in said if each.deleted_at is None]
            unread = [each for each in kept if each.sender_id != person and each.id > state.read_up_to]
            assert state.unread_count == len(unread)
            if state.user is not None:
                private += len(unread)
                previews[state.user.id] = [each.id for each in kept[-1:]]
                own = [each for each in said if each.sender_id == person]
                assert [each.is_read for each in own] == [each.id <= state.others_read_up_to for each in own]
        assert overviews.private_unread(db, person) == private
        listed = overviews.private_overviews(db, person)
        assert {each.user.id: [each.last_message.id] for each in listed} == {
            other: ids for other, ids in previews.items() if ids
        }
