"""Removing a member's messages from a group for everybody, restoring them, and erasing them.

An action removes all messages of its user within a range of ids. So what is removed follows from the actions that
stand, in whatever order they were made and undone.
"""

from collections.abc import Collection

from chatd.storage import mentions, pins
from chatd.storage.engine import LARGEST, Sql, as_list, in_list
from chatd.storage.visibility import REMOVED


def bounds(db: Sql, group_id: int, user_ids: Collection[int], since: int) -> dict[int, tuple[int, int]]:
    """Return the first and the last message that users have written in a group since a time, of those who have.

    :param since: 0 for ever; messages are looked through from the newest back to the first one before that time.
    """
    earlier = None
    if since:
        earlier = db.execute(
            """
            SELECT m.id FROM messages AS m WHERE m.conversation_id = :group_id AND m.created_at < :since
            ORDER BY m.id DESC LIMIT 1
            """,
            {"group_id": group_id, "since": since},
        ).fetchone()
    rows = db.execute(
        f"""
        SELECT m.sender_id, min(m.id) AS first_id, max(m.id) AS last_id FROM messages AS m
        WHERE m.conversation_id = :group_id AND m.id > :after AND m.sender_id IN {in_list("ids")}
        GROUP BY m.sender_id
        """,
        {"group_id": group_id, "ids": as_list(user_ids), "after": 0 if earlier is None else earlier["id"]},
    )
    return {row["sender_id"]: (row["first_id"], row["last_id"]) for row in rows}


def to_remove(db: Sql, group_id: int, user_id: int, *, first_id: int, last_id: int, limit: int) -> list[int]:
    """Return the oldest messages of a user in a range that are neither deleted nor removed."""
    rows = db.execute(
        """
        SELECT m.id FROM messages AS m
        WHERE m.conversation_id = :group_id AND m.sender_id = :user_id AND m.id >= :first_id AND m.id <= :last_id
            AND m.deleted_at IS NULL
        ORDER BY m.id LIMIT :limit
        """,
        {"group_id": group_id, "user_id": user_id, "first_id": first_id, "last_id": last_id, "limit": limit},
    )
    return [row["id"] for row in rows]


def to_restore(db: Sql, group_id: int, user_id: int, *, first_id: int, last_id: int, limit: int) -> list[int]:
    """Return the oldest removed messages of a user in a range that no action that stands removes."""
    rows = db.execute(
        f"""
        SELECT m.id FROM messages AS m
        WHERE m.conversation_id = :group_id AND m.sender_id = :user_id AND m.id >= :first_id AND m.id <= :last_id
            AND {REMOVED} AND NOT EXISTS (
                SELECT 1 FROM actions AS a
                WHERE a.conversation_id = m.conversation_id AND a.user_id = m.sender_id AND a.undone_at IS NULL
                    AND a.from_id <= m.id AND a.to_id >= m.id
            )
        ORDER BY m.id LIMIT :limit
        """,
        {"group_id": group_id, "user_id": user_id, "first_id": first_id, "last_id": last_id, "limit": limit},
    )
    return [row["id"] for row in rows]


def kept(
    db: Sql, group_id: int, user_id: int, *, first_id: int, last_id: int, before: int | None, limit: int
) -> list[tuple[int, str]]:
    """Return the newest removed messages of a user in a range whose content is kept, with that, the newest first.

    :param before: only those with lower ids.
    """
    rows = db.execute(
        f"""
        SELECT m.id, m.content FROM messages AS m
        WHERE m.conversation_id = :group_id AND m.sender_id = :user_id AND m.id >= :first_id AND m.id <= :last_id
            AND m.id < :before AND {REMOVED}
        ORDER BY m.id DESC LIMIT :limit
        """,
        {
            "group_id": group_id,
            "user_id": user_id,
            "first_id": first_id,
            "last_id": last_id,
            "before": LARGEST if before is None else before,
            "limit": limit,
        },
    )
    return [(row["id"], row["content"]) for row in rows]


def contents(db: Sql, ids: list[int], user_id: int) -> dict[int, str]:
    """Return what a user's own messages say that are removed and still kept, by id."""
    rows = db.execute(
        f"""
        SELECT m.id, m.content FROM messages AS m
        WHERE m.id IN {in_list("ids")} AND m.sender_id = :user_id AND {REMOVED}
        """,
        {"ids": as_list(ids), "user_id": user_id},
    )
    return {row["id"]: row["content"] for row in rows}


def remove(db: Sql, ids: list[int], action_id: int, at: int) -> None:
    """Remove messages; they keep their contents, their reactions, and whom they name."""
    db.execute(
        f"UPDATE messages SET deleted_at = :at, removed_by = :action_id WHERE id IN {in_list('ids')}",
        {"ids": as_list(ids), "at": at, "action_id": action_id},
    )
    mentions.hide(db, ids, 1)


def restore(db: Sql, ids: list[int]) -> None:
    """Restore removed messages."""
    db.execute(
        f"UPDATE messages SET deleted_at = NULL, removed_by = NULL WHERE id IN {in_list('ids')}",
        {"ids": as_list(ids)},
    )
    mentions.hide(db, ids, 0)


def erase(db: Sql, message_id: int, first_digest: bytes | None) -> None:
    """Erase what a removed message says; it stays a removed one.

    :param first_digest: what is kept of the content as first sent.
    """
    values = {"message_id": message_id, "first_digest": first_digest}
    db.execute("UPDATE messages SET content = '', first_digest = :first_digest WHERE id = :message_id", values)
    db.execute("DELETE FROM reactions WHERE message_id = :message_id", {"message_id": message_id})
    mentions.remove(db, message_id)
    pins.remove(db, message_id)
