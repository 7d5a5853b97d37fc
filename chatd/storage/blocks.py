"""Who blocks whom, and what is hidden because of it."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from chatd.models import Block
from chatd.storage import users
from chatd.storage.engine import Sql


@dataclass(frozen=True, slots=True)
class Hidden:
    """A message that was stored and has to be hidden."""

    hidden_from: int
    conversation_id: int
    message_id: int


def add(db: Sql, blocker_id: int, blocked_id: int, created_at: int) -> bool:
    """Block somebody; False where they were blocked already."""
    cursor = db.execute(
        "INSERT INTO blocks (blocker_id, blocked_id, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (blocker_id, blocked_id, created_at),
    )
    return cursor.rowcount == 1


def remove(db: Sql, blocker_id: int, blocked_id: int) -> bool:
    """Block somebody no longer; False where they were not blocked."""
    cursor = db.execute("DELETE FROM blocks WHERE blocker_id = ? AND blocked_id = ?", (blocker_id, blocked_id))
    return cursor.rowcount == 1


def remove_all(db: Sql, user_id: int) -> None:
    """Forget whom a user blocks, and who blocks them."""
    db.execute("DELETE FROM blocks WHERE blocker_id = ?", (user_id,))
    db.execute("DELETE FROM blocks WHERE blocked_id = ?", (user_id,))


def exists(db: Sql, blocker_id: int, blocked_id: int) -> bool:
    """Tell whether one user blocks another."""
    query = "SELECT 1 FROM blocks WHERE blocker_id = ? AND blocked_id = ?"
    return db.execute(query, (blocker_id, blocked_id)).fetchone() is not None


def anybody(db: Sql) -> bool:
    """Tell whether anybody blocks anybody."""
    return db.execute("SELECT 1 FROM blocks LIMIT 1").fetchone() is not None


def among(db: Sql, pairs: Collection[tuple[int, int]]) -> set[tuple[int, int]]:
    """Return the blocks that there are in pairs of users, either way round, each as (blocker, blocked)."""
    rows = db.execute(
        """
        SELECT b.blocker_id, b.blocked_id
        FROM json_each(?) AS pair
        CROSS JOIN blocks AS b ON b.blocker_id = pair.value ->> 0 AND b.blocked_id = pair.value ->> 1
        """,
        (json.dumps([*pairs, *((two, one) for one, two in pairs)]),),
    )
    return set(rows)


def blockers(db: Sql, user_id: int) -> set[int]:
    """Return the ids of those who block a user."""
    return {row[0] for row in db.execute("SELECT blocker_id FROM blocks WHERE blocked_id = ?", (user_id,))}


def blocked(db: Sql, user_id: int) -> set[int]:
    """Return the ids of those whom a user blocks."""
    return {row[0] for row in db.execute("SELECT blocked_id FROM blocks WHERE blocker_id = ?", (user_id,))}


def page(db: Sql, user_id: int, *, skip: int, limit: int) -> list[Block]:
    """Return whom a user blocks, the newest first."""
    rows = db.execute(
        f"""
        SELECT {users.COLUMNS}, b.created_at
        FROM blocks AS b JOIN users AS u ON u.id = b.blocked_id
        WHERE b.blocker_id = ?
        ORDER BY b.created_at DESC, b.blocked_id DESC
        LIMIT ? OFFSET ?
        """,
        (user_id, limit, skip),
    )
    return [Block(users.user_from_row(row), row[9]) for row in rows]


def hide(db: Sql, stored: Sequence[Hidden]) -> None:
    """Hide messages that were just stored and counted."""
    db.executemany(
        "UPDATE messages SET hidden_from = ? WHERE id = ?", [(it.hidden_from, it.message_id) for it in stored]
    )
    db.executemany(
        """
        UPDATE conversations
        SET hidden_from_low = hidden_from_low + (low_user_id = :whom),
            hidden_from_high = hidden_from_high + (high_user_id = :whom)
        WHERE id = :conversation_id
        """,
        [{"whom": it.hidden_from, "conversation_id": it.conversation_id} for it in stored],
    )


def keep_version(db: Sql, message_id: int, user_id: int) -> None:
    """Have a user go on seeing a message as they see it now, whatever it is edited to."""
    db.execute(
        """
        INSERT INTO shown_versions (user_id, message_id, content, edited_at)
        SELECT ?, id, content, edited_at FROM messages WHERE id = ?
        ON CONFLICT DO NOTHING
        """,
        (user_id, message_id),
    )


def drop_versions(db: Sql, message_id: int) -> None:
    """Have everybody see a message as it is."""
    db.execute("DELETE FROM shown_versions WHERE message_id = ?", (message_id,))
