"""The example with two hosts, run as its files have it: either host may go, and the primary may."""

import asyncio
import re
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import trustme
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import TestClient

from tests.cluster.support import stored
from tests.faults.hosts import Host, hosts
from tests.postgresql import Cluster, wait_for
from tests.process import ServerProcess, client_at
from tests.programs import program
from tests.support import Person, register, until_true
from tests.ws.v2_client import connect, contents, live

pytestmark = pytest.mark.timeout(300)

ROOT = Path(__file__).resolve().parent.parent.parent

EXAMPLE = ROOT / "examples" / "two_hosts"

PAGE = (EXAMPLE / "README.md").read_text(encoding="utf-8")

NAME = "chat.example.org"

CHAT = "10.77.0.1", "10.77.0.2"

DATABASES = "10.77.0.3", "10.77.0.4"


def settings_of(name: str) -> dict[str, str]:
    """Return what a file of PostgreSQL's settings says."""
    text = (EXAMPLE / name).read_text(encoding="utf-8")
    return {"fsync": "off", **dict(re.findall(r"^(\w+) = '(.*)'$", text, re.MULTILINE))}


def page_has(pattern: str) -> str:
    """Return what a command on the page says."""
    found = re.search(pattern, PAGE, re.MULTILINE)
    assert found is not None
    return found[1]


class Database(Cluster):
    """A PostgreSQL on a machine of its own, with the example's settings."""

    def __init__(self, host: Host, settings: str) -> None:
        super().__init__(settings_of(settings), within=host.within)

    def make(self) -> None:
        """Make the files."""
        super().make()
        with (self.data / "pg_hba.conf").open("a") as rules:
            rules.write((EXAMPLE / "pg_hba.conf").read_text(encoding="utf-8"))

    def tell(self, *arguments: str) -> None:
        """Run psql as the superuser."""
        self.run("psql", "-h", str(self.directory), "-U", "postgres", "-v", "ON_ERROR_STOP=1", *arguments)


class Standby(Database):
    """A copy, made by the command on the page."""

    def make(self) -> None:
        """Make the files."""
        self._give_directory()
        source = page_has(r"^pg_basebackup -d '(.*)' -D \S+ -R$")
        self.run("pg_basebackup", "-d", source, "-D", str(self.data), "-R", "-c", "fast")


class Chat:
    """One of the two hosts: chatd as its unit starts it, and HAProxy."""

    def __init__(self, host: Host, directory: Path) -> None:
        self.host = host
        self._directory = directory
        directory.mkdir()
        shutil.copy(EXAMPLE / "chatd.toml", directory)  # found in the directory one is in, as in /etc/chatd
        credentials = directory / "credentials"
        credentials.mkdir()
        unit = (ROOT / "systemd" / "chatd@.service").read_text(encoding="utf-8")
        assert "LoadCredential=database_url:/etc/chatd/database_url\n" in unit
        shutil.copy(EXAMPLE / "database_url", credentials)
        start = re.search(r"^ExecStart=/opt/chatd/bin/chatd serve (.*) --data-dir %S/chatd-%i$", unit, re.MULTILINE)
        assert start is not None
        port = page_has(r"enable --now chatd@(\d+) haproxy$")
        options = start[1].replace("%i", port).split()
        variables = {"CREDENTIALS_DIRECTORY": str(credentials)}
        self.server = ServerProcess(directory / f"chatd-{port}", *options, within=host.within, **variables)

    @contextmanager
    def running(self, pair: Path) -> Iterator[None]:
        """Run both."""
        shown = "/etc/haproxy/chat.example.org.pem"
        text = (EXAMPLE / "haproxy.cfg").read_text(encoding="utf-8")
        assert shown in text
        path = self._directory / "haproxy.cfg"
        path.write_text(text.replace(shown, str(pair)))
        with self.server, (self._directory / "said").open("wb") as said:
            command = [*self.host.within, program("haproxy"), "-db", "-f", str(path)]
            proxy = subprocess.Popen(command, stdout=said, stderr=said)
            try:
                yield
            finally:
                proxy.terminate()
                proxy.wait()


