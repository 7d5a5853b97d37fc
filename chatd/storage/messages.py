"""Messages."""

import json
from collections.abc import Collection, Sequence
from typing import Any

import msgspec

from chatd.models import Message, Reaction
from chatd.storage import users
from chatd.storage.engine import Sql

#: Above every message id.
_END = 2**63 - 1

# A private message's receiver is the other of the pair; has it been read, the receiver's marker says.
# The viewer sees nothing that is hidden from them: no message, no later version, no reply to what they do not see.
_SELECT = f"""
    SELECT {users.COLUMNS}, m.id, coalesce(shown.content, m.content), m.client_id, m.created_at,
        c.low_user_id + c.high_user_id - m.sender_id,
        CASE c.kind WHEN 'group' THEN c.id END,
        coalesce(receiver.read_up_to >= m.id, 0),
        CASE WHEN shown.message_id IS NULL THEN m.edited_at ELSE shown.edited_at END, m.deleted_at,
        CASE WHEN replied.hidden_from = :viewer THEN NULL ELSE m.reply_to_id END
    FROM messages AS m
    JOIN conversations AS c ON c.id = m.conversation_id
    JOIN users AS u ON u.id = m.sender_id
    LEFT JOIN memberships AS receiver
        ON receiver.conversation_id = c.id AND receiver.left_seq IS NULL
        AND receiver.user_id = c.low_user_id + c.high_user_id - m.sender_id
    LEFT JOIN messages AS replied ON replied.id = m.reply_to_id
    LEFT JOIN shown_versions AS shown ON shown.user_id = :viewer AND shown.message_id = m.id
"""


def _from_row(row: tuple[Any, ...]) -> Message:
    return Message(
        id=row[9],
        sender=users.user_from_row(row),
        receiver_id=row[13],
        group_id=row[14],
        content=row[10],
        client_id=row[11],
        is_read=bool(row[15]),
        created_at=row[12],
        edited_at=row[16],
        deleted_at=row[17],
        reply_to=row[18],
    )


def _with_reactions(db: Sql, viewer: int, found: list[Message]) -> list[Message]:
    """Return the messages with the reactions the viewer sees, which are few: most messages have none."""
    if not found:
        return found
    rows = db.execute(
        """
        SELECT message_id, emoji, user_id FROM reactions
        WHERE message_id IN (SELECT value FROM json_each(?)) AND hidden_from IS NOT ?
        ORDER BY message_id, emoji, user_id
        """,
        (json.dumps([message.id for message in found]), viewer),
    ).fetchall()
    if not rows:
        return found
    chosen: dict[int, dict[str, list[int]]] = {}
    for message_id, emoji, user_id in rows:
        chosen.setdefault(message_id, {}).setdefault(emoji, []).append(user_id)
    return [
        msgspec.structs.replace(
            message,
            reactions=tuple(Reaction(emoji, tuple(who)) for emoji, who in chosen.get(message.id, {}).items()),
        )
        for message in found
    ]


def insert(
    db: Sql,
    *,
    message_id: int,
    conversation_id: int,
    sender_id: int,
    content: str,
    client_id: str | None,
    created_at: int,
    reply_to: int | None = None,
) -> None:
    """Store a new message.

    :param message_id: the next ``seq`` of the change log.
    """
    db.execute(
        """
        INSERT INTO messages (id, conversation_id, sender_id, content, client_id, reply_to_id, created_at)
        VALUES (:message_id, :conversation_id, :sender_id, :content, :client_id, :reply_to, :created_at)
        """,
        {
            "message_id": message_id,
            "conversation_id": conversation_id,
            "sender_id": sender_id,
            "content": content,
            "client_id": client_id,
            "reply_to": reply_to,
            "created_at": created_at,
        },
    )


def insert_many(db: Sql, rows: Sequence[tuple[int, int, int, str, str | None, int]]) -> None:
    """Store new messages.

    :param rows: id, conversation, sender, content, ``client_id`` and time of each; the ids are the next in the log.
    """
    db.executemany(
        """
        INSERT INTO messages (id, conversation_id, sender_id, content, client_id, created_at)
        VALUES (?, ?, ?, ?, ?, ?)
        """,
        rows,
    )


