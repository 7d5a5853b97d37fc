"""``chatd serve --reload``: a real server on a copy of its own code, which the tests change."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import chatd
from tests.process import ServerProcess, client_of
from tests.support import register, until

CODE = Path(chatd.__file__).parent


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A copy of the package, without the web client, and of the migrations."""
    copy = tmp_path / "code"
    shutil.copytree(CODE, copy / "chatd", ignore=shutil.ignore_patterns("static", "__pycache__"))
    shutil.copytree(CODE.parent / "migrations", copy / "migrations")
    return copy / "chatd"


@pytest.fixture
def server(tmp_path: Path, code: Path) -> Iterator[ServerProcess]:
    """The server, made of the copy."""
    with ServerProcess(tmp_path / "data", "--reload", PYTHONPATH=str(code.parent)) as server:
        yield server
        assert server.stop() == 0


def starts(server: ServerProcess) -> int:
    """Return how often the server has begun to listen."""
    return server.log.count(" listens on ")


async def test_a_change_of_the_code_starts_the_server_again_and_sockets_are_told(
    server: ServerProcess, code: Path
) -> None:
    async with client_of(server) as client:
        socket = await (await register(client, "alice")).connect()
        (code / "__init__.py").write_text('__version__ = "0.0.1"\n')
        assert await socket.closed() == 1012
    await until(lambda: starts(server) == 2)
    assert "chatd 0.0.1 listens on " in server.log
    async with client_of(server) as client, client.get("/health") as response:
        assert response.status == 200


async def test_a_change_of_the_settings_starts_the_server_again(server: ServerProcess, tmp_path: Path) -> None:
    (tmp_path / "chatd.toml").write_text('[log]\nlevel = "debug"\n')
    await until(lambda: starts(server) == 2)


async def test_a_mistake_in_the_code_is_said_and_waits_for_the_next_change(server: ServerProcess, code: Path) -> None:
    right = (code / "app.py").read_text()
    (code / "app.py").write_text("def create_app(:\n")
    await until(lambda: "waiting for a file to change" in server.log)
    assert "SyntaxError" in server.log
    (code / "app.py").write_text(right)
    await until(lambda: starts(server) == 2)
