"""What the doctor says of a healthy server, and of one with something wrong: exactly what to change."""

import asyncio
import contextlib
import datetime as dt
import os
import socket
import sqlite3
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from yarl import URL

from chatd import clock
from chatd.doctor.public import SPOOFED, judge_address
from chatd.storage import change_log
from chatd.storage.backup import MARKER_FILE
from tests.e2e.reverse_proxy import ReverseProxy
from tests.process import ServerProcess, chatd

#: What a test can do nothing about: whether the machine it runs on keeps the time.
CLOCK = "clock"

Findings = dict[str, tuple[str, str]]


class Patient:
    """A server at a known port, and what the doctor says of it."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.status = 0

    @property
    def url(self) -> URL:
        """Where it listens."""
        return URL(f"http://127.0.0.1:{self.port}")

    def serve(self, **variables: str) -> ServerProcess:
        """Return the server, to be started by ``with``."""
        return ServerProcess(self.data_dir, "--port", str(self.port), **variables)

    def ask(self, *arguments: str, stdin: str = "", **variables: str) -> Findings:
        """Run ``chatd doctor`` and return, for each thing, whether it is ok, and the text."""
        environment = {"CHATD_SERVER_PORT": str(self.port), **variables}
        done = chatd(self.data_dir, "doctor", *arguments, stdin=stdin, **environment)
        assert done.stderr == ""
        self.status = done.returncode
        findings: Findings = {}
        for line in done.stdout.splitlines():
            verdict, (about, _, text) = line[:6].strip(), line[8:].partition(": ")
            assert verdict in ("ok", "change")
            findings[about] = (verdict, text)
        assert self.status == int(any(verdict == "change" for verdict, _ in findings.values()))
        return findings

    def wrong(self, *arguments: str, stdin: str = "", **variables: str) -> dict[str, str]:
        """Return what has to be changed, but for the clock of the machine that the test runs on."""
        found = self.ask(*arguments, stdin=stdin, **variables)
        return {about: text for about, (verdict, text) in found.items() if verdict == "change" and about != CLOCK}


@pytest.fixture
def patient(tmp_path: Path) -> Patient:
    """A place for a server, with a proven backup."""
    patient = Patient(tmp_path / "data")
    assert chatd(patient.data_dir, "user", "add", "robot", "--bot").returncode == 0
    assert chatd(patient.data_dir, "backup", str(tmp_path / "copy.db")).returncode == 0
    return patient


@pytest.fixture
def served(patient: Patient) -> Iterator[Patient]:
    """A server that runs."""
    with patient.serve():
        yield patient


def test_a_healthy_server_has_nothing_to_change(served: Patient) -> None:
    found = served.ask()
    assert list(found) == [
        "configuration", "disk", "SQLite", "open files", CLOCK, "permissions", "database", "backup", "address",
    ]  # fmt: skip
    assert {about for about, (verdict, _) in found.items() if verdict != "ok"} <= {CLOCK}
    assert "the server may have" in found["open files"][1]
    assert f"{dt.datetime.now(dt.UTC):%Y-}" in found["clock"][1]
    assert "synchronised" in found["clock"][1]


def test_looking_changes_nothing(patient: Patient) -> None:
    def state() -> dict[str, tuple[int, bytes]]:
        files = [path for path in patient.data_dir.iterdir() if not path.name.endswith(("-shm", "-wal"))]
        return {path.name: (path.stat().st_mode, path.read_bytes()) for path in files}

    before = state()
    assert set(patient.wrong()) == {"address"}
    assert state() == before
    elsewhere = Patient(patient.data_dir.parent / "nothing" / "data")
    assert set(elsewhere.wrong()) == {"data", "address"}
    assert not elsewhere.data_dir.parent.exists()


def test_a_server_that_does_not_run_is_to_be_started(patient: Patient) -> None:
    assert patient.wrong() == {
        "address": f"nothing answers at {patient.url} (Connection refused): start chatd, or set [server] host and port"
    }


def test_what_others_may_read_is_to_be_shut(served: Patient) -> None:
    data_dir = served.data_dir
    (data_dir / "chatd.db").chmod(0o644)
    (data_dir / "chatd.db-wal").chmod(0o660)
    assert served.wrong()["permissions"].startswith("chmod 600 ")
    command = served.wrong()["permissions"].partition(" (")[0]
    assert os.system(command) == 0
    data_dir.chmod(0o755)
    assert served.wrong() == {"permissions": f"chmod 700 {data_dir} (others can look in)"}
    data_dir.chmod(0o700)
    assert served.wrong() == {}


def test_settings_that_are_unknown_or_contradict_are_named(served: Patient) -> None:
    def said(**variables: str) -> str:
        return served.wrong(**variables)["configuration"]

    assert said(CHATD_SERVER_COLOUR="red").startswith("the environment variable CHATD_SERVER_COLOUR is not a setting")
    assert "without TLS" in said(CHATD_SERVER_HOST="0.0.0.0")
    assert "is everybody" in said(CHATD_SERVER_TRUSTED_PROXIES="127.0.0.1,0.0.0.0/0")
    assert "connections_per_user is above" in said(
        CHATD_LIMITS_CONNECTIONS="5", CHATD_LIMITS_CONNECTIONS_PER_USER="6", CHATD_LIMITS_CONNECTIONS_PER_ADDRESS="5"
    )
    assert "is the data directory" in said(CHATD_BACKUP_DIRECTORY=str(served.data_dir))
    key = served.data_dir.parent / "key.pem"
    pair = {"CHATD_SERVER_TLS_CERT": "cert.pem", "CHATD_SERVER_TLS_KEY": str(key)}
    assert "cannot be read" in said(**pair)
    key.touch()
    key.chmod(0o644)
    assert said(**pair) == f"[server] tls_key can be read by everybody (mode 0644): chmod 600 {key}"


def test_more_connections_than_the_server_may_have_files_are_too_many(served: Patient) -> None:
    said = served.wrong(CHATD_LIMITS_CONNECTIONS="100000000")["open files"]
    assert "LimitNOFILE=100000100" in said


def damaged(patient: Patient) -> str:
    """Overwrite a page with nonsense."""
    path = patient.data_dir / "chatd.db"
    content = bytearray(path.read_bytes())
    content[-8192:] = b"x" * 8192
    path.write_bytes(content)
    return "chatd restore the last backup"


def no_database(patient: Patient) -> str:
    """Put something else there."""
    (patient.data_dir / "chatd.db").write_text("Dear diary, " * 1000)
    return "chatd restore the last backup"


def newer(patient: Patient) -> str:
    """Make it look like a later version's."""
    with contextlib.closing(sqlite3.connect(patient.data_dir / "chatd.db")) as db:
        db.execute("PRAGMA user_version = 999")
    return "it has version 999"


