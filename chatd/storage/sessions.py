"""Logins."""

from collections.abc import Collection

from chatd.models import Session
from chatd.storage.engine import Row, Sql

_COLUMNS = "id, user_id, device, address, created_at, last_seen_at, expires_at"


def insert(db: Sql, *, user_id: int, device: str, address: str, created_at: int, expires_at: int) -> Session:
    """Store a new session, last seen when it was created."""
    row = db.execute(
        f"""
        INSERT INTO sessions (user_id, device, address, created_at, last_seen_at, expires_at)
        VALUES (:user_id, :device, :address, :created_at, :created_at, :expires_at)
        RETURNING {_COLUMNS}
        """,
        {
            "user_id": user_id,
            "device": device,
            "address": address,
            "created_at": created_at,
            "expires_at": expires_at,
        },
    ).fetchone()
    return _from_row(row)


def list_live(db: Sql, user_id: int, now: int) -> list[Session]:
    """Return a user's sessions that have not expired, the newest first."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM sessions WHERE user_id = :user_id AND expires_at > :now ORDER BY id DESC",
        {"user_id": user_id, "now": now},
    )
    return [_from_row(row) for row in rows]


def addresses(db: Sql, user_id: int) -> list[str]:
    """Return the addresses that a user's sessions were started from."""
    rows = db.execute("SELECT DISTINCT address FROM sessions WHERE user_id = :user_id", {"user_id": user_id})
    return [row["address"] for row in rows]


def are_there(db: Sql) -> bool:
    """Report whether anybody has a session."""
    return db.execute("SELECT 1 FROM sessions LIMIT 1").fetchone() is not None


def exists(db: Sql, session_id: int, user_id: int) -> bool:
    """Report whether a session of a user has not been ended."""
    query = "SELECT 1 FROM sessions WHERE id = :session_id AND user_id = :user_id"
    return db.execute(query, {"session_id": session_id, "user_id": user_id}).fetchone() is not None


def delete(db: Sql, session_id: int, user_id: int) -> bool:
    """End a session of a user and report whether there was one."""
    cursor = db.execute(
        "DELETE FROM sessions WHERE id = :session_id AND user_id = :user_id",
        {"session_id": session_id, "user_id": user_id},
    )
    return cursor.rowcount == 1


def delete_all(db: Sql, user_id: int, *, but: int | None = None) -> list[int]:
    """End all sessions of a user except ``but``, and return their ids."""
    rows = db.execute(
        "DELETE FROM sessions WHERE user_id = :user_id AND id IS DISTINCT FROM :but RETURNING id",
        {"user_id": user_id, "but": but},
    ).fetchall()
    return [row["id"] for row in rows]


def delete_expired(db: Sql, now: int) -> int:
    """Delete the sessions that have expired and return how many."""
    return db.execute("DELETE FROM sessions WHERE expires_at <= :now", {"now": now}).rowcount


def touch(db: Sql, seen: Collection[tuple[int, int]]) -> None:
    """Store when sessions were last seen.

    :param seen: pairs of a time and a session id.
    """
    db.executemany(
        "UPDATE sessions SET last_seen_at = :seen_at WHERE id = :session_id",
        [{"seen_at": seen_at, "session_id": session_id} for seen_at, session_id in seen],
    )


def _from_row(row: Row) -> Session:
    return Session(
        id=row["id"],
        user_id=row["user_id"],
        device=row["device"],
        address=row["address"],
        created_at=row["created_at"],
        last_seen_at=row["last_seen_at"],
        expires_at=row["expires_at"],
    )
