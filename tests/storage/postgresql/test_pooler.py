"""A real PgBouncer before PostgreSQL, which gives each transaction to whichever session is free."""

import asyncio
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.cluster.support import running
from tests.ports import free_port
from tests.postgresql import Cluster
from tests.process import refusal
from tests.programs import program
from tests.support import PATIENCE
from tests.ws.v2_client import contents, live

#: Fewer sessions than two processes have connections, so that they share them.
SESSIONS = 3


@pytest.fixture
def pooled(cluster: Cluster, url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of the database by way of the pooler."""
    name = url.removeprefix("postgresql:///").partition("?")[0]
    directory, port = tmp_path_factory.mktemp("pooler"), free_port()
    settings = directory / "pgbouncer.ini"
    settings.write_text(
        f"[databases]\n{name} = host={cluster.directory} user=postgres\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = any\npool_mode = transaction\n"
        f"default_pool_size = {SESSIONS}\nmax_client_conn = 100\nunix_socket_dir =\n"
    )
    command = [program("pgbouncer"), *(["-u", "nobody"] if os.getuid() == 0 else []), str(settings)]
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    pooled = f"postgresql://postgres@127.0.0.1:{port}/{name}"
    try:
        _wait_for(pooled, process, directory / "log")
        yield pooled
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _wait_for(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    while True:
        try:
            psycopg.connect(url, connect_timeout=5).close()
        except psycopg.OperationalError:
            assert process.poll() is None, log.read_text()
        else:
            return


async def test_two_processes_write_and_read_through_a_pooler_and_hear_each_other_past_it(
    tmp_path: Path, url: str, pooled: str
) -> None:
    async with running(pooled, tmp_path, 2, CHATD_DATABASE_LISTEN_URL=url) as processes:
        alice, bob = await processes.people("alice", "bobby")
        watching = [await live(processes.at(number, bob)) for number in (0, 1)]
        texts = [f"message {number}" for number in range(60)]
        await asyncio.gather(
            *(processes.at(number % 2, alice).send(bob, text) for number, text in enumerate(texts)),
            *(processes.at(number % 2, bob).get("/messages/conversations") for number in range(60)),
        )
        for client in watching:
            seen = [await client.read_until("new_message") for _ in texts]
            assert sorted(contents(seen)) == sorted(texts)
            assert [event["seq"] for event in seen] == sorted(event["seq"] for event in seen)
        assert not [each for server in processes.servers for each in server.entries if each["level"] == "error"]


def test_a_pooler_before_the_listener_is_found_at_the_start(tmp_path: Path, pooled: str) -> None:
    told = refusal(tmp_path / "data", "serve", "--port", "0", CHATD_DATABASE_URL=pooled)
    assert "no NOTIFY arrives: name the server itself by [database] listen_url, if there is a pooler before it" in told
