"""Messages."""

import dataclasses
import json
import sqlite3
from collections.abc import Collection, Sequence
from typing import Any

from chatd.models import Message, Reaction
from chatd.storage import users

#: Above every message id.
_END = 2**63 - 1

# A private message's receiver is the other of the pair; has it been read, the receiver's marker says.
_SELECT = f"""
    SELECT {users.COLUMNS}, m.id, m.content, m.client_id, m.created_at,
        c.low_user_id + c.high_user_id - m.sender_id,
        CASE c.kind WHEN 'group' THEN c.id END,
        coalesce(receiver.read_up_to >= m.id, 0),
        m.edited_at, m.deleted_at, m.reply_to_id
    FROM messages AS m
    JOIN conversations AS c ON c.id = m.conversation_id
    JOIN users AS u ON u.id = m.sender_id
    LEFT JOIN memberships AS receiver
        ON receiver.conversation_id = c.id AND receiver.left_seq IS NULL
        AND receiver.user_id = c.low_user_id + c.high_user_id - m.sender_id
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


def _with_reactions(db: sqlite3.Connection, found: list[Message]) -> list[Message]:
    """Return the messages with their reactions, which are few: most messages have none."""
    if not found:
        return found
    rows = db.execute(
        """
        SELECT message_id, emoji, user_id FROM reactions
        WHERE message_id IN (SELECT value FROM json_each(?))
        ORDER BY message_id, emoji, user_id
        """,
        (json.dumps([message.id for message in found]),),
    ).fetchall()
    if not rows:
        return found
    chosen: dict[int, dict[str, list[int]]] = {}
    for message_id, emoji, user_id in rows:
        chosen.setdefault(message_id, {}).setdefault(emoji, []).append(user_id)
    return [
        dataclasses.replace(
            message,
            reactions=tuple(Reaction(emoji, tuple(who)) for emoji, who in chosen.get(message.id, {}).items()),
        )
        for message in found
    ]


def insert(
    db: sqlite3.Connection,
    *,
    conversation_id: int,
    sender_id: int,
    content: str,
    client_id: str | None,
    created_at: int,
    reply_to: int | None = None,
) -> int:
    """Store a new message and return its id."""
    row = db.execute(
        """
        INSERT INTO messages (conversation_id, sender_id, content, client_id, reply_to_id, created_at)
        VALUES (:conversation_id, :sender_id, :content, :client_id, :reply_to, :created_at)
        RETURNING id
        """,
        {
            "conversation_id": conversation_id,
            "sender_id": sender_id,
            "content": content,
            "client_id": client_id,
            "reply_to": reply_to,
            "created_at": created_at,
        },
    ).fetchone()
    return int(row[0])


def insert_many(db: sqlite3.Connection, rows: Sequence[tuple[int, int, int, str, str | None, int]]) -> None:
    """Store new messages.

    :param rows: id, conversation, sender, content, ``client_id`` and time of each.
    """
    db.executemany(
        """
        INSERT INTO messages (id, conversation_id, sender_id, content, client_id, created_at)
        VALUES (?, ?, ?, ?, ?, ?)
        """,
        rows,
    )


def newest_id(db: sqlite3.Connection) -> int:
    """Return the highest id a message was ever given, 0 where there was none."""
    row = db.execute("SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'messages'), 0)").fetchone()
    return int(row[0])


def get_by_client_id(db: sqlite3.Connection, sender_id: int, client_id: str) -> tuple[Message, bytes | None] | None:
    """Return what a sender has already stored under a ``client_id``, and the digest of its content as first sent.

    The digest is None for a message that was never edited.
    """
    row = db.execute(
        "SELECT id, first_digest FROM messages WHERE sender_id = ? AND client_id = ?", (sender_id, client_id)
    ).fetchone()
    if row is None:
        return None
    message = get(db, row[0])
    assert message is not None
    return message, row[1]


def get(db: sqlite3.Connection, message_id: int) -> Message | None:
    """Return a message."""
    found = get_many(db, [message_id])
    return found[0] if found else None


def get_many(db: sqlite3.Connection, ids: Collection[int]) -> list[Message]:
    """Return messages by id, those there are, in the order of their ids."""
    query = f"{_SELECT} WHERE m.id IN (SELECT value FROM json_each(?)) ORDER BY m.id"
    return _with_reactions(db, [_from_row(row) for row in db.execute(query, (json.dumps(list(ids)),))])


def conversation_of(db: sqlite3.Connection, message_id: int) -> int | None:
    """Return the id of the conversation a message is in."""
    row = db.execute("SELECT conversation_id FROM messages WHERE id = ?", (message_id,)).fetchone()
    return None if row is None else int(row[0])


def edit(db: sqlite3.Connection, message_id: int, *, content: str, first_digest: bytes, edited_at: int) -> None:
    """Replace a message's content.

    :param first_digest: of the content before this edit; that of the first edit stays.
    """
    db.execute(
        """
        UPDATE messages SET content = ?, edited_at = ?, first_digest = coalesce(first_digest, ?) WHERE id = ?
        """,
        (content, edited_at, first_digest, message_id),
    )


def delete(db: sqlite3.Connection, message_id: int, deleted_at: int) -> None:
    """Take a message's content and reactions away; its place stays."""
    db.execute(
        "UPDATE messages SET content = '', first_digest = NULL, deleted_at = ? WHERE id = ?", (deleted_at, message_id)
    )
    db.execute("DELETE FROM reactions WHERE message_id = ?", (message_id,))


