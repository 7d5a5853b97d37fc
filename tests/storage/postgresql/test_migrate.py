"""The tables of PostgreSQL: made once, whoever comes first, upgraded under a lock, refused where they are too new."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatd.errors import DatabaseUnusable
from chatd.storage.commit import write_once
from chatd.storage.engine.migrations import directory_of
from chatd.storage.engine.postgresql.migrate import FIRST, current_version, migrate, newest_version
from chatd.storage.stores import snapshot
from tests.postgresql import Cluster
from tests.storage.support import note, notes

NEWEST = newest_version()


@pytest.fixture
def empty(cluster: Cluster) -> Iterator[str]:
    """A database without tables."""
    url = cluster.database(empty=True)
    yield url
    cluster.drop(url)


@pytest.fixture
def steps(tmp_path: Path) -> Path:
    """A directory with the migrations there are, for a test to add more."""
    return Path(shutil.copytree(directory_of("postgresql"), tmp_path / "steps"))


def add(steps: Path, sql: str, number: int = NEWEST + 1) -> None:
    """Add a migration."""
    (steps / f"{number:04}_more.sql").write_text(sql)


def test_the_first_migration_makes_all_tables(empty: str) -> None:
    assert current_version(empty) == 0
    assert migrate(empty) == NEWEST
    assert current_version(empty) == NEWEST
    write_once(empty, note("stored"))


def test_processes_that_start_together_make_the_tables_once(empty: str) -> None:
    versions: list[int] = []
    threads = [threading.Thread(target=lambda: versions.append(migrate(empty))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert versions == [NEWEST] * 4


def test_an_upgrade_keeps_what_is_stored(url: str, steps: Path) -> None:
    write_once(url, note("kept"))
    sizes: list[int] = []
    add(steps, "ALTER TABLE users ADD COLUMN shoe_size BIGINT;")
    assert migrate(url, steps, upgrading=sizes.append) == NEWEST + 1
    assert sizes[0] > 0
    with snapshot(url) as db:
        assert notes(db) == {"kept"}
        assert db.execute("SELECT shoe_size FROM users").fetchall() == []


def test_a_migration_that_fails_changes_nothing_and_says_why(url: str, steps: Path) -> None:
    add(steps, "CREATE TABLE half (id BIGINT); SELECT 1 / 0;")
    with pytest.raises(DatabaseUnusable, match=f"migration {NEWEST + 1:04}_more failed: division by zero") as told:
        migrate(url, steps)
    assert "\n" not in str(told.value)
    assert current_version(url) == NEWEST
    with snapshot(url) as db:
        assert db.execute("SELECT to_regclass('half') IS NULL AS is_gone").fetchone()["is_gone"]


def test_an_older_program_goes_on_where_the_newer_tables_bear_it_and_is_told_where_they_do_not(
    url: str, steps: Path
) -> None:
    add(steps, f"-- oldest compatible: {NEWEST}\nALTER TABLE users ADD COLUMN shoe_size BIGINT;")
    migrate(url, steps)
    assert migrate(url) == NEWEST + 1, "expanded: what is there stays as it was"
    add(steps, "ALTER TABLE users DROP COLUMN bio;", NEWEST + 2)
    migrate(url, steps)
    with pytest.raises(DatabaseUnusable, match=f"version {NEWEST + 2}, this chatd knows versions up to {NEWEST}"):
        migrate(url)


def test_the_files_are_numbered_from_the_first_that_is_postgresqls(steps: Path, empty: str) -> None:
    add(steps, "SELECT 1;", NEWEST + 2)
    with pytest.raises(DatabaseUnusable, match=f"not numbered from {FIRST:04} without a gap"):
        migrate(empty, steps)
