"""What is still to be done of actions: removing, restoring, undoing what is asked for, ending, erasing."""

from chatd.storage.engine import Sql


def ask_undo(db: Sql, group_id: int, actor_id: int, since: int, by: int) -> int:
    """Note that all that can be undone of what somebody did since a time is to be undone, and return how much that is.

    :param by: who wants it.
    """
    cursor = db.execute(
        """
        UPDATE actions SET todo = 'undo', undone_by = :by
        WHERE conversation_id = :group_id AND actor_id = :actor_id AND created_at >= :since
            AND undone_at IS NULL AND erased_at IS NULL
        """,
        {"group_id": group_id, "actor_id": actor_id, "since": since, "by": by},
    )
    return int(cursor.rowcount)


def asked_by(db: Sql, action_id: int) -> int:
    """Return who wants an action to be undone."""
    query = "SELECT undone_by FROM actions WHERE id = :action_id"
    return int(db.execute(query, {"action_id": action_id}).fetchone()["undone_by"])


def to_do(db: Sql) -> tuple[int, str, int] | None:
    """Return an action with something to be done: its id, what it is, and from which message on it is to be done.

    What is to be undone comes first, the newest before the others.
    """
    row = db.execute(
        """
        SELECT a.id, a.todo, coalesce(a.next_id, 0) AS next_id FROM actions AS a WHERE a.todo IS NOT NULL
        ORDER BY CASE a.todo WHEN 'undo' THEN 0 ELSE 1 END, CASE a.todo WHEN 'undo' THEN -a.id ELSE a.id END LIMIT 1
        """
    ).fetchone()
    return None if row is None else (row["id"], row["todo"], row["next_id"])


def go_on(db: Sql, action_id: int, next_id: int | None) -> None:
    """Note from which message on an action goes on; None: nothing is left to be done."""
    db.execute(
        """
        UPDATE actions
        SET next_id = :next_id, todo = CASE WHEN CAST(:next_id AS BIGINT) IS NULL THEN NULL ELSE todo END
        WHERE id = :action_id
        """,
        {"action_id": action_id, "next_id": next_id},
    )


def to_erase(db: Sql, before: int) -> list[int]:
    """Return the actions before a time that still stand and keep what they removed, the oldest first."""
    rows = db.execute(
        """
        SELECT a.id FROM actions AS a
        WHERE a.created_at < :before AND a.from_id IS NOT NULL AND a.undone_at IS NULL AND a.erased_at IS NULL
        ORDER BY a.created_at
        """,
        {"before": before},
    )
    return [row["id"] for row in rows]


def set_erased(db: Sql, action_id: int, erased_at: int) -> None:
    """Note that what an action removed is kept no more."""
    db.execute(
        "UPDATE actions SET erased_at = :erased_at, todo = NULL WHERE id = :action_id",
        {"action_id": action_id, "erased_at": erased_at},
    )


def has_lapsed(db: Sql, now: int) -> bool:
    """Report whether the time has passed of something that is noted as in force."""
    query = "SELECT 1 FROM actions WHERE undone_at IS NULL AND ended_at IS NULL AND until <= :now LIMIT 1"
    return db.execute(query, {"now": now}).fetchone() is not None


def end_lapsed(db: Sql, now: int) -> None:
    """Note that what was limited to a time that has passed is in force no more."""
    db.execute(
        "UPDATE actions SET ended_at = until WHERE undone_at IS NULL AND ended_at IS NULL AND until <= :now",
        {"now": now},
    )


def is_whole(db: Sql, action_id: int) -> bool:
    """Report whether nothing is erased of what an action has removed."""
    query = "SELECT 1 FROM actions WHERE id = :action_id AND erased_at IS NULL"
    return db.execute(query, {"action_id": action_id}).fetchone() is not None
