"""The proxies of docs/deploy.md before two real processes: whoever is dead, or cannot store anything, is passed by."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from tests.cluster.support import FixedProcesses
from tests.e2e.proxies import Caddy, HAProxy, Nginx, Proxy
from tests.e2e.test_documented_proxies import through
from tests.postgresql import Cluster
from tests.storage.postgresql.line import Line
from tests.support import Person, until_true

#: More than go to one process alone where two take turns.
SEVERAL = 12

proxies = pytest.mark.parametrize("kind", [Nginx, Caddy, HAProxy])


class Pair(FixedProcesses):
    """Two processes, of which the first has a line to the database that can be cut."""

    def __init__(self, line: Line, url: str, directory: Path) -> None:
        super().__init__(url, directory, 2, CHATD_SERVER_TRUSTED_PROXIES="127.0.0.1")
        self.line = line

    def url_for(self, number: int) -> str:
        """Return the URL by which a process reaches the database."""
        return self.line.url if number == 0 else self.url


@asynccontextmanager
async def behind(kind: type[Proxy], cluster: Cluster, directory: Path) -> AsyncIterator[tuple[Pair, "Visitor"]]:
    """Run two processes and a proxy before them."""
    url = cluster.database()
    line = Line(cluster.directory / ".s.PGSQL.5432", directory / "line", url)
    async with AsyncExitStack() as stack:
        stack.callback(cluster.drop, url)
        await line.open()
        stack.push_async_callback(line.close)
        pair = Pair(line, url, directory)
        await stack.enter_async_context(pair)
        proxy = kind(directory / "proxy", *(f"127.0.0.1:{port}" for port in pair.ports))
        http = await stack.enter_async_context(through(proxy))
        alice, bob = await pair.people("alice", "bobby")
        yield pair, Visitor(http, alice, bob)


class Visitor:
    """Somebody who comes through the proxy."""

    def __init__(self, http: aiohttp.ClientSession, person: Person, to: Person) -> None:
        self._http = http
        self._headers = {"Authorization": f"Bearer {person.token}"}
        self._to = to

    async def reads(self) -> bool:
        """Report whether all of several reads succeed."""
        return {await self._status("GET", "/conversations") for _ in range(SEVERAL)} == {200}

    async def writes(self) -> bool:
        """Report whether all of several messages are stored."""
        path = f"/messages/send/{self._to.id}"
        return {await self._status("POST", path, {"content": "hello"}) for _ in range(SEVERAL)} == {200}

    async def opens_sockets(self) -> bool:
        """Report whether all of several sockets are opened and answer."""
        try:
            for _ in range(SEVERAL):
                async with self._http.ws_connect("/messages/ws", headers=self._headers, protocols=["chatd.v2"]) as ws:
                    assert (await ws.receive_json())["type"] == "hello"
        except (aiohttp.ClientError, TypeError):
            return False
        return True

    async def is_well(self) -> bool:
        """Report whether everything goes through."""
        return await self.reads() and await self.writes() and await self.opens_sockets()

    async def _status(self, method: str, path: str, body: object = None) -> int:
        try:
            async with self._http.request(method, path, json=body, headers=self._headers) as response:
                return response.status
        except aiohttp.ClientError:
            return 0


@proxies
async def test_a_process_that_is_killed_is_passed_by_and_used_again_when_it_is_back(
    kind: type[Proxy], cluster: Cluster, tmp_path: Path
) -> None:
    async with behind(kind, cluster, tmp_path) as (pair, visitor):
        await until_true(visitor.is_well)
        pair.servers[0].kill()
        await until_true(visitor.is_well)
        await pair.replace(0)
        pair.servers[1].kill()
        await until_true(visitor.is_well)


@proxies
async def test_a_process_that_cannot_reach_its_database_is_passed_by_until_it_can(
    kind: type[Proxy], cluster: Cluster, tmp_path: Path
) -> None:
    async with behind(kind, cluster, tmp_path) as (pair, visitor):
        await until_true(visitor.is_well)
        await pair.line.close()

        async def says_so() -> bool:
            async with pair.clients[0].get("/health") as response:
                return response.status == 503

        await until_true(says_so)
        if (
            kind is Nginx
        ):  # it has no checks: what changes nothing goes to the next one, what is sent has to be sent again
            assert await visitor.reads()
        else:
            await until_true(visitor.is_well)
        await pair.line.open()
        pair.servers[1].kill()
        await until_true(visitor.is_well)
