"""Fixtures: a migrated database file, and the writer and readers over it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chatd.storage.database import Database
from chatd.storage.engine.sqlite.engine import Sqlite
from chatd.storage.engine.sqlite.migrate import migrate


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with nothing in it."""
    path = tmp_path / "chatd.db"
    migrate(path)
    return path


@pytest.fixture
async def db(path: Path) -> AsyncIterator[Database]:
    """The open database."""
    database = Database(Sqlite(path))
    await database.open()
    yield database
    await database.close()
