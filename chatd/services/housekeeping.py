"""What is done every minute, whether anybody is there or not."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from chatd.errors import ChatError

log = logging.getLogger(__name__)

#: How long the housekeeping rests between two rounds, in seconds.
INTERVAL = 60.0

Chore = Callable[[], Awaitable[object]]


class Housekeeping:
    """Runs chores, one after another and again after a rest."""

    def __init__(self, *chores: Chore, interval: float = INTERVAL) -> None:
        """Create the housekeeping.

        :param chores: what to run; one that fails ends the round.
        :param interval: how long to rest, in seconds.
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
