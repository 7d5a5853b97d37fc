"""Fixtures: the services over a real database, on a clock that stands until it is moved."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from chatd.config import Accounts as AccountSettings
from chatd.config import Limits
from chatd.services import Accounts, Sessions
from chatd.services.passwords import DEFAULT, Hashing, Passwords
from chatd.services.tokens import Tokens
from chatd.storage.database import Database
from chatd.storage.engine.sqlite.engine import Sqlite
from chatd.storage.engine.sqlite.migrate import migrate

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

    path: Path
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


@pytest.fixture
async def house(tmp_path: Path, clock: Clock, passwords: Passwords) -> AsyncIterator[House]:
    """The services, with no limits; logins last a day."""
    path = tmp_path / "chatd.db"
    migrate(path)
    db = Database(Sqlite(path, readers=1, watch_interval=0.01))
    tokens = Tokens(b"k" * 32)
    settings = AccountSettings(token_days=1)
    sessions = Sessions(db, tokens, passwords, settings, NO_LIMITS, clock)
    accounts = Accounts(db, sessions, passwords, settings, NO_LIMITS, clock)
    await db.open()
    yield House(path, db, clock, tokens, passwords, sessions, accounts)
    await db.close()
