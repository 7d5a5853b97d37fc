"""Reactions from before they had a key, under which they are taken back."""

from chatd.storage.engine import Sql


def signs(db: Sql) -> list[str]:
    """Return every sign that is a reaction somewhere, each once."""
    return [row["emoji"] for row in db.execute("SELECT DISTINCT emoji FROM reactions")]


def rename(db: Sql, emoji: str, key: str) -> None:
    """Store a sign by its key, once where somebody has chosen it in both forms; an empty key is of no sign at all."""
    db.execute(
        """
        DELETE FROM reactions
        WHERE emoji = :emoji AND (:key = '' OR EXISTS (
            SELECT 1 FROM reactions AS kept
            WHERE kept.message_id = reactions.message_id AND kept.user_id = reactions.user_id AND kept.emoji = :key
        ))
        """,
        {"emoji": emoji, "key": key},
    )
    db.execute("UPDATE reactions SET emoji = :key WHERE emoji = :emoji", {"emoji": emoji, "key": key})
