"""Actions: what was done to members of groups, what is in force of it, and what is still to be done.

One *stands* until it is undone. A ban or a silence is *in force* while it stands and has not ended.
"""

import json
from collections.abc import Collection
from typing import Any

from chatd.models import Action
from chatd.storage import users
from chatd.storage.engine import LARGEST, Row, Sql, as_list, in_list

_COLUMNS = """
    a.id, a.conversation_id, a.kind, a.actor_id, a.user_id, a.reason, a.from_id, a.to_id, a.until, a.before, a.after,
    a.created_at, a.undone_at, a.undone_by, a.ended_at, a.stay_seq, a.erased_at, a.todo
"""

#: Whether an action is in force at ``:now``.
_IN_FORCE = """
    a.undone_at IS NULL AND a.ended_at IS NULL AND (a.until IS NULL OR a.until > :now)
"""


def insert(
    db: Sql,
    *,
    seq: int,
    group_id: int,
    kind: str,
    actor_id: int,
    user_id: int | None,
    reason: str | None,
    until: int | None,
    from_id: int | None,
    to_id: int | None,
    stay_seq: int | None,
    created_at: int,
) -> None:
    """Store an action. What it removes is still to be removed.

    :param seq: its place in the log, which is its id.
    :param stay_seq: where the stay ended that it puts an end to.
    """
    db.execute(
        """
        INSERT INTO actions
            (id, conversation_id, kind, actor_id, user_id, reason, until, from_id, to_id, stay_seq, created_at, todo,
             next_id)
        VALUES
            (:seq, :group_id, :kind, :actor_id, :user_id, :reason, :until, :from_id, :to_id, :stay_seq, :created_at,
             CASE WHEN CAST(:from_id AS BIGINT) IS NULL THEN NULL ELSE 'remove' END, :from_id)
        """,
        {
            "seq": seq,
            "group_id": group_id,
            "kind": kind,
            "actor_id": actor_id,
            "user_id": user_id,
            "reason": reason,
            "until": until,
            "from_id": from_id,
            "to_id": to_id,
            "stay_seq": stay_seq,
            "created_at": created_at,
        },
    )


def get_many(db: Sql, ids: Collection[int]) -> dict[int, Action]:
    """Return the actions there are of ``ids``, by id."""
    query = f"SELECT {_COLUMNS} FROM actions AS a WHERE a.id IN {in_list('ids')}"
    return {action.id: action for action in _actions(db, db.execute(query, {"ids": as_list(ids)}).fetchall())}


def find(db: Sql, group_id: int, action_id: int) -> Action | None:
    """Return an action of a group."""
    action = get_many(db, [action_id]).get(action_id)
    return action if action is not None and action.group_id == group_id else None


def page(
    db: Sql,
    group_id: int,
    *,
    before: int | None,
    kind: str | None,
    user_id: int | None,
    active: bool,
    now: int,
    limit: int,
) -> list[Action]:
    """Return actions of a group, the newest first.

    :param before: only those with lower ids.
    :param kind: only those of it.
    :param user_id: only those that concern this user.
    :param active: only bans and silences that are in force at ``now``.
    """
    rows = db.execute(
        f"""
        SELECT {_COLUMNS} FROM actions AS a
        WHERE a.conversation_id = :group_id AND a.id < :before AND a.kind = coalesce(CAST(:kind AS TEXT), a.kind)
            AND (CAST(:user_id AS BIGINT) IS NULL OR a.user_id = :user_id)
            AND (:active = 0 OR (a.kind IN ('ban', 'silence') AND {_IN_FORCE}))
        ORDER BY a.id DESC LIMIT :limit
        """,
        {
            "group_id": group_id,
            "before": LARGEST if before is None else before,
            "kind": kind,
            "user_id": user_id,
            "active": int(active),
            "now": now,
            "limit": limit,
        },
    ).fetchall()
    return _actions(db, rows)


