"""Answers of groups that are older than threads: the upgrade puts each into the thread that it belongs to."""

import contextlib
import shutil
import sqlite3
from collections.abc import Iterable
from pathlib import Path

import psycopg
import pytest

from chatd.storage.engine.migrations import directory_of
from chatd.storage.engine.postgresql import migrate as postgresql
from chatd.storage.engine.sqlite import migrate as sqlite
from tests.postgresql import Cluster

#: A group with a thread of three answers, one of them deleted and one to an answer, and with a thread of one; and a
#: private conversation with an answer.
DATA = """
INSERT INTO users (id, username, username_key, nickname, search_key, created_at) VALUES
    (1, 'alice', 'alice', 'Alice', 'alice', 1), (2, 'bobby', 'bobby', 'Bobby', 'bobby', 1);
INSERT INTO conversations (id, kind, low_user_id, high_user_id, name, created_at) VALUES
    (1, 'group', NULL, NULL, 'Chess', 1), (2, 'private', 1, 2, NULL, 1);
INSERT INTO messages (id, conversation_id, sender_id, content, created_at, reply_to_id, deleted_at) VALUES
    (1, 1, 1, 'e4', 1, NULL, NULL), (2, 1, 2, 'e5', 2, 1, NULL), (3, 1, 1, 'hm', 3, NULL, NULL),
    (4, 1, 1, 'f4', 4, 2, NULL), (5, 1, 2, '', 5, 1, 6), (6, 1, 2, 'what?', 6, 3, NULL),
    (7, 2, 1, 'hello', 7, NULL, NULL), (8, 2, 2, 'hi', 8, 7, NULL);
"""
THREADS = "SELECT id, thread_id, replies, last_reply_id FROM messages ORDER BY id"

#: Each message, its thread, how many answers it has, and the newest of them.
EXPECTED = [
    (1, None, 3, 5),
    (2, 1, 0, None),
    (3, None, 1, 6),
    (4, 1, 0, None),
    (5, 1, 0, None),
    (6, 3, 0, None),
    (7, None, 0, None),
    (8, None, 0, None),
]


def before_threads(engine: str, target: Path) -> Path:
    """Return a directory with the migrations of an engine before the one that makes threads."""
    target.mkdir()
    files: Iterable[Path] = directory_of(engine).glob("*.sql")
    for file in files:
        if file.name < "0015":
            shutil.copy(file, target)
    return target


def test_answers_of_groups_are_in_their_threads_after_the_upgrade(tmp_path: Path) -> None:
    path = tmp_path / "chatd.db"
    sqlite.migrate(path, before_threads("sqlite", tmp_path / "steps"))
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.executescript(f"BEGIN; {DATA} COMMIT;")
    sqlite.migrate(path)
    with contextlib.closing(sqlite3.connect(path)) as db:
        assert db.execute(THREADS).fetchall() == EXPECTED


@pytest.mark.postgresql
def test_answers_of_groups_are_in_their_threads_after_the_upgrade_of_postgresql(
    cluster: Cluster, tmp_path: Path
) -> None:
    url = cluster.database(empty=True)
    postgresql.migrate(url, before_threads("postgresql", tmp_path / "steps"))
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(DATA)
    postgresql.migrate(url)
    with psycopg.connect(url) as db:
        assert db.execute(THREADS).fetchall() == EXPECTED
    cluster.drop(url)
