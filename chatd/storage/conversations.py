"""Conversations and their memberships: who is in it, how much was said, and who has read how far."""

from chatd.models import Conversation, Membership
from chatd.storage.engine import Row, Sql
from chatd.storage.visibility import SEEN_BY_HIGH, SEEN_BY_LOW, hidden_from, present, reaches, sees

_PRIVATE = f"""
    SELECT c.id, {SEEN_BY_LOW} AS low, {SEEN_BY_HIGH} AS high FROM conversations AS c
    WHERE c.kind = 'private' AND c.low_user_id = :low AND c.high_user_id = :high
"""


def columns(member: str) -> str:
    """Return the columns of a conversation as a member knows it, for :func:`from_row`; ``c`` is its row.

    :param member: the expression of their user id.
    """
    return f"""
        c.id AS conversation_id, c.message_count AS message_count, c.name AS name,
        c.low_user_id + c.high_user_id - {member} AS other_id
    """


_BY_MESSAGE = f"""
    SELECT {columns("mine.user_id")}, {hidden_from("m")} AS blocker_id
    FROM messages AS m
    JOIN conversations AS c ON c.id = m.conversation_id
    JOIN memberships AS mine ON mine.conversation_id = c.id AND {present("mine")}
    WHERE m.id = :message_id AND mine.user_id = :viewer AND {sees("m")} AND {reaches("mine", "m.id")}
"""

_BY_OWN_MESSAGE = f"""
    SELECT {columns("m.sender_id")}, {hidden_from("m")} AS blocker_id
    FROM messages AS m JOIN conversations AS c ON c.id = m.conversation_id
    WHERE m.id = :message_id AND m.sender_id = :user_id
"""


def from_row(row: Row) -> Conversation:
    """Return the conversation of a row with the columns of :func:`columns`."""
    return Conversation(
        id=row["conversation_id"], message_count=row["message_count"], name=row["name"], other_id=row["other_id"]
    )


def find_private(db: Sql, user_id: int, other_id: int) -> Conversation | None:
    """Return the private conversation of two users."""
    row = db.execute(_PRIVATE, {"low": min(user_id, other_id), "high": max(user_id, other_id)}).fetchone()
    if row is None:
        return None
    mine, others = (row["low"], row["high"]) if user_id < other_id else (row["high"], row["low"])
    return Conversation(row["id"], mine, other_id=other_id, other_message_count=others)


def find_group(db: Sql, group_id: int, user_id: int) -> Conversation | None:
    """Return a group that a user is a member of."""
    row = db.execute(
        f"""
        SELECT {columns("mine.user_id")}
        FROM conversations AS c
        JOIN memberships AS mine ON mine.conversation_id = c.id AND mine.user_id = :user_id AND {present("mine")}
        WHERE c.id = :group_id AND c.kind = 'group'
        """,
        {"user_id": user_id, "group_id": group_id},
    ).fetchone()
    return None if row is None else from_row(row)


def get(db: Sql, conversation_id: int, member_id: int) -> Conversation:
    """Return a conversation as a member, present or former, knows it."""
    row = db.execute(
        f"""
        SELECT {columns(":member_id")}
        FROM conversations AS c
        WHERE c.id = :conversation_id
        """,
        {"member_id": member_id, "conversation_id": conversation_id},
    ).fetchone()
    return from_row(row)


def find_by_message(db: Sql, message_id: int, member_id: int) -> tuple[Conversation, int | None] | None:
    """Return the conversation a message is in and whom the message is hidden from; None where the member sees no such
    message, or is no member.
    """
    row = db.execute(_BY_MESSAGE, {"message_id": message_id, "viewer": member_id}).fetchone()
    return None if row is None else (from_row(row), row["blocker_id"])


def find_by_own_message(db: Sql, message_id: int, user_id: int) -> tuple[Conversation, int | None] | None:
    """Return the conversation that somebody has written a message in and whom the message is hidden from.

    Whether they are still there does not matter. None where they have written no such message.
    """
    row = db.execute(_BY_OWN_MESSAGE, {"message_id": message_id, "user_id": user_id}).fetchone()
    return None if row is None else (from_row(row), row["blocker_id"])


def ids_of(db: Sql, user_id: int) -> list[int]:
    """Return the ids of all conversations a user is in or has been in."""
    rows = db.execute(
        "SELECT DISTINCT conversation_id FROM memberships WHERE user_id = :user_id ORDER BY conversation_id",
        {"user_id": user_id},
    )
    return [row["conversation_id"] for row in rows]


def membership(db: Sql, conversation_id: int, user_id: int) -> Membership | None:
    """Return a user's present membership of a conversation."""
    row = db.execute(
        f"""
        SELECT user_id, read_up_to, sent_count, read_count FROM memberships AS stay
        WHERE conversation_id = :conversation_id AND user_id = :user_id AND {present("stay")}
        """,
        {"conversation_id": conversation_id, "user_id": user_id},
    ).fetchone()
    if row is None:
        return None
    return Membership(
        user_id=row["user_id"],
        read_up_to=row["read_up_to"],
        sent_count=row["sent_count"],
        read_count=row["read_count"],
    )


def pass_over(db: Sql, conversation_id: int, message_id: int) -> None:
    """Stop showing a deleted message as the conversation's newest: the one before it that is not deleted is now."""
    db.execute(
        """
        UPDATE conversations SET last_kept_id = (
            SELECT m.id FROM messages AS m
            WHERE m.conversation_id = :conversation_id AND m.id < :message_id AND m.deleted_at IS NULL
            ORDER BY m.id DESC LIMIT 1
        )
        WHERE id = :conversation_id AND last_kept_id = :message_id
        """,
        {"conversation_id": conversation_id, "message_id": message_id},
    )


def move_marker(db: Sql, conversation_id: int, user_id: int, up_to: int) -> int | None:
    """Move a member's read marker forward to ``up_to`` or the conversation's end, whichever comes first.

    :returns: the message id of the new marker, or None where it did not move.
    """
    row = db.execute(
        f"""
        UPDATE memberships AS mine
        SET read_up_to = moved.up_to,
            read_count = mine.read_count + (
                SELECT count(*) FROM messages AS m
                WHERE m.conversation_id = mine.conversation_id
                    AND m.id > mine.read_up_to AND m.id <= moved.up_to
                    AND m.sender_id <> mine.user_id AND {sees("m", "mine.user_id")}
            )
        FROM (
            SELECT max(m.id) AS up_to FROM messages AS m
            WHERE m.conversation_id = :conversation_id AND m.id <= :up_to AND {sees("m", ":user_id")}
        ) AS moved
        WHERE mine.conversation_id = :conversation_id AND mine.user_id = :user_id AND {present("mine")}
            AND moved.up_to > mine.read_up_to
        RETURNING read_up_to
        """,
        {"conversation_id": conversation_id, "user_id": user_id, "up_to": up_to},
    ).fetchone()
    return None if row is None else int(row["read_up_to"])
