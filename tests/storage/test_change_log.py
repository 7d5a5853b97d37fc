"""The change log: one row for each durable change, a message's own or one of the log's, without a gap."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from chatd.config import Accounts as AccountSettings
from chatd.config import Config, Limits
from chatd.errors import ClientIdReused, ResyncNeeded, StorageUnavailable, UserNotFound
from chatd.events import Event, MessageCreated, ProfileChanged, ReadMarkerMoved
from chatd.places import UserPlace
from chatd.services import Accounts, Communities, Messages, Sessions, accounts
from chatd.services.passwords import Passwords
from chatd.services.sync import Sync
from chatd.services.tokens import Tokens
from chatd.storage import change_log, messages
from chatd.storage.commit import Transaction
from chatd.storage.database import Database
from chatd.storage.stores import Store
from tests.engines import open_engine
from tests.storage.support import connection, hold, traced
from tests.support import LOG

NO_LIMITS = Limits(messages_per_second=0)


class Room:
    """Three people, what they can do, and the log of it."""

    def __init__(self, db: Database, passwords: Passwords) -> None:
        self.db = db
        self.now = 1000
        sessions = Sessions(db, Tokens(b"k" * 32), passwords, AccountSettings(), NO_LIMITS, lambda: self.now)
        self.accounts = Accounts(db, sessions, passwords, Communities(db, Config()), NO_LIMITS, lambda: self.now)
        self.messages = Messages(db, NO_LIMITS, lambda: self.now)
        self.sync = Sync(db, lambda: self.now, 30)
        self.events: list[Event] = []
        db.subscribe(self.events.append)

    async def log(self) -> list[tuple[Any, ...]]:
        """Return seq, kind, user and message of every row."""
        query = f"SELECT seq, kind, user_id, message_id FROM {LOG} AS log ORDER BY seq"
        return await self.db.read(lambda connection: connection.execute(query).fetchall())

    async def prune(self, *, before: int = 2**60, limit: int) -> int:
        """Forget the oldest changes, and return how many."""
        return await self.db.write(lambda tx: change_log.prune(tx.db, before=before, limit=limit))


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    """Password hashing, which nobody here needs."""
    passwords = Passwords()
    yield passwords
    passwords.close()


@pytest.fixture
async def room(db: Database, passwords: Passwords) -> Room:
    """A room with the users 1, 2 and 3."""
    for number in (1, 2, 3):
        name = f"user{number}"
        await db.write(lambda tx, name=name: accounts.create(tx, name, name, None, now=1))  # type: ignore[misc]
    return Room(db, passwords)


async def test_every_durable_change_is_one_row_and_its_event_has_the_rows_seq(room: Room) -> None:
    posted = await room.messages.post(1, UserPlace(2), "hello", "c1")
    assert (posted.seq, posted.message.id) == (1, 1)
    await room.messages.mark_read(2, 1)
    await room.accounts.update_profile(1, {"nickname": "Alice"})
    answer = await room.messages.post(2, UserPlace(1), "hi")
    assert (answer.seq, answer.message.id) == (4, 4)
    assert await room.log() == [
        (1, "message", 1, 1),
        (2, "read", 2, 1),
        (3, "profile", 1, None),
        (4, "message", 2, 4),
    ]
    kinds = [(type(event), getattr(event, "seq", None), set(event.recipients)) for event in room.events]
    assert kinds == [
        (MessageCreated, 1, {1, 2}),
        (ReadMarkerMoved, 2, {1, 2}),
        (ProfileChanged, 3, {1, 2}),
        (MessageCreated, 4, {1, 2}),
    ]


async def test_what_changes_nothing_has_no_row_and_no_event(room: Room) -> None:
    first = await room.messages.post(1, UserPlace(2), "hello", "c1")
    await room.messages.mark_read(2, 1)
    await room.accounts.update_profile(1, {"nickname": "Alice", "bio": "here"})
    before = await room.log()
    room.events.clear()

    again = await room.messages.post(1, UserPlace(2), "hello", "c1")
    assert (again.message.id, again.duplicate, again.seq) == (first.message.id, True, None)
    await room.messages.mark_read(2, 1)
    await room.messages.mark_read(3, 1)
    await room.accounts.update_profile(1, {"nickname": "Alice"})
    await room.accounts.update_profile(1, {"bio": "here", "avatar_path": None})
    await room.accounts.update_profile(1, {})
    assert await room.log() == before
    assert room.events == []


@pytest.mark.sqlite  # its trace of statements
async def test_a_change_and_its_row_are_written_in_one_transaction(room: Room) -> None:
    acts: list[tuple[Callable[[], Awaitable[object]], str, str]] = [
        (lambda: room.messages.post(1, UserPlace(2), "hello"), "messages", "conversations"),
        (lambda: room.messages.mark_read(2, 1), "change_log", "memberships"),
        (lambda: room.accounts.update_profile(1, {"bio": "here"}), "change_log", "users"),
    ]
    for act, row_of, changed in acts:
        statements: list[str] = []
        await room.db.write(traced(statements))
        statements.clear()
        await act()
        await room.db.write(lambda tx: connection(tx.db).set_trace_callback(None))
        transaction = statements[statements.index("BEGIN IMMEDIATE") : statements.index("COMMIT")]
        changes = [each.split() for each in transaction if each.strip().startswith(("INSERT", "UPDATE"))]
        tables = [words[2] if words[0] == "INSERT" else words[1] for words in changes]
        assert [table for table in tables if table in ("messages", "change_log")] == [row_of]
        assert changed in tables


@pytest.mark.sqlite  # its file, which is full
async def test_writes_that_fail_leave_no_gap(room: Room) -> None:
    def failing(tx: Transaction) -> None:
        change_log.append(tx.db, "profile", user_id=1, created_at=1)
        raise UserNotFound

    def too_large(tx: Transaction) -> None:
        change_log.append(tx.db, "profile", user_id=1, created_at=1)
        count = tx.db.execute("PRAGMA page_count").fetchone()[0]
        tx.db.execute(f"PRAGMA max_page_count = {count}")
        tx.db.execute("UPDATE change_log_state SET epoch = :epoch", {"epoch": "x" * 100_000})

    await room.messages.post(1, UserPlace(2), "first", "c1")
    for failure in (
        room.db.write(failing),
        room.messages.post(1, UserPlace(99), "nobody there"),
        room.messages.mark_read(1, 99),
        room.accounts.update_profile(99, {"bio": "nobody"}),
    ):
        with pytest.raises(UserNotFound):
            await failure
    with pytest.raises(ClientIdReused):
        await room.messages.post(1, UserPlace(2), "another", "c1")
    with pytest.raises(StorageUnavailable):
        await room.db.write(too_large)
    await room.db.write(lambda tx: tx.db.execute("PRAGMA max_page_count = 1000000").fetchall())
    second = await room.messages.post(1, UserPlace(2), "second")
    assert (second.seq, second.message.id) == (2, 2)
    assert [row[0] for row in await room.log()] == [1, 2]
    assert [getattr(event, "seq", None) for event in room.events] == [1, 2]


async def test_the_order_of_the_log_is_the_order_of_the_events_however_many_write_at_once(room: Room) -> None:
    gate, holding = await hold(room.db)
    writes = [
        asyncio.ensure_future(room.messages.post(1 + number % 3, UserPlace(1 + (number + 1) % 3), f"m{number}"))
        for number in range(30)
    ]
    await asyncio.sleep(0)
    gate.open()
    posted = await asyncio.gather(*writes)
    await holding
    assert [each.seq for each in posted] == list(range(1, 31))
    assert [getattr(event, "seq", None) for event in room.events] == list(range(1, 31))
    assert [row[3] for row in await room.log()] == [each.message.id for each in posted]


async def test_a_seq_is_never_given_twice_even_after_the_log_was_pruned(room: Room) -> None:
    await room.messages.post(1, UserPlace(2), "first")
    await room.messages.mark_read(2, 1)
    assert await room.prune(limit=9) == 2
    posted = await room.messages.post(1, UserPlace(2), "second")
    assert (posted.seq, posted.message.id) == (3, 3)
    await room.accounts.update_profile(1, {"bio": "here"})
    assert await room.prune(limit=9) == 2
    await room.accounts.update_profile(1, {"bio": "there"})
    assert await room.db.read(change_log.head) == 5


async def test_a_log_of_messages_alone_is_pruned_as_well_and_the_messages_stay(room: Room) -> None:
    for number in (1, 2, 3):
        room.now = number * 1000
        await room.messages.post(1, UserPlace(2), f"m{number}")
    assert await room.prune(before=3000, limit=1) == 1
    assert await room.prune(before=3000, limit=9) == 1
    assert await room.prune(before=3000, limit=9) == 0
    assert await room.db.read(change_log.pruned_up_to) == 2
    assert await room.db.read(change_log.oldest_at) == 3000
    replay = await room.sync.replay(2, epoch=await room.db.read(change_log.epoch), since=2, limit=9)
    assert [event.seq for event in replay.events] == [3]
    with pytest.raises(ResyncNeeded):
        await room.sync.replay(2, epoch=await room.db.read(change_log.epoch), since=1, limit=9)
    history = await room.db.read(lambda db: messages.before(db, 1, None, 9, viewer=2))
    assert [(message.id, message.content) for message in history] == [(1, "m1"), (2, "m2"), (3, "m3")]


async def test_messages_and_other_changes_are_pruned_in_their_one_order(room: Room) -> None:
    await room.messages.post(1, UserPlace(2), "first")
    await room.messages.mark_read(2, 1)
    await room.messages.post(1, UserPlace(2), "second")
    await room.messages.mark_read(2, 1)
    left = []
    for _ in range(4):
        assert await room.prune(limit=1) == 1
        pruned = await room.db.read(change_log.pruned_up_to)
        others = await room.db.read(lambda db: db.execute("SELECT seq FROM change_log ORDER BY seq").fetchall())
        left.append((pruned, [seq for (seq,) in others]))
    assert left == [(1, [2, 4]), (2, [4]), (3, [4]), (4, [])]
    assert await room.db.read(change_log.oldest_at) is None


async def test_when_the_newest_change_was_made_is_known_whatever_it_was(room: Room) -> None:
    assert await room.db.read(change_log.newest_at) is None
    seen = []
    for now, act in (
        (1000, lambda: room.messages.post(1, UserPlace(2), "hello")),
        (2000, lambda: room.messages.mark_read(2, 1)),
        (1500, lambda: room.messages.post(2, UserPlace(1), "the clock was set back")),
        (1600, lambda: room.accounts.update_profile(1, {"bio": "here"})),
    ):
        room.now = now
        await act()
        seen.append(await room.db.read(change_log.newest_at))
    assert seen == [1000, 2000, 1500, 1600]
    await room.prune(limit=9)
    assert await room.db.read(change_log.newest_at) == 1500


async def test_the_log_has_a_name_that_stays(db: Database, store: Store) -> None:
    name = await db.read(change_log.epoch)
    assert len(name) >= 16
    other = Database(open_engine(store))
    await other.open()
    assert await other.read(change_log.epoch) == name
    await other.close()
