"""``chatd chat`` in a real terminal."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import threading
from pathlib import Path
from types import TracebackType

from tests.process import environment
from tests.support import PATIENCE


class Tty:
    """The command in a terminal of its own."""

    def __init__(self, home: Path, *arguments: str, **variables: str) -> None:
        """Start it.

        :param variables: its environment, beside that of everybody.
        """
        self.output = ""  # since what was waited for
        self.log = ""  # all of it
        self._more = threading.Condition()
        self._is_closing = False
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self._process = subprocess.Popen(
            [sys.executable, "-c", STARTER, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**surroundings(home), **variables},
            start_new_session=True,
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_for(self, text: str) -> None:
        """Wait until ``text`` was written since the last time."""
        with self._more:
            assert self._more.wait_for(lambda: text in self.output, PATIENCE), self.output
            self.output = self.output.partition(text)[2]

    def enter(self, text: str | bytes) -> None:
        """Type a text, or bytes as they are."""
        os.write(self._master, text.encode() if isinstance(text, str) else text)

    def close(self) -> None:
        """Close the terminal, as somebody closes its window."""
        self._is_closing = True
        self._reader.join()  # a terminal that somebody reads stays open
        os.close(self._master)
        self._master = -1

    def __enter__(self) -> "Tty":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self.end()

    def end(self) -> int:
        """Wait until it has ended, and return its exit status."""
        try:
            return self._process.wait(PATIENCE)
        finally:
            self._process.kill()
            self._process.wait()
            self._reader.join()
            if self._master >= 0:
                os.close(self._master)

    def _read(self) -> None:
        while not self._is_closing:
            if not select.select([self._master], [], [], 0.1)[0]:
                continue
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


#: Makes the terminal the process's own, as a login does, or else one that does not say when it hangs up; then runs the
#: command.
STARTER = """
import fcntl, os, sys, termios
if os.environ.get("HANGS_UP", "yes") == "yes":
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from chatd.cli import main
sys.exit(main(["chat", *sys.argv[1:]]))
"""


def surroundings(home: Path) -> dict[str, str]:
    """Return an environment with a home of its own."""
    variables = {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "config"), "TERM": "xterm-256color"}
    return environment(home / "data", **variables, LC_ALL="C.UTF-8")
