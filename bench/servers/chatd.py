"""chatd as shipped: everything on, its limits raised by configuration."""

import os
import subprocess
import sys
from pathlib import Path

from bench.generator import Account, BenchError
from bench.servers.process import Process, free_port

#: High enough never to be met, and not 0: what the limiters cost is part of the measurement.
LIMITS = {
    "REQUESTS_PER_SECOND": 1_000_000,
    "COMMANDS_PER_SECOND": 1_000_000,
    "MESSAGES_PER_SECOND": 1_000_000,
    "LOGINS_PER_MINUTE": 1_000_000,
    "REGISTRATIONS_PER_HOUR": 1_000_000,
    "CONNECTIONS_PER_USER": 20_000,
    "CONNECTIONS_PER_ADDRESS": 20_000,
    "CONNECTIONS": 20_000,
}

#: How many accounts one command makes at the most: a command line has its length.
ACCOUNTS_AT_ONCE = 2000


class Checkout:
    """A copy of chatd's source, and the Python that runs it."""

    def __init__(self, root: Path, python: str | None = None) -> None:
        """Take a copy.

        :param root: its directory.
        :param python: by default the one in its ``.venv``, else ours.
        """
        self.root = root.resolve()
        own = self.root / ".venv" / "bin" / "python"
        self.python = python or (str(own) if own.exists() else sys.executable)
        if not (self.root / "chatd" / "__main__.py").exists():
            raise BenchError(f"{root} is not a copy of chatd")

    def environment(self, data_dir: Path) -> dict[str, str]:
        """Return the environment that chatd runs in."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("CHATD_")}
        limits = {f"CHATD_LIMITS_{name}": str(value) for name, value in LIMITS.items()}
        return {**inherited, **limits, "PYTHONPATH": str(self.root), "XDG_DATA_HOME": str(data_dir.parent)}


class Chatd:
    """One chatd on a data directory."""

    name = "chatd"

    def __init__(self, directory: Path, checkout: Checkout) -> None:
        """Take note of where it will run.

        :param directory: there already; the data directory will be in it.
        """
        self._directory = directory
        self._checkout = checkout
        self.data_dir = directory / "data"

    def add_accounts(self, count: int, prefix: str = "user") -> list[Account]:
        """Make accounts that have a token."""
        accounts: list[Account] = []
        for first in range(0, count, ACCOUNTS_AT_ONCE):
            names = [f"{prefix}{number}" for number in range(first, min(first + ACCOUNTS_AT_ONCE, count))]
            for line in self.command("user", "add", "--bot", *names).splitlines():
                id_, name, token = line.split()
                accounts.append(Account(id_, name, token))
        return accounts

    def command(self, *arguments: str, stdin: str = "") -> str:
        """Run a command of chatd's on its data and return what it prints."""
        done = subprocess.run(
            [self._checkout.python, "-m", "chatd", *arguments, "--data-dir", str(self.data_dir)],
            input=stdin,
            capture_output=True,
            text=True,
            env=self._checkout.environment(self.data_dir),
            cwd=self._directory,
            check=False,
        )
        if done.returncode:
            raise BenchError(f"chatd {arguments[0]}: {done.stderr.strip()}")
        return done.stdout

    def process(self) -> Process:
        """Return the server, to be started by ``with``."""
        port = free_port()
        command = [self._checkout.python, "-m", "chatd", "serve", "--port", str(port)]
        command += ["--data-dir", str(self.data_dir)]
        return Process(command, self._directory, port, self._checkout.environment(self.data_dir))
