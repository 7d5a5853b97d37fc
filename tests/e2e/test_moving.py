"""``chatd move``: a community goes from SQLite to PostgreSQL and back, and its clients notice nothing."""

import contextlib
import stat
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from chatd.client import Client
from tests.client.support import Line, fast, take_contents
from tests.conftest import Figure, Size
from tests.e2e.moves import fill, move, number_of, rows, serving
from tests.postgresql import Cluster
from tests.process import ServerProcess, chatd, client_of, refusal
from tests.support import register, until
from tests.ws.v2_client import connect, live

pytestmark = pytest.mark.postgresql


@pytest.fixture
def url(cluster: Cluster) -> Iterator[str]:
    """A database with no tables in it."""
    url = cluster.database(empty=True)
    yield url
    cluster.drop(url)


async def test_clients_go_on_from_their_cursors_there_and_back(
    tmp_path: Path, url: str, size: Size, figure: Figure
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    fill(first / "chatd.db", count := size(short=2_000, long=1_000_000))
    async with contextlib.AsyncExitStack() as stack:
        with ServerProcess(first) as server:
            async with client_of(server) as client:
                alice, bob = await register(client, "alice"), await register(client, "bobby")
                one = await live(alice)
                told = [(await one.send(bob, f"n{number}"))["data"] for number in range(3)]
                await one.ack("edit", message_id=told[1]["message"]["id"], content="edited")
                await bob.post(f"/messages/read/{alice.id}")
                await alice.send(bob, "unread")
                epoch, cursor = one.hello["epoch"], await one.cursor()
                assert cursor is not None
                conversations = await bob.get("/conversations")
                line = await stack.enter_async_context(Line(server.url))
                listener = await stack.enter_async_context(Client(line.url, token=bob.token, backoff=fast()))
                stream = listener.events()
            await until(lambda: listener.is_connected)
            line.is_down = True
            line.cut()
            server.stop()
        for step, (there, place) in enumerate([(url, first), ("", second)]):
            begun = time.monotonic()
            said = move(first, there or str(second), "" if there else url)
            figure(
                f"{count} messages moved to {'PostgreSQL' if there else 'SQLite'} in {time.monotonic() - begun:.0f} s"
            )
            assert f"messages {count + 4 + step:>20} rows" in said
            async with serving(place, alice, bob, url=there) as server:
                line.target, line.is_down = type(line.target)(server.url), False
                assert await bob.get("/conversations") == conversations
                again = await connect(alice)
                assert again.hello["epoch"] == epoch
                assert await again.page(cursor) == ([], cursor, False)
                answer = await again.send(bob, f"after {step}")
                assert answer["data"]["message"]["id"] == cursor + 1
                assert await take_contents(stream, 1) == [f"after {step}"]
                carol = await register(bob.client, f"carol{step}")
                assert carol.id == bob.id + 1 + step
                epoch = again.hello["epoch"]
                cursor = await (await live(alice)).cursor()
                assert cursor is not None
                conversations = await bob.get("/conversations")
                line.is_down = True
                line.cut()
    mode = stat.S_IMODE((second / "signing.key").stat().st_mode)
    assert mode == 0o600
    assert (second / "signing.key").read_bytes() == (first / "signing.key").read_bytes()


async def test_what_was_given_to_the_directory_goes_along(tmp_path: Path, url: str) -> None:
    data_dir = tmp_path / "data"
    async with serving(data_dir):
        pass
    key = bytes.fromhex((data_dir / "signing.key").read_text())
    move(data_dir, url)
    with closing(psycopg.connect(url)) as db:
        assert db.execute("SELECT value FROM secrets WHERE name = 'signing_key'").fetchone() == (key,)
    other = tmp_path / "other"
    async with serving(other):
        pass
    (other / "chatd.db").unlink()
    assert "signing.key is another signing key" in refusal(data_dir, "move", "--to", str(other), CHATD_DATABASE_URL=url)
    assert not list(other.glob("chatd.db*"))
    (other / "signing.key").unlink()
    move(data_dir, str(other), url)
    assert bytes.fromhex((other / "signing.key").read_text()) == key


async def test_a_key_that_a_credential_brings_is_written_nowhere(tmp_path: Path, url: str) -> None:
    data_dir, credentials = tmp_path / "data", tmp_path / "credentials"
    assert chatd(data_dir, "user", "add", "robot", "--bot").returncode == 0
    credentials.mkdir()
    (credentials / "signing_key").write_text("ab" * 32)
    variables = {"CREDENTIALS_DIRECTORY": str(credentials)}
    assert chatd(data_dir, "move", "--to", url, **variables).returncode == 0
    assert number_of(url, "secrets") == 0
    back = tmp_path / "back"
    assert chatd(data_dir, "move", "--to", str(back), CHATD_DATABASE_URL=url, **variables).returncode == 0
    assert sorted(each.name for each in back.iterdir()) == ["chatd.db", "chatd.lock"]


async def test_a_database_that_a_server_was_started_on_is_empty_and_its_epoch_is_replaced(
    tmp_path: Path, url: str
) -> None:
    data_dir, other = tmp_path / "data", tmp_path / "other"
    async with serving(other, url=url):
        pass
    with ServerProcess(data_dir) as server:
        async with client_of(server) as client:
            alice, bob = await register(client, "alice"), await register(client, "bobby")
            await alice.send(bob, "hello")
            epoch = (await connect(alice)).hello["epoch"]
        server.stop()
    with closing(psycopg.connect(url)) as db:
        db.execute("UPDATE lineage SET timeline = 99")
        db.commit()
    move(data_dir, url)
    async with serving(other, alice, url=url) as server:
        assert (await connect(alice)).hello["epoch"] == epoch
        assert "epoch_renewed" not in server.log


async def test_a_server_that_runs_is_told_of_and_nothing_is_copied(tmp_path: Path, url: str) -> None:
    data_dir, other = tmp_path / "data", tmp_path / "other"
    async with serving(data_dir) as server:
        told = refusal(data_dir, "move", "--to", url)
        assert told.startswith(f"another chatd is already serving from {data_dir}")
        assert str(server.pid) in told
    async with serving(other, url=url):
        for arguments, at in [(("move", "--to", url), ""), (("move", "--to", str(tmp_path / "new")), url)]:
            told = refusal(data_dir, *arguments, CHATD_DATABASE_URL=at)
            assert told.startswith("chatd is connected to that PostgreSQL")
    assert not (tmp_path / "new" / "chatd.db").exists()
    assert number_of(url, "users") == 0


async def test_behind_a_pooler_it_goes_to_the_server_itself(tmp_path: Path, url: str) -> None:
    assert chatd(tmp_path / "data", "user", "add", "robot", "--bot", CHATD_DATABASE_URL=url).returncode == 0
    variables = {"CHATD_DATABASE_URL": "postgresql:///none?host=/nowhere", "CHATD_DATABASE_LISTEN_URL": url}
    assert chatd(tmp_path / "data", "move", "--to", str(tmp_path / "back"), **variables).returncode == 0
    assert len(rows(tmp_path / "back" / "chatd.db")["users"]) == 1


async def test_what_cannot_be_moved_is_refused_in_one_line(tmp_path: Path, url: str) -> None:
    data_dir = tmp_path / "data"
    assert "there is no database at" in refusal(data_dir, "move", "--to", url)
    assert chatd(data_dir, "user", "add", "robot", "--bot").returncode == 0
    assert chatd(data_dir, "move", "--to", "").returncode == 2
    assert "chatd backup" in refusal(data_dir, "move", "--to", str(tmp_path / "new"))
    assert "--to must begin with postgresql://" in refusal(data_dir, "move", "--to", "mysql://localhost/chat")
    nobody = "postgresql:///none?host=/nowhere"
    assert "PostgreSQL cannot be reached" in refusal(data_dir, "move", "--to", nobody)
    assert "pg_dump" in refusal(data_dir, "move", "--to", url, CHATD_DATABASE_URL=nobody)
    move(data_dir, url)
    assert "there is a community in that database already" in refusal(data_dir, "move", "--to", url)
    assert "is already there" in refusal(data_dir, "move", "--to", str(data_dir), CHATD_DATABASE_URL=url)


async def test_without_the_library_of_postgresql_it_says_what_to_install(tmp_path: Path) -> None:
    data_dir, missing = tmp_path / "data", tmp_path / "missing"
    assert chatd(data_dir, "user", "add", "robot", "--bot").returncode == 0
    missing.mkdir()
    (missing / "psycopg.py").write_text("raise ModuleNotFoundError(name='psycopg')")
    url, shadowed = "postgresql://localhost/chatd", {"PYTHONPATH": str(missing)}
    told = "PostgreSQL needs a library: pip install 'chatd[postgresql]'"
    assert refusal(data_dir, "move", "--to", url, **shadowed) == told
    assert refusal(data_dir, "user", "list", CHATD_DATABASE_URL=url, **shadowed) == told
    assert told in chatd(data_dir, "serve", "--port", "0", CHATD_DATABASE_URL=url, **shadowed).stderr
