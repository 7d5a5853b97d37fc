"""Messages."""

from collections.abc import Collection, Mapping
from typing import Any, Literal

from chatd.models import Message, Reaction
from chatd.places import place_from
from chatd.storage import mentions, pins, reactions, users, visibility
from chatd.storage.engine import LARGEST, Row, Sql, as_list, in_list
from chatd.storage.visibility import hidden_from

# A message's own columns, which follow its sender's.
_COLUMNS = ", ".join(f"{expression} AS {field}" for field, expression in visibility.SEEN_FIELDS.items())


def _select(ids: str) -> str:
    """Return a statement for messages as ``:viewer`` sees them, in the order of their ids.

    :param ids: a query for the ids.
    """
    return f"SELECT {users.COLUMNS}, {_COLUMNS} FROM {visibility.SEEN_MESSAGES} AND m.id IN {ids} ORDER BY m.id"


_BY_IDS = _select(in_list("ids"))

#: Which messages of a conversation: all, those that are pinned, or those of a thread.
Part = Literal["whole", "pinned", "thread"]

_PARTS: Mapping[Part, str] = {
    "whole": visibility.SEEN_IDS,
    "pinned": visibility.SEEN_PINNED_IDS,
    "thread": visibility.SEEN_THREAD_IDS,
}
_BEFORE = {part: _select(f"({ids} AND m.id < :before ORDER BY m.id DESC LIMIT :limit)") for part, ids in _PARTS.items()}
_AFTER = {part: _select(f"({ids} AND m.id > :after ORDER BY m.id LIMIT :limit)") for part, ids in _PARTS.items()}
_PAGE = _select(f"({visibility.SEEN_IDS} ORDER BY m.id DESC LIMIT :limit OFFSET :skip)")
_SEEN_OR_OWN = _select(f"({visibility.SEEN_OR_OWN_IDS} AND m.id > :after ORDER BY m.id LIMIT :limit)")


def _messages(db: Sql, statement: str, values: Mapping[str, Any]) -> list[Message]:
    """Return the messages that a statement of :func:`_select` finds, with the reactions that ``:viewer`` sees."""
    rows = db.execute(statement, values).fetchall()
    if not rows:
        return []
    shown = [row["id"] for row in rows if not row["removed"]]
    found = reactions.seen_on(db, shown, viewer=values["viewer"])
    in_groups = [row["id"] for row in rows if row["group_id"] is not None]
    named = mentions.named_in(db, in_groups) if in_groups else {}
    return [_from_row(row, found, named) for row in rows]


def _from_row(row: Row, found: Mapping[int, tuple[Reaction, ...]], named: Mapping[int, tuple[int, ...]]) -> Message:
    """Return the message of a row, read in order as :func:`users.from_row` does, and for the same reason."""
    own = row[-len(visibility.SEEN_FIELDS) :]
    message_id, receiver_id, group_id, content, client_id, is_read, created_at, edited_at, deleted_at, *rest = own
    reply_to, mentions_all, removed, thread, replies, last_reply = rest
    return Message(
        message_id,
        users.from_row(row),
        place_from(receiver_id, group_id),
        content,
        client_id,
        is_read == 1,
        created_at,
        edited_at,
        deleted_at,
        reply_to,
        found.get(message_id, ()),
        named.get(message_id, ()),
        mentions_all == 1,
        removed == 1,
        thread,
        replies,
        last_reply,
    )


def get(db: Sql, message_id: int, *, viewer: int) -> Message | None:
    """Return a message as the viewer sees it; None where they do not."""
    found = get_many(db, [message_id], viewer=viewer)
    return found[0] if found else None


def get_many(db: Sql, ids: Collection[int], *, viewer: int) -> list[Message]:
    """Return the messages there are for the viewer, by id, in the order of their ids.

    Whether the viewer is in the conversation is for the caller to know.
    """
    return _messages(db, _BY_IDS, {"ids": as_list(ids), "viewer": viewer})


def blocker_of(db: Sql, message_id: int) -> int | None:
    """Return whom a message is hidden from; None for nobody."""
    row = db.execute(
        f"SELECT {hidden_from('m')} AS blocker_id FROM messages AS m WHERE m.id = :message_id",
        {"message_id": message_id},
    ).fetchone()
    return None if row is None else row["blocker_id"]


def last_up_to(db: Sql, conversation_id: int, message_id: int, *, viewer: int) -> int:
    """Return the newest message that a viewer sees up to an id, 0 where there is none."""
    row = db.execute(
        f"{visibility.SEEN_IDS} AND m.id <= :message_id ORDER BY m.id DESC LIMIT 1",
        {"conversation_id": conversation_id, "message_id": message_id, "viewer": viewer},
    ).fetchone()
    return 0 if row is None else int(row["id"])


def seen_now(db: Sql, ids: Collection[int], *, viewer: int) -> set[int]:
    """Return which messages a viewer sees as a member of their conversation, unless they are hidden from them."""
    rows = db.execute(
        f"SELECT m.id FROM messages AS m WHERE m.id IN {in_list('ids')} AND {visibility.SEEN_NOW}",
        {"ids": as_list(ids), "viewer": viewer},
    )
    return {row["id"] for row in rows}


def edited_after(db: Sql, pairs: Collection[tuple[int, int]]) -> set[tuple[int, int]]:
    """Return those pairs of a message and a place in the log after which the message was edited."""
    rows = db.select_pairs(
        f"""
        SELECT pair.one, pair.two FROM pair CROSS JOIN messages AS m
        WHERE m.id = pair.one AND {visibility.EDITED_AFTER}
        """,
        pairs,
    )
    return {(row["one"], row["two"]) for row in rows}