class Records(AbstractResolver):
    """The two A records of the name."""

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:
        """Return both addresses."""
        assert host == NAME
        one = ResolveResult(hostname=host, host="", port=port, family=2, proto=0, flags=0)
        return [ResolveResult(**{**one, "host": each}) for each in CHAT]

    async def close(self) -> None:
        """Do nothing."""


class Site:
    """The four machines, and somebody on a fifth."""

    def __init__(self, databases: tuple[Database, Standby], chats: list[Chat], client: "TestClient[Any, Any]") -> None:
        self.primary, self.standby = databases
        self.chats = chats
        self.client = client


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """Everything as the page says, in its order."""
    async with AsyncExitStack() as stack:
        one, two, first, second, elsewhere = stack.enter_context(hosts(*CHAT, *DATABASES, "10.77.0.9"))
        primary, standby = Database(first, "db1.conf"), Standby(second, "db2.conf")
        stack.callback(primary.remove)
        stack.callback(standby.remove)
        await asyncio.to_thread(primary.start)
        setup = shutil.copy(EXAMPLE / "setup.sql", primary.directory)
        await asyncio.to_thread(primary.tell, "-f", str(setup))
        await asyncio.to_thread(standby.start)
        with primary.connection() as db:
            wait_for(db, "SELECT 1 FROM pg_stat_replication WHERE application_name = 'db2' AND sync_state = 'quorum'")
        authority, pair = trustme.CA(), tmp_path / "pair.pem"
        authority.issue_cert(NAME).private_key_and_cert_chain_pem.write_to_path(str(pair))
        trusting = ssl.create_default_context()
        authority.configure_trust(trusting)
        chats = [Chat(host, tmp_path / f"chat{number}") for number, host in enumerate((one, two), 1)]
        for chat in chats:
            await asyncio.to_thread(stack.enter_context, chat.running(pair))
        connector = aiohttp.TCPConnector(
            ssl=trusting, resolver=Records(), socket_factory=elsewhere.socket, force_close=True
        )
        client = await stack.enter_async_context(client_at(f"https://{NAME}", connector=connector))
        yield Site((primary, standby), chats, client)


async def is_there(person: Person) -> bool:
    """Report whether somebody reaches the community."""
    try:
        await (await connect(person)).ws.close()
    except (AssertionError, aiohttp.ClientError):
        return False
    return True


async def test_one_host_and_the_primary_are_lost_and_people_go_on(site: Site) -> None:
    alice, bob = await register(site.client, "alice"), await register(site.client, "bobby")
    sockets = [await live(bob) for _ in range(4)]
    sent = [(await alice.send(bob, "to both"))["id"]]
    for each in sockets:
        assert contents([await each.read_until("new_message")]) == ["to both"]
    assert all('"connected"' in chat.server.log for chat in site.chats)

    site.chats[0].host.unplug()
    await until_true(lambda: is_there(bob))
    back = await live(bob)
    sent.append(await stored(alice, bob, "to the other"))
    assert (await back.read_until("new_message"))["seq"] == sent[-1]

    await asyncio.to_thread(site.primary.kill)
    await asyncio.to_thread(site.standby.tell, "-c", page_has(r"psql -c '(.*)'$"))
    sent.append(await stored(alice, bob, "to the standby"))
    assert (await back.read_until("new_message"))["seq"] == sent[-1]

    site.chats[0].host.plug_in()
    await until_true(lambda: has_everything(bob, site.chats[0], sent))


async def has_everything(person: Person, chat: Chat, sent: list[int]) -> bool:
    """Report whether a socket to a process has all that was acknowledged."""
    connected = chat.server.log.count('"connected"')
    try:
        client = await connect(person)
    except aiohttp.ClientError:  # its proxy has not found out yet who is well again
        return False
    assert [each["seq"] for each in await client.catch_up() if contents([each])] == sent
    await client.ws.close()
    return chat.server.log.count('"connected"') > connected
