"""Going back to the version before: the data of then, what is lost is told, and the newer data is kept."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import chatd as package
from chatd.storage.engine.sqlite.migrate import migrations_directory, newest_version
from tests.process import ServerProcess, chatd, client_of
from tests.support import Person, register

NEWEST = newest_version()


@pytest.fixture
def newer(tmp_path: Path) -> dict[str, str]:
    """A chatd with one migration more: the environment to run it in."""
    source = Path(package.__file__).parent
    program = tmp_path / "newer" / "chatd"
    shutil.copytree(source, program, ignore=shutil.ignore_patterns("static", "__pycache__"))
    shutil.copytree(migrations_directory(), program / "migrations" / "sqlite", dirs_exist_ok=True)
    add_migration(program, NEWEST + 1)
    return {"PYTHONPATH": str(program.parent), "CHATD_WEB_ENABLED": "no"}


def add_migration(program: Path, version: int) -> None:
    """Give a program another migration."""
    sql = f"CREATE TABLE more_{version} (number INTEGER NOT NULL) STRICT;"
    (program / "migrations" / "sqlite" / f"{version:04}_more.sql").write_text(sql)


def contents(database: Path) -> list[str]:
    """Return what the messages say."""
    with closing(sqlite3.connect(database)) as db:
        return [row[0] for row in db.execute("SELECT content FROM messages ORDER BY id")]


def version(database: Path) -> int:
    """Return the version of the schema."""
    with closing(sqlite3.connect(database)) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])


async def epoch(person: Person) -> str:
    """Return the epoch the server says."""
    async with await person.request("GET", "/conversations") as response:
        return response.headers["Chatd-Epoch"]


async def test_after_an_upgrade_one_can_go_back_and_knows_what_that_costs(
    tmp_path: Path, newer: dict[str, str]
) -> None:
    data_dir = tmp_path / "data"
    database = data_dir / "chatd.db"
    with ServerProcess(data_dir) as server:
        async with client_of(server) as client:
            alice, bob = await register(client, "alice"), await register(client, "bobby")
            await alice.send(bob, "before")
            first = await epoch(alice)
        server.stop()
    with ServerProcess(data_dir, **newer) as server:
        async with client_of(server) as client:
            alice.client = client
            await alice.send(bob, "after")
            await register(client, "carol")
        refused = chatd(data_dir, "rollback", **newer)
        assert (refused.returncode, "another chatd" in refused.stderr) == (1, True)
        server.stop()
    assert version(database) == NEWEST + 1
    done = chatd(data_dir, "rollback", **newer)
    assert (done.returncode, done.stderr) == (0, "")
    (kept,) = data_dir.glob("chatd.db.replaced-*")
    back, lost, advice = done.stdout.splitlines()
    assert back.startswith("the database is as it was before the upgrade of 20")
    assert back.endswith(f" UTC (version {NEWEST})")
    assert "1 messages and 1 accounts" in lost
    assert str(kept) in lost
    assert "install the older chatd before you start it" in advice
    assert (version(database), contents(database)) == (NEWEST, ["before"])
    assert (version(kept), contents(kept)) == (NEWEST + 1, ["before", "after"])
    with ServerProcess(data_dir) as server:
        async with client_of(server) as client:
            alice.client = client
            history = await alice.get(f"/messages/history/{bob.id}")
            assert [item["content"] for item in history["items"]] == ["before"]
            assert await epoch(alice) != first


async def test_the_older_program_can_go_back_as_well_and_starts_then(tmp_path: Path, newer: dict[str, str]) -> None:
    data_dir = tmp_path / "data"
    assert chatd(data_dir, "user", "add", "robot", "--bot").returncode == 0
    assert chatd(data_dir, "user", "list", **newer).returncode == 0
    assert "rollback" in chatd(data_dir, "user", "list").stderr
    done = chatd(data_dir, "rollback")
    assert done.returncode == 0, done.stderr
    assert "nothing is lost" in done.stdout
    assert "install" not in done.stdout
    assert len(chatd(data_dir, "user", "list").stdout.splitlines()) == 1


def test_what_was_taken_back_can_be_had_again(tmp_path: Path, newer: dict[str, str]) -> None:
    data_dir = tmp_path / "data"
    assert chatd(data_dir, "user", "add", "robot", "--bot").returncode == 0
    assert chatd(data_dir, "user", "add", "other", "--bot", **newer).returncode == 0
    assert chatd(data_dir, "rollback", **newer).returncode == 0
    (kept,) = data_dir.glob("chatd.db.replaced-*")
    assert chatd(data_dir, "restore", str(kept), **newer).returncode == 0
    assert len(chatd(data_dir, "user", "list", **newer).stdout.splitlines()) == 2


def test_the_second_time_goes_back_one_upgrade_more(tmp_path: Path, newer: dict[str, str]) -> None:
    data_dir = tmp_path / "data"
    database = data_dir / "chatd.db"
    assert chatd(data_dir, "user", "add", "robot", "--bot").returncode == 0
    assert chatd(data_dir, "user", "list", **newer).returncode == 0
    add_migration(Path(newer["PYTHONPATH"]) / "chatd", NEWEST + 2)
    assert chatd(data_dir, "user", "list", **newer).returncode == 0
    for expected in (NEWEST + 1, NEWEST):
        assert chatd(data_dir, "rollback", **newer).returncode == 0
        assert version(database) == expected
    refused = chatd(data_dir, "rollback", **newer)
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (1, "", 1)
    assert "nothing to go back to" in refused.stderr
    assert version(database) == NEWEST


def test_where_nothing_was_upgraded_there_is_nothing_to_go_back_to(tmp_path: Path) -> None:
    assert "there is no database" in chatd(tmp_path / "data", "rollback").stderr
    assert chatd(tmp_path / "data", "user", "add", "robot", "--bot").returncode == 0
    assert "was never upgraded" in chatd(tmp_path / "data", "rollback").stderr


def test_a_database_that_an_upgrade_left_unreadable_can_be_taken_back(tmp_path: Path, newer: dict[str, str]) -> None:
    data_dir = tmp_path / "data"
    assert chatd(data_dir, "user", "add", "robot", "--bot").returncode == 0
    assert chatd(data_dir, "user", "list", **newer).returncode == 0
    (data_dir / "chatd.db").write_bytes(b"torn" * 5000)
    done = chatd(data_dir, "rollback")
    assert done.returncode == 0, done.stderr
    assert len(chatd(data_dir, "user", "list").stdout.splitlines()) == 1
    (kept,) = data_dir.glob("chatd.db.replaced-*")
    assert f"lost, but for {kept}" in done.stdout
    assert kept.read_bytes() == b"torn" * 5000
