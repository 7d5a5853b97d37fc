"""Signals, and what systemd is told: a stop that waits for nobody, a certificate renewed in place, readiness."""

import contextlib
import http.client
import shutil
import signal
import socket
import ssl
from pathlib import Path

import pytest
import trustme
from yarl import URL

from chatd.storage.engine.sqlite.migrate import migrate, migrations_directory
from tests.process import ServerProcess, chatd
from tests.raw import dial, read_head
from tests.support import PATIENCE, until


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_nobody_uses_stops_with_status_zero(tmp_path: Path, number: signal.Signals) -> None:
    with ServerProcess(tmp_path / "data") as server:
        server.signal(number)
        assert server.wait() == 0


def write_certificate(authority: trustme.CA, directory: Path) -> bytes:
    """Write a new certificate and its key where the server looks for them, and return it."""
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_pem.write_to_path(directory / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(directory / "cert.pem")
    return certificate.cert_chain_pems[0].bytes()


async def test_sighup_brings_a_new_certificate_to_new_connections_and_ends_none(tmp_path: Path) -> None:
    authority = trustme.CA()
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    first = write_certificate(authority, tmp_path)
    certificate, key = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    with ServerProcess(tmp_path / "data", CHATD_SERVER_TLS_CERT=certificate, CHATD_SERVER_TLS_KEY=key) as server:
        url = URL(server.url)
        address = str(url.host), url.port or 0

        def presented() -> bytes:
            return ssl.get_server_certificate(address).replace("\n", "").encode()

        with contextlib.closing(http.client.HTTPSConnection(*address, context=trust)) as connection:
            connection.request("GET", "/health")
            connection.getresponse().read()
            kept = connection.sock
            assert presented() == first.replace(b"\n", b"")

            (tmp_path / "cert.pem").write_text("not a certificate")
            server.signal(signal.SIGHUP)
            await until(lambda: "the old certificate stays" in server.log)
            assert presented() == first.replace(b"\n", b"")

            second = write_certificate(authority, tmp_path)
            server.signal(signal.SIGHUP)
            await until(lambda: "the certificate was read again" in server.log)
            assert presented() == second.replace(b"\n", b"") != first.replace(b"\n", b"")

            connection.request("GET", "/health")
            assert connection.getresponse().status == 200
            assert connection.sock is kept
        with contextlib.closing(http.client.HTTPSConnection(*address, context=trust)) as connection:
            connection.request("GET", "/health")
            assert connection.getresponse().status == 200
        assert server.stop() == 0


@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_systemd_hears_when_the_server_is_ready_alive_and_stopping(tmp_path: Path, kind: str) -> None:
    address = str(tmp_path / "notify") if kind == "path" else f"@{tmp_path}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(address.replace("@", "\0"))
        systemd.settimeout(PATIENCE)

        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            assert chatd(tmp_path / "data", "serve", "--port", port, NOTIFY_SOCKET=address).returncode == 1
        with ServerProcess(tmp_path / "data", NOTIFY_SOCKET=address, WATCHDOG_USEC="100000") as server:
            assert systemd.recv(100) == b"READY=1"
            with dial(server.url, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n") as connection:
                assert read_head(connection).startswith(b"HTTP/1.1 200 ")
            assert [systemd.recv(100) for _ in range(4)] == [b"WATCHDOG=1"] * 4
            server.signal(signal.SIGTERM)
            heard = b"WATCHDOG=1"
            while heard == b"WATCHDOG=1":
                heard = systemd.recv(100)
            assert heard == b"STOPPING=1"
            assert server.wait() == 0


def test_systemd_is_asked_to_wait_while_a_database_is_upgraded(tmp_path: Path) -> None:
    data_dir, first = tmp_path / "data", tmp_path / "first"
    data_dir.mkdir(0o700)
    first.mkdir()
    shutil.copy(migrations_directory() / "0001_initial.sql", first)
    migrate(data_dir / "chatd.db", first)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(PATIENCE)
        with ServerProcess(data_dir, NOTIFY_SOCKET=str(tmp_path / "notify")) as server:
            assert [systemd.recv(100), systemd.recv(100)] == [b"EXTEND_TIMEOUT_USEC=60000000", b"READY=1"]
            assert server.log.count("the database is upgraded first") == 1
            assert server.stop() == 0
        with ServerProcess(data_dir, NOTIFY_SOCKET=str(tmp_path / "notify")):
            assert [systemd.recv(100), systemd.recv(100)] == [b"STOPPING=1", b"READY=1"]
