"""Whether messages can be stored: tried, not guessed."""

import asyncio

from chatd.clock import Clock
from chatd.storage import trial
from chatd.storage.commit import Transaction
from chatd.storage.database import Database

#: A result is good for this long, in milliseconds, however many ask.
FRESH_MS = 1_000

#: A write that takes longer than this, in seconds, is as bad as none.
PATIENCE = 5.0


class Health:
    """Tries a small write when somebody asks."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._trial: asyncio.Task[None] | None = None
        self._tried_at = 0

    async def check(self) -> None:
        """Return when a write has just been stored.

        :raises StorageUnavailable: nothing can be stored.
        :raises TimeoutError: the disk takes too long.
        """
        now = self._clock()
        if self._trial is None or (self._trial.done() and not 0 <= now - self._tried_at < FRESH_MS):
            self._trial = asyncio.create_task(self._try(now))
            self._tried_at = now
        await asyncio.wait_for(asyncio.shield(self._trial), PATIENCE)

    async def _try(self, now: int) -> None:
        def work(tx: Transaction) -> None:
            trial.write(tx.db, now)

        await self._db.write(work)
