"""Fixtures: a real server on a free port, over a real SQLite file."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_aiohttp.plugin import AiohttpClient

from chatd.serve import Server
from tests.support import Chat, RealServer, settings

Start = Callable[..., Awaitable[Chat]]


@pytest.fixture
def start(tmp_path: Path, aiohttp_client: AiohttpClient) -> Start:
    """Start servers: ``await start(limits={"logins_per_minute": 3})``."""

    async def start(*, data_dir: Path | None = None, **sections: Any) -> Chat:
        server = Server(settings(data_dir or tmp_path / "data", **sections))
        return Chat(await aiohttp_client(RealServer(server)), server)

    return start


@pytest.fixture
async def chat(start: Start) -> Chat:
    """A server with no limits and nobody on it."""
    return await start()
