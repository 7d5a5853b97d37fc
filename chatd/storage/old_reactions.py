"""Reactions from before they had a key, under which they are taken back."""

from chatd.storage.engine import Sql


def signs(db: Sql) -> list[str]:
    """Return every sign that is a reaction somewhere, each once."""
    return [row[0] for row in db.execute("SELECT DISTINCT emoji FROM reactions")]


def rename(db: Sql, emoji: str, key: str) -> None:
    """Store a sign by its key, once where somebody has chosen it in both forms; an empty key is of no sign at all."""
    if key:
        db.execute("UPDATE OR IGNORE reactions SET emoji = ? WHERE emoji = ?", (key, emoji))
    db.execute("DELETE FROM reactions WHERE emoji = ?", (emoji,))
