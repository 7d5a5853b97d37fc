"""Migrations: what a database is made of, how it is upgraded, and which files are refused."""

import contextlib
import shutil
import sqlite3
import tomllib
from pathlib import Path
from typing import Any

import pytest

from chatd.errors import DatabaseUnusable
from chatd.services import accounts, sessions
from chatd.storage.commit import Transaction, write_once
from chatd.storage.engine.migrations import load_migrations
from chatd.storage.engine.sqlite.migrate import (
    APPLICATION_ID,
    current_version,
    migrate,
    migrations_directory,
)
from tests.storage.support import note, seen_outside

CHECKOUT = Path(__file__).resolve().parent.parent.parent
NEWEST = len(list(migrations_directory().glob("*.sql")))


def query(path: Path, sql: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query on a connection of its own."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        return db.execute(sql).fetchall()


@pytest.fixture
def steps(tmp_path: Path) -> Path:
    """A directory with chatd's own migrations, for a test to add more."""
    return Path(shutil.copytree(migrations_directory(), tmp_path / "steps"))


def add(steps: Path, sql: str) -> int:
    """Add a migration and return its version."""
    version = len(list(steps.glob("*.sql"))) + 1
    (steps / f"{version:04}_more.sql").write_text(sql)
    return version


def test_a_fresh_database_says_whose_it_is_and_which_version(path: Path) -> None:
    assert query(path, "PRAGMA application_id") == [(APPLICATION_ID,)]
    assert APPLICATION_ID.to_bytes(4, "big") == b"chat"
    assert query(path, "PRAGMA user_version") == [(NEWEST,)]
    assert query(path, "PRAGMA journal_mode") == [("wal",)]
    assert current_version(path) == NEWEST


def test_every_table_is_strict_and_every_reference_points_somewhere(path: Path) -> None:
    tables = {
        name: strict
        for schema, name, kind, _, _, strict in query(path, "PRAGMA table_list")
        if schema == "main" and kind == "table" and not name.startswith("sqlite_")
    }
    assert {"users", "sessions", "conversations", "memberships", "messages", "change_log"} <= set(tables)
    assert set(tables.values()) == {1}
    references = [row for name in tables for row in query(path, f"PRAGMA foreign_key_list({name})")]
    assert references
    assert {row[2] for row in references} <= set(tables)
    assert query(path, "PRAGMA foreign_key_check") == []


def test_every_database_has_another_epoch(tmp_path: Path) -> None:
    migrate(tmp_path / "one.db")
    migrate(tmp_path / "two.db")
    epochs = {query(tmp_path / name, "SELECT epoch FROM change_log_state")[0] for name in ("one.db", "two.db")}
    assert len(epochs) == 2


def test_migrating_again_changes_nothing(path: Path) -> None:
    before = path.read_bytes()
    assert migrate(path) == NEWEST
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir() if "before" in each.name] == []


def test_the_migrations_are_found_in_a_checkout_and_put_where_a_package_looks_for_them() -> None:
    assert migrations_directory() == CHECKOUT / "migrations" / "sqlite"
    assert [step.version for step in load_migrations(migrations_directory())] == list(range(1, NEWEST + 1))
    wheel = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["force-include"]["migrations"] == "chatd/migrations"


def test_an_installed_package_uses_the_migrations_inside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "migrations").mkdir()
    monkeypatch.setattr("chatd.storage.engine.migrations._PACKAGE", tmp_path)
    assert migrations_directory() == tmp_path / "migrations" / "sqlite"


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        ((), "not numbered from 0001 without a gap"),
        (("0002_b",), "not numbered from 0001 without a gap"),
        (("0001_a", "0003_c"), "not numbered from 0001 without a gap"),
        (("0001_a", "0001_b"), "not numbered from 0001 without a gap"),
        (("0000_a", "0001_b"), "not numbered from 0001 without a gap"),
        (("0001_a", "2_b"), "not named like a migration"),
        (("0001_a", "0002-b"), "not named like a migration"),
        (("0001",), "not named like a migration"),
    ],
)
def test_gaps_and_odd_names_are_refused(tmp_path: Path, names: tuple[str, ...], problem: str) -> None:
    for name in names:
        (tmp_path / f"{name}.sql").write_text("SELECT 1;")
    with pytest.raises(DatabaseUnusable, match=problem):
        migrate(tmp_path / "chatd.db", tmp_path)
    assert not (tmp_path / "chatd.db").exists()


