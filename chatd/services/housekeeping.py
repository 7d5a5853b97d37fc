"""Chores that run every minute, whether or not anybody is connected."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from chatd.errors import ChatError
from chatd.storage.database import Database

log = logging.getLogger(__name__)

#: The pause between two rounds, in seconds.
INTERVAL = 60.0

Chore = Callable[[], Awaitable[object]]


class Housekeeping:
    """Runs chores one after another, round after round."""

    def __init__(self, *chores: Chore, interval: float = INTERVAL) -> None:
        """Create the housekeeping.

        :param chores: what to run; a chore that fails ends its round.
        :param interval: the pause between two rounds, in seconds.
        """
        self._chores = chores
        self._interval = interval

    async def run(self) -> None:
        """Run rounds until cancelled."""
        while True:
            try:
                for chore in self._chores:
                    await chore()
            except ChatError as error:
                log.error("housekeeping failed: %s", error.detail, extra={"event": "housekeeping_failed"})
            except Exception:
                log.exception("housekeeping failed", extra={"event": "housekeeping_failed"})
            await asyncio.sleep(self._interval)


def leading(db: Database, chore: Chore) -> Chore:
    """Return a chore that only one of the processes that share a database runs."""

    async def run() -> None:
        if db.engine.is_leading:
            await chore()

    return run
