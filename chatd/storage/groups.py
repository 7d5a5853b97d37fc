"""Groups: what they are called, and who may what in them."""

from collections.abc import Collection

import msgspec

from chatd.models import Group, GroupRole
from chatd.storage.engine import Row, Sql, as_list, in_list
from chatd.storage.visibility import KEPT

_COLUMNS = """
    g.id, g.name, g.description, g.avatar_path, g.is_public, g.history_from, g.history_since, g.post_rule,
    g.invite_rule, g.member_count, g.is_large, g.created_at, g.ended_at, g.ended_seq,
    g.slow_seconds, g.pin_rule, g.approval
"""


def from_row(row: Row) -> Group:
    """Return the group of a row."""
    group = Group(*row)
    return msgspec.structs.replace(
        group, is_public=group.is_public == 1, is_large=group.is_large == 1, approval=group.approval == 1
    )


def get_many(db: Sql, ids: Collection[int]) -> dict[int, Group]:
    """Return the groups there are of ``ids``, by id, those that have ended too."""
    query = f"SELECT {_COLUMNS} FROM conversations AS g WHERE g.kind = 'group' AND g.id IN {in_list('ids')}"
    return {group.id: group for group in map(from_row, db.execute(query, {"ids": as_list(ids)}))}


def find(db: Sql, group_id: int) -> Group | None:
    """Return a group that has not ended."""
    group = get_many(db, [group_id]).get(group_id)
    return None if group is None or group.ended_at is not None else group


def is_large(db: Sql, group_id: int) -> bool:
    """Report whether a group is large."""
    query = "SELECT 1 FROM conversations WHERE id = :group_id AND is_large = 1"
    return db.execute(query, {"group_id": group_id}).fetchone() is not None


def all_groups(db: Sql) -> list[Group]:
    """Return every group, those that have ended too, by id."""
    return [
        from_row(row)
        for row in db.execute(f"SELECT {_COLUMNS} FROM conversations AS g WHERE g.kind = 'group' ORDER BY g.id")
    ]


def insert(
    db: Sql,
    *,
    name: str,
    search_key: str,
    description: str | None,
    avatar_path: str | None,
    is_public: bool,
    post_rule: GroupRole,
    invite_rule: GroupRole,
    pin_rule: GroupRole,
    approval: bool,
    slow_seconds: int,
    made_by: int,
    made_as: str | None,
    created_at: int,
) -> int:
    """Store a group that nobody is in yet, and return its id.

    :param search_key: the name as searches compare it.
    :param made_as: the ``client_id`` of its making.
    """
    row = db.execute(
        """
        INSERT INTO conversations
            (kind, name, search_key, description, avatar_path, is_public, post_rule, invite_rule, pin_rule,
             approval, slow_seconds, made_by, made_as, created_at)
        VALUES
            ('group', :name, :search_key, :description, :avatar_path, :is_public, :post_rule, :invite_rule,
             :pin_rule, :approval, :slow_seconds, :made_by, :made_as, :created_at)
        RETURNING id
        """,
        {
            "name": name,
            "search_key": search_key,
            "description": description,
            "avatar_path": avatar_path,
            "is_public": int(is_public),
            "post_rule": post_rule,
            "invite_rule": invite_rule,
            "pin_rule": pin_rule,
            "approval": int(approval),
            "slow_seconds": slow_seconds,
            "made_by": made_by,
            "made_as": made_as,
            "created_at": created_at,
        },
    ).fetchone()
    return int(row["id"])


def change(db: Sql, group: Group, search_key: str) -> None:
    """Store what may be changed of a group: its texts, whether it is public, and its rules.

    :param search_key: its name as searches compare it.
    """
    db.execute(
        """
        UPDATE conversations
        SET name = :name, search_key = :search_key, description = :description, avatar_path = :avatar_path,
            is_public = :is_public, post_rule = :post_rule, invite_rule = :invite_rule, pin_rule = :pin_rule,
            slow_seconds = :slow_seconds, approval = :approval
        WHERE id = :group_id
        """,
        {
            "group_id": group.id,
            "name": group.name,
            "search_key": search_key,
            "description": group.description,
            "avatar_path": group.avatar_path,
            "is_public": int(group.is_public),
            "post_rule": group.post_rule,
            "invite_rule": group.invite_rule,
            "pin_rule": group.pin_rule,
            "approval": int(group.approval),
            "slow_seconds": group.slow_seconds,
        },
    )


