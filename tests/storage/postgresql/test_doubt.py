"""A commit whose answer is lost is looked up: it is there once or not at all, and its writer is told which."""

import asyncio
import signal

import pytest

from chatd.errors import StorageUnavailable
from chatd.storage.database import Database
from chatd.storage.engine.postgresql.engine import PostgreSql
from chatd.storage.stores import snapshot
from tests.postgresql import Cluster
from tests.storage.postgresql.conftest import engine_of
from tests.storage.postgresql.line import Line, Where
from tests.storage.support import note, notes
from tests.support import until


async def opened(url: str) -> Database:
    """Return an open database."""
    db = Database(PostgreSql(url))
    await db.open()
    return db


def stored(url: str) -> set[str]:
    """Return the notes that are stored."""
    with snapshot(url) as db:
        return notes(db)


@pytest.mark.parametrize("where", ["after", "before"])
async def test_a_commit_whose_answer_is_lost_is_answered_by_what_became_of_it(
    line: Line, url: str, where: Where
) -> None:
    db = await opened(line.url)
    told: list[int] = []
    db.subscribe(lambda event: told.extend(event.recipients))
    assert await db.write(note("before", 1)) == "before"
    line.cut_at(b"marked", where)
    if where == "after":
        assert await db.write(note("marked", 2)) == "marked"
        assert stored(url) == {"before", "marked"}
    else:
        with pytest.raises(StorageUnavailable):
            await db.write(note("marked", 2))
        assert stored(url) == {"before"}
    assert line.cuts == 1
    assert await db.write(note("afterwards", 3)) == "afterwards"
    assert told == ([1, 2, 3] if where == "after" else [1, 3])
    assert [each.number for each in await engine_of(db).after(0, 10)] == [1, 2, 3][: len(told)]
    await db.close()


async def test_a_commit_that_is_never_answered_is_answered_by_what_became_of_it(line: Line, url: str) -> None:
    db = await opened(line.url)
    await db.write(note("before"))
    line.cut_at(b"marked", "never")
    assert await db.write(note("marked")) == "marked"
    assert line.cuts == 1
    assert stored(url) == {"before", "marked"}
    await db.close()


async def test_what_waits_behind_a_commit_that_comes_into_doubt_is_refused_at_once(line: Line) -> None:
    db = await opened(line.url)
    await db.write(note("before"))
    line.cut_at(b"marked", "never")
    marked = asyncio.create_task(db.write(note("marked")))
    await until(lambda: line.cuts)
    waiting = asyncio.create_task(db.write(note("waiting")))
    await asyncio.sleep(0)
    await line.close()
    with pytest.raises(StorageUnavailable):
        await waiting
    assert not marked.done()
    await line.open()
    assert await marked == "marked"
    await db.close()


async def test_while_a_commit_is_in_doubt_nothing_else_is_taken_and_nobody_is_answered() -> None:
    cluster = Cluster({"fsync": "off"})
    try:
        cluster.start()
        line = Line(cluster.directory / ".s.PGSQL.5432", cluster.directory / "line", cluster.database())
        await line.open()
        db = await opened(line.url)
        await db.write(note("before"))
        line.cut_at(b"marked", "after")
        marked = asyncio.create_task(db.write(note("marked")))
        await until(lambda: line.cuts)
        await line.close()
        cluster.stop(signal.SIGQUIT)

        async def refused() -> bool:
            try:
                db.submit(note("meanwhile"), lambda result, error: None)
            except StorageUnavailable:
                return True
            return False

        while not await refused():
            await asyncio.sleep(0.01)
        assert not marked.done()
        cluster.start()
        await line.open()
        assert await marked == "marked"
        await db.close()
        await line.close()
    finally:
        cluster.remove()
