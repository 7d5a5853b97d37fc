"""What the tests of the REST door share."""

import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

import pytest

from chatd import clock
from chatd.api.endpoint import Route
from chatd.api.routes import routes
from chatd.http.context import CONFIG
from chatd.services import accounts
from chatd.storage.commit import Write, write_once
from tests.support import Chat, Person

T = TypeVar("T")


class Clock:
    """A wall clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = clock.now()

    def __call__(self) -> int:
        return self.now

    def advance(self, *, seconds: float) -> None:
        """Move the clock forward."""
        self.now += round(seconds * 1000)


def write(chat: Chat, work: Write[T]) -> T:
    """Change the database as a command beside the server does."""
    return write_once(chat.server.app[CONFIG].store, work)


def disable(chat: Chat, person: Person) -> None:
    """Disable an account as ``chatd user disable`` does."""
    write(chat, lambda tx: accounts.disable(tx, person.id, now=clock.now()))


def add_bot(chat: Chat, name: str) -> None:
    """Make a bot as ``chatd user add --bot`` does."""
    write(chat, lambda tx: accounts.create_bot(tx, name, name, now=clock.now(), lifetime_ms=1000))


@asynccontextmanager
async def unharmed(chat: Chat, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Person]:
    """Give a test somebody to misbehave as, and check that nobody else and no line of the log shows it."""
    mallory, alice, bob = await chat.people("mallory", "alice", "bobby")
    socket = await bob.connect()
    caplog.set_level(logging.INFO)
    yield mallory
    message = await alice.send(bob, "still here")
    assert (await socket.receive())["data"] == message
    await socket.ping()
    assert [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR or each.exc_info] == []


def table(chat: Chat) -> list[Route]:
    """Return every route the server has."""
    return routes(chat.server.app[CONFIG])


def path_to(route: Route, value: str = "2") -> str:
    """Return a path to a route, with ``value`` where it takes one."""
    return re.sub(r"\{\w+\}", lambda _: value, route.path)
