"""Fixtures: the services over a real database, on a clock that stands until it is moved."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest

from chatd.cluster.stream import Stream
from chatd.config import Accounts as AccountSettings
from chatd.config import Config, Limits
from chatd.consumers.others import Peers
from chatd.services import Accounts, Communities, Sessions
from chatd.services.passwords import DEFAULT, Hashing, Passwords
from chatd.services.tokens import Tokens
from chatd.storage.database import Database
from chatd.storage.stores import Store
from tests.engines import open_engine

NO_LIMITS = Limits(logins_per_minute=0, registrations_per_hour=0)


class Clock:
    """Milliseconds since 1970 that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1_700_000_000_000

    def __call__(self) -> int:
        return self.now


@dataclass
class House:
    """A database and the services over it."""

    store: Store
    db: Database
    clock: Clock
    tokens: Tokens
    passwords: Passwords
    sessions: Sessions
    accounts: Accounts


@pytest.fixture
def clock() -> Clock:
    """A clock that stands."""
    return Clock()


@pytest.fixture
def hashing() -> Hashing:
    """What a hash costs."""
    return DEFAULT


@pytest.fixture
def passwords(hashing: Hashing) -> Iterator[Passwords]:
    """Password hashing on its own threads."""
    passwords = Passwords(hashing)
    yield passwords
    passwords.close()


@contextlib.asynccontextmanager
async def following(db: Database) -> AsyncIterator[None]:
    """Follow what other processes commit, as a server on a shared database does."""
    if not isinstance(db.engine, Peers):
        yield
        return

    async def came_back() -> None:
        pytest.fail("the database was out of reach")

    def left_behind() -> None:
        pytest.fail("something was missed")

    stream = Stream(db.engine, db.publish, unsaid=db.tell_foreign, returned=came_back, left_behind=left_behind)
    await stream.start()
    db.settle_by(stream)
    yield
    await stream.stop()


@pytest.fixture
async def house(store: Store, clock: Clock, passwords: Passwords) -> AsyncIterator[House]:
    """The services, with no limits; logins last a day."""
    db = Database(open_engine(store, readers=1, watch_interval=0.01))
    tokens = Tokens(b"k" * 32)
    settings = AccountSettings(token_days=1)
    sessions = Sessions(db, tokens, passwords, settings, NO_LIMITS, clock)
    accounts = Accounts(db, sessions, passwords, Communities(db, Config()), NO_LIMITS, clock)
    await db.open()
    async with following(db):
        yield House(store, db, clock, tokens, passwords, sessions, accounts)
    await db.close()
