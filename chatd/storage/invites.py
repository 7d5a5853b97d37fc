"""Invitations to make an account."""

from chatd.storage.engine import Sql

#: What holds of an invitation that can still be used.
_OPEN = "uses_left > 0 AND (expires_at IS NULL OR expires_at > :now)"


def insert(db: Sql, code_hash: bytes, created_at: int, *, expires_at: int | None = None, uses: int = 1) -> None:
    """Store an invitation.

    :param expires_at: when it ends; None: never.
    :param uses: how many accounts it is good for.
    """
    db.execute(
        """
        INSERT INTO invites (code_hash, created_at, expires_at, uses_left)
        VALUES (:code_hash, :created_at, :expires_at, :uses)
        """,
        {"code_hash": code_hash, "created_at": created_at, "expires_at": expires_at, "uses": uses},
    )


def is_open(db: Sql, code_hash: bytes, now: int) -> bool:
    """Report whether an invitation can still be used."""
    query = f"SELECT 1 FROM invites WHERE code_hash = :code_hash AND {_OPEN}"
    return db.execute(query, {"code_hash": code_hash, "now": now}).fetchone() is not None


def use(db: Sql, code_hash: bytes, user_id: int, now: int) -> bool:
    """Use an invitation for one account and report whether it could be used."""
    cursor = db.execute(
        f"""
        UPDATE invites SET used_at = :now, used_by = :user_id, uses_left = uses_left - 1
        WHERE code_hash = :code_hash AND {_OPEN}
        """,
        {"now": now, "user_id": user_id, "code_hash": code_hash},
    )
    return cursor.rowcount == 1
