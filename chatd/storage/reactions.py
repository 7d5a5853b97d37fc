"""Reactions to messages."""

from collections.abc import Collection

from chatd.models import Reaction
from chatd.storage.engine import Sql, as_list, in_list
from chatd.storage.visibility import hidden_from, hide_reaction, sees


def add(db: Sql, message_id: int, user_id: int, emoji: str, *, hidden: int | None) -> bool:
    """Add a reaction and report whether it is new.

    :param hidden: from whom to hide it, if from anybody.
    """
    cursor = db.execute(
        """
        INSERT INTO reactions (message_id, emoji, user_id) VALUES (:message_id, :emoji, :user_id)
        ON CONFLICT DO NOTHING
        """,
        {"message_id": message_id, "emoji": emoji, "user_id": user_id},
    )
    is_new = cursor.rowcount == 1
    if is_new and hidden is not None:
        hide_reaction(db, message_id, emoji, user_id, hidden)
    return is_new


def remove(db: Sql, message_id: int, user_id: int, emoji: str) -> tuple[bool, int | None]:
    """Remove a reaction; return whether there was one, and whom it was hidden from."""
    row = db.execute(
        f"""
        DELETE FROM reactions WHERE message_id = :message_id AND emoji = :emoji AND user_id = :user_id
        RETURNING {hidden_from("reactions")} AS blocker_id
        """,
        {"message_id": message_id, "emoji": emoji, "user_id": user_id},
    ).fetchone()
    return (False, None) if row is None else (True, row["blocker_id"])


def remove_all(db: Sql, message_id: int) -> None:
    """Remove all reactions to a message."""
    db.execute("DELETE FROM reactions WHERE message_id = :message_id", {"message_id": message_id})


def count(db: Sql, message_id: int, user_id: int) -> int:
    """Return how many reactions a user has on a message."""
    row = db.execute(
        "SELECT count(*) AS found FROM reactions WHERE message_id = :message_id AND user_id = :user_id",
        {"message_id": message_id, "user_id": user_id},
    ).fetchone()
    return int(row["found"])


def made_by(db: Sql, user_id: int, limit: int, after: tuple[int, str] = (0, "")) -> list[tuple[int, int, str]]:
    """Return a user's reactions in the order of messages: conversation, message and emoji of each.

    :param after: the message and the emoji of the one before.
    """
    rows = db.execute(
        """
        SELECT m.conversation_id, r.message_id, r.emoji
        FROM reactions AS r JOIN messages AS m ON m.id = r.message_id
        WHERE r.user_id = :user_id AND (r.message_id, r.emoji) > (:message_id, :emoji)
        ORDER BY r.message_id, r.emoji LIMIT :limit
        """,
        {"user_id": user_id, "message_id": after[0], "emoji": after[1], "limit": limit},
    )
    return [(row["conversation_id"], row["message_id"], row["emoji"]) for row in rows]


def seen_on(db: Sql, message_ids: Collection[int], *, viewer: int) -> dict[int, tuple[Reaction, ...]]:
    """Return the reactions that the viewer sees, by message; most messages have none, and are not there."""
    rows = db.execute(
        f"""
        SELECT r.message_id, r.emoji, r.user_id FROM reactions AS r
        WHERE r.message_id IN {in_list("ids")} AND {sees("r")}
        ORDER BY r.message_id, r.emoji, r.user_id
        """,
        {"ids": as_list(message_ids), "viewer": viewer},
    )
    chosen: dict[int, dict[str, list[int]]] = {}
    for row in rows:
        chosen.setdefault(row["message_id"], {}).setdefault(row["emoji"], []).append(row["user_id"])
    return {
        message_id: tuple(Reaction(emoji, tuple(who)) for emoji, who in emojis.items())
        for message_id, emojis in chosen.items()
    }