def is_banned(db: Sql, group_id: int, user_id: int, now: int) -> bool:
    """Report whether a ban keeps somebody out of a group."""
    row = db.execute(
        f"""
        SELECT 1 FROM actions AS a
        WHERE a.conversation_id = :group_id AND a.user_id = :user_id AND a.kind = 'ban' AND {_IN_FORCE} LIMIT 1
        """,
        {"group_id": group_id, "user_id": user_id, "now": now},
    ).fetchone()
    return row is not None


def put_out_last(db: Sql, group_id: int, user_id: int) -> int:
    """Return the newest action that stands and put somebody out of a group, 0 where there is none."""
    row = db.execute(
        """
        SELECT coalesce(max(a.id), 0) AS newest FROM actions AS a
        WHERE a.conversation_id = :group_id AND a.user_id = :user_id AND a.undone_at IS NULL
            AND a.kind IN ('kick', 'ban')
        """,
        {"group_id": group_id, "user_id": user_id},
    ).fetchone()
    return int(row["newest"])


def ends_stay(db: Sql, group_id: int, user_id: int, stay_seq: int) -> bool:
    """Report whether an action that stands has put an end to the stay that ended there."""
    row = db.execute(
        """
        SELECT 1 FROM actions AS a
        WHERE a.conversation_id = :group_id AND a.user_id = :user_id AND a.undone_at IS NULL AND a.stay_seq = :stay_seq
        LIMIT 1
        """,
        {"group_id": group_id, "user_id": user_id, "stay_seq": stay_seq},
    ).fetchone()
    return row is not None


def set_values(db: Sql, action_id: int, before: str, after: str) -> None:
    """Note what an action has changed, as JSON."""
    db.execute(
        "UPDATE actions SET before = :before, after = :after WHERE id = :action_id",
        {"action_id": action_id, "before": before, "after": after},
    )


def set_stay(db: Sql, action_id: int, stay_seq: int) -> None:
    """Note where the stay ended that an action has put an end to."""
    db.execute(
        "UPDATE actions SET stay_seq = :stay_seq WHERE id = :action_id", {"action_id": action_id, "stay_seq": stay_seq}
    )


def set_undone(db: Sql, action_id: int, at: int, by: int) -> None:
    """Note that an action is undone; what it removed is still to be restored."""
    db.execute(
        """
        UPDATE actions
        SET undone_at = :at, undone_by = :by, next_id = from_id,
            todo = CASE WHEN from_id IS NULL THEN NULL ELSE 'restore' END
        WHERE id = :action_id
        """,
        {"action_id": action_id, "at": at, "by": by},
    )


def set_ended(db: Sql, action_id: int, at: int) -> None:
    """Note that an action is in force no more."""
    db.execute("UPDATE actions SET ended_at = :at WHERE id = :action_id", {"action_id": action_id, "at": at})


def _actions(db: Sql, rows: Collection[Row]) -> list[Action]:
    people = users.get_many(
        db, {each for row in rows for each in (row["actor_id"], row["user_id"], row["undone_by"]) if each is not None}
    )
    return [
        Action(
            id=row["id"],
            group_id=row["conversation_id"],
            kind=row["kind"],
            actor=people[row["actor_id"]],
            user=people.get(row["user_id"]),
            reason=row["reason"],
            from_id=row["from_id"],
            to_id=row["to_id"],
            until=row["until"],
            before=_words(row["before"]),
            after=_words(row["after"]),
            created_at=row["created_at"],
            undone_at=row["undone_at"],
            undone_by=None if row["undone_at"] is None else people.get(row["undone_by"]),
            ended_at=row["ended_at"],
            undoable=row["undone_at"] is None and row["erased_at"] is None and row["todo"] != "undo",
            stay_seq=row["stay_seq"],
        )
        for row in rows
    ]


def _words(text: str | None) -> dict[str, Any] | None:
    return None if text is None else json.loads(text)
