"""Conversations as their members see them: the newest message, and what is unread."""

from typing import NamedTuple

from chatd.models import ConversationState, LastMessage, Level, Overview
from chatd.storage import conversations, groups, messages, stays, users
from chatd.storage.engine import LARGEST, Sql
from chatd.storage.visibility import (
    ACTIVITY,
    CONTENT,
    SEEN_MARKER,
    UNREAD,
    UNREAD_NAMED,
    UNREAD_TO_ALL,
    VERSION,
    is_there,
    last_kept_message,
    last_message,
    present,
)

_OVERVIEWS = f"""
    SELECT {users.COLUMNS}, m.id AS id, {CONTENT} AS content, m.created_at AS created_at,
        m.sender_id = :viewer AS is_mine, {UNREAD} AS unread
    FROM memberships AS mine
    JOIN conversations AS c ON c.id = mine.conversation_id AND c.kind = 'private'
    JOIN users AS u ON u.id = c.low_user_id + c.high_user_id - :viewer
    JOIN messages AS m ON m.id = {last_kept_message("mine.user_id")}
    {VERSION}
    WHERE mine.user_id = :viewer AND {present("mine")}
    ORDER BY m.id DESC
"""

_PRIVATE_UNREAD = f"""
    SELECT coalesce(sum({UNREAD}), 0) AS unread
    FROM memberships AS mine
    JOIN conversations AS c ON c.id = mine.conversation_id AND c.kind = 'private'
    WHERE mine.user_id = :user_id AND {present("mine")}
"""

_COUNTS = f"""
    SELECT mine.notify AS notify, mine.muted_until AS muted_until, {UNREAD} AS unread,
        CASE c.kind WHEN 'group' THEN {UNREAD_NAMED} ELSE 0 END AS named,
        CASE c.kind WHEN 'group' THEN {UNREAD_TO_ALL} ELSE 0 END AS to_all
    FROM memberships AS mine
    JOIN conversations AS c ON c.id = mine.conversation_id
    WHERE mine.user_id = :user_id AND {present("mine")}
"""

_STATES = f"""
    SELECT {conversations.columns("mine.user_id")}, newest.activity AS activity,
        coalesce({last_message("mine.user_id")}, 0) AS last_id,
        {UNREAD} AS unread, mine.read_up_to AS read_up_to,
        CASE c.kind WHEN 'group' THEN {UNREAD_NAMED} + {UNREAD_TO_ALL} ELSE 0 END AS mentions,
        CASE c.kind WHEN 'group' THEN 0 ELSE coalesce((
            SELECT min({SEEN_MARKER}) FROM memberships AS other
            WHERE other.conversation_id = c.id AND {present("other")} AND other.user_id <> mine.user_id
        ), 0) END AS others_read_up_to
    FROM (
        SELECT seen.conversation_id, seen.activity FROM (
            SELECT c.id AS conversation_id, {ACTIVITY} AS activity
            FROM memberships AS mine
            JOIN conversations AS c ON c.id = mine.conversation_id
            WHERE mine.user_id = :user_id AND {present("mine")} AND {is_there("mine.user_id")}
        ) AS seen
        WHERE seen.activity < :before
        ORDER BY seen.activity DESC, seen.conversation_id DESC
        LIMIT :limit
    ) AS newest
    CROSS JOIN conversations AS c
    CROSS JOIN memberships AS mine
    WHERE c.id = newest.conversation_id
        AND mine.conversation_id = c.id AND mine.user_id = :user_id AND {present("mine")}
    ORDER BY newest.activity DESC, c.id DESC
"""


def private_overviews(db: Sql, user_id: int) -> list[Overview]:
    """Return a user's private conversations in which not every message is deleted, the newest first."""
    rows = db.execute(_OVERVIEWS, {"viewer": user_id})
    found = []
    for row in rows:
        message_id, content, created_at, is_mine, unread = row[-5:]  # in order, as in users.from_row
        last_message = LastMessage(message_id, content, created_at, is_mine == 1)
        found.append(Overview(user=users.from_row(row), last_message=last_message, unread_count=unread))
    return found


def private_unread(db: Sql, user_id: int) -> int:
    """Return how many messages a user has not read, over all private conversations."""
    row = db.execute(_PRIVATE_UNREAD, {"user_id": user_id}).fetchone()
    return int(row["unread"])


class Counts(NamedTuple):
    """What somebody has not read in one conversation, and what of it disturbs them."""

    notify: Level
    muted_until: int | None
    unread: int
    #: How many messages name or answer them, and how many others name everybody.
    named: int
    to_all: int


def counts(db: Sql, user_id: int) -> list[Counts]:
    """Return what a user has not read, conversation by conversation, private ones and groups."""
    return [Counts(*row) for row in db.execute(_COUNTS, {"user_id": user_id})]


def states(db: Sql, user_id: int, *, before: int | None, limit: int) -> list[ConversationState]:
    """Return a user's conversations, private and groups, those with the latest activity first.

    :param before: only those with less: see :data:`chatd.storage.visibility.ACTIVITY`.
    """
    values = {"user_id": user_id, "before": LARGEST if before is None else before, "limit": limit}
    rows = db.execute(_STATES, values).fetchall()
    last = {each.id: each for each in messages.get_many(db, [row["last_id"] for row in rows], viewer=user_id)}
    others = users.get_many(db, [row["other_id"] for row in rows if row["other_id"] is not None])
    of_many = [row["conversation_id"] for row in rows if row["other_id"] is None]
    found = groups.get_many(db, of_many) if of_many else {}
    mine = stays.find_many(db, of_many, user_id) if of_many else {}
    return [
        ConversationState(
            conversation=conversations.from_row(row),
            user=others.get(row["other_id"]),
            last_message=last.get(row["last_id"]),
            unread_count=row["unread"],
            read_up_to=row["read_up_to"],
            others_read_up_to=row["others_read_up_to"],
            activity=row["activity"],
            mention_count=row["mentions"],
            group=found.get(row["conversation_id"]),
            stay=mine.get(row["conversation_id"]),
        )
        for row in rows
    ]
