"""Several real processes on one real PostgreSQL, and people who use whichever of them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
from aiohttp.test_utils import TestClient

from tests.ports import free_port
from tests.postgresql import end_others
from tests.process import ServerProcess, client_of
from tests.support import Person, register, until_true


def end_sessions(url: str) -> int:
    """End all other sessions on a database, and return how many there were."""
    with psycopg.connect(url, autocommit=True) as db:
        return end_others(db)


class Doors:
    """Where people come in: one client for each address."""

    def __init__(self) -> None:
        self.clients: list[TestClient[Any, Any]] = []

    async def people(self, *usernames: str) -> list[Person]:
        """Register people, each at another address."""
        return [await register(self.clients[number % len(self.clients)], name) for number, name in enumerate(usernames)]

    def at(self, number: int, person: Person) -> Person:
        """Return a person who uses an address."""
        return replace(person, client=self.clients[number])

    def everywhere(self, person: Person) -> list[Person]:
        """Return a person at each address."""
        return [self.at(number, person) for number in range(len(self.clients))]


class Processes(Doors):
    """The processes of a cluster, each with a client."""

    def __init__(self, url: str, directory: Path, count: int, **variables: str) -> None:
        """Create processes that ``async with`` starts, one after the other.

        :param url: of the database.
        :param directory: where each has a data directory.
        :param variables: their environment, beside that of every test.
        """
        super().__init__()
        self.url = url
        self._directory = directory
        self._variables = variables
        self._count = count
        self.servers: list[ServerProcess] = []
        self._stack = contextlib.AsyncExitStack()

    def process(self, number: int) -> ServerProcess:
        """Return a process that is not started yet."""
        variables = {"CHATD_DATABASE_URL": self.url_for(number), **self._variables}
        return ServerProcess(self._directory / str(number), *self._arguments(number), **variables)

    def url_for(self, number: int) -> str:
        """Return the URL by which a process reaches the database."""
        return self.url

    def _arguments(self, number: int) -> tuple[str, ...]:
        """Return further options of a process."""
        return ()

    async def start(self) -> None:
        """Start one process more."""
        server, client = await self._started(len(self.servers))
        self.servers.append(server)
        self.clients.append(client)

    async def replace(self, number: int) -> None:
        """Start a process in the place of one that has ended."""
        self.servers[number], self.clients[number] = await self._started(number)

    async def _started(self, number: int) -> "tuple[ServerProcess, TestClient[Any, Any]]":
        server = self.process(number)
        await asyncio.to_thread(server.start)  # the line to its database may be ours
        self._stack.callback(server.kill)
        return server, await self._stack.enter_async_context(client_of(server))

    async def __aenter__(self) -> "Processes":
        try:
            for _ in range(self._count):
                await self.start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()


class FixedProcesses(Processes):
    """Processes that have the same port when they are started again, as a proxy knows them by it."""

    def __init__(self, url: str, directory: Path, count: int, **variables: str) -> None:
        """Create processes that ``async with`` starts, one after the other; see :class:`Processes`."""
        super().__init__(url, directory, count, **variables)
        self.ports = [free_port() for _ in range(count)]

    def _arguments(self, number: int) -> tuple[str, ...]:
        return "--port", str(self.ports[number])


@contextlib.asynccontextmanager
async def running(url: str, directory: Path, count: int, **variables: str) -> AsyncIterator[Processes]:
    """Run processes on a database."""
    async with Processes(url, directory, count, **variables) as processes:
        yield processes


async def stored(person: Person, to: Person, content: str) -> int:
    """Send a message until it is stored, and return its id."""
    ids: list[int] = []

    async def is_stored() -> bool:
        body = {"content": content, "client_id": content}
        async with await person.request("POST", f"/messages/send/{to.id}", json=body) as response:
            if response.status == 200:
                ids.append((await response.json())["id"])
            return response.status == 200

    await until_true(is_stored)
    return ids[0]
