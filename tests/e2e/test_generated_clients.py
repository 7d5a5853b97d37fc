"""Clients that others' tools generate from the API's description: their types hold, and they work."""

import asyncio
import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.support import PATIENCE, Chat

ROOT = Path(__file__).resolve().parent.parent.parent
OURS = Path(__file__).parent / "clients"
MODULES = ROOT / "web" / "node_modules"
PYTHON_TOOLS = Path(sys.executable).parent


async def run(cwd: Path, *command: str | Path) -> str:
    """Run a program that must succeed, and return what it says."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        env={**os.environ, "PATH": f"{PYTHON_TOOLS}:{os.environ['PATH']}"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), 3 * PATIENCE)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, output.decode()[-4000:]
    return output.decode()


@pytest.fixture
async def description(chat: Chat, tmp_path: Path) -> Path:
    """The description as the server gives it, in a directory with our programs."""
    place = tmp_path / "client"
    shutil.copytree(OURS, place)
    async with chat.client.get("/openapi.json") as response:
        (place / "openapi.json").write_text(json.dumps(await response.json()))
    return place / "openapi.json"


async def test_a_client_in_typescript_is_generated_and_works(chat: Chat, description: Path) -> None:
    place = description.parent
    (place / "node_modules").symlink_to(MODULES)
    (place / "package.json").write_text('{"type": "module"}')
    await run(place, MODULES / ".bin" / "openapi-typescript", description, "--output", "generated.ts")
    await run(place, MODULES / ".bin" / "tsc", "--project", "tsconfig.json")
    assert "all as described" in await run(place, "node", "use.ts", chat.server.url)


async def test_a_client_in_python_is_generated_and_works(chat: Chat, description: Path) -> None:
    place = description.parent
    generate = (PYTHON_TOOLS / "openapi-python-client", "generate", "--path", description, "--fail-on-warning")
    options = ("--meta", "none", "--output-path", "generated", "--config", "openapi-python-client.yml")
    await run(place, *generate, *options)
    Image.new("RGB", (8, 8), "teal").save(place / "picture.png")
    await run(place, sys.executable, "-m", "mypy", "--config-file=mypy.ini", "use.py", "generated")
    assert "all as described" in await run(place, sys.executable, "use.py", chat.server.url, "picture.png")
