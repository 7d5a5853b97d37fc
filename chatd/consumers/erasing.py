"""The consumer that erases what deleted accounts leave behind."""

import logging
from collections.abc import Callable

from chatd.consumers.consumer import Consumer
from chatd.errors import ChatError
from chatd.events import AccountDeleted, Event
from chatd.services import Erasure

log = logging.getLogger(__name__)


class Erasing(Consumer):
    """Runs the erasure as soon as an account is deleted, here or by another process.

    It keeps no cursor: the deleted accounts with anything left are a list in the database, which outlives a crash and
    which the housekeeping reads at every start.
    """

    name = "erasing"
    kinds = (AccountDeleted,)

    def __init__(self, erasure: Erasure, leads: Callable[[], bool] = lambda: True) -> None:
        """Create the consumer.

        :param leads: whether this process does what one does for all.
        """
        super().__init__()
        self._erasure = erasure
        self._leads = leads

    def consume(self, event: Event) -> None:
        """Erase the account."""
        self.spawn(self._erase())

    def notice(self) -> None:
        """Erase what another process has deleted, if it has."""
        self.spawn(self._erase())

    async def _erase(self) -> None:
        """Erase what is left; the housekeeping repeats what fails, or what nobody has done."""
        if not self._leads():
            return
        try:
            await self._erasure.run()
        except ChatError as error:
            log.error("a deleted account is not erased yet: %s", error.detail, extra={"event": "erasure_failed"})
