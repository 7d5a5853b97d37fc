"""Writes that a service has prepared, and that their callers submit."""

from collections.abc import Generator
from typing import Any, Generic, TypeVar

from chatd.records import Record
from chatd.storage.commit import Work
from chatd.storage.database import Database, Done

T = TypeVar("T")


class Pending(Record, Generic[T]):
    """A write that is submitted when it is awaited or given a callback.

    A request awaits it. A socket has many under way at once and gives each a callback, which runs in the commit, so
    that each answer takes its place among the events.
    """

    db: Database
    #: The function that the writer runs.
    work: Work[T]

    def __await__(self) -> Generator[Any, None, T]:
        """Submit the write; return its result once that is on disk, or raise its error."""
        return self.db.write(self.work).__await__()

    def then(self, done: Done[T]) -> None:
        """Submit the write; call ``done`` with its result or its error, after the events it publishes.

        :raises StorageUnavailable: the database is closing.
        """
        self.db.submit(self.work, done)
