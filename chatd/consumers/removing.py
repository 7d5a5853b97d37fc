"""The consumer that goes on removing and restoring messages of groups."""

import logging

from chatd.consumers.consumer import Consumer
from chatd.errors import ChatError
from chatd.events import Event, WorkLeft
from chatd.services import Actions

log = logging.getLogger(__name__)


class Removing(Consumer):
    """Does what actions leave to be done, as soon as this process has committed one of them.

    It keeps no cursor: what is to be done is a list in the database, which outlives a crash and which the housekeeping
    reads at every start.
    """

    name = "removing"
    kinds = (WorkLeft,)

    def __init__(self, actions: Actions) -> None:
        super().__init__()
        self._actions = actions

    def consume(self, event: Event) -> None:
        """Go on."""
        self.spawn(self._go_on())

    async def _go_on(self) -> None:
        """Do what is left; the housekeeping repeats what fails."""
        try:
            await self._actions.go_on()
        except ChatError as error:
            log.error("messages are not removed yet: %s", error.detail, extra={"event": "removing_failed"})
