"""Fixtures: a database of PostgreSQL, and a line to it that can be cut."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from chatd.storage.database import Database
from chatd.storage.engine.postgresql.engine import PostgreSql
from tests.databases import Databases
from tests.postgresql import Cluster
from tests.storage.postgresql.line import Line


@pytest.fixture
def url(databases: Databases) -> Iterator[str]:
    """A database with nothing in it."""
    url = databases.lend()
    yield url
    databases.take_back(url)


def engine_of(db: Database) -> PostgreSql:
    """Return the engine of a database."""
    assert isinstance(db.engine, PostgreSql)
    return db.engine


@pytest.fixture
async def db(url: str) -> AsyncIterator[Database]:
    """The open database."""
    database = Database(PostgreSql(url))
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def line(cluster: Cluster, url: str, tmp_path: Path) -> AsyncIterator[Line]:
    """A line to the database."""
    line = Line(cluster.directory / ".s.PGSQL.5432", tmp_path / "line", url)
    await line.open()
    yield line
    await line.close()
