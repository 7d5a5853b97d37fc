"""What the doctor says of the data: who may read it, whether it is whole, and whether there are copies."""

import contextlib
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from chatd import clock
from chatd.config import load
from chatd.doctor import data, machine
from chatd.storage import change_log
from chatd.storage.engine.sqlite.backup import MARKER_FILE
from chatd.storage.engine.sqlite.sql import Connection
from tests.doctor.support import Patient
from tests.process import chatd


def test_what_others_may_read_is_to_be_shut(served: Patient) -> None:
    data_dir = served.data_dir
    (data_dir / "chatd.db").chmod(0o644)
    (data_dir / "chatd.db-wal").chmod(0o660)
    assert served.wrong()["permissions"].startswith("chmod 600 ")
    command = served.wrong()["permissions"].partition(" (")[0]
    assert os.system(command) == 0
    data_dir.chmod(0o755)
    assert served.wrong() == {"permissions": f"chmod 700 {data_dir} (others can look in)"}
    data_dir.chmod(0o700)
    assert served.wrong() == {}


def damaged(patient: Patient) -> str:
    """Overwrite a page with nonsense."""
    path = patient.data_dir / "chatd.db"
    content = bytearray(path.read_bytes())
    content[-8192:] = b"x" * 8192
    path.write_bytes(content)
    return "chatd restore the last backup"


def no_database(patient: Patient) -> str:
    """Put something else there."""
    (patient.data_dir / "chatd.db").write_text("Dear diary, " * 1000)
    return "chatd restore the last backup"


def newer(patient: Patient) -> str:
    """Make it look like a later version's."""
    with contextlib.closing(sqlite3.connect(patient.data_dir / "chatd.db", factory=Connection)) as db:
        db.execute("PRAGMA user_version = 999")
    return "it has version 999"


def from_the_future(patient: Patient) -> str:
    """Write something that will happen in a year."""
    with contextlib.closing(sqlite3.connect(patient.data_dir / "chatd.db", factory=Connection)) as db, db:
        change_log.append(db, "profile", created_at=clock.now() + 365 * clock.DAY_MS)
    return "set the clock, which is behind"


def missing(patient: Patient) -> str:
    """Take it away."""
    (patient.data_dir / "chatd.db").unlink()
    return "there is none at"


@pytest.mark.parametrize("spoil", [damaged, no_database, newer, from_the_future, missing])
def test_what_is_wrong_with_the_database_is_said(patient: Patient, spoil: Callable[[Patient], str]) -> None:
    for leftover in patient.data_dir.glob("chatd.db-*"):
        leftover.unlink()
    expected = spoil(patient)
    assert expected in patient.wrong()["database"]


def test_backups_that_are_missing_or_old_are_to_be_made(served: Patient) -> None:
    marker = served.data_dir / MARKER_FILE
    os.utime(marker, (1, 1))
    assert "hours ago: look for 'the backup failed' in the log" in served.wrong()["backup"]
    assert served.wrong(CHATD_BACKUP_EVERY_HOURS="0") == {}
    marker.unlink()
    assert served.wrong()["backup"].startswith("none was ever proven: look for")
    assert "set [backup] every_hours" in served.wrong(CHATD_BACKUP_EVERY_HOURS="0")["backup"]


def test_a_backup_from_the_future_says_nothing_of_its_age(served: Patient) -> None:
    marker = served.data_dir / MARKER_FILE
    soon, later = time.time() + 60, time.time() + 57 * 365 * 86400
    os.utime(marker, (soon, soon))
    assert served.ask()["backup"] == ("ok", "the last was proven 0.0 hours ago")
    os.utime(marker, (later, later))
    said = served.wrong()["backup"]
    assert said.startswith("the last is dated 20")
    assert "in the future: set the clock if it is slow, otherwise run chatd backup" in said
    assert "-" not in said.partition("UTC")[2]
    assert chatd(served.data_dir, "backup", str(served.data_dir.parent / "another.db")).returncode == 0
    assert served.wrong() == {}


def test_who_may_not_look_is_told_of_it_by_the_line_about_permissions() -> None:
    with tempfile.TemporaryDirectory() as root:
        hidden = Path(root, "data")
        hidden.mkdir(mode=0)
        config = load(options={"server.data_dir": str(hidden)}, environment={}, search=())
        if os.geteuid() == 0:
            os.seteuid(65534)
        try:
            findings = [*machine.look(config), *data.look(config)]
        finally:
            os.seteuid(os.getuid())
    assert findings[-1].about == "permissions"
    assert findings[-1].text.startswith("run it as root")
