"""Stays in groups: joining, leaving, roles, and who is there.

One begins at the row of the change log that tells of it, and ends at another.
"""

from collections.abc import Collection

from chatd.models import GroupRole, Level, Stay
from chatd.storage.engine import Sql, as_list, in_list
from chatd.storage.members import SILENCED_UNTIL
from chatd.storage.visibility import present

#: A group is large above the one number of members, and no longer below the other.
LARGE_ABOVE, SMALL_BELOW = 100, 80

_COLUMNS = f"""
    stay.conversation_id, stay.user_id, stay.role, stay.joined_at, stay.visible_from, stay.notify, stay.muted_until,
    ({SILENCED_UNTIL}) AS silenced_until
"""


_NAME = "SELECT c.name FROM conversations AS c WHERE c.id = :group_id"


def find(db: Sql, group_id: int, user_id: int) -> Stay | None:
    """Return a user's present stay in a group."""
    return find_many(db, [group_id], user_id).get(group_id)


def find_many(db: Sql, ids: Collection[int], user_id: int) -> dict[int, Stay]:
    """Return a user's present stays in those of some groups they are in, by group."""
    rows = db.execute(
        f"""
        SELECT {_COLUMNS} FROM memberships AS stay
        WHERE stay.conversation_id IN {in_list("ids")} AND stay.user_id = :user_id AND {present("stay")}
        """,
        {"ids": as_list(ids), "user_id": user_id},
    )
    return {row["conversation_id"]: Stay(*row) for row in rows}


def was_in(db: Sql, group_id: int, user_id: int) -> bool:
    """Report whether somebody is or was in a group."""
    query = "SELECT 1 FROM memberships WHERE conversation_id = :group_id AND user_id = :user_id LIMIT 1"
    return db.execute(query, {"group_id": group_id, "user_id": user_id}).fetchone() is not None


def name_at_leaving(db: Sql, group_id: int, user_id: int) -> str:
    """Return what a group was called when somebody left it last; empty once the group is erased, or if none did."""
    row = db.execute(
        """
        SELECT stay.left_name FROM memberships AS stay
        WHERE stay.conversation_id = :group_id AND stay.user_id = :user_id ORDER BY stay.joined_seq DESC LIMIT 1
        """,
        {"group_id": group_id, "user_id": user_id},
    ).fetchone()
    return "" if row is None else row["left_name"] or ""


def groups_of(db: Sql, user_id: int) -> list[int]:
    """Return the ids of the groups that a user is in."""
    rows = db.execute(
        f"""
        SELECT stay.conversation_id FROM memberships AS stay
        JOIN conversations AS c ON c.id = stay.conversation_id AND c.kind = 'group'
        WHERE stay.user_id = :user_id AND {present("stay")} ORDER BY stay.conversation_id
        """,
        {"user_id": user_id},
    )
    return [row["conversation_id"] for row in rows]


def begin(
    db: Sql,
    stay: Stay,
    *,
    seq: int,
    via: int | None = None,
) -> None:
    """Let somebody into a group. What was said there before is read.

    :param seq: the place of the joining in the log.
    :param via: the code they come by.
    """
    db.execute(
        """
        INSERT INTO memberships
            (conversation_id, user_id, role, joined_seq, joined_at, visible_from, notify, via, read_count, read_up_to)
        SELECT c.id, :user_id, :role, :seq, :joined_at, :visible_from, :notify, CAST(:via AS BIGINT), c.message_count,
            coalesce(c.last_message_id, 0)
        FROM conversations AS c WHERE c.id = :group_id
        """,
        {
            "group_id": stay.group_id,
            "user_id": stay.user_id,
            "role": stay.role,
            "seq": seq,
            "joined_at": stay.joined_at,
            "visible_from": stay.visible_from,
            "notify": stay.notify,
            "via": via,
        },
    )
    _count(db, stay.group_id, 1)


def end(db: Sql, group_id: int, user_id: int, seq: int) -> None:
    """End a user's stay in a group.

    :param seq: the place of the leaving in the log, the last that the user sees.
    """
    db.execute(
        f"""
        UPDATE memberships SET left_seq = :seq, left_name = ({_NAME})
        WHERE conversation_id = :group_id AND user_id = :user_id AND {present("memberships")}
        """,
        {"group_id": group_id, "user_id": user_id, "seq": seq},
    )
    _count(db, group_id, -1)


def end_all(db: Sql, group_id: int, seq: int) -> None:
    """End every stay in a group.

    :param seq: the place of the group's end in the log.
    """
    db.execute(
        f"""
        UPDATE memberships SET left_seq = :seq, left_name = ({_NAME})
        WHERE conversation_id = :group_id AND {present("memberships")}
        """,
        {"group_id": group_id, "seq": seq},
    )
    db.execute("UPDATE conversations SET member_count = 0, is_large = 0 WHERE id = :group_id", {"group_id": group_id})


