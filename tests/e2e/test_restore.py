"""Restoring a copy of the database: the copy is verified, the old data kept, and the epoch another one."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.process import ServerProcess, chatd, client_of
from tests.support import Person, register


async def epoch(person: Person) -> str:
    """Return the epoch the server says."""
    async with await person.request("GET", "/conversations") as response:
        return response.headers["Chatd-Epoch"]


def copy_of(database: Path, target: Path) -> None:
    """Copy a database as an operator does, while it is in use."""
    with closing(sqlite3.connect(database)) as db:
        db.execute("VACUUM INTO ?", (str(target),))


async def test_a_restored_copy_has_the_old_messages_and_a_new_epoch(tmp_path: Path) -> None:
    data_dir, copy = tmp_path / "data", tmp_path / "copy.db"
    with ServerProcess(data_dir) as server:
        async with client_of(server) as client:
            alice, bob = await register(client, "alice"), await register(client, "bobby")
            await alice.send(bob, "before")
            copy_of(data_dir / "chatd.db", copy)
            await alice.send(bob, "after")
            await bob.post(f"/messages/read/{alice.id}")
            await register(client, "carol")
            first = await epoch(alice)
        refused = chatd(data_dir, "restore", str(copy))
        assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
        assert "another chatd" in refused.stderr
        server.stop()
    before = copy.read_bytes()
    done = chatd(data_dir, "restore", str(copy))
    assert done.returncode == 0, done.stderr
    assert copy.read_bytes() == before
    (kept,) = data_dir.glob("chatd.db.replaced-*")
    assert done.stdout.splitlines() == [
        f"{copy} is restored",
        f"lost is what was written since: 1 messages and 1 accounts, 2 changes in all; {kept} has it, "
        "the database as it was until now",
    ]
    with ServerProcess(data_dir) as server:
        async with client_of(server) as client:
            alice.client = client
            history = await alice.get(f"/messages/history/{bob.id}")
            assert [item["content"] for item in history["items"]] == ["before"]
            assert await epoch(alice) != first
    with closing(sqlite3.connect(kept)) as db:
        assert [row[0] for row in db.execute("SELECT content FROM messages ORDER BY id")] == ["before", "after"]


async def test_a_new_epoch_can_be_had_for_a_file_that_was_put_in_place_by_hand(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    with ServerProcess(data_dir) as server:
        async with client_of(server) as client:
            alice = await register(client, "alice")
            first = await epoch(alice)
        server.stop()
    assert chatd(data_dir, "restore", "--new-epoch").returncode == 0
    with ServerProcess(data_dir) as server:
        async with client_of(server) as client:
            alice.client = client
            assert await epoch(alice) != first


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + bytes(500)])
def test_what_is_no_whole_copy_is_refused_and_nothing_changes(tmp_path: Path, content: bytes) -> None:
    data_dir, copy = tmp_path / "data", tmp_path / "copy.db"
    assert chatd(data_dir, "user", "add", "robot", "--bot").returncode == 0
    before = (data_dir / "chatd.db").read_bytes()
    copy.write_bytes(content)
    refused = chatd(data_dir, "restore", str(copy))
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert str(copy) in refused.stderr
    assert (data_dir / "chatd.db").read_bytes() == before


@pytest.mark.parametrize("page", range(2, 12, 3))
def test_a_damaged_copy_is_refused_in_one_line_and_nothing_changes(tmp_path: Path, page: int) -> None:
    data_dir, copy = tmp_path / "data", tmp_path / "copy.db"
    names = [f"robot{number}" for number in range(200)]
    assert chatd(data_dir, "user", "add", *names, "--bot").returncode == 0
    assert chatd(data_dir, "backup", str(copy)).returncode == 0
    damaged = bytearray(copy.read_bytes())
    damaged[-4096 * page : -4096 * (page - 2)] = bytes(4096 * 2)
    copy.write_bytes(damaged)
    before = (data_dir / "chatd.db").read_bytes()
    refused = chatd(data_dir, "restore", str(copy))
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (1, "", 1)
    assert f"{copy} is damaged: " in refused.stderr
    assert (data_dir / "chatd.db").read_bytes() == before
    assert not list(data_dir.glob("chatd.db.*"))


def test_a_copy_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    data_dir, copy = tmp_path / "data", tmp_path / "copy.db"
    assert chatd(data_dir, "user", "add", "robot", "--bot").returncode == 0
    assert chatd(data_dir, "backup", str(copy)).returncode == 0
    with closing(sqlite3.connect(copy)) as db:
        db.execute("PRAGMA user_version = 999")
    assert "has version 999, this chatd knows versions up to" in chatd(data_dir, "restore", str(copy)).stderr


def test_a_database_that_another_program_is_using_is_not_replaced(tmp_path: Path) -> None:
    data_dir, copy = tmp_path / "data", tmp_path / "copy.db"
    assert chatd(data_dir, "user", "add", "robot", "--bot").returncode == 0
    assert chatd(data_dir, "backup", str(copy)).returncode == 0
    with closing(sqlite3.connect(data_dir / "chatd.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM users").fetchone() == (1,)
        assert chatd(data_dir, "user", "add", "other", "--bot").returncode == 0
        refused = chatd(data_dir, "restore", str(copy))
        assert (refused.returncode, refused.stderr) == (
            1,
            f"chatd: another program is using {data_dir / 'chatd.db'}: try again when it has ended\n",
        )
    assert len(chatd(data_dir, "user", "list").stdout.splitlines()) == 2
    assert not list(data_dir.glob("chatd.db.*"))
    assert chatd(data_dir, "restore", str(copy)).returncode == 0
    assert len(chatd(data_dir, "user", "list").stdout.splitlines()) == 1


def test_restoring_needs_to_know_what(tmp_path: Path) -> None:
    assert "name the copy" in chatd(tmp_path / "data", "restore").stderr
    assert "there is no database" in chatd(tmp_path / "data", "restore", "--new-epoch").stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files in the name of a service")
def test_what_root_makes_in_the_directory_of_a_service_belongs_to_the_service(tmp_path: Path) -> None:
    service = 61_184, 61_185  # the first ids that systemd gives to dynamic users
    data_dir, copy = tmp_path / "data", tmp_path / "copy.db"
    data_dir.mkdir()
    os.chown(data_dir, *service)
    commands: list[list[str]] = [
        ["user", "add", "robot", "--bot"],
        ["user", "list"],
        ["restore", str(copy)],
        ["restore", "--new-epoch"],
    ]
    for command in commands:
        if command[0] == "restore" and not copy.exists():
            copy_of(data_dir / "chatd.db", copy)
        done = chatd(data_dir, *command)
        assert done.returncode == 0, done.stderr
        owners = {path.name: (path.stat().st_uid, path.stat().st_gid) for path in data_dir.iterdir()}
        assert {"chatd.db", "chatd.lock", "signing.key"} <= owners.keys()
        assert owners == dict.fromkeys(owners, service), command
