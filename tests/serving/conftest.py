"""Fixtures: a small built client, and servers that serve it."""

from pathlib import Path
from typing import Any

import pytest
from pytest_aiohttp.plugin import AiohttpClient

from chatd.serve import Server
from tests.serving.support import BUILT, StartWeb
from tests.support import Chat, RealServer, settings


@pytest.fixture
def static(tmp_path: Path) -> Path:
    """The directory of a built client."""
    directory = tmp_path / "static"
    for name, content in BUILT.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return directory


@pytest.fixture
def start_web(tmp_path: Path, static: Path, aiohttp_client: AiohttpClient) -> StartWeb:
    """Start servers with a built client: ``await start_web(accounts={"registration": "invite"})``."""

    async def start(*, static: Path = static, **sections: Any) -> Chat:
        server = Server(settings(tmp_path / "data", **sections), static=static)
        return Chat(await aiohttp_client(RealServer(server), auto_decompress=False), server)

    return start


@pytest.fixture
async def chat(start_web: StartWeb) -> Chat:
    """A server with a built client."""
    return await start_web()