def ended_at(db: Sql, group_id: int, seq: int) -> list[Stay]:
    """Return the stays that ended with a group, without those of accounts deleted since.

    :param seq: the place of the group's end in the log.
    """
    rows = db.execute(
        f"""
        SELECT {_COLUMNS} FROM memberships AS stay JOIN users AS u ON u.id = stay.user_id AND u.deleted_at IS NULL
        WHERE stay.conversation_id = :group_id AND stay.left_seq = :seq ORDER BY stay.user_id
        """,
        {"group_id": group_id, "seq": seq},
    )
    return [Stay(*row) for row in rows]


def last_ended(db: Sql, group_id: int, user_id: int) -> tuple[int, GroupRole] | None:
    """Return where a user's last stay in a group ended, and what they were then; None where they are in it, or never
    were.
    """
    row = db.execute(
        """
        SELECT stay.left_seq, stay.role FROM memberships AS stay
        WHERE stay.conversation_id = :group_id AND stay.user_id = :user_id ORDER BY stay.joined_seq DESC LIMIT 1
        """,
        {"group_id": group_id, "user_id": user_id},
    ).fetchone()
    return None if row is None or row["left_seq"] is None else (row["left_seq"], row["role"])


def resume(db: Sql, group_id: int, user_id: int, *, ended: int, seq: int, role: GroupRole) -> None:
    """Go on with a stay that ended: a new one, with all that the old one had.

    :param ended: where it ended.
    :param seq: where the new one begins.
    :param role: what the member is now.
    """
    db.execute(
        """
        INSERT INTO memberships
            (conversation_id, user_id, role, joined_seq, joined_at, visible_from, notify, muted_until, via, read_up_to,
             sent_count, read_count, last_sent_at)
        SELECT stay.conversation_id, stay.user_id, :role, :seq, stay.joined_at, stay.visible_from, stay.notify,
            stay.muted_until, stay.via, stay.read_up_to, stay.sent_count, stay.read_count, stay.last_sent_at
        FROM memberships AS stay
        WHERE stay.conversation_id = :group_id AND stay.user_id = :user_id AND stay.left_seq = :ended
        """,
        {"group_id": group_id, "user_id": user_id, "ended": ended, "seq": seq, "role": role},
    )
    _count(db, group_id, 1)


def set_role(db: Sql, group_id: int, user_id: int, role: GroupRole) -> None:
    """Give a present member another role."""
    db.execute(
        f"""
        UPDATE memberships SET role = :role
        WHERE conversation_id = :group_id AND user_id = :user_id AND {present("memberships")}
        """,
        {"group_id": group_id, "user_id": user_id, "role": role},
    )


def set_level(db: Sql, group_id: int, user_id: int, notify: Level, muted_until: int | None) -> None:
    """Let other things disturb a present member.

    :param muted_until: until when nothing does.
    """
    db.execute(
        f"""
        UPDATE memberships SET notify = :notify, muted_until = :muted_until
        WHERE conversation_id = :group_id AND user_id = :user_id AND {present("memberships")}
        """,
        {"group_id": group_id, "user_id": user_id, "notify": notify, "muted_until": muted_until},
    )


def owner(db: Sql, group_id: int) -> int | None:
    """Return who owns a group; None where nobody is in it."""
    row = db.execute(
        f"""
        SELECT stay.user_id FROM memberships AS stay
        WHERE stay.conversation_id = :group_id AND stay.role = 'owner' AND {present("stay")}
        """,
        {"group_id": group_id},
    ).fetchone()
    return None if row is None else int(row["user_id"])


def successor(db: Sql, group_id: int) -> int | None:
    """Return who is to own a group whose owner has gone; None where nobody is left.

    Disabled accounts come last, then bots; among the others it is who has been there for longest, admins first.
    """
    row = db.execute(
        f"""
        SELECT stay.user_id FROM memberships AS stay JOIN users AS u ON u.id = stay.user_id
        WHERE stay.conversation_id = :group_id AND {present("stay")}
        ORDER BY CASE WHEN u.disabled_at IS NULL THEN 0 ELSE 1 END, u.is_ai,
            CASE stay.role WHEN 'admin' THEN 0 ELSE 1 END, stay.joined_at, stay.joined_seq
        LIMIT 1
        """,
        {"group_id": group_id},
    ).fetchone()
    return None if row is None else int(row["user_id"])


def _count(db: Sql, group_id: int, change: int) -> None:
    db.execute(
        """
        UPDATE conversations
        SET member_count = member_count + :change,
            is_large = CASE
                WHEN member_count + :change > :large_above THEN 1
                WHEN member_count + :change < :small_below THEN 0
                ELSE is_large
            END
        WHERE id = :group_id
        """,
        {"group_id": group_id, "change": change, "large_above": LARGE_ABOVE, "small_below": SMALL_BELOW},
    )
