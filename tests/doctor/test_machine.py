"""What the doctor says of the machine, the settings and the address of a server."""

import asyncio
import datetime as dt
import shutil
from pathlib import Path

from yarl import URL

from tests.doctor.reverse_proxy import ReverseProxy
from tests.doctor.support import CLOCK, Patient
from tests.process import chatd


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


def test_a_server_that_does_not_run_is_to_be_started(patient: Patient) -> None:
    assert patient.wrong() == {
        "address": f"nothing answers at {patient.url} (Connection refused): start chatd, or set [server] host and port"
    }


def test_another_program_at_the_address_is_not_taken_for_chatd(patient: Patient) -> None:
    async def ask() -> dict[str, str]:
        runner = ReverseProxy(patient.url, answer=200)
        async with runner.running() as url:
            return await asyncio.to_thread(patient.wrong, CHATD_SERVER_PORT=str(URL(url).port))

    assert asyncio.run(ask())["address"].startswith("it is not chatd that answers at ")


def test_what_the_doctor_cannot_do_is_said(patient: Patient) -> None:
    for arguments, expected in (
        (["--url", "chat.example.org"], "--url: must be an address"),
        (["--idle"], "--idle: needs --url"),
        (["--idle", "--url", "https://chat.example.org"], "--idle: needs --url, and a token"),
    ):
        done = chatd(patient.data_dir, "doctor", *arguments)
        assert (done.returncode, done.stdout) == (1, "")
        assert expected in done.stderr


def test_metrics_that_all_who_reach_them_read_are_named(served: Patient) -> None:
    def said(**variables: str) -> str | None:
        return served.wrong(CHATD_METRICS_PORT="9464", **variables).get("configuration")

    for host in ("0.0.0.0", "::", "10.0.0.5", "127.0.0.1,chat.example.org"):
        assert "shows the metrics to all who reach it: set token" in str(said(CHATD_METRICS_HOST=host)), host
    assert said(CHATD_METRICS_HOST="0.0.0.0", CHATD_METRICS_TOKEN="a-token-of-its-own") is None
    assert said(CHATD_METRICS_HOST="127.0.0.1,::1") is None


def test_another_instance_at_the_port_is_not_taken_for_this_one(served: Patient, tmp_path: Path) -> None:
    """Neither one that never ran, nor a copy of the one that answers, is it."""
    never = Patient(tmp_path / "never")
    assert chatd(never.data_dir, "user", "add", "robot", "--bot").returncode == 0
    copy = Patient(tmp_path / "copy")
    shutil.copytree(served.data_dir, copy.data_dir)
    with copy.serve():
        pass
    for other in (never, copy):
        said = other.wrong(CHATD_SERVER_PORT=str(served.port))
        assert said["address"].startswith("another chatd (process ")
        assert f"answers at {served.url}, not the one that serves from {other.data_dir}" in said["address"]
    assert served.wrong() == {}


def test_every_address_that_is_listened_on_is_asked(served: Patient) -> None:
    said = served.wrong(CHATD_SERVER_HOST="127.0.0.1,127.0.0.2")
    assert said["address"].startswith(f"nothing answers at http://127.0.0.2:{served.port}")