def from_the_future(patient: Patient) -> str:
    """Write something that will happen in a year."""
    with contextlib.closing(sqlite3.connect(patient.data_dir / "chatd.db")) as db, db:
        change_log.append(db, "profile", created_at=clock.now() + 365 * clock.DAY_MS)
    return "set the clock, which is behind"


def missing(patient: Patient) -> str:
    """Take it away."""
    (patient.data_dir / "chatd.db").unlink()
    return "there is none at"


@pytest.mark.parametrize("spoil", [damaged, no_database, newer, from_the_future, missing])
def test_what_is_wrong_with_the_database_is_said(patient: Patient, spoil: Callable[[Patient], str]) -> None:
    for leftover in patient.data_dir.glob("chatd.db-*"):
        leftover.unlink()
    expected = spoil(patient)
    assert expected in patient.wrong()["database"]


def test_backups_that_are_missing_or_old_are_to_be_made(served: Patient) -> None:
    marker = served.data_dir / MARKER_FILE
    os.utime(marker, (1, 1))
    assert "hours ago: look for 'the backup failed' in the log" in served.wrong()["backup"]
    assert served.wrong(CHATD_BACKUP_EVERY_HOURS="0") == {}
    marker.unlink()
    assert served.wrong()["backup"].startswith("none was ever proven: look for")
    assert "set [backup] every_hours" in served.wrong(CHATD_BACKUP_EVERY_HOURS="0")["backup"]


