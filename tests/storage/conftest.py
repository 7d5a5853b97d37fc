"""Fixtures: a migrated database, and the writer and readers over it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chatd.storage.database import Database
from chatd.storage.engine.sqlite.migrate import migrate
from chatd.storage.stores import Store
from tests.engines import open_engine


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of SQLite with nothing in it."""
    path = tmp_path / "chatd.db"
    migrate(path)
    return path


@pytest.fixture
async def db(store: Store) -> AsyncIterator[Database]:
    """The open database, at ``path`` where it is SQLite's."""
    database = Database(open_engine(store))
    await database.open()
    yield database
    await database.close()
