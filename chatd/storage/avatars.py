"""Pictures of users."""

from chatd.storage.engine import Sql


def insert(db: Sql, *, filename: str, owner_id: int, content: bytes, created_at: int) -> None:
    """Store a picture."""
    db.execute(
        """
        INSERT INTO avatars (filename, owner_id, content, created_at)
        VALUES (:filename, :owner_id, :content, :created_at)
        """,
        {"filename": filename, "owner_id": owner_id, "content": content, "created_at": created_at},
    )


def get(db: Sql, filename: str) -> bytes | None:
    """Return a picture."""
    row = db.execute("SELECT content FROM avatars WHERE filename = :filename", {"filename": filename}).fetchone()
    return None if row is None else bytes(row["content"])


def names_of(db: Sql, owner_id: int) -> list[str]:
    """Return the filenames of a user's pictures, the oldest first."""
    rows = db.execute("SELECT filename FROM avatars WHERE owner_id = :owner_id ORDER BY id", {"owner_id": owner_id})
    return [row["filename"] for row in rows]


def delete_unused(db: Sql, owner_id: int, *, prefix: str, keep: int) -> None:
    """Delete a user's pictures, except the one in use and the ``keep`` newest.

    :param prefix: what stands before the filename in the path of the one in use.
    """
    db.execute(
        """
        DELETE FROM avatars
        WHERE owner_id = :owner_id
            AND :prefix || filename IS DISTINCT FROM (SELECT avatar_path FROM users WHERE id = :owner_id)
            AND id NOT IN (SELECT id FROM avatars WHERE owner_id = :owner_id ORDER BY id DESC LIMIT :keep)
        """,
        {"owner_id": owner_id, "prefix": prefix, "keep": keep},
    )
