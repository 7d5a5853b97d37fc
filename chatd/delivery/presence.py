"""Telling people who has come online and who has left, in batches."""

import logging

from chatd.clock import Clock
from chatd.delivery.registry import Registry
from chatd.errors import ChatError
from chatd.events import PresenceChanged
from chatd.services.sync import Sync

log = logging.getLogger(__name__)


class Presence:
    """Tells a user's acquaintances whether that user is online at this moment.

    Users who come or go during a query wait for the next one, which asks about all of them: when a thousand clients
    reconnect at once, there are about ten queries.
    """

    def __init__(self, sync: Sync, registry: Registry, clock: Clock) -> None:
        self._sync = sync
        self._registry = registry
        self._clock = clock
        self._waiting: dict[int, None] = {}
        self._is_telling = False

    async def tell(self, user_id: int) -> None:
        """Tell of a user: return when it is done, or when another call is about to do it."""
        self._waiting[user_id] = None
        if self._is_telling:
            return
        self._is_telling = True
        try:
            while self._waiting:
                user_ids, self._waiting = tuple(self._waiting), {}
                await self._tell_of(user_ids)
        finally:
            self._is_telling = False

    async def _tell_of(self, user_ids: tuple[int, ...]) -> None:
        try:
            audiences = await self._sync.audiences(user_ids)
        except ChatError as error:
            log.warning("presence was not told: %s", error.detail, extra={"event": "presence_not_told"})
            return
        for user_id, known in zip(user_ids, audiences, strict=True):
            online = self._registry.is_online(user_id)
            self._registry.publish(PresenceChanged(recipients=known, user_id=user_id, online=online, at=self._clock()))
