"""The change log: every durable change, one row each, in the order the world sees them."""

import sqlite3
from collections.abc import Sequence
from typing import Literal

from chatd.models import LogEntry
from chatd.storage import users

Kind = Literal["message", "edit", "delete", "reaction", "read", "profile", "membership"]


def append(
    db: sqlite3.Connection,
    kind: Kind,
    *,
    created_at: int,
    conversation_id: int | None = None,
    user_id: int | None = None,
    message_id: int | None = None,
    data: str | None = None,
    hidden_from: int | None = None,
) -> int:
    """Append a change and return its ``seq``.

    :param conversation_id: the conversation whose members it concerns; None where it concerns those who know
        the user.
    :param user_id: who made the change.
    :param message_id: the message it is about: for ``read``, the last one read.
    :param data: JSON with what the others do not say.
    :param hidden_from: the one user whom it does not concern although they are in the conversation.
    """
    row = db.execute(
        """
        INSERT INTO change_log (kind, conversation_id, user_id, message_id, data, created_at, hidden_from)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        RETURNING seq
        """,
        (kind, conversation_id, user_id, message_id, data, created_at, hidden_from),
    ).fetchone()
    return int(row[0])


def append_messages(db: sqlite3.Connection, rows: Sequence[tuple[int, int, int, int, int]]) -> None:
    """Append that messages were stored.

    :param rows: seq, conversation, sender, message and time of each.
    """
    db.executemany(
        """
        INSERT INTO change_log (seq, kind, conversation_id, user_id, message_id, created_at)
        VALUES (?, 'message', ?, ?, ?, ?)
        """,
        rows,
    )


def epoch(db: sqlite3.Connection) -> str:
    """Return the name of this log."""
    return str(db.execute("SELECT epoch FROM change_log_state").fetchone()[0])


def renew_epoch(db: sqlite3.Connection) -> str:
    """Give the log another name, because what follows is not what clients have seen, and return it."""
    row = db.execute("UPDATE change_log_state SET epoch = lower(hex(randomblob(8))) RETURNING epoch").fetchone()
    return str(row[0])


def head(db: sqlite3.Connection) -> int:
    """Return the newest ``seq``, 0 where nothing has ever changed."""
    row = db.execute("SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'change_log'), 0)").fetchone()
    return int(row[0])


def pruned_up_to(db: sqlite3.Connection) -> int:
    """Return the ``seq`` up to which the log has been pruned, 0 where it is whole."""
    return int(db.execute("SELECT pruned_seq FROM change_log_state").fetchone()[0])


def oldest_at(db: sqlite3.Connection) -> int | None:
    """Return when the oldest change that is still there was made; None where there is none."""
    row = db.execute("SELECT created_at FROM change_log ORDER BY seq LIMIT 1").fetchone()
    return None if row is None else int(row[0])


def visible(db: sqlite3.Connection, user_id: int, *, since: int, up_to: int, limit: int) -> list[LogEntry]:
    """Return the oldest changes above ``since`` and up to ``up_to`` that a user may see, in order.

    These are the changes of their conversations, from joining to leaving, both included, but for what is hidden from
    them, and of the profiles of those they share a conversation with.
    """
    rows = db.execute(
        f"""
        SELECT c.seq, c.kind, c.conversation_id, c.user_id, c.message_id, c.data, c.created_at
        FROM memberships AS m
        JOIN change_log AS c ON c.conversation_id = m.conversation_id
        WHERE m.user_id = :user_id
            AND c.seq >= max(:since + 1, m.joined_seq) AND c.seq <= min(:up_to, coalesce(m.left_seq, :up_to))
            AND c.hidden_from IS NOT :user_id
        UNION ALL
        SELECT c.seq, c.kind, c.conversation_id, c.user_id, c.message_id, c.data, c.created_at
        FROM change_log AS c
        WHERE c.conversation_id IS NULL AND c.seq > :since AND c.seq <= :up_to
            AND c.user_id IN (
                {users.ACQUAINTANCES}
                UNION
                SELECT :user_id
            )
        ORDER BY 1
        LIMIT :limit
        """,
        {"user_id": user_id, "since": since, "up_to": up_to, "limit": limit},
    )
    return [LogEntry(*row) for row in rows]


def prune(db: sqlite3.Connection, *, before: int, after: int = 2**63 - 1, limit: int) -> int:
    """Forget the oldest changes, at most ``limit``, up to the last one made before a time; return how many are gone.

    :param after: what was made later than this was made by a clock that was wrong, and counts as old.
    """
    seqs = [
        row[0]
        for row in db.execute("SELECT seq, created_at FROM change_log ORDER BY seq LIMIT ?", (limit,))
        if not before <= row[1] <= after
    ]
    if seqs:
        db.execute("DELETE FROM change_log WHERE seq <= ?", (seqs[-1],))
        db.execute("UPDATE change_log_state SET pruned_seq = ?", (seqs[-1],))
    return len(seqs)
