"""Fixtures: a real server on a free port, over a real database."""

import asyncio
import gc
import logging
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import hypothesis
import pytest
from pytest_aiohttp.plugin import AiohttpClient

from chatd.api.events import POLL_CHECK_INTERVAL
from chatd.clock import Clock, now
from chatd.http.timeouts import Timeouts
from chatd.serve import GC_THRESHOLDS, Server
from chatd.services import housekeeping
from chatd.services.passwords import Hashing
from tests.loop_time import LoopTime
from tests.support import Chat, RealServer, settings

if TYPE_CHECKING:
    from tests.engines import Stores

pytest_plugins = ["tests.selection", "tests.engines"]

Start = Callable[..., Awaitable[Chat]]

# The same examples in every run, on a slow machine as on a fast one; ``--hypothesis-profile=default`` looks for others.
hypothesis.settings.register_profile(
    "same", derandomize=True, database=None, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("same")


def pytest_configure() -> None:
    """Let started programs take the signals that are ignored here, as under nohup, and collect garbage as servers do.

    aiohttp keeps hundreds of the applications that tests make, and each collection looks through all of them. Programs
    are started by the hundred, too: each takes a quarter longer to start where nobody keeps what Python has compiled.
    """
    gc.set_threshold(*GC_THRESHOLDS)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--long`` and ``--public-way``."""
    parser.addoption("--long", action="store_true", help="run the fault tests at full length, which takes half an hour")
    parser.addoption("--public-way", action="store_true", help="use no private parts of aiohttp: see chatd.fastpath")


class Size(Protocol):
    """Says how much of something a test does, by whether ``--long`` was given."""

    def __call__(self, *, short: int, long: int) -> int:
        """Return one of the two."""


Figure = Callable[[str], None]


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Figure:
    """Report a measurement at the end of the run: ``figure("all back in 3 s")``."""

    def figure(line: str) -> None:
        request.node.user_properties.append(("figure", line))  # reaches us from another process, too

    return figure


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was measured."""
    reports = (report for status in ("passed", "failed") for report in terminalreporter.stats.get(status, []))
    figures = [text for report in reports for name, text in report.user_properties if name == "figure"]
    if figures:
        terminalreporter.section("figures")
        for line in figures:
            terminalreporter.line(line)


@pytest.fixture
def size(request: pytest.FixtureRequest) -> Size:
    """How much a test does: ``size(short=4, long=50)``."""
    is_long: bool = request.config.getoption("--long")

    def size(*, short: int, long: int) -> int:
        return long if is_long else short

    return size


@pytest.fixture
def fast(request: pytest.FixtureRequest) -> bool:
    """Whether servers use the fast path through aiohttp. A module that tests both ways has parameters here."""
    return not request.config.getoption("--public-way")


both_ways = pytest.mark.parametrize("fast", [True, False], ids=["fast", "public"])


#: Passwords that are quick to check.
QUICK = Hashing(memory_kib=64, passes=1)


@pytest.fixture
def start(tmp_path: Path, stores: "Stores", aiohttp_client: AiohttpClient, fast: bool) -> Start:
    """Start servers, with passwords that are quick to check: ``await start(limits={"logins_per_minute": 3})``."""

    async def start(
        *,
        data_dir: Path | None = None,
        timeouts: Timeouts | None = None,
        housekeeping_interval: float = housekeeping.INTERVAL,
        poll_check_interval: float = POLL_CHECK_INTERVAL,
        hashing: Hashing = QUICK,
        clock: Clock = now,
        **sections: Any,
    ) -> Chat:
        directory = data_dir or tmp_path / "data"
        database = {**stores.settings(directory), **sections.pop("database", {})}
        server = Server(
            settings(directory, database=database, **sections),
            fast=fast,
            timeouts=timeouts,
            housekeeping_interval=housekeeping_interval,
            poll_check_interval=poll_check_interval,
            clock=clock,
            hashing=hashing,
        )
        return Chat(await aiohttp_client(RealServer(server)), server)

    return start


@pytest.fixture
async def chat(start: Start) -> Chat:
    """A server with no limits and nobody on it."""
    return await start()


@pytest.fixture
async def loop_time() -> LoopTime:
    """The time of this test's loop, from now on."""
    return LoopTime(asyncio.get_running_loop())


@pytest.fixture
def own_log() -> Iterator[None]:
    """Give the test a log of its own, and put everything back."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in ("aiosqlite", "asyncio", "aiohttp.websocket", "psycopg")}
    root.handlers = []
    yield
    logging.captureWarnings(False)
    root.handlers = handlers
    root.setLevel(level)
    for name, each in levels.items():
        logging.getLogger(name).setLevel(each)
