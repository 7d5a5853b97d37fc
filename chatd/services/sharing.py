"""Tidying what several processes share in the database."""

from chatd.clock import Clock
from chatd.services.tickets import LIFETIME_MS
from chatd.storage.cluster import commits, limits, tickets
from chatd.storage.commit import Transaction
from chatd.storage.database import Database

#: How many commits one write forgets: few enough not to delay other writes for long.
STEP = 500


class Sharing:
    """Forgets what no process needs any more. Where only one uses the database there is nothing."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def tidy(self, step: int = STEP) -> None:
        """Forget limits at rest, tickets that nobody has used in time, and commits that everybody knows.

        :param step: how many commits one write forgets.
        """
        if not self._db.is_shared:
            return
        now = self._clock()

        def tidy(tx: Transaction) -> None:
            limits.forget_rested(tx.db, now * 1000)
            tickets.forget_old(tx.db, now - 2 * LIFETIME_MS)

        await self._db.write(tidy)
        while await self._db.write(lambda tx: commits.forget_old(tx.db, step)) == step:
            pass
