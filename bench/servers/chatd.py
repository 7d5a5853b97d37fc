"""chatd as shipped: everything on, its limits raised by configuration."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.generator import Account, BenchError
from bench.servers.process import Process, free_port
from bench.servers.subject import Running

#: The copy of chatd that this bench is part of.
HERE = Path(__file__).parent.parent.parent

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
    "TCP_CONNECTIONS_PER_ADDRESS": 20_000,
}

#: How many accounts one command makes at the most: a command line has its length.
ACCOUNTS_AT_ONCE = 2000


class Checkout:
    """A copy of chatd's source, and the Python that runs it."""

    def __init__(self, root: Path, python: str | None = None, *, postgresql: str = "") -> None:
        """Take a copy.

        :param root: its directory.
        :param python: by default ours, so that two copies that are compared have the same.
        :param postgresql: the URL of a PostgreSQL where it stores everything, in a new database each time; empty is
            SQLite.
        """
        self.root = root.resolve()
        self.postgresql = postgresql
        self.database = ""
        self.python = python or sys.executable
        if not (self.root / "chatd" / "__main__.py").exists():
            raise BenchError(f"{root} is not a copy of chatd")

    def environment(self, data_dir: Path) -> dict[str, str]:
        """Return the environment that chatd runs in."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("CHATD_")}
        limits = {f"CHATD_LIMITS_{name}": str(value) for name, value in LIMITS.items()}
        database = {"CHATD_DATABASE_URL": self.database} if self.database else {}
        return {**inherited, **limits, **database, "PYTHONPATH": str(self.root), "XDG_DATA_HOME": str(data_dir.parent)}

    @contextmanager
    def stored(self) -> Iterator[None]:
        """Make a new database to store everything in."""
        if not self.postgresql:
            yield
            return
        from bench.servers.postgresql import new_database

        with new_database(self.postgresql) as self.database:
            yield
        self.database = ""


class Chatd:
    """chatd, from one copy of its source."""

    name = "chatd"

    def __init__(self, checkout: Checkout) -> None:
        """Take note of which."""
        self._checkout = checkout

    def missing(self) -> str | None:
        """Look for the built web client, which is part of what is shipped."""
        built = self._checkout.root / "chatd" / "static"
        return None if built.exists() else "the web client is not built: pip install -e ."

    def data_dir(self, directory: Path) -> Path:
        """Return where its data is."""
        return directory / "data"

    @contextmanager
    def start(self, directory: Path, accounts: int) -> Iterator[Running]:
        """Make accounts that have a token, then serve."""
        made = self.add_accounts(directory, accounts)
        with self.process(directory) as process:
            yield Running(process, made)

    def process(self, directory: Path, core: int | None = None) -> Process:
        """Return the server on the data in a directory, to be started by ``with``; see :class:`Process`."""
        port = free_port()
        data = self.data_dir(directory)
        command = [self._checkout.python, "-m", "chatd", "serve", "--port", str(port), "--data-dir", str(data)]
        return Process(command, directory, port, self._checkout.environment(data), core=core)

    def add_accounts(self, directory: Path, count: int, prefix: str = "user") -> list[Account]:
        """Make accounts that have a token."""
        accounts: list[Account] = []
        for first in range(0, count, ACCOUNTS_AT_ONCE):
            names = [f"{prefix}{number}" for number in range(first, min(first + ACCOUNTS_AT_ONCE, count))]
            for line in self.command(directory, "user", "add", "--bot", *names).splitlines():
                id_, name, token = line.split()
                accounts.append(Account(id_, name, token))
        return accounts

    def command(self, directory: Path, *arguments: str, stdin: str = "") -> str:
        """Run a command of chatd's on the data in a directory and return what it prints."""
        data = self.data_dir(directory)
        done = subprocess.run(
            [self._checkout.python, "-m", "chatd", *arguments, "--data-dir", str(data)],
            input=stdin,
            capture_output=True,
            text=True,
            env=self._checkout.environment(data),
            cwd=directory,
            check=False,
        )
        if done.returncode:
            raise BenchError(f"chatd {arguments[0]}: {done.stderr.strip()}")
        return done.stdout
