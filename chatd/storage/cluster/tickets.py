"""Tickets that every process knows."""

from chatd.models import Identity
from chatd.storage.engine import Sql


def insert(db: Sql, key: bytes, identity: Identity, *, issued_at: int, most: int) -> None:
    """Store a ticket of a session; its oldest gives way if it has ``most`` of them already."""
    db.execute(
        """
        INSERT INTO tickets (key, session_id, user_id, expires_at, issued_at)
        VALUES (:key, :session_id, :user_id, :expires_at, :issued_at)
        """,
        {
            "key": key,
            "session_id": identity.session_id,
            "user_id": identity.user_id,
            "expires_at": identity.expires_at,
            "issued_at": issued_at,
        },
    )
    db.execute(
        """
        DELETE FROM tickets WHERE key IN (
            SELECT key FROM tickets WHERE session_id = :session_id ORDER BY issued_at DESC, key LIMIT 1000 OFFSET :most
        )
        """,
        {"session_id": identity.session_id, "most": most},
    )


def take(db: Sql, key: bytes) -> tuple[Identity, int] | None:
    """Remove a ticket and return whom it identifies and when it was issued; None if there is none."""
    row = db.execute(
        "DELETE FROM tickets WHERE key = :key RETURNING user_id, session_id, expires_at, issued_at", {"key": key}
    ).fetchone()
    if row is None:
        return None
    return Identity(row["user_id"], row["session_id"], row["expires_at"]), row["issued_at"]


def forget_old(db: Sql, issued_before: int) -> None:
    """Remove the tickets that nobody has used in time."""
    db.execute("DELETE FROM tickets WHERE issued_at < :before", {"before": issued_before})
