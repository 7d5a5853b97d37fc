"""Messages that are pinned in their groups."""

from chatd.storage.engine import Sql


def add(db: Sql, message_id: int, group_id: int) -> bool:
    """Pin a message of a group, and report whether it was not pinned before."""
    cursor = db.execute(
        "INSERT INTO pins (message_id, conversation_id) VALUES (:message_id, :group_id) ON CONFLICT DO NOTHING",
        {"message_id": message_id, "group_id": group_id},
    )
    return cursor.rowcount == 1


def remove(db: Sql, message_id: int) -> bool:
    """Pin a message no longer, and report whether it was pinned."""
    cursor = db.execute("DELETE FROM pins WHERE message_id = :message_id", {"message_id": message_id})
    return cursor.rowcount == 1


def count(db: Sql, group_id: int) -> int:
    """Return how many messages are pinned in a group, without those that are removed."""
    row = db.execute(
        """
        SELECT count(*) AS found FROM pins AS p JOIN messages AS m ON m.id = p.message_id
        WHERE p.conversation_id = :group_id AND m.deleted_at IS NULL
        """,
        {"group_id": group_id},
    ).fetchone()
    return int(row["found"])
