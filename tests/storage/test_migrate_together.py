"""Migrations that are killed half-way, and several at once: the file holds one version, whole."""

import contextlib
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from chatd.storage.commit import write_once
from chatd.storage.engine.sqlite.migrate import current_version, migrate, migrations_directory
from tests.storage.support import note, seen_outside

NEWEST = len(list(migrations_directory().glob("*.sql")))

#: Takes long enough to be killed in the middle, and counts itself.
SLOW = """
UPDATE invites SET created_at = created_at + 1;
CREATE TABLE padding_{0} (number INTEGER NOT NULL, text TEXT NOT NULL) STRICT;
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 8000)
INSERT INTO padding_{0} SELECT n, hex(randomblob(100)) FROM numbers;
CREATE INDEX padding_{0}_by_text ON padding_{0} (text);
"""
ROWS = 8000

#: Migrates one database after another in children of its own, each killed later than the one before.
KILLER = """
import os, random, shutil, signal, sys, time
from pathlib import Path
from chatd.storage.engine.sqlite.migrate import migrate

original, steps, count = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])

def copied(name):
    path = original.with_name(name)
    if original.exists():
        shutil.copy(original, path)
    return path

began = time.monotonic()
migrate(copied("whole.db"), steps)
whole = time.monotonic() - began
for number in range(count):
    path = copied(f"{number}.db")
    child = os.fork()
    if not child:
        migrate(path, steps)
        os._exit(0)
    time.sleep(whole * random.uniform(number, number + 1) / count)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    print("killed" if os.WIFSIGNALED(status) else "ended", flush=True)
"""

#: Is killed in the middle of the very first transaction of a file, with a rollback journal left beside it.
HALF_WRITTEN = """
import os, signal, sqlite3, sys

db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.executescript("PRAGMA cache_size = 1; PRAGMA journal_mode = DELETE; BEGIN; CREATE TABLE half (text TEXT)")
db.executemany("INSERT INTO half VALUES (?)", [("x" * 1000,)] * 500)
os.kill(os.getpid(), signal.SIGKILL)
"""

#: Migrates one database in several children at the same moment.
CROWD = """
import os, sys
from pathlib import Path
from chatd.storage.engine.sqlite.migrate import migrate

path, steps, count = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
read, write = os.pipe()
children = []
for _ in range(count):
    child = os.fork()
    if not child:
        os.close(write)
        os.read(read, 1)
        os.write(1, b"%d\\n" % migrate(path, steps))
        os._exit(0)
    children.append(child)
os.close(write)
sys.exit(max(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children))
"""


@pytest.fixture
def steps(tmp_path: Path) -> Path:
    """A directory with chatd's own migrations and two slow ones."""
    steps = Path(shutil.copytree(migrations_directory(), tmp_path / "steps"))
    for version in (NEWEST + 1, NEWEST + 2):
        (steps / f"{version:04}_slow.sql").write_text(SLOW.format(version))
    return steps


def run(program: str, path: Path, steps: Path, count: int) -> list[str]:
    """Run a program in a Python of its own, and return the lines it prints."""
    command = [sys.executable, "-c", program, str(path), str(steps), str(count)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=100).stdout.split()


def check_whole(path: Path) -> None:
    """Check that a database is of one version and of no other."""
    version = current_version(path)
    with contextlib.closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE name LIKE 'padding%'")}
        if version == 0:
            assert db.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,)
            return
        expected = range(NEWEST + 1, version + 1)
        assert tables == {name for each in expected for name in (f"padding_{each}", f"padding_{each}_by_text")}
        for each in expected:
            assert db.execute(f"SELECT count(*) FROM padding_{each}").fetchone() == (ROWS,)
        for (created_at,) in db.execute("SELECT created_at FROM invites"):
            assert created_at == 1 + len(expected)


def test_an_upgrade_killed_at_any_moment_leaves_one_version_whole(path: Path, steps: Path) -> None:
    write_once(path, note("old"))
    results = run(KILLER, path, steps, 8)
    assert "killed" in results
    for number in range(8):
        killed = path.with_name(f"{number}.db")
        assert NEWEST <= current_version(killed) <= NEWEST + 2
        check_whole(killed)
        assert seen_outside(killed) == {"old"}
        assert migrate(killed, steps) == NEWEST + 2
        check_whole(killed)


def test_a_first_start_killed_at_any_moment_can_be_repeated(tmp_path: Path, steps: Path) -> None:
    results = run(KILLER, tmp_path / "chatd.db", steps, 5)
    assert "killed" in results
    for number in range(5):
        killed = tmp_path / f"{number}.db"
        check_whole(killed)
        assert migrate(killed, steps) == NEWEST + 2
        check_whole(killed)


def test_what_a_killed_first_start_left_half_written_is_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "chatd.db"
    assert subprocess.run([sys.executable, "-c", HALF_WRITTEN, str(path)]).returncode == -signal.SIGKILL
    assert path.stat().st_size > 0
    assert path.with_name("chatd.db-journal").stat().st_size > 0
    assert current_version(path) == 0
    assert migrate(path) == NEWEST
    check_whole(path)


def test_several_first_starts_at_once_all_end_well(tmp_path: Path, steps: Path) -> None:
    path = tmp_path / "chatd.db"
    assert run(CROWD, path, steps, 4) == [str(NEWEST + 2)] * 4
    check_whole(path)


def test_several_upgrades_at_once_all_end_well_and_happen_once(path: Path, steps: Path) -> None:
    write_once(path, note("old"))
    assert run(CROWD, path, steps, 4) == [str(NEWEST + 2)] * 4
    check_whole(path)
    copy = path.with_name(f"chatd.db.before-{NEWEST + 1:04}")
    assert current_version(copy) == NEWEST
    assert seen_outside(copy) == {"old"}
