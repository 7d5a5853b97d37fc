"""The change log: every durable change, one row each, in the order the world sees them.

A new message is logged by its own row, whose id is its ``seq``; every other change has a row in the log's table. So
there is one row to write for a message, and one index that finds it.
"""

import secrets
from typing import Literal

from chatd.models import LogEntry
from chatd.storage import users
from chatd.storage.engine import LARGEST, Sql
from chatd.storage.visibility import STAY_END, concerns, during, hide_change, reaches, sees

#: What the rows of the log's table are about.
Kind = Literal[
    "edit",
    "delete",
    "reaction",
    "read",
    "profile",
    "membership",
    "group",
    "group_ended",
    "invitation",
    "join_request",
    "notify",
    "action",
    "moderated",
    "messages_removed",
    "messages_restored",
    "pin",
]

_HEAD = """
    SELECT max(ends.seq) AS seq FROM (
        SELECT max(id) AS seq FROM messages
        UNION ALL
        SELECT max(seq) FROM change_log
        UNION ALL
        SELECT pruned_seq FROM change_log_state
    ) AS ends
"""

_APPEND = f"""
    INSERT INTO change_log (seq, kind, conversation_id, user_id, message_id, data, created_at, only_for, admins_only)
    VALUES (({_HEAD}) + 1, :kind, :conversation_id, :user_id, :message_id, :data, :created_at, :only_for,
        :admins_only)
    RETURNING seq
"""

_COLUMNS = ", ".join(LogEntry.__struct_fields__)


def _in_stays(table: str, row: str, seq: str, *, laterally: bool, also: str = "") -> str:
    """Return what follows FROM for the oldest rows of a table that ``:viewer`` sees by their stays.

    SQLite leaves a conversation as soon as what comes there is too new to be among the oldest. PostgreSQL reads all of
    it, unless each conversation has a limit of its own.

    :param row: the alias of the table's row.
    :param seq: its column with the place in the log.
    :param laterally: give each conversation a limit.
    :param also: what else a row has to meet.
    """
    seen = f"{row}.conversation_id = mine.conversation_id AND {during('mine', f'{row}.{seq}')} AND {sees(row)} {also}"
    if laterally:
        each = f"SELECT * FROM {table} AS {row} WHERE {seen} ORDER BY {row}.{seq} LIMIT :limit"
        joined = f"memberships AS mine CROSS JOIN LATERAL ({each}) AS {row} WHERE mine.user_id = :viewer"
    else:
        joined = f"memberships AS mine JOIN {table} AS {row} ON {seen} WHERE mine.user_id = :viewer"
    return f"{joined} ORDER BY {row}.{seq} LIMIT :limit"


_ALSO = f"AND {reaches('mine', 'l.message_id')} AND {concerns('mine', 'l')}"


# Each part has a LIMIT of its own. Without them a reader's whole part of the log above ``since`` is read.
def _visible(*, laterally: bool) -> str:
    return f"""
    SELECT {_COLUMNS} FROM (
        SELECT m.id AS seq, 'message' AS kind, m.conversation_id AS conversation_id, m.sender_id AS user_id,
            m.id AS message_id, CAST(NULL AS TEXT) AS data, m.created_at AS created_at, {STAY_END} AS stay_end
        FROM {_in_stays("messages", "m", "id", laterally=laterally)}
    ) AS said
    UNION ALL
    SELECT {_COLUMNS} FROM (
        SELECT l.seq, l.kind, l.conversation_id, l.user_id, l.message_id, l.data, l.created_at, {STAY_END} AS stay_end
        FROM {_in_stays("change_log", "l", "seq", laterally=laterally, also=_ALSO)}
    ) AS changed
    UNION ALL
    SELECT {_COLUMNS} FROM (
        SELECT l.seq, l.kind, l.conversation_id, l.user_id, l.message_id, l.data, l.created_at,
            CAST(NULL AS BIGINT) AS stay_end
        FROM change_log AS l
        WHERE l.conversation_id IS NULL AND l.seq > :since AND l.seq <= :up_to
            AND l.user_id IN ({users.ACQUAINTANCES} UNION SELECT CAST(:user_id AS BIGINT))
        ORDER BY l.seq LIMIT :limit
    ) AS renamed
    UNION ALL
    SELECT {_COLUMNS} FROM (
        SELECT l.seq, l.kind, l.conversation_id, l.only_for AS user_id, l.message_id, l.data, l.created_at,
            CAST(NULL AS BIGINT) AS stay_end
        FROM change_log AS l
        WHERE l.only_for = :viewer AND l.seq > :since AND l.seq <= :up_to
        ORDER BY l.seq LIMIT :limit
    ) AS personal
    ORDER BY seq LIMIT :limit
    """


_VISIBLE, _VISIBLE_LATERALLY = _visible(laterally=False), _visible(laterally=True)

