"""Deleted data leaves the write-ahead log, too."""

import datetime as dt

from chatd.clock import Clock
from chatd.storage.database import Database

#: The hour at which the write-ahead log is truncated, in the time zone of the server: the quietest one.
HOUR = 3


class Forgetting:
    """Truncates the write-ahead log once a night.

    The database overwrites what is deleted, but the log keeps it until it is written over, which on a quiet server may
    take weeks.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        """Create the service; a start truncates the log anyway."""
        self._db = db
        self._clock = clock
        self._last = self._night()

    async def run(self) -> None:
        """Truncate the log, unless that was done since the last night began.

        :raises StorageUnavailable: the disk failed.
        """
        night = self._night()
        if night != self._last and await self._db.forget_deleted():
            self._last = night

    def _night(self) -> dt.date:
        now = dt.datetime.fromtimestamp(self._clock() / 1000, dt.UTC).astimezone()
        return (now - dt.timedelta(hours=HOUR)).date()
