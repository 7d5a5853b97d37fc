"""The consumer that learns what the community is called and whom it lets in, whoever has changed it."""

import asyncio
import logging

from chatd.consumers.consumer import Consumer
from chatd.errors import ChatError
from chatd.events import CommunityChanged, Event
from chatd.services import Communities

log = logging.getLogger(__name__)

#: How long to wait before a failed read is repeated, in seconds.
RETRY_AFTER = 1.0


class CommunityChanges(Consumer):
    """Reads what administrators have chosen, at the start and whenever some process may have changed it."""

    name = "community"
    kinds = (CommunityChanged,)

    def __init__(self, community: Communities, *, retry_after: float = RETRY_AFTER) -> None:
        super().__init__()
        self._community = community
        self._retry_after = retry_after

    async def start(self) -> None:
        """Learn what holds."""
        await self._community.load()

    def consume(self, event: Event) -> None:
        """Learn what holds now."""
        self.spawn(self._load())

    def notice(self) -> None:
        """Learn what holds now, as another process has committed something."""
        self.spawn(self._load())

    async def _load(self) -> None:
        while True:
            try:
                await self._community.load()
            except ChatError as error:
                log.error(
                    "it is not known what the community is called: %s",
                    error.detail,
                    extra={"event": "community_unknown"},
                )
                await asyncio.sleep(self._retry_after)
            else:
                return
