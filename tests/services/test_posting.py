"""Messages that are stored together: the same as one after the other, whatever they are."""

import asyncio
import contextlib
import functools
import sqlite3
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatd.errors import UserNotFound
from chatd.events import Event, MessageCreated
from chatd.models import Posted
from chatd.places import GroupPlace, UserPlace
from chatd.services.posting import Post
from chatd.storage import blocks, stays, users
from chatd.storage.commit import Transaction, Work, Write, write_once
from chatd.storage.database import Database
from chatd.storage.engine import Sql
from chatd.storage.engine.sqlite.engine import Sqlite
from chatd.storage.engine.sqlite.migrate import migrate
from tests.storage.support import hold, start, traced

PEOPLE = 5
GONE = 5
NOBODY = PEOPLE + 1
GROUP = 1

#: Some block others, each as (blocker, blocked); two block each other.
BLOCKS = ((2, 1), (3, 4), (4, 3))

TABLES = ("messages", "change_log", "conversations", "memberships", "blocks", "users")

#: Few senders, receivers, texts and ids, so that they meet.
POSTS = st.builds(
    Post,
    sender_id=st.integers(1, PEOPLE),
    to=st.one_of(
        st.integers(1, NOBODY).map(lambda number: UserPlace(number)),
        st.just(GroupPlace(GROUP)),
    ),
    content=st.sampled_from(["Good morning", "早上好"]),
    client_id=st.none() | st.sampled_from(["a", "b", "c"]),
    reply_to=st.none() | st.integers(1, 12),
    origin=st.none(),
    now=st.just(1_700_000_000_000),
)

#: What is stored together: private, no reply, each client_id new or none.
ORDINARY = st.lists(st.tuples(st.integers(1, PEOPLE), st.integers(1, NOBODY)), min_size=2, max_size=30).map(
    lambda pairs: [
        Post(one, UserPlace(two), "x", f"{at}" if at % 2 else None, None, None, at)
        for at, (one, two) in enumerate(pairs)
    ]
)


@functools.cache
def prepared(blocks: tuple[tuple[int, int], ...]) -> bytes:
    """Return a database with some people, one of whom has left for good, and a group of the first two."""

    def settle(tx: Transaction) -> None:
        for number in range(1, PEOPLE + 1):
            columns = "username, username_key, nickname, search_key, created_at"
            values = {"name": f"person{number}"}
            tx.db.execute(f"INSERT INTO users ({columns}) VALUES (:name, :name, :name, :name, 1)", values)
        tx.db.execute(
            "INSERT INTO conversations (id, kind, name, created_at) VALUES (?, 'group', 'Chess', 1)", (GROUP,)
        )
        tx.db.execute("INSERT INTO memberships (conversation_id, user_id) VALUES (?, 1), (?, 2)", (GROUP, GROUP))
        tx.db.executemany("INSERT INTO blocks (blocker_id, blocked_id, created_at) VALUES (?, ?, 1)", blocks)
        users.anonymise(tx.db, GONE, 1)

    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "chatd.db"
        migrate(path)
        write_once(path, settle)
        with contextlib.closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA journal_mode = DELETE")
        return path.read_bytes()


async def opened(path: Path, blocks: tuple[tuple[int, int], ...] = ()) -> Database:
    """Return a new database like :func:`prepared`."""
    path.write_bytes(prepared(blocks))
    db = Database(Sqlite(path, readers=1, synchronous="OFF"))
    await db.open()
    return db


def dump(db: Sql) -> dict[str, list[Any]]:
    """Return all that posting writes."""
    return {table: db.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in TABLES}


def shown(outcome: object) -> object:
    """Return an outcome as it can be compared."""
    return repr(outcome) if isinstance(outcome, Exception) else outcome


def try_writing(tx: Transaction) -> None:
    """Write what is no post."""
    tx.db.execute("UPDATE health SET checked_at = 1")


def last_tried(db: Sql) -> int:
    """Return what :func:`try_writing` has written, 0 where it has not."""
    return int(db.execute("SELECT checked_at FROM health").fetchone()[0])


def changing(what: str, one: int, two: int) -> Write[None]:
    """Return a work that changes what posting depends on."""

    def work(tx: Transaction) -> None:
        match what:
            case "block":
                blocks.add(tx.db, one, two, 1)
            case "unblock":
                blocks.remove(tx.db, one, two)
            case "rename" | "fail":
                tx.db.execute("UPDATE users SET nickname = :name WHERE id = :id", {"name": f"by {two}", "id": one})
            case "leave":
                stays.end(tx.db, GROUP, one, 1)
            case "join":
                tx.db.execute(
                    "INSERT INTO memberships (conversation_id, user_id, joined_seq) VALUES (:group, :user, 1)"
                    " ON CONFLICT DO NOTHING",
                    {"group": GROUP, "user": one},
                )
        if what == "fail":
            raise UserNotFound

    return work


#: What else a batch may have, and what posting has to see of it at once.
CHANGES = st.builds(
    changing,
    st.sampled_from(["block", "unblock", "rename", "fail", "leave", "join"]),
    st.integers(1, PEOPLE - 1),
    st.integers(1, PEOPLE - 1),
)


