"""Moving a community between the engines: every table is copied, read back, and refused where it cannot be whole."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from chatd.errors import DatabaseUnusable
from chatd.storage.engine.copying import Counted, Table
from chatd.storage.engine.moving import to_postgresql, to_sqlite
from chatd.storage.engine.pieces import ROWS
from chatd.storage.engine.postgresql import copying as postgresql
from chatd.storage.engine.sqlite import copying as sqlite
from chatd.storage.engine.sqlite.migrate import migrate
from chatd.storage.stores import writer
from tests.postgresql import Cluster
from tests.storage.statements import settle

pytestmark = pytest.mark.postgresql

#: A row in each table that :func:`settle` leaves empty, values at the edges, and ids that nobody has any more.
_MORE = """
    INSERT INTO users (username, username_key, nickname, search_key, created_at) VALUES ('gone', 'gone', '', '', 1);
    DELETE FROM users WHERE username = 'gone';
    UPDATE users SET bio = '', created_at = 9223372036854775807 WHERE id = 2;
    UPDATE users SET bio = 'tab	line
        back\\slash \\. \\N "quotes" é 𝄞' WHERE id = 3;
    INSERT INTO messages (id, conversation_id, sender_id, content, first_digest, reply_to_id, created_at, edited_at)
    VALUES (6, 1, 1, 'edited', x'00ff00', 2, 1, 2);
    UPDATE conversations SET last_message_id = 6, last_kept_id = 6 WHERE id = 1;
    UPDATE memberships SET read_up_to = 2, joined_seq = -1 WHERE user_id = 2;
    INSERT INTO invites (code_hash, created_at, uses_left) VALUES (x'00', 1, 1), (x'', 1, 1), (x'ff', 1, 1);
    INSERT INTO avatars (filename, owner_id, content, created_at) VALUES ('moved.png', 1, x'00ff', 1);
    INSERT INTO shown_versions (user_id, message_id, content) VALUES (1, 2, 'as it was');
    INSERT INTO consumer_cursors (name, seq) VALUES ('push', 3), ('Push', 4), ('é', 5);
    INSERT INTO group_invite_uses (invite_id, user_id) VALUES (1, 2);
    INSERT INTO mentions (message_id, user_id, conversation_id) VALUES (3, 2, 2);
    INSERT INTO pins (message_id, conversation_id) VALUES (3, 2);
    INSERT INTO settings (name, value, content) VALUES ('name', 'Chess', NULL), ('picture', NULL, x'00ff');
    UPDATE change_log_state SET pruned_seq = 3, epoch = 'theirs';
    UPDATE name_keys SET made_by = 'a rule';
    UPDATE health SET checked_at = 7
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database of SQLite with something in every table."""
    path = tmp_path / "chatd.db"
    migrate(path)
    with writer(path) as db:
        settle(db)
    with closing(sqlite3.connect(path)) as db:
        db.executescript(_MORE)
    return path


@pytest.fixture
def empty(cluster: Cluster) -> Iterator[str]:
    """A database with no tables in it."""
    url = cluster.database(empty=True)
    yield url
    cluster.drop(url)


def content_of(path: Path) -> dict[str, list[Any]]:
    """Return all rows of all tables, and the ids they have given."""
    with closing(sqlite3.connect(path)) as db:
        names = [row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {name: sorted(db.execute(f"SELECT * FROM {name}").fetchall(), key=repr) for name in names}


def users_in(url: str) -> int:
    """Return how many accounts there are in PostgreSQL."""
    with closing(psycopg.connect(url)) as db:
        (count,) = db.execute("SELECT count(*) FROM users").fetchone() or (0,)
    return int(count)


def change(url: str, sql: str) -> None:
    """Change something in PostgreSQL by hand."""
    with closing(psycopg.connect(url, autocommit=True)) as db:
        db.execute(sql)


def no_key(key: bytes | None) -> None:
    """Take no signing key: there is none."""
    assert key is None


def test_everything_is_the_same_after_moving_there_and_back(path: Path, empty: str, tmp_path: Path) -> None:
    before = content_of(path)
    assert [name for name, rows in before.items() if not rows] == []
    there = to_postgresql(path, empty, None)
    back = to_sqlite(empty, tmp_path / "back.db", no_key)
    assert content_of(tmp_path / "back.db") == before == content_of(path)
    assert there == back
    assert {name: total.rows for name, total in there.items()} == {
        name: len(rows) for name, rows in before.items() if name != "sqlite_sequence"
    }


def test_new_rows_have_the_next_ids_and_text_stays_in_the_order_of_code_points(path: Path, empty: str) -> None:
    to_postgresql(path, empty, None)
    with closing(psycopg.connect(empty)) as db:
        row = db.execute(
            "INSERT INTO users (username, username_key, nickname, search_key, created_at) "
            "VALUES ('new', 'new', '', '', 1) RETURNING id"
        ).fetchone()
        assert row == (5,)
        names = db.execute("SELECT name FROM consumer_cursors ORDER BY name").fetchall()
        assert names == [("Push",), ("push",), ("é",)]


def test_no_table_and_no_column_is_forgotten(path: Path, url: str) -> None:
    with postgresql.source(url) as theirs, sqlite.source(path) as ours:
        tables = theirs.tables()
        assert {table.name: frozenset(table.columns) for table in tables} == ours.columns()
        assert all(table.key for table in tables)
    with closing(psycopg.connect(url)) as db:
        names = {row[0] for row in db.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
    assert names - {table.name for table in tables} == postgresql.NOT_COPIED
    with closing(sqlite3.connect(path)) as db:
        counting = {row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE sql LIKE '%AUTOINCREMENT%'")}
    assert {table.name for table in tables if table.identity} == counting
    assert [table.name for table in tables if not is_after_its_own(table, tables)] == []


def is_after_its_own(table: Table, tables: list[Table]) -> bool:
    """Report whether a table comes after users, unless it refers to nobody."""
    names = [each.name for each in tables]
    return "user_id" not in table.columns or names.index("users") < names.index(table.name)


@pytest.mark.parametrize(
    "sql", ["ALTER TABLE users ADD COLUMN colour TEXT", "CREATE TABLE colours (name TEXT PRIMARY KEY)"]
)
def test_a_table_or_column_that_only_one_has_is_refused_and_named(path: Path, url: str, sql: str) -> None:
    name = "users" if "users" in sql else "colours"
    change(url, sql)
    with pytest.raises(DatabaseUnusable, match=f"other tables or columns: {name}$"):
        to_postgresql(path, url, None)
    assert users_in(url) == 0


def test_where_somebody_has_been_already_nothing_is_copied(path: Path, empty: str) -> None:
    to_postgresql(path, empty, None)
    change(empty, "UPDATE users SET nickname = 'Changed'")
    with pytest.raises(DatabaseUnusable, match="there is a community in that database already"):
        to_postgresql(path, empty, None)
    with closing(psycopg.connect(empty)) as db:
        assert db.execute("SELECT DISTINCT nickname FROM users").fetchall() == [("Changed",)]


@pytest.mark.parametrize(("version", "told"), [(3, "start chatd on it once"), (9_999, "install a newer chatd")])
def test_tables_of_another_version_are_refused(path: Path, url: str, version: int, told: str, tmp_path: Path) -> None:
    change(url, f"UPDATE schema SET version = {version}")
    with pytest.raises(DatabaseUnusable, match=f"has version {version} .*{told}"):
        to_postgresql(path, url, None)
    with pytest.raises(DatabaseUnusable, match=f"has version {version} .*{told}"):
        to_sqlite(url, tmp_path / "back.db", no_key)
    assert not (tmp_path / "back.db").exists()
    change(url, "UPDATE schema SET version = 7")
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {version}")
    with pytest.raises(DatabaseUnusable, match=f"has version {version} .*{told}"):
        to_postgresql(path, url, None)


def test_where_there_is_nothing_to_move_that_is_said(empty: str, tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnusable, match="there is no community in"):
        to_sqlite(empty, tmp_path / "back.db", no_key)
    with pytest.raises(DatabaseUnusable, match="there is no community in"):
        to_postgresql(tmp_path / "none.db", empty, None)


def test_a_copy_that_does_not_read_back_as_it_was_is_not_kept(path: Path, url: str) -> None:
    change(
        url,
        """
        CREATE FUNCTION spoil() RETURNS TRIGGER LANGUAGE plpgsql AS $$
        BEGIN new.content := new.content || ' '; RETURN new; END $$;
        CREATE TRIGGER spoil BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION spoil()
        """,
    )
    with pytest.raises(DatabaseUnusable, match="the copy of messages is not what was read"):
        to_postgresql(path, url, None)
    assert users_in(url) == 0


def test_a_row_that_postgresql_refuses_undoes_everything(path: Path, url: str) -> None:
    change(url, "ALTER TABLE reports ADD CHECK (reason <> 'rude')")
    with pytest.raises(DatabaseUnusable, match="PostgreSQL: new row for relation"):
        to_postgresql(path, url, None)
    assert users_in(url) == 0
    change(url, "ALTER TABLE reports DROP CONSTRAINT reports_reason_check")
    to_postgresql(path, url, None)


def test_a_row_that_breaks_a_reference_leaves_no_file(path: Path, empty: str, tmp_path: Path) -> None:
    to_postgresql(path, empty, None)
    change(empty, "ALTER TABLE reports DROP CONSTRAINT reports_message_id_fkey")
    change(empty, "UPDATE reports SET message_id = 99")
    (tmp_path / "new").mkdir()
    with pytest.raises(DatabaseUnusable, match="reports refers to what is not in messages"):
        to_sqlite(empty, tmp_path / "new" / "chatd.db", no_key)
    assert list((tmp_path / "new").iterdir()) == []


def test_where_the_connection_is_ended_others_could_have_written_so_there_is_no_file(
    path: Path, empty: str, tmp_path: Path
) -> None:
    to_postgresql(path, empty, None)

    def end(key: bytes | None) -> None:
        change(
            empty,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name = 'chatd'",
        )

    with pytest.raises(DatabaseUnusable, match="PostgreSQL: terminating connection"):
        to_sqlite(empty, tmp_path / "back.db", end)
    assert list(tmp_path.glob("back.db*")) == []


def test_more_rows_than_are_sent_at_once_arrive_in_their_order(path: Path, empty: str, tmp_path: Path) -> None:
    count = 2 * ROWS + 1
    with closing(sqlite3.connect(path)) as db:
        db.executemany(
            "INSERT INTO messages (id, conversation_id, sender_id, content, created_at) VALUES (?, 1, 1, ?, 1)",
            ((100 + number, f"message {number}") for number in range(count)),
        )
        db.commit()
    assert to_postgresql(path, empty, None)["messages"].rows == count + 4
    to_sqlite(empty, tmp_path / "back.db", no_key)
    assert content_of(tmp_path / "back.db") == content_of(path)


def test_a_digest_tells_types_values_and_order_apart() -> None:
    given: list[list[tuple[Any, ...]]] = [[(1,), (2,)], [(2,), (1,)], [(1, 2)], [("1",), ("2",)], [(b"1",), (b"2",)]]
    given += [[("1", "2")], [("1', '2",)], [(None,)], [("None",)], [("",)], [()], []]
    digests = set()
    for rows in given:
        counted = Counted(rows)
        assert list(counted) == rows
        digests.add(counted.total.digest)
    assert len(digests) == len(given)
