"""Invitations to make an account."""

from chatd.storage.engine import Sql


def insert(db: Sql, code_hash: bytes, created_at: int) -> None:
    """Store an invitation."""
    db.execute(
        "INSERT INTO invites (code_hash, created_at) VALUES (:code_hash, :created_at)",
        {"code_hash": code_hash, "created_at": created_at},
    )


def is_open(db: Sql, code_hash: bytes) -> bool:
    """Report whether an invitation can still be used."""
    query = "SELECT 1 FROM invites WHERE code_hash = :code_hash AND used_at IS NULL"
    return db.execute(query, {"code_hash": code_hash}).fetchone() is not None


def use(db: Sql, code_hash: bytes, user_id: int, used_at: int) -> bool:
    """Use an invitation up and report whether it could be used."""
    cursor = db.execute(
        """
        UPDATE invites SET used_at = :used_at, used_by = :user_id WHERE code_hash = :code_hash AND used_at IS NULL
        """,
        {"used_at": used_at, "user_id": user_id, "code_hash": code_hash},
    )
    return cursor.rowcount == 1
