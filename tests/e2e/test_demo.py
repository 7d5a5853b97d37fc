"""``chatd demo``: a community that can be looked at at once."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from chatd.demo import fill
from chatd.demo.script import PASSWORD, PEOPLE
from chatd.storage.engine.sqlite.migrate import migrate
from tests.process import ServerProcess, client_of, refusal
from tests.support import Person, sign_in


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Where the demo is made."""
    return tmp_path / "demo"


async def test_whoever_starts_it_can_sign_in_as_anybody_and_finds_something_of_everything(directory: Path) -> None:
    with ServerProcess(directory, command="demo") as server:
        assert server.url.startswith("http://127.0.0.1:")
        assert f"'{PASSWORD}' as one of amelia, björn" in server.log
        async with client_of(server) as client:
            for each in PEOPLE[1:4]:
                await sign_in(client, each.username, PASSWORD)
            amelia = Person(client, 1, "amelia", "Amelia", await sign_in(client, "amelia", PASSWORD))
            async with client.get((await amelia.get("/auth/me"))["avatar_path"]) as response:
                assert response.status == 200
            shown = (await amelia.get("/conversations"))["conversations"]
            assert sorted(each["unread_count"] for each in shown if each["unread_count"]) == [1, 2, 3]
            blocked = await amelia.get("/users/me/blocks")
            assert [each["user"]["username"] for each in blocked] == ["rudi"]
        assert server.stop() == 0


def test_a_database_that_is_there_is_left_alone(directory: Path) -> None:
    directory.mkdir()
    migrate(directory / "chatd.db")
    before = (directory / "chatd.db").read_bytes()
    assert "a demo needs a directory of its own" in refusal(directory, "demo")
    assert (directory / "chatd.db").read_bytes() == before


async def test_one_seed_makes_one_community(tmp_path: Path) -> None:
    async def made(name: str, seed: int) -> list[Any]:
        path = tmp_path / name
        migrate(path)
        await fill(path, now=1_700_000_000_000, seed=seed)
        with closing(sqlite3.connect(path)) as db:
            return db.execute("SELECT id, sender_id, content, created_at FROM messages ORDER BY id").fetchall()

    first = await made("first", 1)
    assert first == await made("second", 1)
    assert first != await made("third", 2)
    assert max(created_at for *_, created_at in first) <= 1_700_000_000_000
