"""Who is named in messages to groups."""

from collections.abc import Collection, Sequence

from chatd.storage.engine import LARGEST, Sql, as_list, in_list
from chatd.storage.visibility import present, reaches

#: The message, who is named, the group, and 1 where it is silent.
NewMention = tuple[int, int, int, int]


def members_named(db: Sql, names: Collection[tuple[int, str]]) -> dict[tuple[int, str], int]:
    """Return the present members of groups who have a username.

    :param names: the group and the folded username of each.
    """
    rows = db.select_pairs(
        f"""
        SELECT pair.one, pair.two, u.id
        FROM pair CROSS JOIN users AS u CROSS JOIN memberships AS stay
        WHERE u.username_key = pair.two
            AND stay.user_id = u.id AND stay.conversation_id = pair.one AND {present("stay")}
        """,
        names,
    )
    return {(row["one"], row["two"]): row["id"] for row in rows}


def insert(db: Sql, rows: Sequence[NewMention], to_all: Collection[int] = ()) -> None:
    """Store whom messages name.

    :param to_all: those messages that name everybody.
    """
    if rows:
        db.insert_many("mentions", ("message_id", "user_id", "conversation_id", "silent"), rows)
    if to_all:
        db.execute(f"UPDATE messages SET mentions_all = 1 WHERE id IN {in_list('ids')}", {"ids": as_list(to_all)})


def remove(db: Sql, message_id: int) -> None:
    """Let a message name nobody."""
    db.execute("DELETE FROM mentions WHERE message_id = :message_id", {"message_id": message_id})
    db.execute("UPDATE messages SET mentions_all = 0 WHERE id = :message_id", {"message_id": message_id})


def named_in(db: Sql, ids: Collection[int]) -> dict[int, tuple[int, ...]]:
    """Return whom messages name, by message; those that name nobody are not there."""
    rows = db.execute(
        f"""
        SELECT n.message_id, n.user_id FROM mentions AS n
        WHERE n.message_id IN {in_list("ids")} AND n.removed = 0 ORDER BY n.message_id, n.user_id
        """,
        {"ids": as_list(ids)},
    )
    found: dict[int, list[int]] = {}
    for message_id, user_id in rows:
        found.setdefault(message_id, []).append(user_id)
    return {message_id: tuple(people) for message_id, people in found.items()}


def hide(db: Sql, ids: Collection[int], removed: int) -> None:
    """Let removed messages name nobody (1), or again whom they named (0)."""
    db.execute(
        f"UPDATE mentions SET removed = :removed WHERE message_id IN {in_list('ids')}",
        {"ids": as_list(ids), "removed": removed},
    )


def naming(db: Sql, user_id: int, *, before: int | None, limit: int) -> list[int]:
    """Return the newest messages that name somebody and that they see, by their ids, newest first.

    :param before: only those with lower ids.
    """
    rows = db.execute(
        f"""
        SELECT n.message_id FROM mentions AS n
        JOIN memberships AS mine
            ON mine.user_id = n.user_id AND mine.conversation_id = n.conversation_id AND {present("mine")}
        WHERE n.user_id = :user_id AND n.silent = 0 AND n.removed = 0 AND n.message_id < :before
            AND {reaches("mine", "n.message_id")}
        ORDER BY n.message_id DESC LIMIT :limit
        """,
        {"user_id": user_id, "before": LARGEST if before is None else before, "limit": limit},
    )
    return [row["message_id"] for row in rows]