def get_by_client_id(db: Sql, sender_id: int, client_id: str) -> tuple[Message, bytes | None] | None:
    """Return what a sender has already stored under a ``client_id``, and what is kept of its content as first sent.

    That is None for a message that is as it was sent, see :mod:`chatd.services.firsts`.
    """
    row = db.execute(
        "SELECT id, first_digest FROM messages WHERE sender_id = ? AND client_id = ?", (sender_id, client_id)
    ).fetchone()
    if row is None:
        return None
    message = get(db, row[0], viewer=sender_id)
    assert message is not None
    return message, row[1]


def get(db: Sql, message_id: int, *, viewer: int) -> Message | None:
    """Return a message as the viewer sees it; None where they do not."""
    found = get_many(db, [message_id], viewer=viewer)
    return found[0] if found else None


def get_many(db: Sql, ids: Collection[int], *, viewer: int) -> list[Message]:
    """Return messages by id, those there are for the viewer, in the order of their ids.

    Whether the viewer is in the conversation is for the caller to know.
    """
    query = f"""
        {_SELECT}
        WHERE m.id IN (SELECT value FROM json_each(:ids)) AND m.hidden_from IS NOT :viewer
        ORDER BY m.id
    """
    rows = db.execute(query, {"ids": json.dumps(list(ids)), "viewer": viewer})
    return _with_reactions(db, viewer, [_from_row(row) for row in rows])


def place_of(db: Sql, message_id: int, *, viewer: int) -> tuple[int | None, int | None]:
    """Return the conversation a message is in, None where the viewer does not see it, and whom it is hidden from."""
    row = db.execute(
        "SELECT conversation_id, hidden_from FROM messages WHERE id = ? AND hidden_from IS NOT ?", (message_id, viewer)
    ).fetchone()
    return (None, None) if row is None else (row[0], row[1])


def last_up_to(db: Sql, conversation_id: int, message_id: int, *, viewer: int) -> int:
    """Return the newest message a viewer sees up to an id, 0 where there is none."""
    (found,) = db.execute(
        """
        SELECT coalesce(max(id), 0) FROM messages
        WHERE conversation_id = ? AND id <= ? AND hidden_from IS NOT ?
        """,
        (conversation_id, message_id, viewer),
    ).fetchone()
    return int(found)


def edit(db: Sql, message_id: int, *, content: str, first_digest: bytes, edited_at: int) -> None:
    """Replace a message's content.

    :param first_digest: of the content before this edit; that of the first edit stays.
    """
    db.execute(
        """
        UPDATE messages SET content = ?, edited_at = ?, first_digest = coalesce(first_digest, ?) WHERE id = ?
        """,
        (content, edited_at, first_digest, message_id),
    )


def first_sent(db: Sql, message_id: int) -> tuple[str | None, str, bytes | None]:
    """Return a message's ``client_id``, its content, and the digest of the content as first sent, if it was edited."""
    row = db.execute("SELECT client_id, content, first_digest FROM messages WHERE id = ?", (message_id,)).fetchone()
    return row[0], row[1], row[2]


def delete(db: Sql, message_id: int, *, first_digest: bytes | None, deleted_at: int) -> None:
    """Take a message's content and reactions away; its place stays.

    :param first_digest: what is kept of the content as first sent.
    """
    db.execute(
        "UPDATE messages SET content = '', first_digest = ?, deleted_at = ? WHERE id = ?",
        (first_digest, deleted_at, message_id),
    )
    db.execute("DELETE FROM reactions WHERE message_id = ?", (message_id,))
    db.execute("UPDATE shown_versions SET content = '' WHERE message_id = ?", (message_id,))


