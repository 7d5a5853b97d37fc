"""A database that is damaged, or not ours, is refused with one line, and not a byte of it is changed."""

import contextlib
import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from chatd.errors import DatabaseUnusable
from chatd.storage.engine.sqlite.damage import require_whole
from chatd.storage.engine.sqlite.migrate import migrate
from tests.process import ServerProcess, chatd, client_of, refusal
from tests.support import register

PAGE = 4096

#: What the header of a write-ahead log and that of a frame take, in bytes: https://sqlite.org/fileformat2.html
HEADER, FRAME = 32, 24

#: How many commits are in the log.
COMMITS = 200

#: Commits, and ends without having closed anything.
KILLED_AFTER_COMMITS = f"""
import os, sys
from pathlib import Path
from chatd.storage.engine.sqlite.connections import connect
db = connect(Path(sys.argv[1]), checkpoints=False)
for number in range({COMMITS}):
    db.execute("INSERT INTO invites (code_hash, created_at) VALUES (randomblob(900), 1)")
os._exit(0)
"""

PUT_BACK = "put a copy back with chatd restore"


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A data directory with a database of which a part is in the write-ahead log only, as a kill leaves it."""
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    migrate(data_dir / "chatd.db")
    commit(data_dir)
    with contextlib.closing(sqlite3.connect(data_dir / "chatd.db")) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    commit(data_dir)
    assert wal(data_dir).stat().st_size > COMMITS * PAGE
    return data_dir


def commit(data_dir: Path) -> None:
    """Commit something in a process that is killed."""
    subprocess.run([sys.executable, "-c", KILLED_AFTER_COMMITS, data_dir / "chatd.db"], check=True)


def wal(data_dir: Path) -> Path:
    """Return the write-ahead log."""
    return data_dir / "chatd.db-wal"


def content(data_dir: Path) -> dict[str, bytes]:
    """Return the files of the database; whoever reads it makes the index of its log again."""
    files = (path for path in data_dir.glob("chatd.db*") if not path.name.endswith("-shm"))
    return {path.name: path.read_bytes() for path in files}


def spoil(path: Path, start: int, size: int) -> None:
    """Overwrite a part of a file with noise."""
    with path.open("r+b") as file:
        file.seek(start)
        file.write(random.Random(0).randbytes(size))


def corrupt_page(data_dir: Path) -> str:
    spoil(data_dir / "chatd.db", 4 * PAGE, PAGE)
    return "chatd.db is damaged ("


def corrupt_page_without_a_log(data_dir: Path) -> str:
    fold(data_dir)
    return corrupt_page(data_dir)


def truncated_file(data_dir: Path) -> str:
    os.truncate(data_dir / "chatd.db", 3 * PAGE)
    return "chatd.db is damaged ("


def truncated_file_without_a_log(data_dir: Path) -> str:
    fold(data_dir)
    return truncated_file(data_dir)


def damaged_log(data_dir: Path) -> str:
    spoil(wal(data_dir), HEADER + COMMITS // 2 * (FRAME + PAGE) + 1000, 100)
    return "chatd.db-wal is damaged (frame "


def damaged_frame_of_the_log(data_dir: Path) -> str:
    spoil(wal(data_dir), HEADER + COMMITS // 2 * (FRAME + PAGE), FRAME)
    return "chatd.db-wal is damaged (frame "


def damaged_head_of_the_log(data_dir: Path) -> str:
    spoil(wal(data_dir), 0, HEADER)
    return "chatd.db-wal is damaged (its header)"


def log_that_begins_with_zeros(data_dir: Path) -> str:
    with wal(data_dir).open("r+b") as file:
        file.write(bytes(PAGE))
    return "chatd.db-wal is damaged (its header)"


DAMAGED = (
    corrupt_page,
    corrupt_page_without_a_log,
    truncated_file,
    truncated_file_without_a_log,
    damaged_log,
    damaged_frame_of_the_log,
    damaged_head_of_the_log,
    log_that_begins_with_zeros,
)


def fold(data_dir: Path) -> None:
    """Bring all of the log into the database, and leave none."""
    with contextlib.closing(sqlite3.connect(data_dir / "chatd.db")) as db:
        db.execute("SELECT count(*) FROM users").fetchone()
    assert not wal(data_dir).exists()


@pytest.mark.parametrize("do_damage", DAMAGED, ids=lambda each: each.__name__)
def test_a_damaged_database_is_refused_and_not_a_byte_of_it_changed(
    data_dir: Path, do_damage: Callable[[Path], str]
) -> None:
    expected = do_damage(data_dir)
    before = content(data_dir)
    assert expected in refusal(data_dir, "serve", "--port", "0")
    after = content(data_dir)
    assert {name: after.pop(name) for name in before} == before
    assert set(after.values()) <= {b""}


@pytest.mark.parametrize("torn", range(2))
def test_a_log_of_which_a_power_cut_has_torn_the_last_commit_is_no_damage(data_dir: Path, torn: int) -> None:
    size = wal(data_dir).stat().st_size
    if torn:
        spoil(wal(data_dir), size - torn * (FRAME + PAGE) + 500, 1000)
    else:
        os.truncate(wal(data_dir), size - 1000)
    require_whole(data_dir / "chatd.db")
    with contextlib.closing(sqlite3.connect(data_dir / "chatd.db")) as db:
        assert db.execute("SELECT count(*) FROM invites").fetchone() == (2 * COMMITS - 1,)


def test_the_frames_of_an_older_log_below_a_newer_one_are_no_damage(data_dir: Path) -> None:
    with contextlib.closing(sqlite3.connect(data_dir / "chatd.db")) as db:
        db.execute("PRAGMA wal_checkpoint(RESTART)")
        db.execute("INSERT INTO invites (code_hash, created_at) VALUES (x'00', 1)")
        db.commit()
        assert wal(data_dir).stat().st_size > COMMITS * PAGE
        require_whole(data_dir / "chatd.db")


def test_a_large_database_is_looked_at_for_a_moment_only(data_dir: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "chatd.storage")
    require_whole(data_dir / "chatd.db", patience=-1.0, steps=10)
    assert caplog.messages == ["the database is large: only a part of it was looked at for damage"]


def test_a_damage_is_named_in_one_line_with_what_to_do(data_dir: Path) -> None:
    corrupt_page(data_dir)
    with pytest.raises(DatabaseUnusable, match=PUT_BACK) as refused:
        require_whole(data_dir / "chatd.db")
    assert "\n" not in str(refused.value)


async def test_a_damaged_database_is_replaced_by_a_copy(tmp_path: Path) -> None:
    data_dir, copy = tmp_path / "data", tmp_path / "copy.db"
    with ServerProcess(data_dir) as server:
        async with client_of(server) as client:
            alice = await register(client, "alice")
        server.stop()
    copy.write_bytes((data_dir / "chatd.db").read_bytes())
    corrupt_page(data_dir)
    assert refusal(data_dir, "serve", "--port", "0").endswith(PUT_BACK)
    assert chatd(data_dir, "restore", str(copy)).returncode == 0
    with ServerProcess(data_dir) as server:
        async with client_of(server) as client:
            again = replace(alice, client=client)
            assert (await again.get("/auth/me"))["username"] == "alice"


def other_program(data_dir: Path) -> str:
    """Put another program's database where ours would be."""
    with contextlib.closing(sqlite3.connect(data_dir / "chatd.db")) as db:
        db.execute("CREATE TABLE notes (text)")
    return "chatd.db is a database of another program"


def no_database(data_dir: Path) -> str:
    """Put a file that is no database where ours would be."""
    (data_dir / "chatd.db").write_text("Dear diary, " * 100)
    return "chatd.db cannot be read as a database: "


def newer_database(data_dir: Path) -> str:
    """Make a database and have it look like a later version's."""
    assert chatd(data_dir, "invite").returncode == 0
    with contextlib.closing(sqlite3.connect(data_dir / "chatd.db")) as db:
        db.execute("PRAGMA user_version = 999")
    return "chatd.db has version 999, this chatd knows versions up to "


@pytest.mark.parametrize("prepare", [other_program, no_database, newer_database])
@pytest.mark.parametrize("arguments", [["serve"], ["user", "list"]], ids=["serve", "command"])
def test_a_database_that_is_not_ours_to_use_is_left_alone(
    tmp_path: Path, prepare: Callable[[Path], str], arguments: list[str]
) -> None:
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    expected = prepare(data_dir)
    before = (data_dir / "chatd.db").read_bytes()
    assert expected in refusal(data_dir, *arguments)
    assert (data_dir / "chatd.db").read_bytes() == before
