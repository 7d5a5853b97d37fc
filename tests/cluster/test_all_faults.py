"""Three processes behind a proxy, thirty clients on lines that cut, and all that can fail, in turn."""

import asyncio
import contextlib
import random
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import psycopg
import pytest
from yarl import URL

from chatd.storage.engine.postgresql.lock import LOCK
from tests.cluster.load import Load
from tests.cluster.pair import Pair
from tests.cluster.relay import Relay
from tests.cluster.support import Doors, FixedProcesses
from tests.conftest import Figure, Size
from tests.e2e.proxies import Nginx
from tests.faults.namespaces import Card, Namespace, namespace
from tests.faults.proxy import FaultProxy, Line
from tests.ports import free_port
from tests.postgresql import end_others
from tests.process import ServerProcess, client_at
from tests.support import until

pytestmark = pytest.mark.timeout(1800)

NAMES = "alice", "bobby", "carol", "david", "erika", "frank", "grace", "henry", "irene", "jacob"

#: How long each waits between two messages, in seconds: the machine has other work.
PAUSE = 0.05

#: Whoever listens also asks for the highest number.
_LISTENING = "query LIKE 'SELECT number, writer,%FROM commits ORDER BY number DESC%' OR query LIKE 'LISTEN%'"


class Site(FixedProcesses):
    """Three processes: one listens where notifications may be lost, one is on a machine of its own."""

    def __init__(self, pair: Pair, relays: list[Relay], apart: Namespace, directory: Path) -> None:
        variables = {
            "CHATD_DATABASE_LOSSLESS_FAILOVER": "true",
            "CHATD_SERVER_TRUSTED_PROXIES": "10.0.0.0/8,127.0.0.1",
        }
        super().__init__(pair.url, directory, 3, **variables)
        self.pair = pair
        self.relays = relays
        self.apart = apart
        #: The lines of the third process: to clients, and to PostgreSQL.
        self.front, self.back = apart.card(), apart.card()
        #: What processes that were killed have logged.
        self.killed: list[ServerProcess] = []

    def url_for(self, number: int) -> str:
        """Return the URL by which a process reaches the database."""
        return self.pair.url_at(self.back.here, self.back.here) if number == 2 else self.url

    def process(self, number: int) -> ServerProcess:
        """Return a process that is not started yet."""
        directory, variables = self._directory / str(number), {**self._variables}
        variables["CHATD_DATABASE_URL"] = self.url_for(number)
        if number == 1:
            hosts = [str(relay.directory) for relay in self.relays]
            variables["CHATD_DATABASE_LISTEN_URL"] = self.pair.url_at(*hosts)
        if number == 2:
            options = ("--host", self.front.there, *self._arguments(number))
            return ServerProcess(directory, *options, within=self.apart.within, **variables)
        return ServerProcess(directory, *self._arguments(number), **variables)

    @property
    def addresses(self) -> list[str]:
        """Where the processes are."""
        return [f"{self.front.there if number == 2 else '127.0.0.1'}:{port}" for number, port in enumerate(self.ports)]

    def logged(self) -> Counter[str]:
        """Return how often each event was logged."""
        servers = [*self.killed, *self.servers]
        return Counter(entry.get("event", entry["message"]) for server in servers for entry in server.entries)

    @property
    def taken_away(self) -> int:
        """How often the lock was taken away from somebody."""
        return sum(server.log.count('"lock_taken_away"') for server in [*self.killed, *self.servers])

    def kill(self, number: int) -> None:
        """End a process at once."""
        self.servers[number].kill()
        self.killed.append(self.servers[number])


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """The three processes, and their PostgreSQL with a synchronous standby."""
    pair = Pair((free_port(), free_port()))
    async with AsyncExitStack() as stack:
        stack.callback(pair.remove)
        await asyncio.to_thread(pair.start)
        await asyncio.to_thread(pair.require_both)
        relays = [
            await stack.enter_async_context(Relay(each.directory / f".s.PGSQL.{port}", tmp_path / f"r{number}"))
            for number, (each, port) in enumerate(zip((pair.primary, pair.standby), pair.ports, strict=True))
        ]
        site = Site(pair, relays, stack.enter_context(namespace()), tmp_path)
        await stack.enter_async_context(site)
        yield site


class Front(Doors):
    """The proxy, which clients reach by lines that cut."""

    def __init__(self, lines: FaultProxy) -> None:
        super().__init__()
        self._lines = lines
        self._chance = random.Random(2)

    async def cut_lines(self) -> None:
        """Let something happen to a line, again and again."""
        while True:
            await asyncio.sleep(0.3)
            if lines := self._lines.lines:
                await self._spoil(self._chance.choice(lines))

    async def _spoil(self, line: Line) -> None:
        match self._chance.randrange(5):
            case 0:
                line.reset()
            case 1:
                line.finish()
            case 2:
                line.half_open()
                asyncio.get_running_loop().call_later(3, line.reset)
            case 3:
                line.stall()
                asyncio.get_running_loop().call_later(1, line.mend)
            case 4:
                line.trickle(0.001)
                asyncio.get_running_loop().call_later(1, line.mend)


