"""Where the server listens: at all of its addresses, at the same port, and nowhere else."""

import os
import socket
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from chatd.errors import ConfigurationError
from chatd.http.addresses import listening
from chatd.serve import Server
from tests.conftest import Start
from tests.process import ServerProcess
from tests.support import settings


async def seen_from(url: URL) -> str:
    """Return the address that a client at ``url`` seems to have."""
    async with aiohttp.ClientSession() as http, http.get(url / "health") as response:
        return str((await response.json())["address"])


def urls_of(server: Server) -> list[URL]:
    return [URL(url) for url in server.urls]


@pytest.mark.parametrize(
    ("hosts", "listens_on"),
    [
        (["127.0.0.1"], ["127.0.0.1"]),
        (["::1"], ["::1"]),
        (["127.0.0.1", "::1"], ["127.0.0.1", "::1"]),
        (["::"], ["::", "0.0.0.0"]),
        (["0.0.0.0", "::"], ["0.0.0.0", "::"]),
        (["0.0.0.0", "127.0.0.1", "127.0.0.2"], ["0.0.0.0"]),
        (["::1", "::", "127.0.0.1"], ["::", "0.0.0.0"]),
        (["127.0.0.1", "127.0.0.2", "127.0.0.1"], ["127.0.0.1", "127.0.0.2"]),
    ],
)
async def test_a_server_listens_on_all_its_addresses_at_one_port(
    start: Start, hosts: list[str], listens_on: list[str]
) -> None:
    chat = await start(server={"host": hosts})
    urls = urls_of(chat.server)
    assert [url.host for url in urls] == listens_on
    (port,) = {url.port for url in urls}
    for family, loopback in (("0.0.0.0", "127.0.0.1"), ("::", "::1")):
        if {family, loopback} & set(listens_on):
            assert await seen_from(URL.build(scheme="http", host=loopback, port=port)) == loopback
        else:
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection((loopback, port or 0)).close()


async def test_a_name_stands_for_all_its_addresses(start: Start) -> None:
    chat = await start(server={"host": ["localhost"]})
    named = {info[4][0] for info in socket.getaddrinfo("localhost", 80, type=socket.SOCK_STREAM)}
    assert {url.host for url in urls_of(chat.server)} <= named
    for url in urls_of(chat.server):
        assert await seen_from(url) == url.host


async def test_a_free_port_is_looked_for_until_it_is_free_everywhere() -> None:
    first = await listening(["127.0.0.1"], 0)
    for sock in first:
        port = sock.getsockname()[1]
        with (
            socket.create_server(("::1", port), family=socket.AF_INET6),
            pytest.raises(ConfigurationError, match=f"cannot listen on ::1 port {port}"),
        ):
            await listening(["127.0.0.2", "::1"], port)
        sock.close()
    for sock in await listening(["127.0.0.2", "::1"], port):  # nothing of the refused try is left
        sock.close()


async def test_an_address_the_machine_does_not_have_is_named() -> None:
    for host in ("192.0.2.1", "2001:db8::1"):
        with pytest.raises(ConfigurationError, match=f"cannot listen on {host} port 0: "):
            await listening(["127.0.0.1", host], 0)


async def test_who_has_the_port_is_named(start: Start, tmp_path: Path) -> None:
    chat = await start()
    port = URL(chat.server.url).port
    second = Server(settings(tmp_path / "second", server={"port": port}))
    with pytest.raises(ConfigurationError) as error:
        await second.start()
    said = str(error.value)
    assert said.startswith(f"cannot listen on 127.0.0.1 port {port}: Address already in use by process {os.getpid()} (")
    assert said.endswith(" UTC")


def test_the_log_has_a_line_for_each_address(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data", "--host", "127.0.0.1", "--host", "::1") as server:
        assert server.stop() == 0
        urls = [entry["url"] for entry in server.entries if entry["event"] == "listening"]
    (port,) = {URL(url).port for url in urls}
    assert urls == [f"http://127.0.0.1:{port}", f"http://[::1]:{port}"]


async def test_metrics_have_many_addresses_as_well(start: Start) -> None:
    (free,) = await listening(["127.0.0.1"], 0)
    port = free.getsockname()[1]
    free.close()
    await start(metrics={"port": port, "host": ["127.0.0.1", "::1"]})
    async with aiohttp.ClientSession() as http:
        for host in ("127.0.0.1", "::1"):
            async with http.get(URL.build(scheme="http", host=host, port=port, path="/metrics")) as response:
                assert response.status == 200
