"""The health check."""

import sqlite3
from contextlib import closing

import pytest

from chatd import __version__
from chatd.http.context import CONFIG
from tests.api.support import Clock
from tests.conftest import Start
from tests.support import Chat, error_of


async def test_a_server_that_can_store_messages_is_ok_without_a_token(chat: Chat) -> None:
    async with chat.client.get("/health") as response:
        assert response.status == 200
        assert await response.json() == {"status": "ok", "version": __version__, "address": "127.0.0.1"}


async def test_a_server_that_cannot_store_messages_says_so_until_it_can(
    start: Start, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatd.services.health.PATIENCE", 0.05)
    chat = await start()
    database = chat.server.app[CONFIG].database
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        async with chat.client.get("/health") as response:
            assert await error_of(response) == (503, "storage_unavailable")
            assert response.headers["Retry-After"].isdigit()
        other.execute("ROLLBACK")
    monkeypatch.setattr("chatd.services.health.PATIENCE", 10)
    clock.advance(seconds=60)
    async with chat.client.get("/health") as response:
        assert response.status == 200