_SINCE = f"""
    SELECT {_COLUMNS} FROM (
        SELECT m.id AS seq, 'message' AS kind, m.conversation_id AS conversation_id, m.sender_id AS user_id,
            m.id AS message_id, CAST(NULL AS TEXT) AS data, m.created_at AS created_at,
            CAST(NULL AS BIGINT) AS stay_end
        FROM messages AS m WHERE m.id > :since ORDER BY m.id LIMIT :limit
    ) AS said
    UNION ALL
    SELECT {_COLUMNS} FROM (
        SELECT l.seq, l.kind, l.conversation_id, coalesce(l.user_id, l.only_for) AS user_id, l.message_id, l.data,
            l.created_at, CAST(NULL AS BIGINT) AS stay_end
        FROM change_log AS l WHERE l.seq > :since ORDER BY l.seq LIMIT :limit
    ) AS changed
    ORDER BY seq LIMIT :limit
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
    only_for: int | None = None,
    admins_only: bool = False,
) -> int:
    """Append a change, other than a new message, and return its ``seq``.

    :param conversation_id: the conversation whose members it concerns; None where it concerns those who know
        the user.
    :param user_id: who made the change.
    :param message_id: the message it is about: for ``read``, the last one read.
    :param data: JSON with what the others do not say.
    :param hidden_from: the one member of the conversation who is not told.
    :param admins_only: whether it is for the group's admins and the user it names alone.
    :param only_for: the one user whom it concerns. Then there is no ``conversation_id`` and no ``user_id``.
    """
    row = db.execute(
        _APPEND,
        {
            "kind": kind,
            "conversation_id": conversation_id,
            "user_id": user_id,
            "message_id": message_id,
            "data": data,
            "created_at": created_at,
            "only_for": only_for,
            "admins_only": int(admins_only),
        },
    ).fetchone()
    seq = int(row["seq"])
    if hidden_from is not None:
        hide_change(db, seq, hidden_from)
    return seq


def epoch(db: Sql) -> str:
    """Return the name of this log."""
    return str(db.execute("SELECT epoch FROM change_log_state").fetchone()["epoch"])


def renew_epoch(db: Sql) -> str:
    """Give the log another name, because what follows is not what clients have seen, and return it."""
    name = secrets.token_hex(8)
    db.execute("UPDATE change_log_state SET epoch = :name", {"name": name})
    return name


def memberships(db: Sql, *, since: int, limit: int) -> list[tuple[int, int]] | None:
    """Return the group and the user of each change above ``since`` of who is what in a group; None where more than
    ``limit`` changes of any kind are to be looked through.
    """
    rows = db.execute(
        """
        SELECT l.kind, l.conversation_id, l.user_id FROM change_log AS l
        WHERE l.seq > :since ORDER BY l.seq LIMIT :limit
        """,
        {"since": since, "limit": limit + 1},
    ).fetchall()
    if len(rows) > limit:
        return None
    return [(row[1], row[2]) for row in rows if row[0] == "membership" and row[1] is not None]


def head(db: Sql) -> int:
    """Return the newest ``seq``, 0 where nothing has ever changed; a new message's id is the next."""
    return int(db.execute(_HEAD).fetchone()["seq"])


def pruned_up_to(db: Sql) -> int:
    """Return the ``seq`` up to which the log has been pruned, 0 where it is whole."""
    return int(db.execute("SELECT pruned_seq FROM change_log_state").fetchone()["pruned_seq"])


def oldest_at(db: Sql) -> int | None:
    """Return when the oldest change that the log reaches back to was made; None where there is none."""
    oldest = _after(db, pruned_up_to(db), 1)
    return oldest[0][1] if oldest else None


def newest_at(db: Sql) -> int | None:
    """Return when the newest change that is still there, as all messages are, was made; None where there is none."""
    row = db.execute(
        """
        SELECT seq, created_at FROM (SELECT seq, created_at FROM change_log ORDER BY seq DESC LIMIT 1) AS changed
        UNION ALL
        SELECT id, created_at FROM (SELECT id, created_at FROM messages ORDER BY id DESC LIMIT 1) AS said
        ORDER BY seq DESC LIMIT 1
        """
    ).fetchone()
    return None if row is None else int(row["created_at"])


def visible(db: Sql, user_id: int, *, since: int, up_to: int, limit: int) -> list[LogEntry]:
    """Return the oldest changes above ``since`` and up to ``up_to`` that a user may see, in order.

    These are the changes in their conversations, from joining to leaving, both included, but for what is hidden from
    them or is about a message that they do not see; the changes of the profiles of those they share a conversation
    with; and what concerns them alone.
    """
    values = {"viewer": user_id, "user_id": user_id, "since": since, "up_to": up_to, "limit": limit}
    return [LogEntry(*row) for row in db.execute(_VISIBLE_LATERALLY if db.joins_laterally else _VISIBLE, values)]


def since(db: Sql, seq: int, limit: int) -> list[LogEntry]:
    """Return the oldest changes above ``seq``, in order, whomever they concern."""
    return [LogEntry(*row) for row in db.execute(_SINCE, {"since": seq, "limit": limit})]


def prune(db: Sql, *, before: int, after: int = LARGEST, limit: int) -> int:
    """Forget the oldest changes made before a time, at most ``limit``, and return how many.

    Of a message only its place in the log is forgotten.

    :param after: what was made later than this was made by a clock that was wrong and counts as old.
    """
    seqs = [seq for seq, made_at in _after(db, pruned_up_to(db), limit) if not before <= made_at <= after]
    if seqs:
        db.execute("DELETE FROM change_log WHERE seq <= :seq", {"seq": seqs[-1]})
        db.execute("UPDATE change_log_state SET pruned_seq = :seq", {"seq": seqs[-1]})
    return len(seqs)


def _after(db: Sql, seq: int, limit: int) -> list[tuple[int, int]]:
    """Return the oldest changes above ``seq``: the seq of each, and when it was made."""
    rows = db.execute(
        """
        SELECT seq, created_at FROM (
            SELECT seq, created_at FROM change_log WHERE seq > :seq ORDER BY seq LIMIT :limit
        ) AS changed
        UNION ALL
        SELECT id, created_at FROM (
            SELECT id, created_at FROM messages WHERE id > :seq ORDER BY id LIMIT :limit
        ) AS said
        ORDER BY seq LIMIT :limit
        """,
        {"seq": seq, "limit": limit},
    )
    return [(row["seq"], row["created_at"]) for row in rows]