def set_history(db: Sql, group_id: int, seq: int | None, at: int | None) -> None:
    """Let newcomers see the messages from a place in the log on, which was at a time; None: from their joining."""
    db.execute(
        "UPDATE conversations SET history_from = :seq, history_since = :at WHERE id = :group_id",
        {"group_id": group_id, "seq": seq, "at": at},
    )


def public(db: Sql, *, query: str | None, skip: int, limit: int) -> list[Group]:
    """Return public groups, those with most members first.

    :param query: what their names contain, as searches compare it.
    """
    rows = db.execute(
        f"""
        SELECT {_COLUMNS} FROM conversations AS g
        WHERE g.is_public = 1 AND g.ended_at IS NULL
            AND (CAST(:query AS TEXT) IS NULL OR instr(g.search_key, :query) > 0)
        ORDER BY g.member_count DESC, g.id DESC LIMIT :limit OFFSET :skip
        """,
        {"query": query, "skip": skip, "limit": limit},
    )
    return [from_row(row) for row in rows]


def made_as(db: Sql, user_id: int, client_id: str) -> int | None:
    """Return the id of the group that a user made under a ``client_id``."""
    row = db.execute(
        "SELECT id FROM conversations WHERE made_by = :user_id AND made_as = :client_id",
        {"user_id": user_id, "client_id": client_id},
    ).fetchone()
    return None if row is None else int(row["id"])


def made_since(db: Sql, user_id: int, since: int) -> list[int]:
    """Return when a user made each of their groups after a time, oldest first."""
    rows = db.execute(
        "SELECT created_at FROM conversations WHERE made_by = :user_id AND created_at > :since ORDER BY created_at",
        {"user_id": user_id, "since": since},
    )
    return [row["created_at"] for row in rows]


def end(db: Sql, group_id: int, at: int, seq: int) -> None:
    """Note that a group has ended, and forget who is invited to it.

    :param seq: where in the log all left who were in it.
    """
    db.execute(
        "UPDATE conversations SET ended_at = :at, ended_seq = :seq WHERE id = :group_id",
        {"group_id": group_id, "at": at, "seq": seq},
    )
    db.execute("DELETE FROM invitations WHERE conversation_id = :group_id", {"group_id": group_id})


def revive(db: Sql, group_id: int) -> None:
    """Note that a group goes on."""
    db.execute(
        "UPDATE conversations SET ended_at = NULL, ended_seq = NULL WHERE id = :group_id", {"group_id": group_id}
    )


def to_erase(db: Sql, before: int) -> list[int]:
    """Return the ids of groups that ended before a time and have something left to erase."""
    rows = db.execute(
        "SELECT id FROM conversations WHERE ended_at < :before AND erased_at IS NULL ORDER BY ended_at",
        {"before": before},
    )
    return [row["id"] for row in rows]


def is_erased(db: Sql, group_id: int) -> bool:
    """Report whether what was said in a group is gone for good."""
    query = "SELECT 1 FROM conversations WHERE id = :group_id AND erased_at IS NOT NULL"
    return db.execute(query, {"group_id": group_id}).fetchone() is not None


def kept(db: Sql, group_id: int, after: int, limit: int) -> list[int]:
    """Return the oldest messages of a group above an id that have a content, by their ids."""
    rows = db.execute(
        f"""
        SELECT m.id FROM messages AS m
        WHERE m.conversation_id = :group_id AND m.id > :after AND {KEPT}
        ORDER BY m.id LIMIT :limit
        """,
        {"group_id": group_id, "after": after, "limit": limit},
    )
    return [row["id"] for row in rows]


def set_erased(db: Sql, group_id: int, erased_at: int) -> None:
    """Forget what a group was called and what its audit log says, and note that nothing is left of it."""
    db.execute(
        """
        UPDATE conversations
        SET name = '', search_key = '', description = NULL, avatar_path = NULL, erased_at = :erased_at
        WHERE id = :group_id
        """,
        {"group_id": group_id, "erased_at": erased_at},
    )
    db.execute("UPDATE memberships SET left_name = NULL WHERE conversation_id = :group_id", {"group_id": group_id})
    db.execute(
        "UPDATE actions SET reason = NULL, before = NULL, after = NULL WHERE conversation_id = :group_id",
        {"group_id": group_id},
    )
