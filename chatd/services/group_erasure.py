"""Erasing what was said in groups that ended long ago, step by step."""

import asyncio
import logging

from chatd.clock import DAY_MS, Clock
from chatd.storage import groups, mentions, messages
from chatd.storage.commit import Transaction, Write
from chatd.storage.database import Database

log = logging.getLogger(__name__)

#: How many messages one write erases: few enough not to delay anybody's message for long.
STEP = 100

#: How long to wait between two steps, in seconds.
PAUSE = 0.02


class GroupErasure:
    """Erases ended groups once they can be restored no more; their messages' places stay, as places in the log."""

    def __init__(self, db: Database, clock: Clock, removed_days: float) -> None:
        """Create the service.

        :param removed_days: how many days a group that has ended can be restored.
        """
        self._db = db
        self._clock = clock
        self._kept_ms = int(removed_days * DAY_MS)

    async def run(self) -> None:
        """Erase what is due."""
        now = self._clock()
        for group_id in await self._db.read(lambda db: groups.to_erase(db, now - self._kept_ms)):
            last: int | None = 0
            while last is not None:
                last = await self._db.write(_erasing(group_id, last, now))
                await asyncio.sleep(PAUSE)
            log.info("erased an ended group", extra={"event": "group_erased", "group_id": group_id})


def _erasing(group_id: int, after: int, now: int) -> Write[int | None]:
    """Return a write that erases some messages and returns the id of the last one, or None when none are left.

    Nothing is erased of a group that was restored meanwhile.
    """

    def work(tx: Transaction) -> int | None:
        if groups.find(tx.db, group_id) is not None:
            return None
        found = groups.kept(tx.db, group_id, after, STEP)
        for message_id in found:
            messages.delete(tx.db, message_id, first_digest=None, deleted_at=now)
            mentions.remove(tx.db, message_id)
        if len(found) == STEP:
            return found[-1]
        groups.set_erased(tx.db, group_id, now)
        return None

    return work
