"""Who blocks whom, and what is hidden because of it."""

from collections.abc import Collection

from chatd.models import Block
from chatd.storage import users
from chatd.storage.engine import LARGEST, Sql


def add(db: Sql, blocker_id: int, blocked_id: int, created_at: int) -> bool:
    """Block somebody and report whether they were not blocked yet."""
    cursor = db.execute(
        """
        INSERT INTO blocks (blocker_id, blocked_id, created_at) VALUES (:blocker_id, :blocked_id, :created_at)
        ON CONFLICT DO NOTHING
        """,
        {"blocker_id": blocker_id, "blocked_id": blocked_id, "created_at": created_at},
    )
    return cursor.rowcount == 1


def remove(db: Sql, blocker_id: int, blocked_id: int) -> bool:
    """Unblock somebody and report whether they were blocked."""
    cursor = db.execute(
        "DELETE FROM blocks WHERE blocker_id = :blocker_id AND blocked_id = :blocked_id",
        {"blocker_id": blocker_id, "blocked_id": blocked_id},
    )
    return cursor.rowcount == 1


def remove_all(db: Sql, user_id: int) -> None:
    """Forget whom a user blocks, and who blocks them."""
    db.execute("DELETE FROM blocks WHERE blocker_id = :user_id", {"user_id": user_id})
    db.execute("DELETE FROM blocks WHERE blocked_id = :user_id", {"user_id": user_id})


def exists(db: Sql, blocker_id: int, blocked_id: int) -> bool:
    """Report whether one user blocks another."""
    query = "SELECT 1 FROM blocks WHERE blocker_id = :blocker_id AND blocked_id = :blocked_id"
    return db.execute(query, {"blocker_id": blocker_id, "blocked_id": blocked_id}).fetchone() is not None


def anybody(db: Sql) -> bool:
    """Report whether anybody blocks anybody."""
    return db.execute("SELECT 1 FROM blocks LIMIT 1").fetchone() is not None


def among(db: Sql, pairs: Collection[tuple[int, int]]) -> set[tuple[int, int]]:
    """Return the blocks that there are in pairs of users, either way round, each as (blocker, blocked)."""
    rows = db.select_pairs(
        """
        SELECT b.blocker_id, b.blocked_id
        FROM pair CROSS JOIN blocks AS b
        WHERE b.blocker_id = pair.one AND b.blocked_id = pair.two
        """,
        [*pairs, *((two, one) for one, two in pairs)],
    )
    return {(row["blocker_id"], row["blocked_id"]) for row in rows}


def blockers(db: Sql, user_id: int) -> set[int]:
    """Return the ids of those who block a user."""
    rows = db.execute("SELECT blocker_id FROM blocks WHERE blocked_id = :user_id", {"user_id": user_id})
    return {row["blocker_id"] for row in rows}


def blocked(db: Sql, user_id: int) -> set[int]:
    """Return the ids of those whom a user blocks."""
    rows = db.execute("SELECT blocked_id FROM blocks WHERE blocker_id = :user_id", {"user_id": user_id})
    return {row["blocked_id"] for row in rows}


def page(db: Sql, user_id: int, *, skip: int, limit: int | None) -> list[Block]:
    """Return whom a user blocks, the newest first.

    :param limit: how many at the most; None for all.
    """
    rows = db.execute(
        f"""
        SELECT {users.COLUMNS}, b.created_at AS created_at
        FROM blocks AS b JOIN users AS u ON u.id = b.blocked_id
        WHERE b.blocker_id = :user_id
        ORDER BY b.created_at DESC, b.blocked_id DESC
        LIMIT :limit OFFSET :skip
        """,
        {"user_id": user_id, "limit": LARGEST if limit is None else limit, "skip": skip},
    )
    return [Block(users.from_row(row), row["created_at"]) for row in rows]
