"""Fixtures: one browser for all of these tests, the real server with the web client built, and devices to use it by.

All of them run on one event loop, which the browser needs; every other test of the project has a loop of its own.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient
from playwright.async_api import Browser

from chatd.web.files import STATIC
from tests.process import ServerProcess, client_of
from tests.support import Person, register
from tests.web.browser import Devices, chromium
from tests.web.site import Site

Newcomer = Callable[[str], Awaitable[Person]]

FAILED = pytest.StashKey[bool]()
NUMBERS = count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run every test of this directory on the session's loop."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember for the fixtures whether the test failed."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """The browser."""
    async with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def built() -> None:
    """Be sure that there is a client to test."""
    assert (STATIC / "index.html").is_file(), (
        "the web client is not built: npm --prefix web ci && npm --prefix web run build"
    )


@pytest.fixture(scope="module")
def server(built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """The server of a module's tests; each of them brings people of its own."""
    with ServerProcess(tmp_path_factory.mktemp("web") / "data") as server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def site(built: None, tmp_path: Path) -> AsyncIterator[Site]:
    """A server in this process that a test can stop and start; a module that wants it has it for its ``server``."""
    site = Site(tmp_path)
    await site.start()
    yield site
    await site.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def api(server: ServerProcess) -> AsyncIterator["TestClient[Any, Any]"]:
    """The server's API, for what a test is not about."""
    async with client_of(server) as client:
        yield client


@pytest.fixture
def newcomer(api: "TestClient[Any, Any]") -> Newcomer:
    """Register somebody whom no other test knows: ``await newcomer("alice")``."""

    async def newcomer(name: str) -> Person:
        return await register(api, f"{name}{next(NUMBERS)}")

    return newcomer


@pytest_asyncio.fixture(loop_scope="session")
async def devices(
    browser: Browser, server: ServerProcess, request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[Devices]:
    """The devices of a test. None of their consoles may have complained of what the test did not expect."""
    devices = Devices(browser, server.url)
    yield devices
    if request.node.stash.get(FAILED, False):
        for number, page in enumerate(page for device in devices.all for page in device.context.pages):
            await page.screenshot(path=tmp_path / f"page-{number}.png")
        request.node.add_report_section("teardown", "screenshots", f"what the browsers showed is in {tmp_path}")
    # A page that is closed while it fetches something complains of that as well.
    unexpected = [device.unexpected for device in devices.all if device.unexpected]
    await devices.close()
    assert unexpected == []


@pytest_asyncio.fixture(loop_scope="session")
async def alice(newcomer: Newcomer) -> Person:
    """Somebody."""
    return await newcomer("alice")


@pytest_asyncio.fixture(loop_scope="session")
async def bob(newcomer: Newcomer) -> Person:
    """Somebody else."""
    return await newcomer("bob")