def test_an_upgrade_keeps_the_data_and_a_copy_of_the_old_version(path: Path, steps: Path) -> None:
    write_once(path, note("old"))
    first = add(steps, "ALTER TABLE users ADD COLUMN shoe_size INTEGER;")
    second = add(steps, "CREATE TABLE shoes (id INTEGER PRIMARY KEY) STRICT; INSERT INTO shoes (id) VALUES (1);")
    assert migrate(path, steps) == second == NEWEST + 2
    assert current_version(path) == second
    assert seen_outside(path) == {"old"}
    assert query(path, "SELECT id FROM shoes") == [(1,)]

    (copy,) = (each for each in path.parent.iterdir() if "before" in each.name)
    assert copy.name == f"chatd.db.before-{first:04}"
    assert copy.stat().st_mode & 0o777 == path.stat().st_mode & 0o777
    assert current_version(copy) == NEWEST
    assert migrate(copy) == NEWEST
    assert seen_outside(copy) == {"old"}
    assert query(copy, "PRAGMA integrity_check") == [("ok",)]


def test_the_copy_has_what_only_the_write_ahead_log_held(path: Path, steps: Path) -> None:
    version = add(steps, "DELETE FROM invites;")
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("INSERT INTO invites (code_hash, created_at) VALUES (CAST('fresh' AS BLOB), 1)")
        assert path.with_name("chatd.db-wal").stat().st_size > 0
        migrate(path, steps)
    assert seen_outside(path) == set()
    assert seen_outside(path.with_name(f"chatd.db.before-{version:04}")) == {"fresh"}


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("UPDATE invites SET created_at = 2; CREATE TABLE users (id INTEGER);", "already exists"),
        ("UPDATE invites SET created_at = 2; SELECT nonsense;", "no such column"),
        ("UPDATE invites SET created_at = 2; INSERT INTO health VALUES ('x', 1);", "datatype mismatch"),
        ("UPDATE invites SET created_at = 2, used_by = 99, used_at = 2;", "breaks a foreign key"),
    ],
)
def test_a_migration_that_fails_leaves_the_old_version_and_its_data_whole(
    path: Path, steps: Path, sql: str, problem: str
) -> None:
    write_once(path, note("old"))
    good = add(steps, "CREATE TABLE shoes (id INTEGER PRIMARY KEY) STRICT;")
    add(steps, sql)
    with pytest.raises(DatabaseUnusable, match=problem) as refused:
        migrate(path, steps)
    assert "\n" not in str(refused.value)
    assert current_version(path) == good
    assert query(path, "SELECT created_at, used_by FROM invites") == [(1, None)]
    assert query(path, "PRAGMA integrity_check") == [("ok",)]

    (steps / f"{good + 1:04}_more.sql").write_text("UPDATE invites SET created_at = 3;")
    assert migrate(path, steps) == good + 1
    assert query(path, "SELECT created_at FROM invites") == [(3,)]


def test_a_migration_may_rebuild_a_table_that_others_refer_to(path: Path, steps: Path) -> None:
    def somebody(tx: Transaction) -> None:
        user = accounts.create(tx, "alice", "Alice", None, now=1)
        sessions.start(tx, user.id, device="", address="", now=1, lifetime_ms=1)

    write_once(path, somebody)
    rebuild = "CREATE TABLE users_2 AS SELECT * FROM users; DROP TABLE users; ALTER TABLE users_2 RENAME TO users;"
    add(steps, f"{rebuild} CREATE UNIQUE INDEX users_by_id ON users (id);")
    assert migrate(path, steps) == NEWEST + 1
    assert query(path, "SELECT user_id FROM sessions") == query(path, "SELECT id FROM users") == [(1,)]


def foreign(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE bookmarks (id INTEGER)")


def foreign_with_an_id(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA application_id = 1")


def newer(path: Path) -> None:
    migrate(path)
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {NEWEST + 1}")


def truncated(path: Path) -> None:
    migrate(path)
    path.write_bytes(path.read_bytes()[:-4096])


def cut_short(path: Path) -> None:
    migrate(path)
    path.write_bytes(path.read_bytes()[:50])


def text(path: Path) -> None:
    path.write_text("a shopping list\n" * 500)


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (newer, f"has version {NEWEST + 1}, this chatd knows versions up to {NEWEST}: install a newer chatd"),
        (foreign, "is a database of another program"),
        (foreign_with_an_id, "is a database of another program"),
        (truncated, "is damaged"),
        (cut_short, "is damaged"),
        (text, "cannot be read as a database"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_file_that_is_not_ours_is_refused_in_one_line_and_left_alone(tmp_path: Path, make: Any, problem: str) -> None:
    path = tmp_path / "chatd.db"
    make(path)
    before = path.read_bytes()
    with pytest.raises(DatabaseUnusable, match=problem) as refused:
        migrate(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir() if "before" in each.name] == []


def test_an_empty_file_becomes_a_database(tmp_path: Path) -> None:
    path = tmp_path / "chatd.db"
    path.touch()
    assert current_version(path) == 0
    assert migrate(path) == NEWEST
    assert current_version(path) == NEWEST


def test_asking_for_the_version_makes_nothing(tmp_path: Path) -> None:
    assert current_version(tmp_path / "chatd.db") == 0
    assert list(tmp_path.iterdir()) == []
