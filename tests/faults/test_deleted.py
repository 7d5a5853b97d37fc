"""What was deleted is overwritten in the database, whatever the build of SQLite does by itself."""

import subprocess
import sys
from pathlib import Path

from tests.faults.shim import sqlite_that_keeps_what_is_deleted
from tests.process import ServerProcess, client_of
from tests.support import register

#: What can be found again byte by byte, wherever it is.
SECRET = "Winterreise"

#: How long texts are, in characters: in a page of the database, and on pages of their own.
LENGTHS = (20, 300, 1900)


def text(number: int) -> str:
    """Return a text that tells how often it can be found."""
    return f"{SECRET} {number} ".ljust(LENGTHS[number % len(LENGTHS)], "\N{SNOWMAN}")


def holding(directory: Path) -> list[str]:
    """Return the names of all files that hold any of the texts."""
    files = sorted(each for each in directory.rglob("*") if each.is_file())
    return [each.name for each in files if SECRET.encode() in each.read_bytes()]


def test_the_sqlite_of_these_tests_would_keep_what_is_deleted(tmp_path: Path) -> None:
    code = "import sqlite3; print(sqlite3.connect('x.db').execute('PRAGMA secure_delete').fetchone())"
    environment = sqlite_that_keeps_what_is_deleted()
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
    )
    assert done.stdout == "(0,)\n"


async def test_what_was_deleted_or_edited_is_overwritten_whatever_the_build_of_sqlite_does(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    quiet = {"CHATD_BACKUP_EVERY_HOURS": "0"}
    with ServerProcess(data_dir, **sqlite_that_keeps_what_is_deleted(), **quiet) as server:
        async with client_of(server) as client:
            alice, bob = await register(client, "alice"), await register(client, "bobby")
            sent = [await alice.send(bob, text(number)) for number in range(60)]
            for each in sent[::3]:
                async with await alice.request("PATCH", f"/messages/{each['id']}", json={"content": "x"}) as response:
                    assert response.status == 200
            assert server.stop() == 0
    assert holding(data_dir) == ["chatd.db"]
    with ServerProcess(data_dir, **sqlite_that_keeps_what_is_deleted(), **quiet) as server:
        async with client_of(server) as client:
            alice.client = client
            for each in sent:
                async with await alice.request("DELETE", f"/messages/{each['id']}") as response:
                    assert response.status == 200
            assert server.stop() == 0
    assert holding(data_dir) == []