def test_another_program_at_the_address_is_not_taken_for_chatd(patient: Patient) -> None:
    async def ask() -> dict[str, str]:
        runner = ReverseProxy(patient.url, answer=200)
        async with runner.running() as url:
            return await asyncio.to_thread(patient.wrong, CHATD_SERVER_PORT=str(URL(url).port))

    assert asyncio.run(ask())["address"].startswith("it is not chatd that answers at ")


async def through(patient: Patient, *arguments: str, stdin: str = "", **wrong: Any) -> dict[str, str]:
    """Return what has to be changed about a proxy."""
    async with ReverseProxy(patient.url, **wrong).running() as url:
        return await asyncio.to_thread(patient.wrong, "--url", url, *arguments, stdin=stdin)


async def test_a_proxy_that_is_set_up_well_has_nothing_to_change(served: Patient) -> None:
    async with ReverseProxy(served.url).running() as url:
        found = await asyncio.to_thread(served.ask, "--url", url)
    assert list(found)[9:] == ["TLS", "way", "origin", "foreign origin", "socket", "authorization", "client address"]
    assert {about for about, (verdict, _) in found.items() if verdict != "ok"} <= {CLOCK}


@pytest.mark.parametrize(
    ("wrong", "about", "advice"),
    [
        ({"answer": 502}, "way", "have it pass everything on to http://127.0.0.1:"),
        ({"host": False}, "origin", "nginx: proxy_set_header Host $host"),
        ({"upgrade": False}, "socket", "proxy_set_header Upgrade $http_upgrade"),
        ({"protocol": False}, "socket", "pass the Sec-WebSocket-Protocol header on"),
        ({"without": ("authorization",)}, "authorization", "pass the Authorization header on"),
        ({"without": ("origin",)}, "foreign origin", "pass the Origin header on as it is"),
        ({"source": "127.0.0.9"}, "client address", 'set [server] trusted_proxies = ["127.0.0.9"]'),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
async def test_what_a_proxy_does_wrong_is_said(served: Patient, wrong: dict[str, Any], about: str, advice: str) -> None:
    said = await through(served, **wrong)
    assert advice in said[about]
    if about != "socket":
        assert set(said) == {about}


@pytest.mark.parametrize(("forwarded_for", "advice"), [("none", "send X-Forwarded-For"), ("add", None)])
async def test_a_trusted_proxy_has_to_say_whom_it_speaks_for(
    patient: Patient, forwarded_for: str, advice: str | None
) -> None:
    trusted = {"CHATD_SERVER_TRUSTED_PROXIES": "127.0.0.9"}
    with patient.serve(**trusted):
        async with ReverseProxy(patient.url, source="127.0.0.9", forwarded_for=forwarded_for).running() as url:
            said = await asyncio.to_thread(patient.wrong, "--url", url, **trusted)
    assert (advice is None) == (said == {})
    assert advice is None or advice in said["client address"]


async def test_a_proxy_that_believes_its_clients_is_found_out(patient: Patient) -> None:
    trusted = {"CHATD_SERVER_TRUSTED_PROXIES": "127.0.0.9"}
    with patient.serve(**trusted):
        async with ReverseProxy(patient.url, source="127.0.0.9", forwarded_for="pass").running() as url:
            said = await asyncio.to_thread(patient.wrong, "--url", url, **trusted)
    assert set(said) == {"client address"}
    assert "whoever sends X-Forwarded-For is believed" in said["client address"]


@pytest.mark.parametrize(
    ("days", "advice"),
    [(400, None), (5, "renew it"), (-1, "certificate has expired"), (None, "unable to get local issuer")],
)
async def test_a_certificate_is_looked_at(
    patient: Patient, tmp_path: Path, days: int | None, advice: str | None
) -> None:
    authority = trustme.CA()
    end = None if days is None else dt.datetime.now(dt.UTC) + dt.timedelta(days=days, hours=1)
    certificate = authority.issue_cert("127.0.0.1", not_after=end)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    trusted = tmp_path / "ca.pem"
    (authority if days is not None else trustme.CA()).cert_pem.write_to_path(str(trusted))
    proxies = {"CHATD_SERVER_TRUSTED_PROXIES": "127.0.0.1"}
    with patient.serve(**proxies):
        async with ReverseProxy(patient.url).running(context) as url:
            said = await asyncio.to_thread(patient.wrong, "--url", url, SSL_CERT_FILE=str(trusted), **proxies)
    assert set(said) == ({"TLS"} if advice else set())
    assert advice is None or advice in said["TLS"]


@pytest.mark.parametrize(
    ("seen", "ours", "trusted", "proxied", "advice"),
    [
        ("198.51.100.7", "198.51.100.7", ["127.0.0.1"], True, None),
        ("203.0.113.9", "10.0.0.5", ["127.0.0.1"], True, None),  # behind a router
        ("127.0.0.1", "198.51.100.7", [], True, 'trusted_proxies = ["127.0.0.1"]'),
        ("127.0.0.1", "127.0.0.1", [], True, 'trusted_proxies = ["127.0.0.1"]'),
        ("172.18.0.1", "8.8.4.4", [], False, 'trusted_proxies = ["172.18.0.1"]'),  # a proxy in a container
        ("127.0.0.1", "198.51.100.7", ["127.0.0.1"], True, "have the proxy send X-Forwarded-For"),
        (SPOOFED, "198.51.100.7", ["127.0.0.1"], True, "whoever sends X-Forwarded-For is believed"),
        (SPOOFED, "127.0.0.1", ["127.0.0.1"], True, None),
    ],
)
def test_whom_chatd_sees_says_what_is_to_be_trusted(
    seen: str, ours: str, trusted: list[str], proxied: bool, advice: str | None
) -> None:
    found = judge_address(seen, ours, trusted, proxied=proxied)
    assert found.ok == (advice is None), found.text
    assert advice is None or advice in found.text


async def test_an_address_that_nobody_answers_at_is_said(served: Patient) -> None:
    said = await asyncio.to_thread(served.wrong, "--url", "http://127.0.0.1:9")
    assert said == {"way": "http://127.0.0.1:9 cannot be reached: Connection refused"}


@pytest.mark.parametrize(("idle", "advice"), [(None, None), (0.4, "wait for more than twice the heartbeat, 1.6 s")])
async def test_a_proxy_that_gives_up_on_silent_sockets_before_a_heartbeat_is_found_out(
    patient: Patient, idle: float | None, advice: str | None
) -> None:
    token = chatd(patient.data_dir, "user", "add", "probe", "--bot").stdout.split()[2]
    beat = {"CHATD_SERVER_HEARTBEAT_SECONDS": "0.8"}
    with patient.serve(**beat):
        async with ReverseProxy(patient.url, idle=idle).running() as url:
            arguments = ["--url", url, "--idle", "2", "--token-stdin"]
            found = await asyncio.to_thread(patient.ask, *arguments, stdin=token, **beat)
            refused = await asyncio.to_thread(patient.ask, *arguments, stdin="no token", **beat)
    verdict, text = found["idle timeout"]
    assert verdict == ("ok" if advice is None else "change")
    assert (advice or "keeps a silent socket open") in text
    assert refused["idle timeout"] == (
        "change",
        "chatd refused the token (4002): make one with chatd user add NAME --bot",
    )


def test_what_the_doctor_cannot_do_is_said(patient: Patient) -> None:
    for arguments, expected in (
        (["--url", "chat.example.org"], "--url: must be an address"),
        (["--idle"], "--idle: needs --url"),
        (["--idle", "--url", "https://chat.example.org"], "--idle: needs --url, and a token"),
    ):
        done = chatd(patient.data_dir, "doctor", *arguments)
        assert (done.returncode, done.stdout) == (1, "")
        assert expected in done.stderr
