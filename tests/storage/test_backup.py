"""Backups: a proven copy of what was committed when it began, or none at all; and nothing happens to the database."""

import contextlib
import os
import re
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from chatd import clock
from chatd.errors import BackupFailed
from chatd.storage.commit import write_once
from chatd.storage.engine import Sql
from chatd.storage.engine.sqlite.backup import STEP_PAGES, back_up, last_proven_at, remove_leftovers
from chatd.storage.engine.sqlite.connections import connect
from tests.process import environment
from tests.storage.support import note, notes, seen_outside
from tests.support import PATIENCE

#: Larger than what is copied at a time.
LARGE = 3 * STEP_PAGES * 4096

#: Has the first fdatasync wait for longer than any test lasts: until the tracer goes.
HOLD = ("-e", "trace=fdatasync", "-e", "inject=fdatasync:delay_enter=600s:when=1")

#: Waits for a line, so that a tracer can be there before anything happens.
WAITING = "import sys; sys.stdin.readline(); from chatd.cli import main; sys.exit(main(sys.argv[1:]))"


class TracedBackup:
    """``chatd backup`` as a process under strace; when the ``with`` ends, the tracer goes and the process ends."""

    def __init__(self, path: Path, target: Path, trace: Path, *options: str) -> None:
        """Create what ``with`` starts.

        :param trace: where the calls are written down.
        :param options: of strace(1).
        """
        self._path = path
        self._command = [sys.executable, "-c", WAITING, "backup", str(target), "--data-dir", str(path.parent)]
        self._trace = trace
        self._tracing = ["strace", "-f", "-y", "-o", str(trace), *options, "-p"]
        self.status = 0
        self.error = ""

    def __enter__(self) -> "TracedBackup":
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(self._path.parent),
            cwd=self._path.parent,
        )
        self._tracer = subprocess.Popen([*self._tracing, str(self._process.pid)], stderr=subprocess.PIPE, text=True)
        assert self._tracer.stderr is not None
        assert " attached" in self._tracer.stderr.readline()
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self

    def __exit__(self, *_: object) -> None:
        with self._process, self._tracer:
            self._tracer.send_signal(signal.SIGTERM)
            self._tracer.wait(PATIENCE)
            self.error = self._process.communicate(timeout=PATIENCE)[1]
            self.status = self._process.returncode

    def ended(self) -> None:
        """Wait until the backup has ended by itself."""
        self._process.wait(PATIENCE)

    def until(self, call: str) -> None:
        """Wait until the backup calls ``call``, and see that it does not return."""
        deadline = time.monotonic() + PATIENCE
        while f"{call}(" not in self._trace.read_text():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert self._process.poll() is None


