"""Reactions to messages."""

from collections.abc import Collection

from chatd.models import Reaction
from chatd.storage.engine import Sql, as_list, in_list
from chatd.storage.visibility import hidden_from, hide_reaction, sees

#: The most people whom a message names for one emoji.
NAMED_MAX = 50


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
    """Return the reactions that the viewer sees, by message; most messages have none, and are not there.

    Of those who chose an emoji at most :data:`NAMED_MAX` are named, the viewer among them.
    """
    rows = db.execute(
        f"""
        SELECT chosen.message_id, chosen.emoji, chosen.user_id, chosen.found FROM (
            SELECT r.message_id, r.emoji, r.user_id,
                count(*) OVER (PARTITION BY r.message_id, r.emoji) AS found,
                row_number() OVER (
                    PARTITION BY r.message_id, r.emoji
                    ORDER BY CASE r.user_id WHEN :viewer THEN 0 ELSE 1 END, r.user_id
                ) AS place
            FROM reactions AS r
            WHERE r.message_id IN {in_list("ids")} AND {sees("r")}
        ) AS chosen
        WHERE chosen.place <= {NAMED_MAX}
        ORDER BY chosen.message_id, chosen.emoji, chosen.user_id
        """,
        {"ids": as_list(message_ids), "viewer": viewer},
    )
    chosen: dict[int, dict[str, tuple[list[int], int]]] = {}
    for message_id, emoji, user_id, found in rows:
        chosen.setdefault(message_id, {}).setdefault(emoji, ([], found))[0].append(user_id)
    return {
        message_id: tuple(Reaction(emoji, tuple(who), found) for emoji, (who, found) in emojis.items())
        for message_id, emojis in chosen.items()
    }


def chose(db: Sql, message_id: int, emoji: str, *, after: int, limit: int, viewer: int) -> list[int]:
    """Return who has chosen an emoji below a message, as far as the viewer sees it, by their ids, above one."""
    rows = db.execute(
        f"""
        SELECT r.user_id FROM reactions AS r
        WHERE r.message_id = :message_id AND r.emoji = :emoji AND r.user_id > :after AND {sees("r")}
        ORDER BY r.user_id LIMIT :limit
        """,
        {"message_id": message_id, "emoji": emoji, "after": after, "limit": limit, "viewer": viewer},
    )
    return [row["user_id"] for row in rows]
