"""What systemd hears, on a real socket."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatd import systemd
from tests.support import PATIENCE


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    """A socket that waits for datagrams, not bound yet."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.settimeout(PATIENCE)
        yield sock


def test_a_state_is_one_datagram_to_the_socket_systemd_names(
    listener: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener.bind(str(tmp_path / "notify"))
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    systemd.notify("READY=1")
    systemd.notify("STOPPING=1")
    assert [listener.recv(100), listener.recv(100)] == [b"READY=1", b"STOPPING=1"]


def test_an_abstract_socket_is_found_by_its_at_sign(listener: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"chatd-test-{os.getpid()}"
    listener.bind(f"\0{name}")
    monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
    systemd.notify("WATCHDOG=1")
    assert listener.recv(100) == b"WATCHDOG=1"


@pytest.mark.parametrize("address", [None, "", "/nonexistent/notify", "@chatd-test-nobody-listens"])
def test_where_nobody_listens_nothing_happens(address: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if address is None:
        monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    else:
        monkeypatch.setenv("NOTIFY_SOCKET", address)
    systemd.notify("READY=1")


def test_a_listener_that_never_reads_holds_nobody_up(
    listener: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener.bind(str(tmp_path / "notify"))
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    for _ in range(2000):
        systemd.notify("WATCHDOG=1")
    assert listener.recv(100) == b"WATCHDOG=1"


@pytest.mark.parametrize(
    ("value", "interval"),
    [("30000000", 15.0), ("1000000", 0.5), ("1", 0.0000005), ("0", None), ("", None), ("soon", None), ("-1", None)],
)
def test_the_watchdog_is_told_twice_as_often_as_it_asks(
    value: str, interval: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", value)
    assert systemd.watchdog_interval() == interval


def test_without_a_watchdog_there_is_no_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    assert systemd.watchdog_interval() is None


def test_a_watchdog_of_another_process_is_not_ours_to_feed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "2000000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    assert systemd.watchdog_interval() == 1.0
    monkeypatch.setenv("WATCHDOG_PID", "1")
    assert systemd.watchdog_interval() is None