async def compare(directory: Path, posts: Sequence[Work[Any]], before: Sequence[Write[None]] = ()) -> None:
    """Store posts, and do other works, one after the other in one database, and in one batch in another.

    :param before: what the batch has before the posts.
    """
    one_by_one, at_once = [await opened(directory / name, BLOCKS) for name in ("alone.db", "together.db")]
    told: dict[Database, list[Any]] = {one_by_one: [], at_once: []}
    for db, events in told.items():
        db.subscribe(events.append)
    try:
        alone = [(await asyncio.gather(one_by_one.write(post), return_exceptions=True))[0] for post in posts]
        gate, holding = await hold(at_once)
        waiting = await start(at_once, *before, *posts)
        gate.open()
        await holding
        together = (await asyncio.gather(*waiting, return_exceptions=True))[len(before) :]
        assert [shown(each) for each in together] == [shown(each) for each in alone]
        assert await at_once.read(dump) == await one_by_one.read(dump)
        assert await at_once.read(last_tried) == len(before)
        assert told[at_once] == told[one_by_one]
    finally:
        await one_by_one.close()
        await at_once.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(posts=st.lists(POSTS, min_size=2, max_size=12))
def test_any_messages_stored_together_are_as_if_stored_one_by_one(tmp_path_factory: Any, posts: list[Post]) -> None:
    asyncio.run(compare(tmp_path_factory.mktemp("posting"), posts))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(works=st.lists(POSTS | CHANGES, min_size=3, max_size=16))
def test_messages_among_other_writes_of_a_batch_are_as_if_all_were_done_one_by_one(
    tmp_path_factory: Any, works: list[Work[Any]]
) -> None:
    asyncio.run(compare(tmp_path_factory.mktemp("posting"), works))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(posts=ORDINARY)
def test_ordinary_messages_stored_together_are_as_if_stored_one_by_one(
    tmp_path_factory: Any, posts: list[Post]
) -> None:
    asyncio.run(compare(tmp_path_factory.mktemp("posting"), posts))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(posts=st.lists(POSTS, min_size=2, max_size=12))
def test_messages_stored_together_leave_what_the_batch_has_written_before_them(
    tmp_path_factory: Any, posts: list[Post]
) -> None:
    asyncio.run(compare(tmp_path_factory.mktemp("posting"), posts, before=[try_writing]))


async def test_messages_of_every_kind_share_their_statements(tmp_path: Path) -> None:
    db = await opened(tmp_path / "chatd.db", ((4, 1),))
    statements: list[str] = []
    await db.write(traced(statements))
    (first,) = await asyncio.gather(db.write(Post(2, UserPlace(4), "x", "first", None, None, 1)))
    gate, holding = await hold(db)
    ordinary = [Post(1 + at % 3, UserPlace(4), "x", f"{at}", None, None, at) for at in range(40)]
    replies = [Post(2, UserPlace(4), "x", None, first.seq, None, at) for at in range(40)]
    groups = [Post(1, GroupPlace(GROUP), "x", None, None, None, at) for at in range(40)]
    again = [Post(2, UserPlace(4), "x", "first", None, None, at) for at in range(40)]
    waiting = await start(db, *(post for posts in zip(ordinary, replies, groups, again, strict=True) for post in posts))
    statements.clear()
    gate.open()
    await holding
    outcomes = cast(list[Posted], await asyncio.gather(*waiting))
    assert [each.duplicate for each in outcomes] == [False, False, False, True] * 40
    reads = [statement for statement in statements if statement.lstrip().startswith(("SELECT", "WITH"))]
    assert len(reads) < 25
    assert not [statement for statement in statements if "SAVEPOINT" in statement]
    assert statements.count("ROLLBACK") == 1  # they look for what was sent before, once there is any
    await db.close()


async def test_a_reply_to_a_message_of_the_same_batch_finds_it(tmp_path: Path) -> None:
    db = await opened(tmp_path / "chatd.db")
    to, elsewhere = UserPlace(2), UserPlace(3)
    gate, holding = await hold(db)
    posts = [Post(1, to, "x", None, None, None, 1), Post(1, to, "x", None, 1, None, 1)]
    wrong = [Post(1, elsewhere, "x", None, 1, None, 1), Post(1, to, "x", None, 3, None, 1)]
    waiting = await start(db, *posts, *wrong)
    gate.open()
    await holding
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(each).__name__ for each in outcomes] == ["Posted"] * 2 + ["MessageNotFound"] * 2
    assert cast(Posted, outcomes[1]).message.reply_to == 1
    await db.close()


async def test_a_post_that_a_bug_keeps_out_fails_alone_and_leaves_nothing_behind(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    db = await opened(tmp_path / "chatd.db")
    events: list[Event] = []
    db.subscribe(events.append)
    gate, holding = await hold(db)
    good = Post(1, UserPlace(2), "x", "a", None, None, 1)
    unbindable = Post(1, UserPlace(3), cast(str, object()), "b", None, None, 1)
    waiting = await start(db, good, unbindable, good, unbindable)
    gate.open()
    await holding
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert [isinstance(each, Posted) for each in outcomes] == [True, False, True, False]
    assert cast(Posted, outcomes[2]).duplicate
    later = await db.write(Post(1, UserPlace(3), "x", "b", None, None, 1))
    assert later.seq == 2
    assert [(event.seq, event.is_first) for event in events if isinstance(event, MessageCreated)] == [
        (1, True),
        (2, True),
    ]
    await db.close()


async def test_a_profile_changed_in_the_same_batch_is_told_with_the_next_message(tmp_path: Path) -> None:
    db = await opened(tmp_path / "chatd.db")

    def rename(tx: Transaction) -> None:
        tx.db.execute("UPDATE users SET nickname = 'Ada' WHERE id = 1")

    gate, holding = await hold(db)
    to = UserPlace(2)
    before = await start(db, *[Post(1, to, "x", None, None, None, 1) for _ in range(2)])
    renaming = await start(db, rename)
    after = await start(db, *[Post(1, to, "x", None, None, None, 1) for _ in range(2)])
    gate.open()
    await asyncio.gather(holding, *renaming)
    posted = cast(list[Posted], [await each for each in (*before, *after)])
    assert [each.message.sender.nickname for each in posted] == ["person1"] * 2 + ["Ada"] * 2
    await db.close()
