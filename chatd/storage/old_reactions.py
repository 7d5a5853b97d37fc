"""Reactions stored before signs had keys, by which they are removed."""

from chatd.storage.engine import Sql


def signs(db: Sql) -> list[str]:
    """Return every sign that is a reaction to something, each once."""
    return [row["emoji"] for row in db.execute("SELECT DISTINCT emoji FROM reactions")]


def rename(db: Sql, emoji: str, key: str) -> None:
    """Rename a sign to its key. Who chose it in both forms keeps one reaction; with an empty key nobody keeps any."""
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
