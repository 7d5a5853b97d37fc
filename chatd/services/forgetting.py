"""Having what was deleted leave the disk."""

import datetime as dt

from chatd.clock import Clock
from chatd.storage.database import Database

#: The hour of the night at which the write-ahead log begins anew, in the time zone of the server: the quietest one.
HOUR = 3


class Forgetting:
    """Once a night, has the write-ahead log begin anew.

    The database overwrites what is deleted; but the log is not written over until it begins anew, which on a quiet
    server may take weeks, and is as long afterwards.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        """Create the service; a start has the log begin anew anyway."""
        self._db = db
        self._clock = clock
        self._last = self._night()

    async def run(self) -> None:
        """Have the log begin anew, where this was not done since the last night began.

        :raises StorageUnavailable: the disk does not let us.
        """
        night = self._night()
        if night != self._last and await self._db.begin_log_anew():
            self._last = night

    def _night(self) -> dt.date:
        now = dt.datetime.fromtimestamp(self._clock() / 1000, dt.UTC).astimezone()
        return (now - dt.timedelta(hours=HOUR)).date()
