"""``chatd move`` that is killed, and what others do while it runs."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.moves import held_up, move, number_of, rows, serving
from tests.postgresql import Cluster
from tests.process import ServerProcess, chatd, client_of, refusal
from tests.support import register, until

pytestmark = pytest.mark.postgresql


@pytest.fixture
def url(cluster: Cluster) -> Iterator[str]:
    """A database with no tables in it."""
    url = cluster.database(empty=True)
    yield url
    cluster.drop(url)


def kill_as_it_waits(data_dir: Path, url: str, mode: str, *arguments: str, **variables: str) -> None:
    """Run a command, and kill it in the middle."""
    with held_up(data_dir, url, mode, *arguments, **variables) as (process, _):
        os.kill(process.pid, signal.SIGKILL)
        process.wait()


async def test_meanwhile_a_server_that_is_started_waits_and_a_command_writes_nothing(tmp_path: Path, url: str) -> None:
    data_dir = tmp_path / "data"
    async with serving(data_dir) as server, client_of(server) as client:
        alice, bob = await register(client, "alice"), await register(client, "bobby")
        await alice.send(bob, "hello")
    assert chatd(tmp_path / "none", "user", "list", CHATD_DATABASE_URL=url).returncode == 0  # makes the tables
    other = ServerProcess(tmp_path / "other", CHATD_DATABASE_URL=url)
    with held_up(data_dir, url, "EXCLUSIVE", "move", "--to", url) as (process, db):
        starting = asyncio.create_task(asyncio.to_thread(other.start))
        waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"
        await until(lambda: db.execute(waits).fetchone() != (0,))
        assert not starting.done()
        assert "locked" in refusal(data_dir, "user", "disable", "bobby")
    assert process.wait() == 0
    await starting
    try:
        async with client_of(other) as client:
            alice.client = client
            assert len((await alice.get(f"/messages/history/{bob.id}"))["items"]) == 1
    finally:
        other.kill()


async def test_a_move_that_is_killed_in_the_middle_leaves_nothing_and_a_second_one_works(
    tmp_path: Path, url: str
) -> None:
    data_dir, back = tmp_path / "data", tmp_path / "back"
    async with serving(data_dir) as server, client_of(server) as client:
        alice, bob = await register(client, "alice"), await register(client, "bobby")
        for number in range(3):
            await alice.send(bob, f"n{number}")
    before = rows(data_dir / "chatd.db")
    assert chatd(tmp_path / "none", "user", "list", CHATD_DATABASE_URL=url).returncode == 0  # makes the tables
    kill_as_it_waits(data_dir, url, "EXCLUSIVE", "move", "--to", url)
    assert rows(data_dir / "chatd.db") == before
    assert number_of(url, "users") == number_of(url, "messages") == 0
    move(data_dir, url)
    assert number_of(url, "messages") == 3

    kill_as_it_waits(data_dir, url, "ACCESS EXCLUSIVE", "move", "--to", str(back), CHATD_DATABASE_URL=url)
    assert "chatd.db" not in [each.name for each in back.iterdir()]
    assert "chatd.db.moving" in [each.name for each in back.iterdir()]
    move(data_dir, str(back), url)
    assert rows(back / "chatd.db") == before
    assert sorted(each.name for each in back.iterdir()) == ["chatd.db", "chatd.lock", "signing.key"]
    async with serving(back, alice):
        assert len((await alice.get(f"/messages/history/{bob.id}"))["items"]) == 3
