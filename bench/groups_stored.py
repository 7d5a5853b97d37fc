"""Groups made by SQL in the tables of chatd's own migrations: of any size, and one reader in many of them.

Each of the reader's groups has :data:`PEOPLE` members. Messages go to the groups in turn; the last :data:`UNREAD` of
each are unread, and of these every tenth names the reader.
"""

import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

#: The groups of the reader, who is in each of them, and how many are in each.
GROUPS, PEOPLE = 500, 20

#: How many messages of a group the reader has not read, however many there are.
UNREAD = 10


def make_groups(path: Path, members: Sequence[Sequence[int]]) -> None:
    """Make groups, which get the ids 1, 2, … in a database that has no conversation.

    :param path: of the database.
    :param members: the user ids of each group; the first owns it.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        _insert_groups(db, members, int(time.time() * 1000))
        db.execute("COMMIT")


def _insert_groups(db: sqlite3.Connection, members: Sequence[Sequence[int]], now: int) -> None:
    db.executemany(
        """
        INSERT INTO conversations
            (id, kind, name, created_at, history_from, history_since, made_by, member_count)
        VALUES (:id, 'group', 'Group ' || :id, :now, 1, :now, :owner, :count)
        """,
        [
            {"id": number, "now": now, "owner": people[0], "count": len(people)}
            for number, people in enumerate(members, 1)
        ],
    )
    db.executemany(
        """
        INSERT INTO memberships (conversation_id, user_id, role, visible_from, joined_at)
        VALUES (?, ?, ?, 1, ?)
        """,
        [
            (number, person, "member" if place else "owner", now)
            for number, people in enumerate(members, 1)
            for place, person in enumerate(people)
        ],
    )


def fill_groups(path: Path, reader: int, count: int) -> None:
    """Put groups and ``count`` messages into a database that has the reader and nobody else.

    :param path: of the database.
    :param count: a multiple of :data:`GROUPS`, of at least :data:`UNREAD` messages a group.
    """
    now = int(time.time() * 1000)
    each = count // GROUPS
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA cache_size = -200000")
        db.execute("BEGIN IMMEDIATE")
        db.executemany(
            """
            INSERT INTO users (id, username, username_key, nickname, search_key, created_at)
            VALUES (:id, :name, :name, :name, :name, :now)
            """,
            [{"id": reader + number, "name": f"person{number}", "now": now} for number in range(1, PEOPLE)],
        )
        _insert_groups(db, [list(range(reader, reader + PEOPLE))] * GROUPS, now)
        db.execute(
            f"""
            WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < :count)
            INSERT INTO messages (id, conversation_id, sender_id, content, client_id, created_at)
            SELECT i, 1 + (i - 1) % {GROUPS}, :reader + 1 + (i / {GROUPS}) % {PEOPLE - 1},
                'message ' || i || ': the quick brown fox jumps over the lazy dog', 'client-' || i, :now
            FROM numbers
            """,
            {"count": count, "now": now, "reader": reader},
        )
        read_up_to = (each - UNREAD) * GROUPS
        db.execute(
            """
            UPDATE conversations SET message_count = :each, last_message_id = :before + id, last_kept_id = :before + id
            """,
            {"each": each, "before": (each - 1) * GROUPS},
        )
        db.execute(
            "UPDATE memberships SET read_up_to = :read_up_to, read_count = :read WHERE user_id = :reader",
            {"reader": reader, "read_up_to": read_up_to, "read": each - UNREAD},
        )
        db.execute(
            f"""
            INSERT INTO mentions (user_id, conversation_id, message_id)
            SELECT :reader, conversation_id, id FROM messages WHERE id > :read_up_to AND (id / {GROUPS}) % 10 = 5
            """,
            {"reader": reader, "read_up_to": read_up_to},
        )
        db.execute("COMMIT")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
