"""What chatd cannot use is told at the start, in one clear line that gives no password away."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.postgresql import Cluster, end_others
from tests.process import ServerProcess, chatd, client_of
from tests.storage.postgresql.outside import Stranger
from tests.support import until

#: A password, with signs that stand for something in a URL.
PASSWORD = "open/se:sa?me@%home"
ENCODED = "open%2Fse%3Asa%3Fme%40%25home"


def refusal(tmp_path: Path, url: str, *arguments: str, **variables: str) -> str:
    """Return the one line with which a server ends that cannot use its database."""
    done = chatd(tmp_path / "data", "serve", "--port", "0", *arguments, CHATD_DATABASE_URL=url, **variables)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


@pytest.fixture
def guarded(cluster: Cluster, url: str) -> Iterator[str]:
    """The URL of the database for one who needs a password."""
    rules = cluster.data / "pg_hba.conf"
    before = rules.read_text()
    with cluster.connection() as db:
        db.execute("CREATE ROLE guarded LOGIN SUPERUSER PASSWORD 'open/se:sa?me@%home'")
        rules.write_text(f"local all guarded scram-sha-256\n{before}")
        db.execute("SELECT pg_reload_conf()")
        yield url.replace("user=postgres", "user=guarded")
        rules.write_text(before)
        db.execute("SELECT pg_reload_conf()")
        db.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'guarded'")
        db.execute("REASSIGN OWNED BY guarded TO postgres")
        db.execute("DROP ROLE guarded")


@pytest.mark.parametrize(
    ("version", "number", "told"),
    [
        ("PostgreSQL 14.11 on x86_64", "14.11", "chatd needs PostgreSQL 15 or newer, this is 14.11"),
        ("PostgreSQL 9.6.24 on x86_64", "9.6.24", "chatd needs PostgreSQL 15 or newer, this is 9.6.24"),
        ("CockroachDB CCL v24.1.0 (x86_64)", "13.0.0", "this is CockroachDB"),
    ],
)
async def test_a_server_that_is_too_old_or_another_one_is_named(
    tmp_path: Path, version: str, number: str, told: str
) -> None:
    async with Stranger(version, number) as stranger:
        url = f"postgresql://chatd@127.0.0.1:{stranger.port}/chatd"
        assert told in await asyncio.to_thread(refusal, tmp_path, url)


async def test_a_postgresql_that_refuses_a_setting_is_told_of_in_one_line(tmp_path: Path) -> None:
    async with Stranger("PostgreSQL 18.1 on x86_64", "18.1") as stranger:
        url = f"postgresql://chatd@127.0.0.1:{stranger.port}/chatd"
        assert "PostgreSQL cannot be used: unrecognized" in await asyncio.to_thread(refusal, tmp_path, url)


def test_a_database_in_another_encoding_is_named(tmp_path: Path, cluster: Cluster) -> None:
    with cluster.connection() as db:
        db.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    try:
        told = refusal(tmp_path, cluster.url("latin"))
    finally:
        cluster.drop(cluster.url("latin"))
    assert "the database's encoding is LATIN1: create one with ENCODING 'UTF8'" in told


async def test_a_host_that_does_not_answer_is_given_up_and_the_time_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://chatd@127.0.0.1:{silent.getsockname()[1]}/chatd?connect_timeout=2"
        told = await asyncio.to_thread(refusal, tmp_path, url)
    assert "PostgreSQL cannot be reached: no answer within 2 s (connect_timeout)" in told


def test_a_wrong_password_is_told_of_and_not_shown(tmp_path: Path, guarded: str) -> None:
    told = refusal(tmp_path, f"{guarded}&password=wrong-{ENCODED}")
    assert "password authentication failed for user" in told
    assert "wrong-" not in told
    assert "sa?me" not in told


async def test_a_password_is_in_no_line_of_a_server_that_loses_its_database(tmp_path: Path, guarded: str) -> None:
    with ServerProcess(tmp_path / "data", CHATD_DATABASE_URL=f"{guarded}&password={ENCODED}") as server:
        with psycopg.connect(f"{guarded}&password={ENCODED}", autocommit=True) as db:
            db.execute("ALTER ROLE guarded PASSWORD 'another'")
            end_others(db, "application_name = 'chatd'")
        async with client_of(server) as client:
            async with client.get("/health") as response:
                await response.read()
            await until(lambda: "password authentication failed" in server.log)
    assert not [part for part in (PASSWORD, ENCODED, "sa?me", "%3Fme") if part in server.log]


def test_a_password_that_is_not_encoded_is_refused_and_no_part_of_it_is_shown(tmp_path: Path) -> None:
    url = "postgresql://chatd:open@sesame@localhost/chatd"
    told = refusal(tmp_path, url)
    assert "must have the signs of a password encoded" in told
    assert "sesame" not in told
    assert chatd(tmp_path / "data", "user", "add", "robot", "--bot").returncode == 0
    told = chatd(tmp_path / "data", "move", "--to", url).stderr
    assert told.startswith("chatd: --to must have the signs of a password encoded")
    assert "sesame" not in told
