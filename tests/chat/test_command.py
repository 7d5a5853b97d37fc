"""``chatd chat`` as a command, in a real terminal and without one."""

import json
import os
import pty
import re
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chat.tty import Tty, surroundings
from tests.process import ServerProcess, chatd
from tests.support import PASSWORD, PATIENCE


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
    page = (Path(__file__).resolve().parent.parent.parent / "docs" / "chat.md").read_text(encoding="utf-8")
    [line] = re.findall(r"```sh\n(.*?)\n```", page, re.DOTALL)  # as it is printed, but for the address
    assert line.split() == ["chatd", "chat", "https://chat.example.org"]
    first = Tty(tmp_path, *line.replace("https://chat.example.org", server.url).split()[2:])
    first.wait_for("Username: ")
    first.enter("ada\n")
    first.wait_for("Password of ada: ")
    first.enter(f"{PASSWORD}\n")
    first.wait_for("● ")
    first.enter("\x11")
    assert first.end() == 0
    assert PASSWORD not in first.log
    file = tmp_path / "config" / "chatd" / "chat.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert PASSWORD not in file.read_text()

    again = Tty(tmp_path)
    again.wait_for("● ")
    again.enter("\x11")
    assert again.end() == 0
    assert "Password" not in again.log

    kept = file.read_text()
    out = run(tmp_path, "--log-out")
    assert (out.returncode, out.stderr) == (0, "ada is logged out\n")
    assert json.loads(file.read_text())["servers"][server.url]["tokens"] == {}
    file.write_text(kept)
    ended = Tty(tmp_path)
    ended.wait_for("The last login is not valid any more.")
    ended.wait_for("Password of ada: ")
    ended.enter("\x03")
    assert ended.end() == 130


def test_a_wrong_password_is_told_in_one_line(tmp_path: Path, server: ServerProcess) -> None:
    tty = Tty(tmp_path, server.url, "--user", "ada")
    tty.wait_for("Password of ada: ")
    tty.enter("wrong\n")
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
            tty = Tty(tmp_path, url, *options)
            assert tty.end() == 1
            [line] = tty.log.splitlines()
            assert line.startswith(f"chatd: {url} cannot be reached: ")


def test_an_address_that_is_none_is_told_in_one_line(tmp_path: Path) -> None:
    tty = Tty(tmp_path, "chat.example.org")
    assert tty.end() == 1
    [line] = tty.log.splitlines()
    assert "not an http:// or https:// address" in line


@pytest.mark.parametrize("missing", ["input", "output", "error", "all"])
def test_without_a_terminal_it_ends_at_once_with_one_line(tmp_path: Path, missing: str) -> None:
    master, slave = pty.openpty()
    streams = {name: slave for name in ("input", "output", "error") if missing not in (name, "all")}
    done = subprocess.run(
        [sys.executable, "-m", "chatd", "chat", "http://127.0.0.1:9"],
        stdin=streams.get("input", subprocess.DEVNULL),
        stdout=streams.get("output", subprocess.PIPE),
        stderr=streams.get("error", subprocess.PIPE),
        env=surroundings(tmp_path),
        timeout=PATIENCE,
        start_new_session=True,
        check=False,
    )
    os.close(slave)
    said = done.stderr if "error" not in streams else os.read(master, 65536)
    os.close(master)
    name = "input" if missing == "all" else missing
    line = f"chatd: chat needs a terminal, and standard {name} is not one; programs use chatd.client"
    assert (done.returncode, done.stdout or b"", said.splitlines()) == (2, b"", [line.encode()])


@pytest.mark.parametrize("name", ["dumb", "unknown"])
def test_in_a_terminal_without_a_screen_it_says_so(tmp_path: Path, name: str) -> None:
    tty = Tty(tmp_path, TERM=name)
    assert tty.end() == 2
    assert tty.log.splitlines() == [
        f"chatd: chat needs a terminal with a screen, and this one says that it has none (TERM={name})"
    ]


def test_it_ends_with_its_terminal_even_where_nobody_tells_it(tmp_path: Path, server: ServerProcess) -> None:
    tty = Tty(tmp_path, server.url, "--user", "ada", HANGS_UP="no")
    tty.wait_for("Password of ada: ")
    tty.enter(f"{PASSWORD}\n")
    tty.wait_for("● ")
    tty.close()
    assert tty.end() == 1


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
