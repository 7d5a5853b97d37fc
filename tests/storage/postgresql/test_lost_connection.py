"""A server that goes and comes back: what cannot be stored is refused, and soon everything works again."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from chatd.errors import DatabaseUnusable, StorageUnavailable
from chatd.http.context import SERVICES
from chatd.storage.database import Database
from chatd.storage.engine.postgresql.engine import PostgreSql
from tests.conftest import Start
from tests.postgresql import Cluster
from tests.storage.postgresql.conftest import engine_of
from tests.storage.support import note, notes
from tests.support import PATIENCE


@pytest.fixture
def own() -> Iterator[Cluster]:
    """A PostgreSQL of one's own, to be stopped."""
    cluster = Cluster({"fsync": "off"})
    cluster.start()
    yield cluster
    cluster.remove()


@pytest.fixture
async def db(own: Cluster) -> AsyncIterator[Database]:
    """A database of it."""
    db = Database(PostgreSql(own.database()))
    await db.open()
    yield db
    await db.close()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["fast", "immediate"])
async def test_a_server_that_restarts_is_found_again_by_everything(
    own: Cluster, db: Database, how: signal.Signals
) -> None:
    heard: list[str] = []
    other = PostgreSql(own.url("chatd_1"))
    other.listen(lambda hints: heard.extend(each.writer for each in hints))
    await other.open()
    await db.write(note("before"))
    assert await db.read(notes) == {"before"}
    own.stop(how)
    with pytest.raises(StorageUnavailable):
        await db.write(note("refused"))
    with pytest.raises(StorageUnavailable):
        await db.read(notes)
    own.start()
    assert await db.write(note("again")) == "again"
    assert await db.read(notes) == {"before", "again"}
    heard.clear()
    async with asyncio.timeout(30):
        while engine_of(db).name not in heard:
            await asyncio.sleep(0.01)
    await other.close()


@pytest.mark.sqlite  # it names its own PostgreSQL
async def test_a_server_says_that_it_cannot_store_until_it_can(own: Cluster, start: Start) -> None:
    chat = await start(database={"url": own.database()})
    alice, bob = await chat.people("alice", "bobby")
    await alice.send(bob, "before")
    own.stop()
    chat.server.app[SERVICES].health._tried_at = 0
    for path in ("/health", f"/messages/history/{bob.id}"):
        async with await alice.request("GET", path) as response:
            assert response.status == 503
    own.start()
    async with asyncio.timeout(PATIENCE):
        status = 503
        while status != 200:
            chat.server.app[SERVICES].health._tried_at = 0
            async with chat.client.get("/health") as response:
                status = response.status
    await alice.send(bob, "after")


async def test_a_process_that_stands_still_with_the_lock_holds_nobody_up_for_long(url: str) -> None:
    one, two = Database(PostgreSql(url)), Database(PostgreSql(url))
    await one.open()
    await two.open()
    standing, going_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def stand(_: object) -> None:
        loop.call_soon_threadsafe(standing.set)
        asyncio.run_coroutine_threadsafe(going_on.wait(), loop).result()

    held = asyncio.create_task(one.write(stand))
    await standing.wait()
    assert await two.write(note("another")) == "another"
    going_on.set()
    with pytest.raises(StorageUnavailable):
        await held
    assert await one.write(note("again")) == "again"
    await two.close()
    await one.close()


async def test_what_is_no_server_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnusable, match="PostgreSQL cannot be used: ") as told:
        await PostgreSql(f"postgresql:///chatd?host={tmp_path}").open()
    assert "\n" not in str(told.value)
