"""``chatd serve --reload``: run the server in a child process, and start it again whenever its files change."""

import logging
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

log = logging.getLogger(__name__)

#: How often the files are looked at, in seconds. Reading the times of chatd's own files takes about 3 ms.
INTERVAL = 0.25

#: How long a server may take to stop before it is killed, in seconds: more than a stop under load takes.
STOP_PATIENCE = 15.0

#: What a change of is a reason to start again: code, migrations and settings.
SUFFIXES = {".py", ".sql", ".toml"}

State = dict[Path, tuple[int, int]]


def run(command: Sequence[str], watched: Sequence[Path]) -> int:
    """Keep a server running until SIGTERM, SIGINT or SIGHUP, and return the exit status of its last process.

    A server that ends by itself, as after a syntax error, is started again at the next change.

    :param command: starts the server.
    :param watched: directories, with all below them, and files, which need not exist.
    """
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, lambda *_: stopping.set())
    while True:
        before = state(watched)
        with subprocess.Popen(command) as child:  # noqa: S603 - this program again
            changed = _wait(child, watched, before, stopping)
            status = _stop(child)
        if not changed:
            return status
        log.info("a file has changed: starting again", extra={"event": "reloading"})


def state(watched: Sequence[Path]) -> State:
    """Return when each watched file was last changed, and its size."""
    found: State = {}
    for file in _files(watched):
        try:
            status = file.stat()
        except FileNotFoundError:
            continue  # removed meanwhile, or not made yet
        found[file] = status.st_mtime_ns, status.st_size
    return found


def _files(watched: Sequence[Path]) -> Iterator[Path]:
    for each in watched:
        if each.is_dir():
            for directory, _, names in os.walk(each):
                yield from (Path(directory, name) for name in names if Path(name).suffix in SUFFIXES)
        else:
            yield each


def _wait(child: "subprocess.Popen[bytes]", watched: Sequence[Path], before: State, stopping: threading.Event) -> bool:
    """Wait for a change, and return whether there was one; False means that it is time to stop."""
    was_running = True
    while not stopping.wait(INTERVAL):
        if state(watched) != before:
            return True
        if was_running and child.poll() is not None:
            was_running = False
            log.error(
                "the server has ended with status %d: waiting for a file to change",
                child.returncode,
                extra={"event": "reload_waiting", "status": child.returncode},
            )
    return False


def _stop(child: "subprocess.Popen[bytes]") -> int:
    """Stop the server as SIGTERM does, and return its exit status."""
    if child.poll() is None:
        child.terminate()
    try:
        return child.wait(STOP_PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()
        return child.wait()