def swell(path: Path) -> None:
    """Make a database so large that it is copied in several steps."""

    def fill(db: Sql) -> None:
        db.execute("CREATE TABLE filling (content BLOB)")
        db.executemany("INSERT INTO filling VALUES (zeroblob(?))", [(LARGE // 10,)] * 10)

    write_once(path, lambda tx: fill(tx.db))


def names(directory: Path) -> set[str]:
    """Return the names of what is in a directory."""
    return {each.name for each in directory.iterdir()}


def test_a_backup_has_everything_in_one_file_for_its_owner_alone(path: Path, tmp_path: Path) -> None:
    directory = tmp_path / "elsewhere"
    directory.mkdir()
    write_once(path, note("one"))
    with contextlib.closing(connect(path, checkpoints=True)):
        write_once(path, note("two"))
        made = back_up(path, directory / "copy.db")
    assert names(directory) == {"copy.db"}
    assert seen_outside(directory / "copy.db") == {"one", "two"}
    assert stat.S_IMODE((directory / "copy.db").stat().st_mode) == 0o600
    assert made.rows["invites"] == 2
    assert made.size == (directory / "copy.db").stat().st_size
    with contextlib.closing(sqlite3.connect(directory / "copy.db")) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_a_backup_checkpoints_nothing(path: Path, tmp_path: Path) -> None:
    with contextlib.closing(connect(path, checkpoints=False)) as writer:
        swell(path)
        writer.execute("INSERT INTO invites (code_hash, created_at) VALUES (?, 1)", (b"in the log",))
        database, log = path.read_bytes(), path.with_name("chatd.db-wal").read_bytes()
        back_up(path, tmp_path / "copy.db")
        assert path.read_bytes() == database
        assert path.with_name("chatd.db-wal").read_bytes() == log
    assert seen_outside(tmp_path / "copy.db") == {"in the log"}


def test_a_backup_after_a_crash_has_what_is_only_in_the_log(path: Path, tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from chatd.storage.engine.sqlite.connections import connect\n"
        "db = connect(Path(sys.argv[1]), checkpoints=False)\n"
        "db.execute(\"INSERT INTO invites (code_hash, created_at) VALUES (x'6c617374', 1)\")\n"
        "os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], timeout=PATIENCE, check=False)
    assert path.with_name("chatd.db-wal").stat().st_size > 0
    back_up(path, tmp_path / "copy.db")
    assert seen_outside(tmp_path / "copy.db") == {"last"}


def test_what_is_committed_while_a_backup_is_made_neither_waits_nor_is_in_it(path: Path, tmp_path: Path) -> None:
    write_once(path, note("before"))
    swell(path)
    target = tmp_path / "copy.db"
    with (
        contextlib.closing(connect(path, checkpoints=True)) as writer,
        TracedBackup(path, target, tmp_path / "trace", *HOLD) as making,
    ):
        making.until("fdatasync")
        for number in range(50):
            writer.execute("INSERT INTO invites (code_hash, created_at) VALUES (?, 1)", (b"meanwhile %d" % number,))
        assert len(notes(writer)) == 51
        assert not target.exists()
    assert (making.status, making.error) == (0, "")
    assert seen_outside(target) == {"before"}


def test_a_backup_is_on_the_disk_before_it_has_its_name_and_its_name_is_then(path: Path, tmp_path: Path) -> None:
    target, trace = tmp_path / "copies" / "copy.db", tmp_path / "trace"
    target.parent.mkdir()
    with TracedBackup(path, target, trace, "-e", "trace=fsync,link,/^pwrite,ftruncate,unlink") as making:
        making.ended()
    assert (making.status, making.error) == (0, "")
    calls = re.findall(r"^\d+ +(\w+)\((.*)\) += \d+$", trace.read_text(), re.MULTILINE)
    ours = [(name, rest) for name, rest in calls if str(target.parent) in rest]
    (named,) = [place for place, (name, _) in enumerate(ours) if name == "link"]
    partial = ours[named][1].partition(", ")[0].strip('"')
    changes = [place for place, (name, rest) in enumerate(ours) if name != "fsync" and f"{partial}>" in rest]
    assert changes
    synced = [place for place, (name, rest) in enumerate(ours) if name == "fsync" and f"{partial}>" in rest]
    assert max(changes) < max(synced) < named
    assert ours[named + 1][0] == "fsync"
    assert ours[named + 1][1].endswith(f"<{target.parent}>")


@pytest.mark.parametrize("call", ["pwrite64", "fdatasync", "fsync", "link"])
def test_a_disk_that_is_full_or_fails_is_told_in_one_line_and_leaves_no_copy(
    path: Path, tmp_path: Path, call: str
) -> None:
    target = tmp_path / "copies" / "copy.db"
    target.parent.mkdir()
    inject = f"inject={call}:error=ENOSPC" + (":when=20+" if call == "pwrite64" else "")
    with TracedBackup(path, target, tmp_path / "trace", "-e", f"trace={call}", "-e", inject) as making:
        making.ended()
    assert making.status == 1
    assert re.fullmatch(
        rf"chatd: {target} cannot be written: ([Nn]o space left on device|the disk is full)\n", making.error
    )
    assert names(target.parent) == set()
    assert last_proven_at(path) is None


def test_too_little_room_is_found_out_beforehand(path: Path, tmp_path: Path) -> None:
    with pytest.raises(
        BackupFailed, match=r"the disk of .* is too full: 1\d+\.\d MiB must be free, and \d+\.\d MiB are$"
    ):
        back_up(path, tmp_path / "copy.db", reserve=2**60)
    assert not (tmp_path / "copy.db").exists()


def test_what_is_there_already_stays(path: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for target in ("file", "link", "."):
        with pytest.raises(BackupFailed, match=r"is already there: name a file that is not$"):
            back_up(path, tmp_path / target)
    assert (tmp_path / "file").read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()
    with pytest.raises(BackupFailed, match="there is no directory"):
        back_up(path, tmp_path / "none" / "copy.db")


def test_what_is_there_only_at_the_end_stays_too(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    with TracedBackup(path, target, tmp_path / "trace", *HOLD) as making:
        making.until("fdatasync")
        target.write_text("mine")
    assert making.status == 1
    assert making.error == f"chatd: {target} is already there: name a file that is not\n"
    assert target.read_text() == "mine"
    assert {name for name in names(tmp_path) if "partial" in name} == set()


def test_without_a_database_of_chatds_there_is_no_backup(tmp_path: Path) -> None:
    with pytest.raises(BackupFailed, match="there is no database at"):
        back_up(tmp_path / "chatd.db", tmp_path / "copy.db")
    (tmp_path / "chatd.db").write_text("no database" * 100)
    with pytest.raises(BackupFailed, match="cannot be read as a database"):
        back_up(tmp_path / "chatd.db", tmp_path / "copy.db")
    assert names(tmp_path) == {"chatd.db"}


def test_a_copy_of_a_damaged_database_is_no_backup(path: Path, tmp_path: Path) -> None:
    write_once(path, lambda tx: [note(f"note {number:04}")(tx) for number in range(3000)])
    content = bytearray(path.read_bytes())
    place = content.index(b"note 1500")
    page = place // 4096 * 4096
    content[page : page + 4096] = os.urandom(4096)
    path.write_bytes(content)
    with pytest.raises(BackupFailed, match=r"^[^\n]*(damaged|malformed)[^\n]*$"):
        back_up(path, tmp_path / "copy.db")
    assert {name for name in names(tmp_path) if not name.startswith("chatd.db")} == set()


def test_a_row_that_refers_to_nothing_is_damage(path: Path, tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute("INSERT INTO avatars (filename, owner_id, content, created_at) VALUES ('a', 7, x'00', 1)")
    with pytest.raises(BackupFailed, match="is damaged: avatars refers to what is not in users"):
        back_up(path, tmp_path / "copy.db")


def test_the_last_proven_backup_is_remembered(path: Path, tmp_path: Path) -> None:
    assert last_proven_at(path) is None
    before = clock.now()
    back_up(path, tmp_path / "one.db")
    first = last_proven_at(path)
    assert first is not None
    assert before - 1000 <= first <= clock.now() + 1000
    with pytest.raises(BackupFailed):
        back_up(path, tmp_path / "one.db")
    assert last_proven_at(path) == first


def test_a_backup_that_is_abandoned_leaves_nothing(path: Path, tmp_path: Path) -> None:
    abandon = threading.Event()
    abandon.set()
    with pytest.raises(BackupFailed, match="it was abandoned"):
        back_up(path, tmp_path / "copy.db", abandon=abandon)
    assert {name for name in names(tmp_path) if not name.startswith("chatd.db")} == set()


def test_what_a_killed_backup_left_is_removed_when_it_is_old(tmp_path: Path) -> None:
    for name in (".new.db.abc.partial", ".old.db.abc.partial", ".old.db.abc.partial-journal", "old.partial", "old.db"):
        (tmp_path / name).write_text("")
        if "old" in name:
            os.utime(tmp_path / name, (1, 1))
    remove_leftovers(tmp_path)
    assert names(tmp_path) == {".new.db.abc.partial", "old.partial", "old.db"}
