"""The consumer that brings events to the sockets of those they concern."""

from chatd.consumers.consumer import Consumer
from chatd.delivery.registry import Registry
from chatd.events import Event
from chatd.services import Sync


class Sockets(Consumer):
    """Publishes every event to the connected clients of its recipients."""

    name = "sockets"
    kinds = (Event,)

    def __init__(self, registry: Registry, sync: Sync) -> None:
        super().__init__()
        self._registry = registry
        self._sync = sync
        self.consume = registry.publish  # itself: every message passes here

    async def start(self) -> None:
        """Learn where the log is."""
        self._registry.head = (await self._sync.position()).seq
