"""What was deleted is, after a night, not in the write-ahead log either."""

import asyncio
import contextlib
import sqlite3
from pathlib import Path

import pytest

from chatd.clock import DAY_MS
from chatd.models import User
from chatd.places import UserPlace
from chatd.services import Forgetting, Messages
from tests.faults.test_deleted import holding, text
from tests.services.conftest import NO_LIMITS, House

pytestmark = pytest.mark.sqlite  # its write-ahead log


def path_of(house: House) -> Path:
    """Return the file of SQLite."""
    assert isinstance(house.store, Path)
    return house.store


async def register(house: House, name: str) -> User:
    """Make an account."""
    return await house.accounts.register(name, "correct horse", name, invite=None, address="192.0.2.1")


async def test_after_a_night_what_was_deleted_is_not_in_the_log_either(house: House) -> None:
    forgetting = Forgetting(house.db, house.clock)
    messages = Messages(house.db, NO_LIMITS, house.clock)
    alice, bob = await register(house, "alice"), await register(house, "bobby")

    async def send_and_delete(number: int) -> None:
        posted = await messages.post(alice.id, UserPlace(bob.id), text(number))
        await messages.delete(alice.id, posted.message.id)

    await asyncio.gather(*map(send_and_delete, range(10)))
    await forgetting.run()
    assert holding(path_of(house).parent) == ["chatd.db-wal"]
    house.clock.now += DAY_MS
    await forgetting.run()
    assert holding(path_of(house).parent) == []
    await send_and_delete(10)
    house.clock.now += 60_000
    await forgetting.run()
    assert holding(path_of(house).parent) == ["chatd.db-wal"], "once a night is enough"


async def test_a_night_in_which_somebody_reads_is_tried_again(house: House) -> None:
    forgetting = Forgetting(house.db, house.clock)
    house.clock.now += DAY_MS
    await register(house, "alice")
    with contextlib.closing(sqlite3.connect(path_of(house), isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM users").fetchone()
        await forgetting.run()
        log = path_of(house).with_name("chatd.db-wal")
        assert log.stat().st_size > 0
    await forgetting.run()
    assert log.stat().st_size == 0
