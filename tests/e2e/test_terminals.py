"""A server that was started from a terminal ends with it, unless it was told to outlive it."""

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.process import ServerProcess, environment, refusal
from tests.processes import CHATD
from tests.support import PATIENCE


class Terminal:
    """A terminal with a program in it, whose log can be read when the terminal is gone."""

    def __init__(self, data_dir: Path, *command: str, **variables: str) -> None:
        self._terminal, theirs = pty.openpty()
        serve = [sys.executable, *CHATD, "serve", "--port", "0", "--data-dir", str(data_dir)]
        self.process = subprocess.Popen(
            ["setsid", "--ctty", *command, *serve],
            stdin=theirs,
            stdout=theirs,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(data_dir, **variables),
            cwd=data_dir.parent,
        )
        os.close(theirs)
        self._closed = False
        self._said: list[str] = []
        self._more = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._more:
                self._said.append(line)
                self._more.notify()

    def wait_for(self, event: str) -> None:
        """Wait until the log has an event."""
        with self._more:
            assert self._more.wait_for(lambda: event in self.events, PATIENCE), self._said

    @property
    def events(self) -> list[str]:
        """The events of the log until now."""
        return [json.loads(line)["event"] for line in self._said if line.startswith("{")]

    def close(self) -> None:
        """Close the terminal, as a window is closed."""
        if not self._closed:
            os.close(self._terminal)
        self._closed = True

    def ended(self) -> int:
        """Wait until the program has ended, and return its status."""
        status = self.process.wait(PATIENCE)
        self._reader.join()
        return status


@contextlib.contextmanager
def terminal(data_dir: Path, *command: str, **variables: str) -> Iterator[Terminal]:
    """Start a server in a terminal; at the end both are gone."""
    opened = Terminal(data_dir, *command, **variables)
    try:
        opened.wait_for("listening")
        yield opened
    finally:
        opened.close()
        opened.process.kill()
        opened.ended()
        assert opened.process.stderr is not None
        opened.process.stderr.close()


@pytest.fixture
def tls(tmp_path: Path) -> dict[str, str]:
    """The variables of a server that speaks TLS."""
    issued = trustme.CA().issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(tmp_path / "key.pem")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    return {
        "CHATD_SERVER_TLS_CERT": str(tmp_path / "cert.pem"),
        "CHATD_SERVER_TLS_KEY": str(tmp_path / "key.pem"),
    }


@pytest.mark.parametrize("how", ["the terminal is closed", "the signal comes alone"])
def test_a_server_ends_with_its_terminal_and_loses_nothing(tmp_path: Path, how: str) -> None:
    with terminal(tmp_path / "data") as opened:
        opened.close() if how == "the terminal is closed" else opened.process.send_signal(signal.SIGHUP)
        assert opened.ended() == 0
        assert opened.events[-2:] == ["stopping", "stopped"]


def test_with_tls_the_signal_brings_a_new_certificate_and_a_closed_terminal_the_end(
    tmp_path: Path, tls: dict[str, str]
) -> None:
    with terminal(tmp_path / "data", **tls) as opened:
        opened.process.send_signal(signal.SIGHUP)
        opened.wait_for("certificate_read")
        assert "stopping" not in opened.events
        opened.close()
        assert opened.ended() == 0
        assert opened.events[-1] == "stopped"


def test_a_server_that_was_told_to_outlives_its_terminal(tmp_path: Path, tls: dict[str, str]) -> None:
    ignoring = ("sh", "-c", 'trap "" HUP; exec "$@"', "sh")
    with terminal(tmp_path / "data", *ignoring, **tls) as opened:
        opened.close()
        opened.wait_for("certificate_read")
        assert opened.process.poll() is None
        opened.process.terminate()
        assert opened.ended() == 0
    with terminal(tmp_path / "data", *ignoring) as opened:
        opened.close()
        opened.process.send_signal(signal.SIGHUP)
        assert refusal(tmp_path / "data", "serve", "--port", "0").startswith("another chatd is already serving from ")
        opened.process.terminate()
        assert opened.ended() == 0


def test_without_a_terminal_the_signal_ends_nothing(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data", within=("setsid",)) as server:
        server.signal(signal.SIGHUP)
        assert refusal(tmp_path / "data", "serve", "--port", "0").startswith("another chatd is already serving from ")
        assert server.stop() == 0
        assert [entry["event"] for entry in server.entries[-2:]] == ["stopping", "stopped"]
