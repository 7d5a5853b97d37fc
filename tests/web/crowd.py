"""A person with very many conversations, written straight into the database of a running server."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from tests.support import Person


def fill(database: Path, one: Person, count: int) -> list[int]:
    """Give somebody a conversation with each of ``count`` people, and return their ids, the newest conversation first.

    The people are called ``Person 1`` to ``Person {count}``, and the last of them has written last. Every tenth
    conversation has unread messages.
    """
    now = int(time.time() * 1000)
    with closing(sqlite3.connect(database, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        (last_user,) = db.execute("SELECT max(id) FROM users").fetchone()
        (last_chat,) = db.execute("SELECT coalesce(max(id), 0) FROM conversations").fetchone()
        (last_message,) = db.execute(
            "SELECT max(coalesce((SELECT max(id) FROM messages), 0), coalesce((SELECT max(seq) FROM change_log), 0))"
        ).fetchone()
        for number in range(1, count + 1):
            user, chat, message = last_user + number, last_chat + number, last_message + number
            name, at = f"person_{user}", now - (count - number) * 60_000
            db.execute(
                "INSERT INTO users (id, username, username_key, nickname, search_key, created_at) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (user, name, name, f"Person {number}", f"{name} person {number}", at),
            )
            db.execute(
                "INSERT INTO conversations (id, kind, low_user_id, high_user_id, created_at, message_count, "
                "last_message_id, last_kept_id) VALUES (?, 'private', ?, ?, ?, 1, ?, ?)",
                (chat, *sorted((one.id, user)), at, message, message),
            )
            db.execute(
                "INSERT INTO messages (id, conversation_id, sender_id, content, created_at) VALUES (?, ?, ?, ?, ?)",
                (message, chat, user, f"hello from {number}", at),
            )
            db.execute(
                "INSERT INTO memberships (conversation_id, user_id, sent_count, read_up_to, read_count) "
                "VALUES (?, ?, 1, 0, 0), (?, ?, 0, ?, ?)",
                (chat, user, chat, one.id, *((0, 0) if number % 10 == 0 else (message, 1))),
            )
        db.execute("COMMIT")
    return [last_user + number for number in range(count, 0, -1)]
