"""The proxies of docs/deploy.md, run as it says: all goes through them, and their logs keep nothing worth having."""

import asyncio
import re
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import aiohttp
import pytest
import trustme
from yarl import URL

from tests.process import ServerProcess, chatd, client_of
from tests.programs import program
from tests.support import Person, register

PAGE = (Path(__file__).resolve().parent.parent.parent / "docs" / "deploy.md").read_text(encoding="utf-8")

#: What opens a socket, and so may be in no log.
SECRETS = {
    "query": "eyJxdWVyeQ.aaaaaaaa.bbbbbbbb",
    "bearer": "eyJiZWFyZXI.cccccccc.dddddddd",
    "ticket": "dGlja2V0LXRpY2tldA",
}


def blocks(language: str) -> list[str]:
    """Return the blocks of the page in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port


class Proxy:
    """A proxy as the page has it, on ports of its own, and all it has written."""

    def __init__(self, directory: Path, upstream: int) -> None:
        directory.mkdir()
        self.directory = directory
        self.upstream = upstream
        self.port, self.http_port = free_port(), free_port()
        authority, self.certificate, self.key = trustme.CA(), directory / "cert.pem", directory / "key.pem"
        issued = authority.issue_cert("127.0.0.1")
        self.authority = directory / "authority.pem"
        authority.cert_pem.write_to_path(str(self.authority))
        for blob in issued.cert_chain_pems:
            blob.write_to_path(str(self.certificate), append=True)
        issued.private_key_pem.write_to_path(str(self.key))
        self.trusting = ssl.create_default_context(cafile=str(self.authority))

    @property
    def url(self) -> str:
        """Where it is."""
        return f"https://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        """Return what runs it in the foreground."""
        raise NotImplementedError

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run it."""
        command = self.command()
        environment = {"XDG_DATA_HOME": str(self.directory), "XDG_CONFIG_HOME": str(self.directory)}
        with (self.directory / "said").open("wb") as said:
            process = subprocess.Popen(command, stdout=said, stderr=said, env=environment)
        try:
            yield
        finally:
            process.terminate()
            process.wait()

    @property
    def logs(self) -> str:
        """All it has written."""
        paths = [self.directory / "said", *self.directory.glob("*.log")]
        return "".join(path.read_text(encoding="utf-8", errors="replace") for path in paths)


class Nginx(Proxy):
    """nginx, with the file of the page inside what Debian's own configuration has around it."""

    def command(self) -> list[str]:
        """Return what runs it in the foreground."""
        site = blocks("nginx")[0]
        assert "server 127.0.0.1:8000;" in site
        return self.running_with(site.replace("server 127.0.0.1:8000;", f"server 127.0.0.1:{self.upstream};"))

    def running_with(self, site: str) -> list[str]:
        """Return what runs it with a file for its sites."""
        site = re.sub(r"^ *listen \[::\].*\n", "", site, flags=re.MULTILINE)  # there may be no IPv6
        for old, new in (
            ("listen 443 ssl;", f"listen 127.0.0.1:{self.port} ssl;"),
            ("listen 80;", f"listen 127.0.0.1:{self.http_port};"),
            ("/etc/letsencrypt/live/chat.example.org/fullchain.pem", str(self.certificate)),
            ("/etc/letsencrypt/live/chat.example.org/privkey.pem", str(self.key)),
            ("/var/log/nginx/", f"{self.directory}/"),
        ):
            assert old in site
            site = site.replace(old, new)
        temporary = "".join(
            f"{kind}_temp_path {self.directory}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        path = self.directory / "nginx.conf"
        path.write_text(
            f"daemon off; master_process off; pid {self.directory}/pid; error_log {self.directory}/error.log;\n"
            f"events {{}}\nhttp {{\naccess_log {self.directory}/access.log;\n{temporary}{site}}}\n"
        )
        return [program("nginx"), "-p", str(self.directory), "-c", str(path)]


class Caddy(Proxy):
    """Caddy, with the page's file; its certificate is ours, as nobody here gives it one."""

    def command(self) -> list[str]:
        """Return what runs it in the foreground."""
        site = blocks("caddy")[0]
        assert "\nchat.example.org {\n    reverse_proxy 127.0.0.1:8000\n" in site
        site = site.replace("chat.example.org {", f"{self.url} {{\n    tls {self.certificate} {self.key}")
        site = site.replace("127.0.0.1:8000", f"127.0.0.1:{self.upstream}")
        site = site.replace("{\n", "{\n    admin off\n    auto_https disable_redirects\n", 1)
        path = self.directory / "Caddyfile"
        path.write_text(site)
        return [program("caddy"), "run", "--config", str(path)]


proxies = pytest.mark.parametrize("kind", [Nginx, Caddy])


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
    kind: Callable[[Path, int], Proxy], tmp_path: Path
) -> None:
    proxy = kind(tmp_path / "proxy", free_port())
    async with through(proxy) as http:
        for path in ("/messages/ws", "/messages/ws/", "//messages/ws", "/%6dessages/ws"):
            assert await status(http, f"{proxy.url}{path}?token={SECRETS['query']}&a=1") == 502
        assert await status(http, f"{proxy.url}/messages/ws", f"bearer.{SECRETS['bearer']}") == 502
        assert await status(http, f"{proxy.url}/messages/ws", f"ticket.{SECRETS['ticket']}") == 502
        async with http.get("/conversations", headers={"Authorization": f"Bearer {SECRETS['bearer']}"}) as response:
            assert response.status == 502
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
    kind: Callable[[Path, int], Proxy], tmp_path: Path
) -> None:
    trusted = {"CHATD_SERVER_TRUSTED_PROXIES": "127.0.0.1"}
    with ServerProcess(tmp_path / "data", **trusted) as server:
        port = int(server.url.rpartition(":")[2])
        proxy = kind(tmp_path / "proxy", port)
        async with client_of(server) as client, through(proxy) as http:
            shown = await all_ways(http, await register(client, "alice"))
            variables = {**trusted, "CHATD_SERVER_PORT": str(port), "SSL_CERT_FILE": str(proxy.authority)}
            done = await asyncio.to_thread(chatd, tmp_path / "data", "doctor", "--url", proxy.url, **variables)
    found = dict(line[8:].split(": ", 1) for line in done.stdout.splitlines() if line.startswith("change"))
    assert set(found) <= {"clock", "backup"}, found
    for secret in shown:
        assert secret not in proxy.logs


async def test_nginx_sends_who_comes_without_tls_to_https(tmp_path: Path) -> None:
    proxy = Nginx(tmp_path / "proxy", free_port())
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


def test_the_upstreams_of_several_processes_fit_into_the_file_of_nginx(tmp_path: Path) -> None:
    site, several = blocks("nginx")
    own = re.search(r"^upstream chatd \{.*?^\}\n", site, re.MULTILINE | re.DOTALL)
    assert own is not None
    command = Nginx(tmp_path / "nginx", 1).running_with(site.replace(own[0], several))
    done = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
