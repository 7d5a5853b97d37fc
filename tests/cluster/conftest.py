"""A database of a real PostgreSQL for each test, and two servers on it."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp.typedefs import StrOrURL
from pytest_aiohttp.plugin import AiohttpClient
from yarl import URL

from chatd.clock import Clock, now
from chatd.cluster.stream import Stream
from chatd.cluster.talk import Talk
from chatd.http.context import REGISTRY, SERVICES
from chatd.serve import Server
from chatd.services.passwords import Hashing
from chatd.storage.cluster import commits
from tests.conftest import QUICK, Start
from tests.databases import Databases
from tests.support import Chat, RealServer, settings, until
from tests.ws.v2_client import BEFORE_SETTLING


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A database with chatd's tables and nothing in them."""
    url = databases.lend()
    yield url
    databases.take_back(url)


class Alternating(RealServer):
    """Two servers that are one: each request, and each socket, goes to the other one than the last."""

    def __init__(self, one: Server, two: Server) -> None:
        super().__init__(one)
        self._two = two
        self._roots = itertools.cycle((one, two))

    async def start_server(self, loop: object = None, **kwargs: Any) -> None:
        """Start both."""
        await super().start_server(loop, **kwargs)
        await self._two.start()
        BEFORE_SETTLING.append(self._catch_up)

    async def close(self) -> None:
        """Stop both."""
        if not self._closed:
            BEFORE_SETTLING.remove(self._catch_up)
            await self._two.stop()
        await super().close()

    async def _catch_up(self) -> None:
        """Wait until each knows what has happened at the other until now."""
        databases = [each.app[SERVICES].database for each in (self.server, self._two)]
        head = await databases[0].read(commits.head)
        talks = [each.app[REGISTRY]._elsewhere for each in (self.server, self._two)]
        for db, talk, other in zip(databases, talks, reversed(talks), strict=True):
            assert isinstance(db._sequence, Stream)
            order = db._sequence._order
            assert isinstance(talk, Talk)
            assert isinstance(other, Talk)
            assert order is not None
            await until(lambda order=order: order.told >= head)  # type: ignore[misc]
            await until(lambda talk=talk, other=other: _knows(other, talk))  # type: ignore[misc]

    def make_url(self, path: StrOrURL) -> URL:
        """Return the address of a path at the server whose turn it is."""
        return URL(next(self._roots).url).join(URL(path))


def _knows(talk: Talk, other: Talk) -> bool:
    """Report whether a process knows all that another one has said or is about to say."""
    known = talk._roll._others.get(other._roll._name, {})
    own = {user_id: tuple(opened) for user_id, opened in other._roll.whole().items()}
    return known == own and not other._events and not talk._gone


@pytest.fixture
def start(tmp_path: Path, database_url: str, aiohttp_client: AiohttpClient, fast: bool) -> Start:
    """Start two servers on one database; who asks comes to each in turn."""

    def server(name: str, sections: dict[str, Any], **options: Any) -> Server:
        config = settings(tmp_path / name, **{"database": {"url": database_url}, **sections})
        return Server(config, fast=fast, hashing=QUICK, **options)

    async def start(*, hashing: Hashing = QUICK, clock: Clock = now, **sections: Any) -> Chat:
        options = {name: sections.pop(name) for name in ("timeouts", "housekeeping_interval") if name in sections}
        one, two = (server(name, sections, clock=clock, **options) for name in ("one", "two"))
        return Chat(await aiohttp_client(Alternating(one, two)), one)

    return start
