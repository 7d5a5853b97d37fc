"""Ways into a group: codes, which let in whoever has one, and invitations by name."""

from chatd.models import GroupInvite, Invited
from chatd.storage import groups, users
from chatd.storage.engine import Row, Sql

#: When the maker of a code was put out of the group after that: it is a part of that action, and undone with it.
_PUT_OUT = """
    SELECT min(a.created_at) FROM actions AS a
    WHERE a.conversation_id = i.conversation_id AND a.user_id = i.made_by AND a.id > i.made_seq
        AND a.undone_at IS NULL AND a.kind IN ('kick', 'ban')
"""

_COLUMNS = f"""
    i.id, i.conversation_id, i.made_by, i.made_seq, i.created_at, i.expires_at, i.max_uses,
    coalesce(i.revoked_at, ({_PUT_OUT})) AS revoked_at,
    (SELECT count(*) FROM group_invite_uses AS u WHERE u.invite_id = i.id) AS uses
"""

#: Whether a code may still let somebody in at ``:now``, as far as it says itself.
_LIVE = f"""
    i.revoked_at IS NULL AND ({_PUT_OUT}) IS NULL AND (i.expires_at IS NULL OR i.expires_at > :now)
    AND (i.max_uses IS NULL OR i.max_uses > (SELECT count(*) FROM group_invite_uses AS u WHERE u.invite_id = i.id))
"""


def _from_row(row: Row) -> GroupInvite:
    return GroupInvite(*row)


def insert(
    db: Sql,
    *,
    group_id: int,
    code_hash: bytes,
    made_by: int,
    made_seq: int,
    created_at: int,
    expires_at: int | None,
    max_uses: int | None,
) -> int:
    """Store a code and return its number.

    :param made_seq: the head of the log.
    """
    row = db.execute(
        """
        INSERT INTO group_invites (conversation_id, code_hash, made_by, made_seq, created_at, expires_at, max_uses)
        VALUES (:group_id, :code_hash, :made_by, :made_seq, :created_at, :expires_at, :max_uses)
        RETURNING id
        """,
        {
            "group_id": group_id,
            "code_hash": code_hash,
            "made_by": made_by,
            "made_seq": made_seq,
            "created_at": created_at,
            "expires_at": expires_at,
            "max_uses": max_uses,
        },
    ).fetchone()
    return int(row["id"])


def by_code(db: Sql, code_hash: bytes) -> GroupInvite | None:
    """Return a code, whether or not it still lets anybody in."""
    query = f"SELECT {_COLUMNS} FROM group_invites AS i WHERE i.code_hash = :code_hash"
    row = db.execute(query, {"code_hash": code_hash}).fetchone()
    return None if row is None else _from_row(row)


def get(db: Sql, group_id: int, invite_id: int) -> GroupInvite | None:
    """Return a code of a group by its number."""
    query = f"SELECT {_COLUMNS} FROM group_invites AS i WHERE i.conversation_id = :group_id AND i.id = :invite_id"
    row = db.execute(query, {"group_id": group_id, "invite_id": invite_id}).fetchone()
    return None if row is None else _from_row(row)


def live(db: Sql, group_id: int, now: int, *, made_by: int | None = None) -> list[GroupInvite]:
    """Return the codes of a group that still let somebody in, the oldest first.

    :param made_by: only those of this member; None: all.
    """
    rows = db.execute(
        f"""
        SELECT {_COLUMNS} FROM group_invites AS i
        WHERE i.conversation_id = :group_id AND i.made_by = coalesce(CAST(:made_by AS BIGINT), i.made_by) AND {_LIVE}
        ORDER BY i.id
        """,
        {"group_id": group_id, "now": now, "made_by": made_by},
    )
    return [_from_row(row) for row in rows]


def revoke(db: Sql, invite_id: int, at: int) -> None:
    """Let nobody in by a code any more."""
    db.execute(
        "UPDATE group_invites SET revoked_at = :at WHERE id = :invite_id AND revoked_at IS NULL",
        {"invite_id": invite_id, "at": at},
    )


def was_used_by(db: Sql, invite_id: int, user_id: int) -> bool:
    """Report whether somebody has come in by a code before."""
    query = "SELECT 1 FROM group_invite_uses WHERE invite_id = :invite_id AND user_id = :user_id"
    return db.execute(query, {"invite_id": invite_id, "user_id": user_id}).fetchone() is not None


def note_use(db: Sql, invite_id: int, user_id: int) -> None:
    """Note that somebody has come in by a code; each person counts once."""
    db.execute(
        "INSERT INTO group_invite_uses (invite_id, user_id) VALUES (:invite_id, :user_id) ON CONFLICT DO NOTHING",
        {"invite_id": invite_id, "user_id": user_id},
    )


def invite(db: Sql, group_id: int, user_id: int, from_id: int, at: int) -> None:
    """Invite somebody by name; the newest invitation to a group replaces the one before."""
    db.execute(
        """
        INSERT INTO invitations (conversation_id, user_id, from_id, created_at)
        VALUES (:group_id, :user_id, :from_id, :at)
        ON CONFLICT (conversation_id, user_id) DO UPDATE SET from_id = :from_id, created_at = :at
        """,
        {"group_id": group_id, "user_id": user_id, "from_id": from_id, "at": at},
    )


def inviter(db: Sql, group_id: int, user_id: int) -> int | None:
    """Return who has invited somebody to a group by name; None where nobody has."""
    row = db.execute(
        "SELECT from_id FROM invitations WHERE conversation_id = :group_id AND user_id = :user_id",
        {"group_id": group_id, "user_id": user_id},
    ).fetchone()
    return None if row is None else int(row["from_id"])


def forget(db: Sql, group_id: int, user_id: int) -> None:
    """Forget that somebody is invited to a group by name."""
    db.execute(
        "DELETE FROM invitations WHERE conversation_id = :group_id AND user_id = :user_id",
        {"group_id": group_id, "user_id": user_id},
    )


def forget_all(db: Sql, user_id: int) -> None:
    """Forget every invitation by name to somebody."""
    db.execute("DELETE FROM invitations WHERE user_id = :user_id", {"user_id": user_id})


def to(db: Sql, user_id: int) -> list[Invited]:
    """Return the invitations by name to somebody, the newest first, without those from people whom they block."""
    rows = db.execute(
        """
        SELECT i.conversation_id, i.from_id, i.created_at FROM invitations AS i
        WHERE i.user_id = :user_id AND NOT EXISTS (
            SELECT 1 FROM blocks AS b WHERE b.blocker_id = :user_id AND b.blocked_id = i.from_id
        )
        ORDER BY i.created_at DESC, i.conversation_id DESC
        """,
        {"user_id": user_id},
    ).fetchall()
    whereto = groups.get_many(db, [row["conversation_id"] for row in rows])
    people = users.get_many(db, [row["from_id"] for row in rows])
    return [Invited(whereto[row["conversation_id"]].preview, people[row["from_id"]], row["created_at"]) for row in rows]
