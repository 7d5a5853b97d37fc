"""A server's process, whatever server it is."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.generator import BenchError, cores, pinned

#: How long a server may take to start or to end, in seconds.
PATIENCE = 60.0

#: How often it is asked whether it is there, in seconds.
INTERVAL = 0.005


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


class Process:
    """A process that runs while the ``with`` lasts; its output goes into a file."""

    def __init__(
        self,
        command: Sequence[str],
        directory: Path,
        port: int,
        environment: Mapping[str, str] | None = None,
        *,
        core: int | None = None,
    ) -> None:
        """Take note of what to start.

        :param directory: where it runs, and where its output goes.
        :param port: where it will listen on 127.0.0.1.
        :param environment: its whole environment; by default ours.
        :param core: the one it runs on; by default the server's, and -1 is any.
        """
        self._command = command
        self._directory = directory
        self._environment = environment
        self._core = cores()[0] if core is None else core
        self.port = port
        self.log = directory / "output.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Its id."""
        assert self._process is not None
        return self._process.pid

    def __enter__(self) -> "Process":
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                list(self._command) if self._core < 0 else pinned(self._core, self._command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._directory,
                env=self._environment,
                start_new_session=True,
            )
        try:
            self._wait_until_it_listens()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _wait_until_it_listens(self) -> None:
        assert self._process is not None
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if self._process.poll() is not None:
                break
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(INTERVAL)
        raise BenchError(f"{Path(self._command[0]).name} did not start\n{self.log.read_text(errors='replace')[-2000:]}")

    def kill(self) -> None:
        """End it at once."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End it, and what it has started."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def pids(self) -> list[int]:
        """Return its id and those of all processes below it."""
        found = [self.pid]
        for pid in found:
            with contextlib.suppress(OSError):
                children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
                found += [int(child) for child in children.split()]
        return found

    def resident_kib(self) -> int:
        """Return the resident memory of all its processes, in KiB."""
        total = 0
        for pid in self.pids():
            for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines():
                if line.startswith("VmRSS:"):
                    total += int(line.split()[1])
        return total
