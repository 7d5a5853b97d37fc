"""Several writers are one: each sees what the one before has committed, and their numbers have no gap."""

import asyncio
from functools import partial

import psycopg
import pytest

from chatd.errors import StorageUnavailable
from chatd.storage import change_log, users
from chatd.storage.commit import Transaction
from chatd.storage.database import Database
from chatd.storage.engine import Versions, WriterSql
from chatd.storage.engine.postgresql.engine import PostgreSql
from chatd.storage.stores import snapshot
from tests.storage.postgresql.conftest import engine_of
from tests.storage.support import add_account, note
from tests.support import until

WRITERS, EACH = 3, 40


def change(tx: Transaction) -> int:
    """Make a change and return its place in the log."""
    return change_log.append(tx.db, "profile", created_at=1)


async def test_the_seq_of_several_processes_has_no_gap_and_is_the_order_of_their_commits(url: str) -> None:
    dbs = [Database(PostgreSql(url), batch_limit=4) for _ in range(WRITERS)]
    for db in dbs:
        await db.open()
    seqs = await asyncio.gather(*(db.write(change) for _ in range(EACH) for db in dbs))
    assert sorted(seqs) == list(range(1, WRITERS * EACH + 1))
    told = await engine_of(dbs[0]).after(0, 1000)
    assert [each.number for each in told] == list(range(1, len(told) + 1))
    assert {each.writer for each in told} == {engine_of(db).name for db in dbs}
    for db in dbs:
        await db.close()


async def test_what_fails_is_undone_alone_even_if_the_error_comes_late(db: Database, url: str) -> None:
    def fails_late(tx: Transaction) -> None:
        tx.db.insert_many("invites", ("code_hash", "created_at"), [(b"late", 1)])
        tx.db.insert_many("invites", ("code_hash", "created_at"), [(b"late", 1)])  # nobody asks for its outcome

    results = await asyncio.gather(
        db.write(note("one")), db.write(fails_late), db.write(note("two")), return_exceptions=True
    )
    assert isinstance(results[1], psycopg.errors.UniqueViolation)
    with snapshot(url) as other:
        codes = {bytes(row["code_hash"]) for row in other.execute("SELECT code_hash FROM invites")}
    assert codes == {b"one", b"two"}


async def test_a_commit_carries_its_events_as_bytes_to_whoever_listens(url: str) -> None:
    def encode(events: object) -> bytes:
        return b"told" * sizes.pop()

    sizes = [1, 10_000, 1]
    one = Database(PostgreSql(url), encode=encode)
    two = PostgreSql(url)
    heard: list[tuple[int, str, bytes | None]] = []
    two.listen(lambda hints: heard.extend((each.number, each.writer, each.events) for each in hints))
    await one.open()
    await two.open()
    await one.write(note("first"))
    await until(lambda: heard)
    await one.write(note("large"))
    await one.write(note("small"))
    await until(lambda: (3, engine_of(one).name, b"told") in heard)
    assert (2, engine_of(one).name, None) in heard, "NOTIFY has no room for it"
    assert [len(each.events or b"") for each in await two.after(1, 10)] == [40_000, 4]
    await two.close()
    await one.close()


async def test_a_commit_that_the_standby_may_not_have_is_not_acknowledged(db: Database, url: str) -> None:
    """PostgreSQL answers COMMIT and warns, when the wait for a synchronous standby is cancelled."""

    def warns(tx: Transaction) -> None:
        tx.db.execute(
            "CREATE FUNCTION pg_temp.warn() RETURNS TRIGGER LANGUAGE plpgsql AS"
            " 'BEGIN RAISE WARNING ''not on the standby''; RETURN NULL; END'"
        )
        tx.db.execute(
            "CREATE CONSTRAINT TRIGGER warning AFTER INSERT ON invites DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION pg_temp.warn()"
        )

    await db.write(warns)
    with pytest.raises(StorageUnavailable):
        await db.write(note("doubtful"))


def remembered(db: WriterSql) -> tuple[Versions, int]:
    """Return what tells a writer that something has changed."""
    db.begin()
    try:
        return db.own_versions(), db.others_version()
    finally:
        db.rollback()


async def test_what_the_writer_remembers_is_forgotten_when_another_process_changes_it(url: str) -> None:
    one, two = Database(PostgreSql(url)), Database(PostgreSql(url))
    await one.open()
    await two.open()

    user_id = await one.write(partial(add_account, name="alice"))
    before, unknown = await one.engine.write(remembered)
    await two.write(lambda tx: users.set_disabled(tx.db, user_id, 1))
    after, others = await one.engine.write(remembered)
    assert after.users != before.users
    assert after.blocks == before.blocks
    assert others > unknown
    await two.close()
    await one.close()
