"""``chatd chat`` as a command, in a real terminal and without one."""

import fcntl
import json
import os
import pty
import socket
import stat
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process import ServerProcess, chatd, environment
from tests.support import PASSWORD, PATIENCE


class Tty:
    """The command in a terminal of its own."""

    def __init__(self, home: Path, *arguments: str) -> None:
        """Start it."""
        self.output = ""  # since what was waited for
        self.log = ""  # all of it
        self._more = threading.Condition()
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self._process = subprocess.Popen(
            [sys.executable, "-c", STARTER, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=surroundings(home),
            start_new_session=True,
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def wait_for(self, text: str) -> None:
        """Wait until ``text`` was written since the last time."""
        with self._more:
            assert self._more.wait_for(lambda: text in self.output, PATIENCE), self.output
            self.output = self.output.partition(text)[2]

    def type(self, text: str) -> None:
        """Type."""
        os.write(self._master, text.encode())

    def end(self) -> int:
        """Wait until it has ended, and return its exit status."""
        try:
            return self._process.wait(PATIENCE)
        finally:
            self._process.kill()
            self._process.wait()
            self._reader.join()
            os.close(self._master)

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._master, 65536)
            except OSError:
                data = b""
            if not data:
                return
            with self._more:
                self.log += data.decode(errors="replace")
                self.output += data.decode(errors="replace")
                self._more.notify_all()


#: Makes the terminal the process's own, as a login does, and runs the command.
STARTER = """
import fcntl, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from chatd.cli import main
sys.exit(main(["chat", *sys.argv[1:]]))
"""


def surroundings(home: Path) -> dict[str, str]:
    """Return an environment with a home of its own."""
    variables = {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "config"), "TERM": "xterm-256color"}
    return environment(home / "data", **variables, LC_ALL="C.UTF-8")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    """A server with Ada on it."""
    with ServerProcess(tmp_path / "data") as server:
        added = chatd(tmp_path / "data", "user", "add", "ada", "--password-stdin", stdin=f"{PASSWORD}\n")
        assert added.returncode == 0, added.stderr
        yield server


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it without a terminal."""
    return subprocess.run(
        [sys.executable, "-m", "chatd", "chat", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=surroundings(home),
        timeout=PATIENCE,
        start_new_session=True,
        check=False,
    )


def test_one_logs_in_once_and_out_again(tmp_path: Path, server: ServerProcess) -> None:
    first = Tty(tmp_path, server.url)
    first.wait_for("Username: ")
    first.type("ada\n")
    first.wait_for("Password of ada: ")
    first.type(f"{PASSWORD}\n")
    first.wait_for("● ")
    first.type("\x11")
    assert first.end() == 0
    assert PASSWORD not in first.log
    file = tmp_path / "config" / "chatd" / "chat.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert PASSWORD not in file.read_text()

    again = Tty(tmp_path)
    again.wait_for("● ")
    again.type("\x11")
    assert again.end() == 0
    assert "Password" not in again.log

    kept = file.read_text()
    out = run(tmp_path, "--log-out")
    assert (out.returncode, out.stderr) == (0, "ada is logged out\n")
    assert json.loads(file.read_text())["servers"][server.url]["tokens"] == {}
    file.write_text(kept)
    refused = run(tmp_path)
    assert refused.returncode == 1
    assert refused.stderr.splitlines() == [
        "The last login is not valid any more.",
        "chatd: there is no terminal to ask for the password",
    ]


def test_a_wrong_password_is_told_in_one_line(tmp_path: Path, server: ServerProcess) -> None:
    tty = Tty(tmp_path, server.url, "--user", "ada")
    tty.wait_for("Password of ada: ")
    tty.type("wrong\n")
    assert tty.end() == 1
    [line] = tty.output.split("\r\n")[1:-1]
    assert line.startswith("chatd: ")
    assert "password" in line
    assert not (tmp_path / "config").exists()


def test_a_server_that_is_not_there_is_told_in_one_line_before_any_password(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        for options in ([], ["--user", "ada"]):
            done = run(tmp_path, url, *options)
            assert (done.returncode, done.stdout) == (1, "")
            [line] = done.stderr.splitlines()
            assert line.startswith(f"chatd: {url} cannot be reached: ")


def test_an_address_that_is_none_is_told_in_one_line(tmp_path: Path) -> None:
    done = run(tmp_path, "chat.example.org")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "not an http:// or https:// address" in done.stderr


def test_a_settings_file_of_the_server_is_none_of_its_business(tmp_path: Path) -> None:
    (tmp_path / "chatd.toml").write_text("broken")
    code = "import os, sys; os.chdir(sys.argv[1]); from chatd.cli import main; sys.exit(main(['chat', '--log-out']))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        capture_output=True,
        text=True,
        env=surroundings(tmp_path),
        timeout=PATIENCE,
        check=False,
    )
    assert done.stderr == "chatd: nobody is logged in at http://127.0.0.1:8000\n"