def react(db: sqlite3.Connection, message_id: int, user_id: int, emoji: str) -> bool:
    """Add a reaction; False where it was there already."""
    cursor = db.execute(
        "INSERT INTO reactions (message_id, emoji, user_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (message_id, emoji, user_id),
    )
    return cursor.rowcount == 1


def unreact(db: sqlite3.Connection, message_id: int, user_id: int, emoji: str) -> bool:
    """Take a reaction away; False where there was none."""
    cursor = db.execute(
        "DELETE FROM reactions WHERE message_id = ? AND emoji = ? AND user_id = ?", (message_id, emoji, user_id)
    )
    return cursor.rowcount == 1


def count_reactions(db: sqlite3.Connection, message_id: int, user_id: int) -> int:
    """Return how many reactions a user has on a message."""
    query = "SELECT count(*) FROM reactions WHERE message_id = ? AND user_id = ?"
    return int(db.execute(query, (message_id, user_id)).fetchone()[0])


def before(db: sqlite3.Connection, conversation_id: int, message_id: int | None, limit: int) -> list[Message]:
    """Return the newest messages of a conversation below an id (None: of all), oldest first."""
    ids = db.execute(
        "SELECT id FROM messages WHERE conversation_id = ? AND id < ? ORDER BY id DESC LIMIT ?",
        (conversation_id, _END if message_id is None else message_id, limit),
    )
    return get_many(db, [row[0] for row in ids])


def after(db: sqlite3.Connection, conversation_id: int, message_id: int, limit: int) -> list[Message]:
    """Return the oldest messages of a conversation above an id, oldest first."""
    ids = db.execute(
        "SELECT id FROM messages WHERE conversation_id = ? AND id > ? ORDER BY id LIMIT ?",
        (conversation_id, message_id, limit),
    )
    return get_many(db, [row[0] for row in ids])


def page(db: sqlite3.Connection, conversation_id: int, *, skip: int, limit: int) -> list[Message]:
    """Return messages of a conversation, oldest first: the newest ``limit`` after leaving out ``skip`` newer ones."""
    rows = db.execute(
        f"""
        {_SELECT}
        WHERE m.id IN (
            SELECT id FROM messages WHERE conversation_id = :conversation_id
            ORDER BY id DESC LIMIT :limit OFFSET :skip
        )
        ORDER BY m.id
        """,
        {"conversation_id": conversation_id, "skip": skip, "limit": limit},
    )
    return _with_reactions(db, [_from_row(row) for row in rows])
