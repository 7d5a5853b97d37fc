"""Databases with many messages, made by SQL in the tables of chatd's own migrations.

One reader is in :data:`CONVERSATIONS` conversations, among all others' :data:`OTHERS`. A fifth of all messages are the
reader's, half of those in one conversation; so the reader's own part grows with the database too. They are spread over
the last twenty days, in turn, as people talk at the same time. Half of the reader's are unread.
"""

import json
import shutil
import sqlite3
import time
from contextlib import closing
from dataclasses import asdict, dataclass

from bench.generator import BenchError, cache_dir
from bench.servers.chatd import Chatd, Checkout

#: The conversations of the reader, and those of everybody else.
CONVERSATIONS, OTHERS = 50, 10_000

#: How many people there are beside the reader.
PEOPLE = 1000

#: What a message takes on the disk, in bytes, measured at a million; twice that must be free while they are made.
BYTES_A_MESSAGE = 200

_DAY_MS = 86_400_000

#: Whose message number i is: a tenth in the reader's first conversation, a tenth in the reader's others.
_CONVERSATION = f"""
    CASE i % 10
        WHEN 0 THEN 1
        WHEN 1 THEN 2 + (i / 10) % {CONVERSATIONS - 1}
        ELSE {CONVERSATIONS + 1} + (i * 7919) % {OTHERS}
    END
"""

_CONTENT = "'message ' || i || ': the quick brown fox jumps over the lazy dog'"


@dataclass(frozen=True, slots=True)
class Stored:
    """A database that was made, and what a reader of it needs to know."""

    directory: str
    count: int
    bytes: int
    token: str
    partner: int
    epoch: str
    #: Places in the log with at least 200 changes of the reader's after them, at its end and in its middle.
    near: int
    middle: int
    #: A message id in the middle of the first conversation.
    message: int


def stored(count: int, checkout: Checkout) -> Stored:
    """Return a database of ``count`` messages, made now if it is not there by the migrations there are.

    :raises BenchError: the disk has no room for it.
    """
    version = len(list((checkout.root / "migrations").glob("**/*.sql")))
    root = cache_dir() / f"messages-{count}-v{version}"
    described = root / "stored.json"
    if described.exists():
        return Stored(**json.loads(described.read_text()))
    if shutil.disk_usage(cache_dir()).free < 2 * count * BYTES_A_MESSAGE:
        raise BenchError(f"{count} messages need {2 * count * BYTES_A_MESSAGE >> 20} MiB of free disk")
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    server = Chatd(checkout)
    (reader,) = server.add_accounts(root, 1, "reader")
    with closing(sqlite3.connect(server.data_dir(root) / "chatd.db", isolation_level=None)) as db:
        fill(db, int(reader.id), count)
        epoch = db.execute("SELECT epoch FROM change_log_state").fetchone()[0]
        near, middle = (
            db.execute(
                """
                SELECT min(id) - 1 FROM (
                    SELECT id FROM messages WHERE conversation_id IN (
                        SELECT conversation_id FROM memberships WHERE user_id = ?
                    ) ORDER BY id DESC LIMIT ?
                )
                """,
                (int(reader.id), changes),
            ).fetchone()[0]
            for changes in (200, count // 10)
        )
        (message,) = db.execute(
            "SELECT id FROM messages WHERE conversation_id = 1 ORDER BY id LIMIT 1 OFFSET ?", (count // 20,)
        ).fetchone()
        (partner,) = db.execute("SELECT high_user_id FROM conversations WHERE id = 1").fetchone()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = (server.data_dir(root) / "chatd.db").stat().st_size
    made = Stored(str(root), count, size, reader.token, partner, epoch, near, middle, message)
    described.write_text(json.dumps(asdict(made)))
    return made


def fill(db: sqlite3.Connection, reader: int, count: int) -> None:
    """Put ``count`` messages into a database that has the reader and nobody else.

    :param db: in autocommit mode.
    """
    db.execute("PRAGMA foreign_keys = OFF")
    db.execute("PRAGMA cache_size = -500000")
    db.execute("PRAGMA synchronous = OFF")
    db.execute("BEGIN IMMEDIATE")
    indexes = db.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'messages' AND sql <> ''"
    ).fetchall()
    for name, _ in indexes:  # sorting once is quicker than keeping order
        db.execute(f"DROP INDEX {name}")
    now = int(time.time() * 1000)
    db.executemany(
        """
        INSERT INTO users (id, username, username_key, nickname, search_key, created_at)
        VALUES (:id, :name, :name, :name, :name, :now)
        """,
        [{"id": reader + number, "name": f"person{number}", "now": now} for number in range(1, PEOPLE + 1)],
    )
    pairs = [(reader, reader + number) for number in range(1, CONVERSATIONS + 1)]
    low, step = 1, 1
    while len(pairs) < CONVERSATIONS + OTHERS:  # each with the next, then each with the one after that, …
        if low + step > PEOPLE:
            low, step = 1, step + 1
        pairs.append((reader + low, reader + low + step))
        low += 1
    db.executemany(
        "INSERT INTO conversations (id, kind, low_user_id, high_user_id, created_at) VALUES (?, 'private', ?, ?, ?)",
        [(number, *pair, now) for number, pair in enumerate(pairs, 1)],
    )
    db.execute(
        f"""
        WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < :count),
        placed (i, conversation_id) AS (SELECT i, {_CONVERSATION} FROM numbers)
        INSERT INTO messages (id, conversation_id, sender_id, content, client_id, created_at)
        SELECT i, c.id, iif((i / 20) % 2, c.low_user_id, c.high_user_id), {_CONTENT}, 'client-' || i,
            :now - 20 * {_DAY_MS} + i * 20 * {_DAY_MS} / :count
        FROM placed CROSS JOIN conversations AS c ON c.id = placed.conversation_id
        """,
        {"count": count, "now": now},
    )
    db.execute(
        "CREATE TEMP TABLE said AS SELECT conversation_id, sender_id, count(*) AS sent, max(id) AS last, "
        "sum(id <= :read) AS early FROM messages GROUP BY conversation_id, sender_id",
        {"read": count // 2},
    )
    db.execute("CREATE INDEX temp.said_by ON said (conversation_id, sender_id)")
    db.execute(
        """
        UPDATE conversations SET
            message_count = (SELECT coalesce(sum(sent), 0) FROM said WHERE conversation_id = id),
            last_message_id = (SELECT max(last) FROM said WHERE conversation_id = id)
        """
    )
    for mine, other in (("low", "high"), ("high", "low")):
        db.execute(
            f"""
            INSERT INTO memberships (conversation_id, user_id, read_up_to, sent_count, read_count)
            SELECT c.id, c.{mine}_user_id, :read,
                coalesce((SELECT sent FROM said WHERE conversation_id = c.id AND sender_id = c.{mine}_user_id), 0),
                coalesce((SELECT early FROM said WHERE conversation_id = c.id AND sender_id = c.{other}_user_id), 0)
            FROM conversations AS c
            """,
            {"read": count // 2},
        )
    for _, sql in indexes:
        db.execute(sql)
    db.execute("COMMIT")
