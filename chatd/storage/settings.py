"""What administrators have chosen in the browser."""

from chatd.storage.engine import Sql


def get(db: Sql, name: str) -> str | None:
    """Return the text of a setting; None where none is chosen."""
    row = db.execute("SELECT value FROM settings WHERE name = :name", {"name": name}).fetchone()
    return None if row is None else row["value"]


def all_of(db: Sql) -> dict[str, str | bytes]:
    """Return what is chosen, text or the content of a picture, by the names of the settings."""
    rows = db.execute("SELECT name, value, content FROM settings ORDER BY name").fetchall()
    return {row["name"]: bytes(row["content"]) if row["value"] is None else row["value"] for row in rows}


def put(db: Sql, name: str, *, value: str | None = None, content: bytes | None = None) -> None:
    """Keep a text or the content of a picture, in place of what was chosen before."""
    db.execute(
        """
        INSERT INTO settings (name, value, content) VALUES (:name, :value, :content)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value, content = excluded.content
        """,
        {"name": name, "value": value, "content": content},
    )


def remove(db: Sql, name: str) -> None:
    """Choose nothing for a setting."""
    db.execute("DELETE FROM settings WHERE name = :name", {"name": name})