@contextlib.asynccontextmanager
async def front_of(site: Site, directory: Path) -> AsyncIterator[Front]:
    """Run nginx as docs/deploy.md has it, and lines to it that cut."""
    proxy = Nginx(directory / "nginx", *site.addresses)
    async with AsyncExitStack() as stack:
        stack.enter_context(proxy.running())
        lines = await stack.enter_async_context(FaultProxy(f"http://127.0.0.1:{proxy.port}", random.Random(1)))
        front = Front(lines)
        connector = aiohttp.TCPConnector(ssl=proxy.trusting, limit=0)
        url = str(URL(lines.url).with_scheme("https"))
        front.clients.append(await stack.enter_async_context(client_at(url, connector=connector)))
        cutting = asyncio.create_task(front.cut_lines())
        try:
            yield front
        finally:
            cutting.cancel()
            await asyncio.gather(cutting, return_exceptions=True)


async def stop_with_the_lock(site: Site, number: int) -> None:
    """Stop a process while it holds the lock of writers."""
    with psycopg.connect(site.url, autocommit=True) as db:
        for _ in range(200):
            site.servers[number].signal(signal.SIGSTOP)
            before = holder(db)
            await asyncio.sleep(0.2)  # a process that runs holds it for some milliseconds
            if before is not None and holder(db) == before:
                return
            site.servers[number].signal(signal.SIGCONT)
            await asyncio.sleep(0.01 * random.random())
    raise AssertionError("it never had the lock")


def holder(db: "psycopg.Connection[tuple[object, ...]]") -> object:
    """Return which session holds the lock of writers, and since when."""
    query = """
        SELECT pid, xact_start FROM pg_locks JOIN pg_stat_activity USING (pid)
        WHERE locktype = 'advisory' AND objid = %s AND classid = 0 AND granted
    """
    return db.execute(query, (LOCK,)).fetchone()


def end_listening(url: str) -> int:
    """End all sessions that listen, and return how many there were."""
    with psycopg.connect(url, autocommit=True) as db:
        return end_others(db, _LISTENING)


@contextlib.contextmanager
def cut(card: Card) -> Iterator[None]:
    """Let nothing through meanwhile."""
    card.cut()
    try:
        yield
    finally:
        card.heal()


async def test_whatever_fails_every_client_and_every_process_has_each_event_once_and_in_order(
    site: Site, tmp_path: Path, size: Size, figure: Figure
) -> None:
    began = time.monotonic()
    step = size(short=20, long=200)
    long_pause = size(short=0, long=60)
    faults: Counter[str] = Counter()
    pair = site.pair
    async with front_of(site, tmp_path) as front, Load(site, doors=front, names=NAMES, pause=PAUSE) as load:
        for turn in range(size(short=1, long=4)):
            for number in range(turn % 3, turn % 3 + size(short=1, long=3)):
                await load.goes_on(step)
                site.kill(number % 3)
                await load.goes_on(step)
                await site.replace(number % 3)
                faults["a process killed"] += 1
            for how, name in ((signal.SIGINT, "fast"), (signal.SIGQUIT, "immediate")):
                await load.goes_on(step)
                await asyncio.to_thread(pair.primary.stop, how)
                await asyncio.to_thread(pair.primary.start)
                faults[f"PostgreSQL restarted ({name})"] += 1
            await load.goes_on(step)
            assert await asyncio.to_thread(end_listening, site.url)
            faults["LISTEN ended"] += 1
            await load.goes_on(step)
            site.relays[0].is_deaf = True
            await load.goes_on(step)
            site.relays[0].is_deaf = False
            faults["deaf"] += 1
            with cut(site.back):
                await load.goes_on(step)
                await asyncio.sleep(long_pause)
            faults["network cut"] += 1
            await load.goes_on(step)
            taken = site.taken_away
            await stop_with_the_lock(site, turn % 2)
            await until(lambda taken=taken: site.taken_away > taken)  # type: ignore[misc]
            await load.goes_on(step)
            await asyncio.sleep(long_pause)
            site.servers[turn % 2].signal(signal.SIGCONT)
            faults["a process stopped with the lock"] += 1
        await load.goes_on(step)
        await asyncio.to_thread(pair.fail_over)
        faults["the standby promoted"] += 1
        await load.goes_on(step)
        at = time.monotonic() - began
        await load.end()
        assert set(load.resyncs) == {0}
        assert site.relays[0].dropped
        ends = Counter(code for devices in load.devices.values() for each in devices for code in each.ends)
        figure(
            f"{load.acked} acked messages through {dict(faults)} in {at:.0f} s, compared in "
            f"{time.monotonic() - began - at:.0f} s; ends of connections: {dict(ends)}; logged: {dict(site.logged())}"
        )