def edit(db: Sql, message_id: int, *, content: str, first_digest: bytes, edited_at: int, seq: int) -> None:
    """Replace a message's content.

    :param first_digest: of the content before this edit; that of the first edit stays.
    :param seq: the edit's place in the log.
    """
    db.execute(
        """
        UPDATE messages
        SET content = :content, edited_at = :edited_at, edited_seq = :seq,
            first_digest = coalesce(first_digest, :first_digest)
        WHERE id = :message_id
        """,
        {
            "message_id": message_id,
            "content": content,
            "first_digest": first_digest,
            "edited_at": edited_at,
            "seq": seq,
        },
    )


def first_sent(db: Sql, message_id: int) -> tuple[str | None, str, bytes | None]:
    """Return a message's ``client_id``, its content, and the digest of the content as first sent, if it was edited."""
    row = db.execute(
        "SELECT client_id, content, first_digest FROM messages WHERE id = :message_id", {"message_id": message_id}
    ).fetchone()
    return row["client_id"], row["content"], row["first_digest"]


def is_kept(db: Sql, message_id: int) -> bool:
    """Report whether a message has a content, whoever may see it."""
    query = f"SELECT 1 FROM messages AS m WHERE m.id = :message_id AND {visibility.KEPT}"
    return db.execute(query, {"message_id": message_id}).fetchone() is not None


def delete(db: Sql, message_id: int, *, first_digest: bytes | None, deleted_at: int) -> None:
    """Delete a message's content and reactions, and pin it no longer; its place stays.

    :param first_digest: what is kept of the content as first sent.
    """
    db.execute(
        """
        UPDATE messages
        SET content = '', first_digest = :first_digest, deleted_at = :deleted_at, removed_by = NULL
        WHERE id = :message_id
        """,
        {"message_id": message_id, "first_digest": first_digest, "deleted_at": deleted_at},
    )
    reactions.remove_all(db, message_id)
    pins.remove(db, message_id)
    visibility.empty_versions(db, message_id)


def before(
    db: Sql,
    conversation_id: int,
    message_id: int | None,
    limit: int,
    *,
    viewer: int,
    part: Part = "whole",
    root: int | None = None,
) -> list[Message]:
    """Return the newest messages of a conversation below an id (None: of all), oldest first.

    :param root: the first message of the thread, where that is the part.
    """
    return _messages(
        db,
        _BEFORE[part],
        {
            "conversation_id": conversation_id,
            "before": LARGEST if message_id is None else message_id,
            "limit": limit,
            "viewer": viewer,
            "root": root,
        },
    )


def after(
    db: Sql,
    conversation_id: int,
    message_id: int,
    limit: int,
    *,
    viewer: int,
    part: Part = "whole",
    root: int | None = None,
) -> list[Message]:
    """Return the oldest messages of a conversation above an id, oldest first.

    :param root: the first message of the thread, where that is the part.
    """
    return _messages(
        db,
        _AFTER[part],
        {"conversation_id": conversation_id, "after": message_id, "limit": limit, "viewer": viewer, "root": root},
    )


def thread_of(db: Sql, message_id: int, *, viewer: int) -> tuple[int, int] | None:
    """Return the group that a message is in, and the first message of its thread.

    For whoever does not see the message, that is the message itself.
    """
    row = db.execute(
        f"""
        SELECT c.id AS group_id, CASE WHEN {visibility.SEEN_NOW} THEN coalesce(m.thread_id, m.id) ELSE m.id END AS root
        FROM messages AS m JOIN conversations AS c ON c.id = m.conversation_id
        WHERE m.id = :message_id AND c.kind = 'group'
        """,
        {"message_id": message_id, "viewer": viewer},
    ).fetchone()
    return None if row is None else (row["group_id"], row["root"])


def seen_or_own(db: Sql, conversation_id: int, message_id: int, limit: int, *, viewer: int) -> list[Message]:
    """Return the oldest messages above an id that a viewer sees in a conversation or has written there."""
    return _messages(
        db,
        _SEEN_OR_OWN,
        {"conversation_id": conversation_id, "after": message_id, "limit": limit, "viewer": viewer},
    )


def page(db: Sql, conversation_id: int, *, skip: int, limit: int, viewer: int) -> list[Message]:
    """Return messages of a conversation, oldest first: the newest ``limit`` after leaving out ``skip`` newer ones."""
    return _messages(
        db,
        _PAGE,
        {"conversation_id": conversation_id, "skip": skip, "limit": limit, "viewer": viewer},
    )


def written_by(db: Sql, conversation_id: int, user_id: int, after: int, limit: int) -> list[tuple[int, int | None]]:
    """Return a user's own messages of a conversation above an id that have a content, oldest first.

    :returns: the id of each, and whom it is hidden from.
    """
    rows = db.execute(
        f"""
        SELECT m.id, {hidden_from("m")} AS blocker_id FROM messages AS m
        WHERE m.conversation_id = :conversation_id AND m.sender_id = :user_id AND m.id > :after
            AND {visibility.KEPT}
        ORDER BY m.id LIMIT :limit
        """,
        {"conversation_id": conversation_id, "user_id": user_id, "after": after, "limit": limit},
    )
    return [(row["id"], row["blocker_id"]) for row in rows]
