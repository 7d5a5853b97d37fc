"""What can be measured: it says what it lacks, and starts afresh for every round."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bench.generator import Account
from bench.servers.process import Process


@dataclass(frozen=True, slots=True)
class Running:
    """A server that runs, and who may connect to it."""

    process: Process
    accounts: list[Account]


class Subject(Protocol):
    """One server among those that are compared."""

    @property
    def name(self) -> str:
        """What it is called in tables."""

    def missing(self) -> str | None:
        """Return why it cannot be started here, or None."""

    def start(self, directory: Path, accounts: int) -> AbstractContextManager[Running]:
        """Start it on new data.

        :param directory: empty, and its own.
        :param accounts: how many there shall be.
        :raises BenchError: it does not start.
        """
