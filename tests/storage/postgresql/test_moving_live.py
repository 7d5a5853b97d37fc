"""Copying what others write to meanwhile, pass by pass, until the last one finds that all is the same."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from chatd.errors import DatabaseUnusable
from chatd.storage.engine.copying import Span, Table
from chatd.storage.engine.moving import to_postgresql, to_sqlite
from chatd.storage.engine.pieces import ROWS, Copier
from chatd.storage.engine.postgresql import copying as postgresql
from chatd.storage.engine.postgresql.migrate import migrate
from chatd.storage.engine.sqlite import copying as sqlite
from tests.e2e.moves import fill
from tests.e2e.moves import rows as content_of
from tests.postgresql import Cluster

pytestmark = pytest.mark.postgresql

_PEOPLE = """
    INSERT INTO users (id, username, username_key, nickname, search_key, created_at)
    SELECT id, 'u' || id, 'u' || id, '', '', 1 FROM messages WHERE id > 2
"""

#: What happens between the passes, one after the other.
_CHANGES = (
    "UPDATE messages SET content = 'edited' WHERE id IN (1, 2000, 2001, 4444)",
    f"""
    INSERT INTO messages (id, conversation_id, sender_id, content, created_at)
    SELECT id + 100000, 1, 2, 'more', 1 FROM messages WHERE id <= {2 * ROWS + 1}
    """,
    "DELETE FROM messages WHERE id BETWEEN 1500 AND 4400",
    "INSERT INTO memberships (conversation_id, user_id, joined_seq) SELECT 1, id, 7 FROM users WHERE id > 2",
    "UPDATE users SET username_key = 'free' || id; UPDATE users SET username_key = 'u' || (4000 - id) WHERE id > 2",
    "DELETE FROM memberships WHERE user_id % 3 = 0",
    "INSERT INTO consumer_cursors (name, seq) VALUES ('é', 1), ('push', 2); UPDATE health SET checked_at = 5",
    "UPDATE consumer_cursors SET name = 'Push' WHERE name = 'push'; UPDATE change_log_state SET epoch = 'another'",
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database of SQLite with some pieces of people and of messages."""
    path = tmp_path / "chatd.db"
    fill(path, 2 * ROWS + 500)
    change(path, _PEOPLE)
    return path


@pytest.fixture
def empty(cluster: Cluster) -> Iterator[str]:
    """A database with no tables in it."""
    url = cluster.database(empty=True)
    yield url
    cluster.drop(url)


def change(where: Path | str, sql: str) -> None:
    """Change something, as a server does."""
    if isinstance(where, Path):
        with closing(sqlite3.connect(where)) as db:
            db.executescript(f"BEGIN; {sql}; COMMIT")
    else:
        with closing(psycopg.connect(where)) as db:
            db.execute(sql)
            db.commit()


def references(url: str) -> list[tuple[object, ...]]:
    """Return the references of all tables, as they are declared."""
    query = """
        SELECT conrelid::REGCLASS::TEXT, conname, pg_get_constraintdef(oid), convalidated
        FROM pg_constraint WHERE contype = 'f' ORDER BY 1, 2
    """
    with closing(psycopg.connect(url)) as db:
        return db.execute(query).fetchall()


def test_whatever_changes_between_the_passes_is_copied_there_and_back(path: Path, empty: str, tmp_path: Path) -> None:
    migrate(empty)
    expected = references(empty)
    with postgresql.target(empty) as target:
        copier = Copier(target, target.tables())
        with sqlite.live(path) as running:
            copier.catch_up(running)
            for sql in _CHANGES:
                change(path, sql)
                assert copier.catch_up(running) > 0
                assert copier.catch_up(running) == 0
            change(path, "UPDATE users SET nickname = 'Last' WHERE id = 2")
        with sqlite.source(path) as source:
            copier.finish(source)
    assert references(empty) == expected
    to_sqlite(empty, tmp_path / "back.db", lambda key: None)
    assert content_of(tmp_path / "back.db") == content_of(path)


