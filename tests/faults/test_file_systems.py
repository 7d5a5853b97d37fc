"""File systems that lack what others have: second names, as exFAT and SMB, and locks."""

import errno
import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.shim import Shim
from tests.process import ServerProcess, chatd, refusal

#: How file systems say that a file has one name only: exFAT and FAT, SMB.
NO_LINKS = [errno.EPERM, errno.EOPNOTSUPP]

#: How file systems say that nothing can be locked.
NO_LOCKS = [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS]


@pytest.fixture
def shim(tmp_path: Path) -> Shim:
    """The file system of ``data``."""
    return Shim(tmp_path / "data", tmp_path / "shim")


def names(database: Path) -> list[str]:
    """Return who has an account."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        return [row[0] for row in db.execute("SELECT username FROM users ORDER BY id")]


@pytest.mark.parametrize("error", NO_LINKS, ids=errno.errorcode.get)
def test_a_first_start_a_backup_and_a_restore_need_no_second_names(tmp_path: Path, shim: Shim, error: int) -> None:
    data_dir = tmp_path / "data"
    shim.have_no_links(error)
    with ServerProcess(data_dir, **shim.variables) as server:
        key = (data_dir / "signing.key").read_text()
        assert server.stop() == 0
    assert chatd(data_dir, "user", "add", "first", "--bot", **shim.variables).returncode == 0
    copy = data_dir / "copy.db"
    assert chatd(data_dir, "backup", str(copy), **shim.variables).returncode == 0
    assert "already there" in refusal(data_dir, "backup", str(copy), **shim.variables)
    assert chatd(data_dir, "user", "add", "second", "--bot", **shim.variables).returncode == 0
    restored = chatd(data_dir, "restore", str(copy), **shim.variables)
    assert (restored.returncode, restored.stderr) == (0, "")
    (kept,) = data_dir.glob("chatd.db.replaced-*")
    assert kept.stat().st_mode & 0o777 == 0o600
    assert (data_dir / "signing.key").read_text() == key
    assert {each.name for each in data_dir.iterdir()} == {
        *("chatd.db", "chatd.lock", "signing.key", "copy.db", "last-backup"),
        kept.name,
    }
    assert names(data_dir / "chatd.db") == ["first"]
    assert names(kept) == ["first", "second"]


def test_a_restore_without_second_names_leaves_the_database_where_there_is_no_room(tmp_path: Path, shim: Shim) -> None:
    data_dir, copy = tmp_path / "data", tmp_path / "copy.db"
    assert chatd(data_dir, "user", "add", "first", "--bot").returncode == 0
    assert chatd(data_dir, "backup", str(copy)).returncode == 0
    assert chatd(data_dir, "user", "add", "second", "--bot").returncode == 0
    before = {each.name for each in data_dir.iterdir()}
    shim.have_no_links(errno.EPERM)
    shim.fill()
    assert str(copy) in refusal(data_dir, "restore", str(copy), **shim.variables)
    assert {each.name for each in data_dir.iterdir()} == before
    assert names(data_dir / "chatd.db") == ["first", "second"]


@pytest.mark.parametrize("error", NO_LOCKS, ids=errno.errorcode.get)
def test_where_nothing_can_be_locked_nothing_is_served_and_one_sentence_says_why(
    tmp_path: Path, shim: Shim, error: int
) -> None:
    shim.have_no_locks(error)
    for command in (["serve", "--port", "0"], ["invite"]):
        line = refusal(tmp_path / "data", *command, **shim.variables)
        assert line.startswith(f"nothing can be locked in {tmp_path / 'data'} ({os.strerror(error)}): ")
    assert not (tmp_path / "data" / "chatd.db").exists()


def test_a_server_that_is_killed_at_its_first_start_can_be_started_again(tmp_path: Path, shim: Shim) -> None:
    shim.have_no_links(errno.EPERM)
    data_dir = tmp_path / "data"
    with ServerProcess(data_dir, **shim.variables) as server:
        server.signal(signal.SIGKILL)
        server.wait()
    key = (data_dir / "signing.key").read_text()
    (data_dir / f"signing.key.{server.pid}").write_text("half a k")
    with ServerProcess(data_dir, **shim.variables) as server:
        assert server.stop() == 0
    assert (data_dir / "signing.key").read_text() == key


def test_a_key_on_a_file_system_without_permissions_is_used_with_a_warning(tmp_path: Path, shim: Shim) -> None:
    data_dir = tmp_path / "data"
    shim.have_no_permissions()
    with ServerProcess(data_dir, **shim.variables) as server:
        assert server.stop() == 0
    (warning,) = [entry["message"] for entry in server.entries if entry["event"] == "key_readable"]
    assert warning.startswith(
        f"{data_dir / 'signing.key'} can be read by others, as its file system has no permissions"
    )
    assert "chmod 600" in refusal(data_dir, "serve", "--port", "0")
