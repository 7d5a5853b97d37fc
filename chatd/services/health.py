"""The health check: a small write that is really stored."""

import asyncio

from chatd.clock import Clock
from chatd.storage import trial
from chatd.storage.commit import Transaction
from chatd.storage.database import Database

#: How long a result is reused, in milliseconds.
FRESH_MS = 1_000

#: How long a write may take, in seconds, before it counts as failed.
PATIENCE = 5.0


class Health:
    """Checks that messages can be stored, by a small write."""

    def __init__(self, db: Database, clock: Clock, *, patience: float = PATIENCE) -> None:
        """Create the check.

        :param patience: how long a write may take, in seconds.
        """
        self.patience = patience
        self._db = db
        self._clock = clock
        self._trial: asyncio.Task[None] | None = None
        self._tried_at = 0

    async def check(self) -> None:
        """Return once a small write is stored.

        :raises StorageUnavailable: nothing can be stored.
        :raises TimeoutError: the disk takes too long.
        """
        now = self._clock()
        if self._trial is None or (self._trial.done() and not 0 <= now - self._tried_at < FRESH_MS):
            self._trial = asyncio.create_task(self._try(now))
            self._tried_at = now
        await asyncio.wait_for(asyncio.shield(self._trial), self.patience)

    async def _try(self, now: int) -> None:
        def work(tx: Transaction) -> None:
            trial.write(tx.db, now)

        await self._db.write(work)