def test_what_changes_in_postgresql_meanwhile_comes_back(path: Path, empty: str, tmp_path: Path) -> None:
    to_postgresql(path, empty, None)
    with sqlite.target(tmp_path / "back.db", lambda: None) as target:
        with postgresql.live(empty) as running:
            copier = Copier(target, running.tables())
            copier.catch_up(running)
            for sql in _CHANGES:
                change(path, sql)
                change(empty, sql)
                assert copier.catch_up(running) > 0
        with postgresql.source(empty) as source:
            copier.finish(source)
    assert content_of(tmp_path / "back.db") == content_of(path)


def test_a_name_that_changes_hands_between_two_pieces_is_copied_by_the_next_pass(path: Path, empty: str) -> None:
    migrate(empty)
    asked = 0

    def exchange() -> bool:
        nonlocal asked
        asked += 1
        if asked == 3:  # the first piece has been compared, the second has not
            change(
                path,
                f"""
                UPDATE users SET username_key = 'given up' WHERE id = 1;
                UPDATE users SET username_key = 'xaver' WHERE id = {ROWS + 1}
            """,
            )
        return False

    with postgresql.target(empty) as target:
        (users,) = [table for table in target.tables() if table.name == "users"]
        copier = Copier(target, [users])
        with sqlite.live(path) as running:
            copier.catch_up(running)
            assert copier.catch_up(running, exchange) == 0
            assert target.count(users) == ROWS + 500
            assert copier.catch_up(running) == 2 * ROWS
            assert target.count(users) == 2 * ROWS + 500


def test_an_end_that_grows_to_a_whole_piece_as_it_is_written_is_taken_apart_by_the_next_pass(
    path: Path, empty: str
) -> None:
    migrate(empty)
    asked = 0

    def grow() -> bool:
        nonlocal asked
        asked += 1
        if asked == 5:  # all three pieces have been compared, and the last is about to be written
            change(
                path,
                f"""
                INSERT INTO messages (id, conversation_id, sender_id, content, created_at)
                SELECT id + 100000, 1, 2, 'more', 1 FROM messages WHERE id <= {ROWS - 500}
                """,
            )
        return False

    with postgresql.target(empty) as target:
        (table,) = [table for table in target.tables() if table.name == "messages"]
        copier = Copier(target, [table])
        with sqlite.live(path) as running:
            copier.catch_up(running)
            change(path, f"UPDATE messages SET content = 'edited' WHERE id = {2 * ROWS + 1}")
            assert copier.catch_up(running, grow) == ROWS
            change(
                path, "INSERT INTO messages (id, conversation_id, sender_id, content, created_at) VALUES (2e6,1,1,'',1)"
            )
            assert copier.catch_up(running) == ROWS + 1
            assert copier.catch_up(running) == 0
        assert target.count(table) == 3 * ROWS + 1


def test_while_a_piece_is_written_the_server_can_empty_its_log(path: Path) -> None:
    with sqlite.live(path) as running:
        table = Table("messages", ("id", "content"), ("id",), None)
        rows = running.rows(table, Span(), ROWS)
        next(rows)
        with closing(sqlite3.connect(path)) as db:
            db.execute("UPDATE health SET checked_at = 1")
            db.commit()
            assert db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
        assert sum(1 for _ in rows) == ROWS - 1


def test_between_two_pieces_the_server_can_empty_its_log(path: Path, empty: str) -> None:
    migrate(empty)
    truncated = []

    def truncate() -> bool:
        with closing(sqlite3.connect(path)) as db:
            db.execute("UPDATE health SET checked_at = checked_at + 1")
            db.commit()
            truncated.append(db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)
        return False

    with postgresql.target(empty) as target, sqlite.live(path) as running:
        copier = Copier(target, target.tables())
        copier.catch_up(running)
        copier.catch_up(running, truncate)
    assert len(truncated) > 10
    assert all(truncated)


def test_a_row_that_refers_to_nothing_undoes_everything(path: Path, empty: str) -> None:
    change(path, "DELETE FROM users WHERE id = 1")
    with pytest.raises(DatabaseUnusable, match="violates foreign key constraint"):
        to_postgresql(path, empty, None)
    with closing(psycopg.connect(empty)) as db:
        assert db.execute("SELECT count(*) FROM users").fetchone() == (0,)
    change(
        path,
        "INSERT INTO users (id, username, username_key, nickname, search_key, created_at) "
        "VALUES (1, '', '', '', '', 1)",
    )
    to_postgresql(path, empty, None)
