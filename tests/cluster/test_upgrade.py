"""Two versions of the program side by side: this one, and one of tomorrow that is made of it."""

import asyncio
import shutil
from pathlib import Path

import psycopg
import pytest

import chatd
from chatd.storage.engine.migrations import directory_of
from chatd.storage.engine.postgresql.migrate import current_version, newest_version
from tests.cluster.load import Load
from tests.cluster.support import Processes
from tests.process import ServerProcess, refusal
from tests.ws.v2_client import contents, live

pytestmark = pytest.mark.timeout(300)

NEWEST = newest_version()

TOMORROW = "9.9.9"

#: What tomorrow's program has in place of a line of today's.
CHANGES = {
    "__init__.py": (f'"{chatd.__version__}"', f'"{TOMORROW}"'),
    "events.py": (
        "    is_first: bool = False\n",
        "    is_first: bool = False\n"
        "    of_tomorrow: str = __import__('msgspec').field(default_factory=lambda: 'new')\n",
    ),
    "cluster/encoding.py": (
        "[_named(event) for event in told]",
        '[("OfTomorrow", {"seq": 1}, b""), *(_named(event) for event in told)]',
    ),
}


def tomorrow(directory: Path, migration: str) -> Path:
    """Make tomorrow's program, and return the directory it is in.

    :param migration: its newest.
    """
    package = Path(chatd.__file__).parent
    shutil.copytree(package, directory / "chatd", ignore=shutil.ignore_patterns("__pycache__", "migrations"))
    for engine in ("sqlite", "postgresql"):
        shutil.copytree(directory_of(engine), directory / "chatd" / "migrations" / engine)
    (directory / "chatd" / "migrations" / "postgresql" / f"{NEWEST + 1:04}_more.sql").write_text(migration)
    for name, (old, new) in CHANGES.items():
        path = directory / "chatd" / name
        text = path.read_text()
        assert text.count(old) == 1, name
        path.write_text(text.replace(old, new))
    return directory


class Versions(Processes):
    """Two processes, each of a version that may change when it is started again."""

    def __init__(self, url: str, directory: Path, newer: Path) -> None:
        super().__init__(url, directory, 2)
        self._newer = newer
        #: Which of them are of tomorrow.
        self.upgraded: set[int] = set()

    def process(self, number: int) -> ServerProcess:
        """Return a process that is not started yet."""
        variables = {"PYTHONPATH": str(self._newer)} if number in self.upgraded else {}
        return ServerProcess(self._directory / str(number), CHATD_DATABASE_URL=self.url, **variables)

    async def upgrade(self, number: int) -> None:
        """Stop a process, and start the one of tomorrow in its place."""
        assert await asyncio.to_thread(self.servers[number].stop) == 0
        self.upgraded.add(number)
        await self.replace(number)

    async def versions(self) -> list[str]:
        """Return which version each says it is."""
        found = []
        for client in self.clients:
            async with client.get("/health") as response:
                found.append((await response.json())["version"])
        return found


async def test_one_after_the_other_is_upgraded_under_load_and_no_client_notices(
    database_url: str, tmp_path: Path
) -> None:
    migration = f"-- oldest compatible: {NEWEST}\nALTER TABLE users ADD COLUMN shoe_size BIGINT;"
    newer = tomorrow(tmp_path / "tomorrow", migration)
    processes = Versions(database_url, tmp_path, newer)
    async with processes, Load(processes) as load:
        await load.goes_on()
        await processes.upgrade(0)
        assert await processes.versions() == [TOMORROW, chatd.__version__]
        assert current_version(database_url) == NEWEST + 1
        alice, bob = load.people[:2]
        here, there = await live(processes.at(0, alice)), await live(processes.at(1, bob))
        sent = await here.send(bob, "from tomorrow")
        assert said_by_tomorrow(database_url), "a kind of event, and a field, that today's program does not know"
        while contents([await there.read_until("new_message")]) != ["from tomorrow"]:
            pass
        await there.send(alice, "from today")
        while contents([await here.read_until("new_message")]) != ["from today"]:
            pass
        assert sent["data"]["message"]["content"] == "from tomorrow"
        await load.goes_on(60)
        processes.servers[1].kill()  # today's program starts again on tomorrow's tables
        await processes.replace(1)
        assert await processes.versions() == [TOMORROW, chatd.__version__]
        await load.goes_on()
        logs = [server.log for server in processes.servers]
        await processes.upgrade(1)
        assert await processes.versions() == [TOMORROW, TOMORROW]
        await load.goes_on()
        await load.end()
        assert set(load.resyncs) == {0}
        assert not any('"commit_unreadable"' in log or '"talk_unreadable"' in log for log in logs)


def said_by_tomorrow(url: str) -> bool:
    """Report whether some commit says what only tomorrow's program knows."""
    with psycopg.connect(url, autocommit=True) as db:
        rows = db.execute("SELECT events FROM commits WHERE events IS NOT NULL").fetchall()
    return any(b"OfTomorrow" in events and b"of_tomorrow" in events for (events,) in rows)


async def test_a_program_that_is_too_old_for_the_new_tables_says_so_and_stops_and_the_new_one_serves(
    database_url: str, tmp_path: Path
) -> None:
    newer = tomorrow(tmp_path / "tomorrow", "ALTER TABLE users ADD COLUMN shoe_size BIGINT NOT NULL DEFAULT 0;")
    processes = Versions(database_url, tmp_path, newer)
    async with processes:
        alice, bob = await processes.people("alice", "bobby")
        await processes.at(1, alice).send(bob, "today")
        there = await live(processes.at(1, bob))
        _, code = await asyncio.gather(processes.upgrade(0), there.closed())
        assert (code, await asyncio.to_thread(processes.servers[1].wait)) == (1012, 0)
        (said,) = [each for each in processes.servers[1].entries if each.get("event") == "outdated"]
        assert said["message"] == "the tables need a newer chatd: this one stops"
        line = await asyncio.to_thread(refusal, tmp_path / "1", "serve", "--port", "0", CHATD_DATABASE_URL=database_url)
        assert line == (
            f"the database has version {NEWEST + 1}, this chatd knows versions up to {NEWEST}: install a newer chatd"
        )
        back = await live(processes.at(0, bob))
        sent = await processes.at(0, alice).send(bob, "tomorrow")
        told = await back.read_until("new_message")
        assert told["seq"] == sent["id"]
        processes.upgraded.add(1)
        await processes.replace(1)
        assert await processes.versions() == [TOMORROW, TOMORROW]
