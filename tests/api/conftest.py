"""Fixtures for the tests of the REST door."""

from functools import partial

import pytest

from chatd.app import create_app
from tests.api.support import Clock
from tests.support import Chat, Person


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The wall clock of every server started afterwards."""
    clock = Clock()
    monkeypatch.setattr("chatd.serve.create_app", partial(create_app, clock=clock))
    return clock


@pytest.fixture
async def people(chat: Chat) -> tuple[Person, Person]:
    """Two people whose tokens have been seen."""
    alice, bob = await chat.people("alice", "bobby")
    for each in (alice, bob):
        await each.get("/auth/me")
    return alice, bob
