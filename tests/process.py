"""The real ``chatd`` as a process of its own: the server, and the commands beside it."""

import json
import os
import signal
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from aiohttp.test_utils import BaseTestServer, TestClient
from yarl import URL

from tests.processes import CHATD, Process, run, start
from tests.support import NO_LIMITS, PATIENCE


def environment(data_dir: Path, **variables: str) -> dict[str, str]:
    """Return an environment for a program: no limits, and nothing of chatd's from ours but what ``variables`` say."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CHATD_")}
    limits = {f"CHATD_LIMITS_{name}".upper(): str(value) for name, value in NO_LIMITS.items()}
    return {**inherited, **limits, "XDG_DATA_HOME": str(data_dir.parent), **variables}


def chatd(
    data_dir: Path, *arguments: str, stdin: str | bytes = "", **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a command on ``data_dir``, without a terminal, and return how it ended.

    It runs in the first directory above ``data_dir`` that there is, as does a server: a ``chatd.toml`` there is read.

    :param stdin: what it reads.
    :param variables: its environment, beside ours.
    """
    command = [*arguments, "--data-dir", str(data_dir)]
    text = stdin.encode() if isinstance(stdin, str) else stdin
    process, written, told = run(command, text, environment(data_dir, **variables), _nearest(data_dir))
    return subprocess.CompletedProcess(command, process.wait(), written.decode(), told.decode())


def refusal(data_dir: Path, *arguments: str, stdin: str | bytes = "", **variables: str) -> str:
    """Run a command that fails, and return its one line."""
    done = chatd(data_dir, *arguments, stdin=stdin, **variables)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("chatd: ")
    assert done.stderr.endswith("\n")
    return done.stderr.removeprefix("chatd: ").removesuffix("\n")


def _nearest(data_dir: Path) -> Path:
    return next(parent for parent in data_dir.parents if parent.is_dir())


class ServerProcess:
    """``chatd serve`` on a free port with no limits; at the end of the ``with`` the process is gone."""

    def __init__(
        self,
        data_dir: Path,
        *arguments: str,
        program: Sequence[str] = CHATD,
        within: Sequence[str] = (),
        command: str = "serve",
        **variables: str,
    ) -> None:
        """Create a server that :meth:`start` or ``with`` starts.

        :param arguments: further options of ``chatd serve``.
        :param program: what the interpreter runs instead of chatd itself.
        :param within: a command that runs the interpreter.
        :param command: the command of chatd that serves.
        :param variables: its environment, beside ours.
        """
        self._data_dir = data_dir
        self._arguments = [command, "--port", "0", "--data-dir", str(data_dir), *arguments]
        self._program, self._within = program, within
        self._environment = environment(data_dir, **variables)
        self._process: Process | None = None
        self._lines: list[str] = []
        self._listens = threading.Event()
        self.url = ""

    def start(self) -> None:
        """Start the process and wait until it says its address."""
        read, written = os.pipe()
        with open(os.devnull, "r+b") as nothing, open(written, "wb") as log:
            self._process = start(
                self._arguments,
                (nothing.fileno(), nothing.fileno(), log.fileno()),
                self._environment,
                _nearest(self._data_dir),
                program=self._program,
                within=self._within,
            )
        self._reader = threading.Thread(target=self._read_log, args=(read,))
        self._reader.start()
        if not self._listens.wait(PATIENCE) or not self.url:
            self.kill()
            raise AssertionError(f"the server did not start:\n{self.log}")

    @property
    def process(self) -> Process:
        """The process that was started."""
        assert self._process is not None
        return self._process

    @property
    def pid(self) -> int:
        """Its id."""
        return self.process.pid

    @property
    def log(self) -> str:
        """All it has written to its standard error until now."""
        return "".join(self._lines)

    @property
    def entries(self) -> list[dict[str, Any]]:
        """The lines of its log."""
        return [json.loads(line) for line in self._lines]

    def signal(self, number: signal.Signals) -> None:
        """Send the process a signal."""
        self.process.send_signal(number)

    def wait(self, timeout: float = PATIENCE) -> int:
        """Wait until the process and its log have ended, and return its exit status."""
        status = self.process.wait(timeout)
        self._reader.join()
        return status

    def stop(self) -> int:
        """Send SIGTERM and return the exit status."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        """End the process at once, if it still runs."""
        self.process.kill()
        self.wait()

    def __enter__(self) -> "ServerProcess":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.kill()

    def _read_log(self, log: int) -> None:
        with open(log, encoding="utf-8") as stream:
            for line in stream:
                self._lines.append(line)
                if " listens on " in line:
                    self.url = json.loads(line)["message"].rpartition(" ")[2]
                    self._listens.set()
        self._listens.set()


class _Elsewhere(BaseTestServer):
    def __init__(self, url: str) -> None:
        root = URL(url)
        super().__init__(scheme=root.scheme, host=root.host or "", port=root.port)
        self._root = root

    async def start_server(self, loop: object = None, **kwargs: Any) -> None:
        """Do nothing: it runs."""

    async def _make_runner(self, **kwargs: Any) -> Any:
        raise NotImplementedError


def client_of(server: ServerProcess) -> "TestClient[Any, Any]":
    """Return a client of a server in another process, to be closed by ``async with``."""
    return client_at(server.url)


def client_at(url: str, **session: Any) -> "TestClient[Any, Any]":
    """Return a client of whatever is at an address, to be closed by ``async with``.

    :param session: options of aiohttp's session.
    """
    return TestClient(_Elsewhere(url), **session)
