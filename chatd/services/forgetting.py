"""Removing deleted data from the write-ahead log."""

import datetime as dt

from chatd.clock import Clock
from chatd.storage.database import Database

#: The hour at which the write-ahead log is truncated, in the server's time zone: a quiet one.
HOUR = 3


class Forgetting:
    """Truncates the write-ahead log once a night.

    The database overwrites deleted data, but the log keeps it until that part of the log is written over, which may
    take weeks on a quiet server.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        """Create the service; opening the database has just truncated the log."""
        self._db = db
        self._clock = clock
        self._last = self._night()

    async def run(self) -> None:
        """Truncate the log, once a night.

        :raises StorageUnavailable: the disk failed.
        """
        night = self._night()
        if night != self._last and await self._db.forget_deleted():
            self._last = night

    def _night(self) -> dt.date:
        now = dt.datetime.fromtimestamp(self._clock() / 1000, dt.UTC).astimezone()
        return (now - dt.timedelta(hours=HOUR)).date()