def react(db: Sql, message_id: int, user_id: int, emoji: str, hidden_from: int | None) -> bool:
    """Add a reaction; False where it was there already."""
    cursor = db.execute(
        """
        INSERT INTO reactions (message_id, emoji, user_id, hidden_from) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING
        """,
        (message_id, emoji, user_id, hidden_from),
    )
    return cursor.rowcount == 1


def unreact(db: Sql, message_id: int, user_id: int, emoji: str) -> tuple[bool, int | None]:
    """Take a reaction away; return whether there was one, and whom it was hidden from."""
    row = db.execute(
        "DELETE FROM reactions WHERE message_id = ? AND emoji = ? AND user_id = ? RETURNING hidden_from",
        (message_id, emoji, user_id),
    ).fetchone()
    return (False, None) if row is None else (True, row[0])


def count_reactions(db: Sql, message_id: int, user_id: int) -> int:
    """Return how many reactions a user has on a message."""
    query = "SELECT count(*) FROM reactions WHERE message_id = ? AND user_id = ?"
    return int(db.execute(query, (message_id, user_id)).fetchone()[0])


def before(db: Sql, conversation_id: int, message_id: int | None, limit: int, *, viewer: int) -> list[Message]:
    """Return the newest messages of a conversation below an id (None: of all), oldest first."""
    ids = db.execute(
        """
        SELECT id FROM messages WHERE conversation_id = ? AND id < ? AND hidden_from IS NOT ? ORDER BY id DESC LIMIT ?
        """,
        (conversation_id, _END if message_id is None else message_id, viewer, limit),
    )
    return get_many(db, [row[0] for row in ids], viewer=viewer)


def after(db: Sql, conversation_id: int, message_id: int, limit: int, *, viewer: int) -> list[Message]:
    """Return the oldest messages of a conversation above an id, oldest first."""
    ids = db.execute(
        "SELECT id FROM messages WHERE conversation_id = ? AND id > ? AND hidden_from IS NOT ? ORDER BY id LIMIT ?",
        (conversation_id, message_id, viewer, limit),
    )
    return get_many(db, [row[0] for row in ids], viewer=viewer)


def own_after(db: Sql, conversation_id: int, user_id: int, message_id: int, limit: int) -> list[tuple[int, int | None]]:
    """Return a user's own messages of a conversation above an id that are not deleted: id, and whom it is hidden from.

    The oldest come first.
    """
    return db.execute(
        """
        SELECT id, hidden_from FROM messages
        WHERE conversation_id = ? AND sender_id = ? AND id > ? AND deleted_at IS NULL
        ORDER BY id LIMIT ?
        """,
        (conversation_id, user_id, message_id, limit),
    ).fetchall()


def reactions_of(db: Sql, user_id: int, limit: int, after: tuple[int, str] = (0, "")) -> list[tuple[int, int, str]]:
    """Return a user's reactions in the order of messages: conversation, message and emoji of each.

    :param after: the message and the emoji of the one before.
    """
    return db.execute(
        """
        SELECT m.conversation_id, r.message_id, r.emoji
        FROM reactions AS r JOIN messages AS m ON m.id = r.message_id
        WHERE r.user_id = ? AND (r.message_id, r.emoji) > (?, ?)
        ORDER BY r.message_id, r.emoji LIMIT ?
        """,
        (user_id, *after, limit),
    ).fetchall()


def page(db: Sql, conversation_id: int, *, skip: int, limit: int, viewer: int) -> list[Message]:
    """Return messages of a conversation, oldest first: the newest ``limit`` after leaving out ``skip`` newer ones."""
    rows = db.execute(
        f"""
        {_SELECT}
        WHERE m.id IN (
            SELECT id FROM messages WHERE conversation_id = :conversation_id AND hidden_from IS NOT :viewer
            ORDER BY id DESC LIMIT :limit OFFSET :skip
        )
        ORDER BY m.id
        """,
        {"conversation_id": conversation_id, "skip": skip, "limit": limit, "viewer": viewer},
    )
    return _with_reactions(db, viewer, [_from_row(row) for row in rows])
