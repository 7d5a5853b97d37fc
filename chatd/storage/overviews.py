"""Conversations as their members see them: the newest message, and what is unread."""

from chatd.models import ConversationState, LastMessage, Overview
from chatd.storage import conversations, messages, users
from chatd.storage.engine import LARGEST, Sql
from chatd.storage.visibility import (
    CONTENT,
    SEEN_MARKER,
    UNREAD,
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

_STATES = f"""
    SELECT {conversations.columns("mine.user_id")}, newest.message_id AS last_id,
        {UNREAD} AS unread, mine.read_up_to AS read_up_to,
        coalesce((
            SELECT min({SEEN_MARKER}) FROM memberships AS other
            WHERE other.conversation_id = c.id AND {present("other")} AND other.user_id <> mine.user_id
        ), 0) AS others_read_up_to
    FROM (
        SELECT seen.conversation_id, seen.message_id FROM (
            SELECT c.id AS conversation_id, coalesce({last_message("mine.user_id")}, 0) AS message_id
            FROM memberships AS mine
            JOIN conversations AS c ON c.id = mine.conversation_id
            WHERE mine.user_id = :user_id AND {present("mine")} AND {is_there("mine.user_id")}
        ) AS seen
        WHERE seen.message_id < :before
        ORDER BY seen.message_id DESC, seen.conversation_id DESC
        LIMIT :limit
    ) AS newest
    CROSS JOIN conversations AS c
    CROSS JOIN memberships AS mine
    WHERE c.id = newest.conversation_id
        AND mine.conversation_id = c.id AND mine.user_id = :user_id AND {present("mine")}
    ORDER BY newest.message_id DESC, c.id DESC
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


def states(db: Sql, user_id: int, *, before: int | None, limit: int) -> list[ConversationState]:
    """Return a user's conversations, private and groups, those with the newest messages first.

    :param before: only those whose newest message has a lower id.
    """
    values = {"user_id": user_id, "before": LARGEST if before is None else before, "limit": limit}
    rows = db.execute(_STATES, values).fetchall()
    last = {each.id: each for each in messages.get_many(db, [row["last_id"] for row in rows], viewer=user_id)}
    others = users.get_many(db, [row["other_id"] for row in rows if row["other_id"] is not None])
    return [
        ConversationState(
            conversation=conversations.from_row(row),
            user=others.get(row["other_id"]),
            last_message=last.get(row["last_id"]),
            unread_count=row["unread"],
            read_up_to=row["read_up_to"],
            others_read_up_to=row["others_read_up_to"],
        )
        for row in rows
    ]
