"""Requests to join groups that are open: who has asked, and not been answered."""

from chatd.models import JoinRequest
from chatd.storage import users
from chatd.storage.engine import Row, Sql


def insert(db: Sql, group_id: int, user_id: int, *, note: str | None, via: int | None, created_at: int) -> None:
    """Store that somebody asks to join a group.

    :param via: the code they ask by.
    """
    db.execute(
        """
        INSERT INTO join_requests (conversation_id, user_id, note, via, created_at)
        VALUES (:group_id, :user_id, :note, :via, :created_at)
        """,
        {"group_id": group_id, "user_id": user_id, "note": note, "via": via, "created_at": created_at},
    )


def find(db: Sql, group_id: int, user_id: int) -> JoinRequest | None:
    """Return what somebody asks of a group."""
    rows = db.execute(
        """
        SELECT r.user_id, r.note, r.via, r.created_at FROM join_requests AS r
        WHERE r.conversation_id = :group_id AND r.user_id = :user_id
        """,
        {"group_id": group_id, "user_id": user_id},
    ).fetchall()
    return _requests(db, rows)[0] if rows else None


def remove(db: Sql, group_id: int, user_id: int) -> bool:
    """Forget that somebody asks to join a group, and report whether they did."""
    cursor = db.execute(
        "DELETE FROM join_requests WHERE conversation_id = :group_id AND user_id = :user_id",
        {"group_id": group_id, "user_id": user_id},
    )
    return cursor.rowcount == 1


def remove_all(db: Sql, group_id: int) -> list[int]:
    """Forget all that is asked of a group, and return who asked."""
    rows = db.execute(
        "DELETE FROM join_requests WHERE conversation_id = :group_id RETURNING user_id", {"group_id": group_id}
    ).fetchall()
    return [row["user_id"] for row in rows]


def in_group(db: Sql, group_id: int, limit: int) -> list[JoinRequest]:
    """Return who asks to join a group, those first who have asked first."""
    rows = db.execute(
        """
        SELECT r.user_id, r.note, r.via, r.created_at FROM join_requests AS r
        WHERE r.conversation_id = :group_id ORDER BY r.created_at, r.user_id LIMIT :limit
        """,
        {"group_id": group_id, "limit": limit},
    ).fetchall()
    return _requests(db, rows)


def made_by(db: Sql, user_id: int) -> list[int]:
    """Return the groups that somebody asks to join, by their ids, the newest request first."""
    rows = db.execute(
        """
        SELECT r.conversation_id FROM join_requests AS r
        WHERE r.user_id = :user_id ORDER BY r.created_at DESC, r.conversation_id DESC
        """,
        {"user_id": user_id},
    )
    return [row["conversation_id"] for row in rows]


def _requests(db: Sql, rows: list[Row]) -> list[JoinRequest]:
    people = users.get_many(db, [row["user_id"] for row in rows])
    return [JoinRequest(people[row["user_id"]], row["note"], row["via"], row["created_at"]) for row in rows]
