"""Present members of groups: who they are, and who of them has read a message."""

from chatd.models import KnownMember
from chatd.storage import users
from chatd.storage.engine import Sql
from chatd.storage.visibility import present

#: Whether the action ``a`` silences somebody, until a time that may have passed.
SILENCES = "a.kind = 'silence' AND a.undone_at IS NULL AND a.ended_at IS NULL"

#: Until when a member is silenced, which may have passed.
SILENCED_UNTIL = f"""
    SELECT max(a.until) FROM actions AS a
    WHERE a.conversation_id = stay.conversation_id AND a.user_id = stay.user_id AND {SILENCES}
"""


def page(
    db: Sql, group_id: int, *, query: str | None, role: str | None, via: int | None, after: int, limit: int
) -> list[KnownMember]:
    """Return present members by user id, above one.

    :param query: what their names contain, as searches compare it.
    :param role: only those with it.
    :param via: only those who came by this code.
    """
    rows = db.execute(
        f"""
        SELECT {users.COLUMNS}, stay.role AS member_role, stay.joined_at AS joined_at, stay.via AS via,
            ({SILENCED_UNTIL}) AS silenced_until
        FROM memberships AS stay JOIN users AS u ON u.id = stay.user_id
        WHERE stay.conversation_id = :group_id AND {present("stay")} AND stay.user_id > :after
            AND (CAST(:query AS TEXT) IS NULL OR instr(u.search_key, :query) > 0)
            AND stay.role = coalesce(CAST(:role AS TEXT), stay.role)
            AND (CAST(:via AS BIGINT) IS NULL OR stay.via = :via)
        ORDER BY stay.user_id LIMIT :limit
        """,
        {"group_id": group_id, "query": query, "role": role, "via": via, "after": after, "limit": limit},
    )
    return [
        KnownMember(users.from_row(row), row["member_role"], row["joined_at"], row["via"], row["silenced_until"])
        for row in rows
    ]


def readers(db: Sql, group_id: int, message_id: int, sent_at: int) -> list[int]:
    """Return the ids of the present members who were there when a message was sent, and have read it."""
    rows = db.execute(
        f"""
        SELECT stay.user_id FROM memberships AS stay
        WHERE stay.conversation_id = :group_id AND {present("stay")} AND stay.read_up_to >= :message_id
            AND stay.joined_at <= :sent_at
        ORDER BY stay.user_id
        """,
        {"group_id": group_id, "message_id": message_id, "sent_at": sent_at},
    )
    return [row["user_id"] for row in rows]


def count_admins(db: Sql, group_id: int) -> int:
    """Return how many admins a group has, its owner not among them."""
    row = db.execute(
        f"""
        SELECT count(*) AS found FROM memberships AS stay
        WHERE stay.conversation_id = :group_id AND stay.role = 'admin' AND {present("stay")}
        """,
        {"group_id": group_id},
    ).fetchone()
    return int(row["found"])
