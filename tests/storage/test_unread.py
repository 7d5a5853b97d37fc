"""Unread counts without counting: against a model that counts."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from chatd.services import accounts
from chatd.storage import conversations, messages, overviews, posts
from chatd.storage.commit import Transaction
from chatd.storage.engine import Sql
from chatd.storage.engine.sqlite.connections import connect

PEOPLE = (1, 2, 3)
PAIRS = [(a, b) for a in PEOPLE for b in PEOPLE if a != b]

#: A send is (from, to); a move of a read marker is (reader, other, up to): ids there are, were never, and beyond.
#: Taking a message back is (which,): mostly one that is there.
sends = st.sampled_from(PAIRS)
moves = st.tuples(st.sampled_from(PAIRS), st.one_of(st.integers(-2, 60), st.just(2**63 - 1)))
deletions = st.tuples(st.integers(1, 50))
steps = st.lists(st.one_of(sends, sends, moves.map(lambda move: (*move[0], move[1])), deletions), max_size=50)


class Model:
    """All messages in a list, and how far everybody has read."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, int, int]] = []
        self.read: dict[tuple[int, int], int] = {}
        self.taken_back: set[int] = set()

    def between(self, user: int, other: int) -> list[int]:
        return [key for key, sender, receiver in self.sent if {sender, receiver} == {user, other}]

    def move(self, reader: int, other: int, up_to: int) -> int | None:
        marker = max((key for key in self.between(reader, other) if key <= up_to), default=0)
        if marker <= self.read.get((reader, other), 0):
            return None
        self.read[reader, other] = marker
        return marker

    def unread(self, user: int, other: int) -> int:
        marker = self.read.get((user, other), 0)
        theirs = [key for key, sender, receiver in self.sent if (sender, receiver) == (other, user)]
        return sum(key > marker and key not in self.taken_back for key in theirs)

    def overviews(self, user: int) -> list[tuple[int, int, bool, int]]:
        found = []
        for other in PEOPLE:
            if ids := [key for key in self.between(user, other) if key not in self.taken_back]:
                mine = (max(ids), user, other) in self.sent
                found.append((other, max(ids), mine, self.unread(user, other)))
        return sorted(found, key=lambda overview: -overview[1])


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a database with three people in it."""
    with contextlib.closing(connect(path, checkpoints=True, synchronous="OFF")) as db:
        for person in PEOPLE:
            assert accounts.create(Transaction(db), f"user{person}", f"User {person}", None, now=1).id == person
        yield db


def check(db: Sql, model: Model) -> None:
    """Check that the database says of every person what the model says."""
    for user in PEOPLE:
        listed = overviews.private_overviews(db, user)
        assert [
            (each.user.id, each.last_message.id, each.last_message.is_mine, each.unread_count) for each in listed
        ] == model.overviews(user)
        assert [each.last_message.content for each in listed] == [f"m{row[1]}" for row in model.overviews(user)]
        assert overviews.private_unread(db, user) == sum(model.unread(user, other) for other in PEOPLE)
    for user, other in PAIRS:
        conversation = conversations.find_private(db, user, other)
        if conversation is None:
            assert model.between(user, other) == []
            continue
        assert conversation.message_count == len(model.between(user, other))
        place = conversations.membership(db, conversation.id, user)
        assert place is not None
        assert place.read_up_to == model.read.get((user, other), 0)
        (state,) = [
            each for each in overviews.states(db, user, before=None, limit=9) if each.conversation.other_id == other
        ]
        assert state.unread_count == model.unread(user, other)
        assert state.last_message is not None
        assert state.last_message.id == max(model.between(user, other))
        shown = messages.page(db, conversation.id, skip=0, limit=100, viewer=user)
        assert [(each.id, each.is_read) for each in shown] == [
            (key, model.read.get((receiver, sender), 0) >= key)
            for key, sender, receiver in model.sent
            if {sender, receiver} == {user, other}
        ]


@given(steps=steps)
@example(steps=[(1, 2), (3, 2), (1, 2), (2, 1, 2), (2, 1, 3), (2, 1, 1)])
@example(steps=[(1, 2), (2, 1), (1, 2), (1, 2, 3), (2, 1, 2), (2, 1, 2**63 - 1)])
@example(steps=[(1, 2), (1, 2), (1, 2), (2,), (3,), (2, 1, 2), (1, 2), (1,), (4,)])
@example(steps=[(1, 2), (1,), (1, 2), (2, 1, 99), (3,)])
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_unread_counts_equal_what_counting_gives(
    connection: Sql, steps: list[tuple[int] | tuple[int, int] | tuple[int, int, int]]
) -> None:
    model = Model()
    connection.execute("BEGIN")
    try:
        for message_id, step in enumerate(steps, 1):  # what is no message takes a number as well
            if len(step) == 1:
                (which,) = step
                for key, sender, receiver in model.sent:
                    if key == which:
                        place = conversations.find_private(connection, sender, receiver)
                        assert place is not None
                        messages.delete(connection, key, first_digest=None, deleted_at=1)
                        conversations.pass_over(connection, place.id, key)
                        model.taken_back.add(key)
            elif len(step) == 2:
                sender, receiver = step
                conversation = conversations.find_private(connection, sender, receiver)
                conversation_id = (
                    posts.begin_private(connection, sender, receiver, 1) if conversation is None else conversation.id
                )
                content = f"m{message_id}"
                posts.insert(connection, [(message_id, conversation_id, sender, content, None, 1, None, None)])
                model.sent.append((message_id, sender, receiver))
            else:
                reader, other, up_to = step
                found = conversations.find_private(connection, reader, other)
                expected = model.move(reader, other, up_to)
                assert found is not None or expected is None
                if found is not None:
                    assert conversations.move_marker(connection, found.id, reader, up_to) == expected
        check(connection, model)
    finally:
        connection.execute("ROLLBACK")


def test_a_private_conversation_is_one_whoever_opens_it(connection: Sql) -> None:
    conversation_id = posts.begin_private(connection, 3, 1, 1)
    found = [conversations.find_private(connection, *pair) for pair in ((3, 1), (1, 3))]
    assert [(each.id, each.other_id) for each in found if each is not None] == [
        (conversation_id, 1),
        (conversation_id, 3),
    ]
    assert conversations.find_private(connection, 1, 2) is None
    assert conversations.membership(connection, conversation_id, 2) is None


def test_somebody_who_is_not_in_a_conversation_moves_nothing(connection: Sql) -> None:
    conversation_id = posts.begin_private(connection, 1, 2, 1)
    posts.insert(connection, [(1, conversation_id, 1, "hello", None, 1, None, None)])
    assert conversations.move_marker(connection, conversation_id, 3, 1) is None
    assert overviews.private_unread(connection, 2) == 1
