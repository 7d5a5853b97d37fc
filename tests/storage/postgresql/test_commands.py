"""What commands do where PostgreSQL stores everything, and what is PostgreSQL's own to do."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import ClientSession

from chatd.storage.stores import current_version, newest_version
from tests.postgresql import Cluster
from tests.process import ServerProcess, chatd, client_of
from tests.support import register


@pytest.fixture
def empty(cluster: Cluster) -> str:
    """A database without chatd's tables."""
    return cluster.database(empty=True)


@pytest.mark.parametrize(
    "command", [("backup", "copy.db"), ("restore", "copy.db"), ("restore", "--new-epoch"), ("rollback",)]
)
def test_copies_are_left_to_postgresql_and_that_is_said(tmp_path: Path, url: str, command: tuple[str, ...]) -> None:
    done = chatd(tmp_path, *command, CHATD_DATABASE_URL=url)
    assert done.returncode == 1
    assert "pg_dump" in done.stderr
    assert done.stderr.count("\n") == 1


def test_commands_make_and_change_accounts(tmp_path: Path, empty: str) -> None:
    assert "new database" in chatd(tmp_path, "user", "add", "robot", "--bot", CHATD_DATABASE_URL=empty).stderr
    assert current_version(empty) == newest_version(empty)
    assert "robot" in chatd(tmp_path, "user", "list", CHATD_DATABASE_URL=empty).stdout
    assert chatd(tmp_path, "invite", CHATD_DATABASE_URL=empty).returncode == 0
    assert not (tmp_path / "chatd.db").exists()


def test_the_doctor_says_what_an_acknowledgement_means(tmp_path: Path, url: str) -> None:
    said = chatd(tmp_path, "doctor", CHATD_DATABASE_URL=url).stdout
    assert "database: PostgreSQL 1" in said
    assert "synchronous_commit = on" in said
    assert "archive_mode" in said
    assert "Traceback" not in said


async def test_two_servers_with_one_url_share_accounts_and_tokens(tmp_path: Path, empty: str) -> None:
    with (
        ServerProcess(tmp_path / "one", CHATD_DATABASE_URL=empty) as one,
        ServerProcess(tmp_path / "two", CHATD_DATABASE_URL=empty) as two,
    ):
        async with client_of(one) as client:
            alice = await register(client, "alice")
        async with ClientSession(two.url) as other:
            headers = {"Authorization": f"Bearer {alice.token}"}
            async with other.get("/auth/me", headers=headers) as response:
                assert (await response.json())["username"] == "alice"
            async with asyncio.timeout(30):
                status = 503
                while status != 200:
                    async with other.get("/health") as response:
                        status = response.status
    assert not list(tmp_path.glob("*/signing.key"))


def test_what_cannot_be_used_ends_the_start_with_one_line(tmp_path: Path, cluster: Cluster, empty: str) -> None:
    with cluster.connection(empty.removeprefix("postgresql:///").partition("?")[0]) as db:
        db.execute("CREATE TABLE others (id BIGINT)")
    done = chatd(tmp_path, "serve", CHATD_DATABASE_URL=empty)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "tables of another program" in done.stderr
    done = chatd(tmp_path, "serve", CHATD_DATABASE_URL=f"postgresql:///chatd?host={tmp_path}&password=hidden")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "PostgreSQL cannot be reached" in done.stderr
    assert "hidden" not in done.stderr
