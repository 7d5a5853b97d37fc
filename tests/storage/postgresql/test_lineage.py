"""Which PostgreSQL it is: what was restored or promoted may have lost commits, and gets another epoch."""

from collections.abc import Iterator

import pytest

from chatd.storage import change_log, trial
from chatd.storage.database import Database
from chatd.storage.engine.postgresql.engine import PostgreSql
from tests.postgresql import Cluster


@pytest.fixture
def own() -> Iterator[Cluster]:
    """A PostgreSQL of one's own, to be promoted."""
    cluster = Cluster({"fsync": "off"})
    cluster.start()
    yield cluster
    cluster.remove()


async def epoch(url: str, *, lossless: bool = False) -> str:
    """Open the database as a server does, and return the name of its log."""
    db = Database(PostgreSql(url, lossless=lossless))
    await db.open()
    await db.write(lambda tx: trial.write(tx.db, 1))
    try:
        return await db.read(change_log.epoch)
    finally:
        await db.close()


def promote(own: Cluster) -> None:
    """Stop it, start it as a standby, and promote that: from then on it is another timeline."""
    own.stop()
    (own.data / "standby.signal").touch()
    own.start()
    own.run("pg_ctl", "promote", "-D", str(own.data))


async def test_the_epoch_ends_with_the_timeline_unless_nothing_is_lost(own: Cluster) -> None:
    url = own.database()
    first = await epoch(url)
    own.stop()
    own.start()
    assert await epoch(url) == first, "a restart is no other timeline"
    promote(own)
    second = await epoch(url)
    assert second != first
    assert await epoch(url) == second
    promote(own)
    assert await epoch(url, lossless=True) == second


async def test_a_dump_that_is_read_into_another_postgresql_has_another_epoch(own: Cluster, cluster: Cluster) -> None:
    source, target = own.database(), cluster.database(empty=True)
    before = await epoch(source)
    dump = own.run("pg_dump", "-d", source)
    file = cluster.directory / "dump.sql"
    file.write_text(dump)
    file.chmod(0o644)
    cluster.run("psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", target, "-f", str(file))
    assert await epoch(target, lossless=True) != before
