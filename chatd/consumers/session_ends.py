"""The consumer that closes the connections of sessions which another process has ended."""

import asyncio
import logging

from chatd.consumers.consumer import Consumer
from chatd.delivery.registry import Registry
from chatd.errors import ChatError
from chatd.services import Sessions

log = logging.getLogger(__name__)

#: How long to wait before a failed read of the sessions is repeated, in seconds.
RETRY_AFTER = 1.0


class SessionEnds(Consumer):
    """Looks for ended sessions among the connected whenever another process has written.

    ``chatd user disable`` is such a process. A session that this process ends is an event, which the registry hears.
    """

    name = "session_ends"

    def __init__(self, sessions: Sessions, registry: Registry, *, retry_after: float = RETRY_AFTER) -> None:
        super().__init__()
        self._sessions = sessions
        self._registry = registry
        self._retry_after = retry_after

    def notice(self) -> None:
        """Look for ended sessions."""
        self.spawn(self._close_ended())

    async def _close_ended(self) -> None:
        while True:
            try:
                events = await self._sessions.find_ended(self._registry.sessions())
            except ChatError as error:
                log.error("it is not known whose session has ended: %s", error.detail, extra={"event": "ends_unknown"})
                await asyncio.sleep(self._retry_after)
            else:
                break
        for event in events:
            self._registry.publish(event)
