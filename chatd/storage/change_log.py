"""The change log: every durable change, one row each, in the order the world sees them.

That a message was stored is said by the message's own row, whose id is its ``seq``; all else has a row in the log's
table. So there is one row to write for a message, and one index that finds it.
"""

from typing import Literal

from chatd.models import LogEntry
from chatd.storage import users
from chatd.storage.engine import Sql

#: What the rows of the log's table are about.
Kind = Literal["edit", "delete", "reaction", "read", "profile", "membership"]

_HEAD = """
    max(
        coalesce((SELECT max(id) FROM messages), 0),
        coalesce((SELECT max(seq) FROM change_log), 0),
        (SELECT pruned_seq FROM change_log_state)
    )
"""

_MAY_SEE = """
    m.user_id = :user_id
    AND {seq} >= max(:since + 1, m.joined_seq) AND {seq} <= min(:up_to, coalesce(m.left_seq, :up_to))
    AND c.hidden_from IS NOT :user_id
"""

# Each part has a LIMIT of its own, by which SQLite leaves a conversation as soon as what comes there is too new to be
# among the oldest. Without them a reader's whole part of the log above ``since`` is read.
_VISIBLE = f"""
    SELECT * FROM (
        SELECT c.id, 'message', c.conversation_id, c.sender_id, c.id, NULL, c.created_at
        FROM memberships AS m JOIN messages AS c ON c.conversation_id = m.conversation_id
        WHERE {_MAY_SEE.format(seq="c.id")}
        ORDER BY 1 LIMIT :limit
    )
    UNION ALL
    SELECT * FROM (
        SELECT c.seq, c.kind, c.conversation_id, c.user_id, c.message_id, c.data, c.created_at
        FROM memberships AS m JOIN change_log AS c ON c.conversation_id = m.conversation_id
        WHERE {_MAY_SEE.format(seq="c.seq")}
        ORDER BY 1 LIMIT :limit
    )
    UNION ALL
    SELECT * FROM (
        SELECT c.seq, c.kind, c.conversation_id, c.user_id, c.message_id, c.data, c.created_at
        FROM change_log AS c
        WHERE c.conversation_id IS NULL AND c.seq > :since AND c.seq <= :up_to
            AND c.user_id IN ({users.ACQUAINTANCES} UNION SELECT :user_id)
        ORDER BY 1 LIMIT :limit
    )
    ORDER BY 1 LIMIT :limit
"""


def append(
    db: Sql,
    kind: Kind,
    *,
    created_at: int,
    conversation_id: int | None = None,
    user_id: int | None = None,
    message_id: int | None = None,
    data: str | None = None,
    hidden_from: int | None = None,
) -> int:
    """Append a change, other than a new message, and return its ``seq``.

    :param conversation_id: the conversation whose members it concerns; None where it concerns those who know
        the user.
    :param user_id: who made the change.
    :param message_id: the message it is about: for ``read``, the last one read.
    :param data: JSON with what the others do not say.
    :param hidden_from: the one user whom it does not concern although they are in the conversation.
    """
    row = db.execute(
        f"""
        INSERT INTO change_log (seq, kind, conversation_id, user_id, message_id, data, created_at, hidden_from)
        VALUES ({_HEAD} + 1, ?, ?, ?, ?, ?, ?, ?)
        RETURNING seq
        """,
        (kind, conversation_id, user_id, message_id, data, created_at, hidden_from),
    ).fetchone()
    return int(row[0])


def epoch(db: Sql) -> str:
    """Return the name of this log."""
    return str(db.execute("SELECT epoch FROM change_log_state").fetchone()[0])


def renew_epoch(db: Sql) -> str:
    """Give the log another name, because what follows is not what clients have seen, and return it."""
    row = db.execute("UPDATE change_log_state SET epoch = lower(hex(randomblob(8))) RETURNING epoch").fetchone()
    return str(row[0])


def head(db: Sql) -> int:
    """Return the newest ``seq``, 0 where nothing has ever changed; a new message's id is the next."""
    return int(db.execute(f"SELECT {_HEAD}").fetchone()[0])


def pruned_up_to(db: Sql) -> int:
    """Return the ``seq`` up to which the log has been pruned, 0 where it is whole."""
    return int(db.execute("SELECT pruned_seq FROM change_log_state").fetchone()[0])


def oldest_at(db: Sql) -> int | None:
    """Return when the oldest change that the log reaches back to was made; None where there is none."""
    oldest = _after(db, pruned_up_to(db), 1)
    return oldest[0][1] if oldest else None


def newest_at(db: Sql) -> int | None:
    """Return when the newest change that is still there, as all messages are, was made; None where there is none."""
    row = db.execute(
        """
        SELECT * FROM (SELECT seq, created_at FROM change_log ORDER BY seq DESC LIMIT 1)
        UNION ALL
        SELECT * FROM (SELECT id, created_at FROM messages ORDER BY id DESC LIMIT 1)
        ORDER BY 1 DESC LIMIT 1
        """
    ).fetchone()
    return None if row is None else int(row[1])


def visible(db: Sql, user_id: int, *, since: int, up_to: int, limit: int) -> list[LogEntry]:
    """Return the oldest changes above ``since`` and up to ``up_to`` that a user may see, in order.

    These are the changes of their conversations, from joining to leaving, both included, but for what is hidden from
    them, and of the profiles of those they share a conversation with.
    """
    rows = db.execute(_VISIBLE, {"user_id": user_id, "since": since, "up_to": up_to, "limit": limit})
    return [LogEntry(*row) for row in rows]


def prune(db: Sql, *, before: int, after: int = 2**63 - 1, limit: int) -> int:
    """Forget the oldest changes, at most ``limit``, up to the last one made before a time; return how many are gone.

    Of a message only its place in the log is forgotten.

    :param after: what was made later than this was made by a clock that was wrong, and counts as old.
    """
    seqs = [seq for seq, made_at in _after(db, pruned_up_to(db), limit) if not before <= made_at <= after]
    if seqs:
        db.execute("DELETE FROM change_log WHERE seq <= ?", (seqs[-1],))
        db.execute("UPDATE change_log_state SET pruned_seq = ?", (seqs[-1],))
    return len(seqs)


def _after(db: Sql, seq: int, limit: int) -> list[tuple[int, int]]:
    """Return the oldest changes above ``seq``: the seq of each, and when it was made."""
    return db.execute(
        """
        SELECT * FROM (SELECT seq, created_at FROM change_log WHERE seq > :seq ORDER BY seq LIMIT :limit)
        UNION ALL
        SELECT * FROM (SELECT id, created_at FROM messages WHERE id > :seq ORDER BY id LIMIT :limit)
        ORDER BY 1 LIMIT :limit
        """,
        {"seq": seq, "limit": limit},
    ).fetchall()
