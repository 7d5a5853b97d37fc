"""The proxies of docs/deploy.md, run as it says: all goes through them, and their logs keep nothing worth having."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from tests.e2e.proxies import Caddy, HAProxy, Nginx, Proxy, blocks
from tests.ports import free_port
from tests.process import ServerProcess, chatd, client_of
from tests.programs import program
from tests.support import Person, register

#: What opens a socket, and so may be in no log.
SECRETS = {
    "query": "eyJxdWVyeQ.aaaaaaaa.bbbbbbbb",
    "bearer": "eyJiZWFyZXI.cccccccc.dddddddd",
    "ticket": "dGlja2V0LXRpY2tldA",
}


proxies = pytest.mark.parametrize("kind", [Nginx, Caddy, HAProxy])


def nobody() -> str:
    """Return an address where nobody listens."""
    return f"127.0.0.1:{free_port()}"


@asynccontextmanager
async def through(proxy: Proxy) -> AsyncIterator[aiohttp.ClientSession]:
    """Run a proxy and return a client that comes through it."""
    async with AsyncExitStack() as stack:
        stack.enter_context(proxy.running())
        connector = aiohttp.TCPConnector(ssl=proxy.trusting)
        http = await stack.enter_async_context(aiohttp.ClientSession(proxy.url, connector=connector))

        async def answers() -> bool:
            try:
                async with http.get("/"):
                    return True
            except aiohttp.ClientConnectionError:
                return False

        async with asyncio.timeout(30):
            while not await answers():
                await asyncio.sleep(0.05)
        yield http


async def status(http: aiohttp.ClientSession, address: str, *items: str) -> int:
    """Ask for a socket and return the status of the refusal."""
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await http.ws_connect(URL(address, encoded=True), protocols=["chatd.v2", *items])
    return refused.value.status


@proxies
async def test_a_log_of_a_proxy_without_chatd_behind_it_has_nothing_that_opens_a_socket(
    kind: Callable[[Path, str], Proxy], tmp_path: Path
) -> None:
    proxy = kind(tmp_path / "proxy", nobody())
    async with through(proxy) as http:
        for path in ("/messages/ws", "/messages/ws/", "//messages/ws", "/%6dessages/ws"):
            assert await status(http, f"{proxy.url}{path}?token={SECRETS['query']}&a=1") in (502, 503)
        assert await status(http, f"{proxy.url}/messages/ws", f"bearer.{SECRETS['bearer']}") in (502, 503)
        assert await status(http, f"{proxy.url}/messages/ws", f"ticket.{SECRETS['ticket']}") in (502, 503)
        async with http.get("/conversations", headers={"Authorization": f"Bearer {SECRETS['bearer']}"}) as response:
            assert response.status in (502, 503)
    assert "onnection refused" in proxy.logs
    for secret in SECRETS.values():
        assert secret not in proxy.logs


async def all_ways(http: aiohttp.ClientSession, person: Person) -> list[str]:
    """Open a socket by each of the ways there are, and return what each way shows."""
    async with http.post("/auth/tickets", headers={"Authorization": f"Bearer {person.token}"}) as response:
        ticket = (await response.json())["ticket"]
    for query, item in ((f"?token={person.token}", "x"), ("", f"bearer.{person.token}"), ("", f"ticket.{ticket}")):
        async with http.ws_connect(f"/messages/ws{query}", protocols=["chatd.v2", item]) as ws:
            assert (await ws.receive_json())["type"] == "hello"
    return [person.token, ticket]


@proxies
async def test_through_each_proxy_all_works_and_the_doctor_has_nothing_to_change(
    kind: Callable[[Path, str], Proxy], tmp_path: Path
) -> None:
    trusted = {"CHATD_SERVER_TRUSTED_PROXIES": "127.0.0.1"}
    with ServerProcess(tmp_path / "data", **trusted) as server:
        port = server.url.rpartition(":")[2]
        proxy = kind(tmp_path / "proxy", f"127.0.0.1:{port}")
        async with client_of(server) as client, through(proxy) as http:
            shown = await all_ways(http, await register(client, "alice"))
            variables = {**trusted, "CHATD_SERVER_PORT": port, "SSL_CERT_FILE": str(proxy.authority)}
            done = await asyncio.to_thread(chatd, tmp_path / "data", "doctor", "--url", proxy.url, **variables)
    found = dict(line[8:].split(": ", 1) for line in done.stdout.splitlines() if line.startswith("change"))
    assert set(found) <= {"clock", "backup"}, found
    for secret in shown:
        assert secret not in proxy.logs


async def test_nginx_sends_who_comes_without_tls_to_https(tmp_path: Path) -> None:
    proxy = Nginx(tmp_path / "proxy", nobody())
    async with through(proxy) as http:
        address = f"http://127.0.0.1:{proxy.http_port}/messages/ws?token={SECRETS['query']}"
        async with http.get(address, allow_redirects=False) as response:
            assert (response.status, response.headers["Location"]) == (
                301,
                f"https://chat.example.org/messages/ws?token={SECRETS['query']}",
            )
    assert SECRETS["query"] not in proxy.logs


def test_every_file_of_caddy_on_the_page_is_well_formed(tmp_path: Path) -> None:
    first, *others = blocks("caddy")
    options = first.partition("\n\n")[0]
    for number, block in enumerate((first, *(f"{options}\n\n{other}" for other in others))):
        path = tmp_path / f"Caddyfile{number}"
        path.write_text(block)
        environment = {"XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
        command = [program("caddy"), "adapt", "--config", str(path)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
