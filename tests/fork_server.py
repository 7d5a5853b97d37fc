"""Starts chatd as ``python -m chatd`` does, without the second that it takes to load it.

``python -m tests.fork_server FD`` loads all of chatd once and waits. For each request on the socket ``FD`` it forks,
and the child becomes the program, with the arguments, the environment, the directory and the three streams of the
request. It is a process like any other: it has an id, takes signals, can be killed, and ends as the interpreter ends.
Tests ask by :class:`tests.processes.Starter`.
"""

import contextlib
import gc
import importlib
import io
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import sys
import threading
import time
from typing import Any

#: The longest request: an environment and a command line.
LONGEST = 200_000


def load() -> None:
    """Load everything that a command of chatd may load."""
    import chatd

    for module in pkgutil.walk_packages(chatd.__path__, "chatd."):
        if module.name.rpartition(".")[2] != "__main__":
            importlib.import_module(module.name)
    assert threading.active_count() == 1, "a program with threads cannot fork"
    gc.collect()
    gc.freeze()  # or a child's first collection copies every page


class ForkServer:
    """Forks for each request, and tells how each child ended."""

    def __init__(self, asked: socket.socket) -> None:
        """Serve a socket of whole messages (``SOCK_SEQPACKET``)."""
        self._asked = asked
        self._ended, self._wakes = socket.socketpair()
        self._wakes.setblocking(False)
        signal.set_wakeup_fd(self._wakes.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def serve(self) -> dict[str, Any] | None:
        """Serve until the other side is closed, and return None; a child returns its request."""
        while True:
            ready, _, _ = select.select([self._asked, self._ended], [], [])
            if self._ended in ready:
                self._ended.recv(4096)
                self._tell_ends()
            if self._asked in ready:
                message, streams, _, _ = socket.recv_fds(self._asked, LONGEST, 3)
                if not message:
                    return None
                if self._is_child(streams):
                    request: dict[str, Any] = json.loads(message)
                    return request

    def _is_child(self, streams: list[int]) -> bool:
        """Fork, and give the child its streams."""
        pid = os.fork()
        if pid:
            self._tell(started=pid)
        else:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for end in (self._asked, self._ended, self._wakes):
                end.close()
            for number, stream in enumerate(streams):
                os.dup2(stream, number)
        for stream in streams:
            os.close(stream)
        return not pid

    def _tell_ends(self) -> None:
        with contextlib.suppress(ChildProcessError):  # there are none
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                self._tell(ended=ended[0], status=os.waitstatus_to_exitcode(ended[1]))

    def _tell(self, **what: int) -> None:
        with contextlib.suppress(BrokenPipeError):  # nobody is there any more
            self._asked.send(json.dumps(what).encode())


def become(request: dict[str, Any]) -> None:
    """Be the program that was asked for, as if this process had been started for it."""
    if request["new_session"]:
        os.setsid()
    os.chdir(request["directory"])
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = _stream(1, "strict")
    sys.stderr = _stream(2, "backslashreplace")
    sys.argv = ["chatd", *request["arguments"]]
    runpy.run_module("chatd", run_name="__main__", alter_sys=True)


def _stream(number: int, errors: str) -> io.TextIOWrapper:
    whole_lines = number == 2 or bool(os.environ.get("PYTHONUNBUFFERED"))
    raw = os.fdopen(number, "wb", buffering=0 if os.environ.get("PYTHONUNBUFFERED") else -1, closefd=False)
    return io.TextIOWrapper(raw, errors=errors, line_buffering=whole_lines, write_through=whole_lines)


if __name__ == "__main__":
    load()
    if (request := ForkServer(socket.socket(fileno=int(sys.argv[1]))).serve()) is not None:
        become(request)
