"""Starts chatd in a process of its own: forked from one that has it loaded, or from nothing where that differs."""

import atexit
import contextlib
import functools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import Protocol

from tests.fork_server import LONGEST
from tests.support import PATIENCE

#: What starts the program.
CHATD = ("-m", "chatd")

#: The beginnings of the names of variables that a loader, an interpreter or a C library reads as it starts.
READ_AT_START = ("LANG", "LC_", "LD_", "PYTHON")


class Process(Protocol):
    """What tests do with a process, as with a :class:`subprocess.Popen`."""

    @property
    def pid(self) -> int:
        """Its id."""

    def poll(self) -> int | None:
        """Return its status if it has ended: below zero, the signal that ended it."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end, and return its status.

        :param timeout: in seconds.
        :raises subprocess.TimeoutExpired: it has not ended by then.
        """

    def send_signal(self, sig: int) -> None:
        """Send a signal, unless it is known to have ended."""

    def kill(self) -> None:
        """Send SIGKILL."""


class Forked:
    """A process of the fork server."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._ended = threading.Event()
        self._status: int | None = None

    def poll(self) -> int | None:
        """See :class:`Process`."""
        return self._status

    def wait(self, timeout: float | None = None) -> int:
        """See :class:`Process`."""
        if not self._ended.wait(timeout):
            raise subprocess.TimeoutExpired("chatd", timeout or 0)
        assert self._status is not None
        return self._status

    def send_signal(self, sig: int) -> None:
        """See :class:`Process`."""
        if self._status is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, sig)

    def kill(self) -> None:
        """See :class:`Process`."""
        self.send_signal(signal.SIGKILL)

    def end(self, status: int) -> None:
        """Take note of its end."""
        self._status = status
        self._ended.set()


class Starter:
    """Our side of the fork server."""

    def __init__(self) -> None:
        """Start it: it ends with us."""
        self.environment = dict(os.environ)
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for end in (self._socket, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, LONGEST)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.fork_server", str(theirs.fileno())],
                cwd=Path(__file__).parents[1],
                env=self.environment,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._lock = threading.Lock()
        self._started = threading.Condition()
        self._new: Forked | None = None
        self._running: dict[int, Forked] = {}
        self._thread = threading.Thread(target=self._hear, name="fork server", daemon=True)
        self._thread.start()
        atexit.register(self.stop)

    def stop(self) -> None:
        """Stop it; the processes it has started go on."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()
        self._process.wait(PATIENCE)

    def start(
        self,
        arguments: Sequence[str],
        streams: Sequence[int],
        environment: Mapping[str, str],
        directory: Path,
        *,
        new_session: bool,
    ) -> Forked:
        """Start a process.

        :param arguments: of ``chatd``.
        :param streams: the descriptors of its standard input, output and error.
        :param environment: all of it.
        :param new_session: without our terminal.
        """
        request = {
            "arguments": [*arguments],
            "environment": dict(environment),
            "directory": str(directory),
            "new_session": new_session,
        }
        with self._lock, self._started:
            self._new = None
            socket.send_fds(self._socket, [json.dumps(request).encode()], [*streams])
            self._started.wait_for(lambda: self._new is not None, PATIENCE)
            assert self._new is not None, "the fork server does not answer"
            return self._new

    def _hear(self) -> None:
        while message := self._socket.recv(LONGEST):
            told = json.loads(message)
            with self._started:
                if "started" in told:
                    self._new = self._running[told["started"]] = Forked(told["started"])
                    self._started.notify()
                else:
                    self._running.pop(told["ended"]).end(told["status"])


@functools.cache
def starter() -> Starter:
    """Return the fork server of this process, which is started when it is first asked for."""
    return Starter()


def start(
    arguments: Sequence[str],
    streams: tuple[int, int, int],
    environment: Mapping[str, str],
    directory: Path,
    *,
    program: Sequence[str] = CHATD,
    within: Sequence[str] = (),
    new_session: bool = False,
) -> Process:
    """Start a program in a process of its own: chatd itself is forked where that makes no difference.

    :param streams: the descriptors of its standard input, output and error.
    :param environment: all of it.
    :param program: what the interpreter runs instead of chatd.
    :param within: a command that runs the interpreter.
    :param new_session: without our terminal.
    """
    is_chatd = program == CHATD and not within
    is_measured = any(name.startswith("COVERAGE_") for name in environment)  # from its start on, or not at all
    if is_chatd and not is_measured and _read_at_start(environment) == _read_at_start(starter().environment):
        return starter().start(arguments, streams, environment, directory, new_session=new_session)
    stdin, stdout, stderr = streams
    return subprocess.Popen(
        [*within, sys.executable, *program, *arguments],
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        env=environment,
        cwd=directory,
        start_new_session=new_session,
    )


def run(
    arguments: Sequence[str],
    stdin: bytes,
    environment: Mapping[str, str],
    directory: Path,
    *,
    program: Sequence[str] = CHATD,
) -> tuple[Process, bytes, bytes]:
    """Run a program to its end, without our terminal; see :func:`start`.

    :param stdin: what it reads.
    :return: the process, and what it wrote to its standard output and error.
    :raises subprocess.TimeoutExpired: it has not ended in time, and was killed.
    """
    with TemporaryFile() as read, TemporaryFile() as written, TemporaryFile() as told:
        read.write(stdin)
        read.seek(0)
        streams = (read.fileno(), written.fileno(), told.fileno())
        process = start(arguments, streams, environment, directory, program=program, new_session=True)
        try:
            process.wait(PATIENCE)
        finally:
            process.kill()
        for file in (written, told):
            file.seek(0)
        return process, written.read(), told.read()


def _read_at_start(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(READ_AT_START)}
