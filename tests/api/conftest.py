"""Fixtures for the tests of the REST door."""

import pytest

from tests.api.support import Clock
from tests.support import Chat, Person


@pytest.fixture
def clock() -> Clock:
    """A clock for a server: ``await start(clock=clock)``."""
    return Clock()


@pytest.fixture
async def people(chat: Chat) -> tuple[Person, Person]:
    """Two people whose tokens have been seen."""
    alice, bob = await chat.people("alice", "bobby")
    for each in (alice, bob):
        await each.get("/auth/me")
    return alice, bob
