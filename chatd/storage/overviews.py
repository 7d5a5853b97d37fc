"""Conversations as their members see them: the newest message, and what is unread."""

from chatd.models import Conversation, ConversationState, LastMessage, Overview
from chatd.storage import messages, users
from chatd.storage.engine import Sql
from chatd.storage.visibility import hidden_count, is_there, last_kept_message, last_message

# What the others said above the marker, by subtraction, less what they have taken back of it.
_UNREAD = f"""
    c.message_count - ({hidden_count("mine.user_id")}) - mine.sent_count - mine.read_count - (
        SELECT count(*) FROM messages AS gone
        WHERE gone.conversation_id = c.id AND gone.id > mine.read_up_to AND gone.deleted_at IS NOT NULL
            AND gone.sender_id <> mine.user_id AND gone.hidden_from IS NOT mine.user_id
    )
"""

# The other's read marker may stand at a message that is hidden from the member: they see it at the one before.
_SEEN_MARKER = f"""
    CASE WHEN ({hidden_count("mine.user_id")}) = 0 THEN other.read_up_to ELSE (
        SELECT coalesce(max(m.id), 0) FROM messages AS m
        WHERE m.conversation_id = c.id AND m.id <= other.read_up_to AND m.hidden_from IS NOT mine.user_id
    ) END
"""


def private_overviews(db: Sql, user_id: int) -> list[Overview]:
    """Return a user's private conversations that have messages which were not taken back, the newest first."""
    rows = db.execute(
        f"""
        SELECT {users.COLUMNS}, m.id, coalesce(shown.content, m.content), m.created_at, m.sender_id = :user_id,
            {_UNREAD}
        FROM memberships AS mine
        JOIN conversations AS c ON c.id = mine.conversation_id AND c.kind = 'private'
        JOIN users AS u ON u.id = c.low_user_id + c.high_user_id - :user_id
        JOIN messages AS m ON m.id = {last_kept_message("mine.user_id")}
        LEFT JOIN shown_versions AS shown ON shown.user_id = :user_id AND shown.message_id = m.id
        WHERE mine.user_id = :user_id AND mine.left_seq IS NULL
        ORDER BY m.id DESC
        """,
        {"user_id": user_id},
    )
    return [
        Overview(
            user=users.user_from_row(row),
            last_message=LastMessage(row[9], row[10], row[11], bool(row[12])),
            unread_count=row[13],
        )
        for row in rows
    ]


def private_unread(db: Sql, user_id: int) -> int:
    """Return how many messages a user has not read, over all private conversations."""
    (count,) = db.execute(
        f"""
        SELECT coalesce(sum({_UNREAD}), 0)
        FROM memberships AS mine
        JOIN conversations AS c ON c.id = mine.conversation_id AND c.kind = 'private'
        WHERE mine.user_id = ? AND mine.left_seq IS NULL
        """,
        (user_id,),
    ).fetchone()
    return int(count)


def states(db: Sql, user_id: int, *, before: int | None, limit: int) -> list[ConversationState]:
    """Return a user's conversations, private and groups, those with the newest messages first.

    :param before: only those whose newest message has a lower id.
    """
    rows = db.execute(
        f"""
        SELECT c.id, c.message_count, c.name, c.low_user_id + c.high_user_id - mine.user_id,
            {last_message("mine.user_id")} AS last_id, {_UNREAD}, mine.read_up_to,
            coalesce((
                SELECT min({_SEEN_MARKER}) FROM memberships AS other
                WHERE other.conversation_id = c.id AND other.left_seq IS NULL AND other.user_id <> mine.user_id
            ), 0)
        FROM memberships AS mine
        JOIN conversations AS c ON c.id = mine.conversation_id
        WHERE mine.user_id = :user_id AND mine.left_seq IS NULL AND {is_there("mine.user_id")}
            AND (:before IS NULL OR coalesce(last_id, 0) < :before)
        ORDER BY coalesce(last_id, 0) DESC, c.id DESC
        LIMIT :limit
        """,
        {"user_id": user_id, "before": before, "limit": limit},
    ).fetchall()
    last_ids = [row[4] for row in rows if row[4] is not None]
    last = {each.id: each for each in messages.get_many(db, last_ids, viewer=user_id)}
    return [
        ConversationState(
            conversation=Conversation(*row[:4]),
            user=None if row[3] is None else users.get(db, row[3]),
            last_message=last.get(row[4]),
            unread_count=row[5],
            read_up_to=row[6],
            others_read_up_to=row[7],
        )
        for row in rows
    ]
