"""The consumer that tells people who has come online and who has left."""

import logging

from chatd.clock import Clock
from chatd.consumers.consumer import Consumer
from chatd.delivery.registry import Registry
from chatd.errors import ChatError
from chatd.events import BlockChanged, Event, MembershipChanged, MessageCreated, PresenceChanged
from chatd.services import Sync

log = logging.getLogger(__name__)


class Presence(Consumer):
    """Tells a user's acquaintances whether that user is online at this moment.

    Users who come or go during a query wait for the next one, which asks about all of them: when a thousand clients
    reconnect at once, there are about ten queries.
    """

    name = "presence"
    kinds = (MessageCreated, BlockChanged, MembershipChanged)

    def __init__(self, sync: Sync, registry: Registry, clock: Clock) -> None:
        super().__init__()
        self._sync = sync
        self._registry = registry
        self._clock = clock
        self._waiting: dict[int, None] = {}
        self._is_telling = False
        registry.on_presence(self._tell_soon)

    def consume(self, event: Event) -> None:
        """Tell people about each other when they become acquainted, and when a block between them changes."""
        match event:
            case MessageCreated(is_first=True, message=message):
                for user_id in filter(self._registry.is_online, (message.sender_id, message.to.id)):
                    self._tell_soon(user_id)
            case BlockChanged(blocker_id=user_id, blocked_id=other_id, are_acquainted=True):
                if self._registry.is_online(other_id):  # otherwise the blocker believes they are away already
                    self._publish((user_id,), other_id, online=not event.on)
            case MembershipChanged(user_id=user_id, how="created" | "joined" | "restored"):
                if self._registry.is_online(user_id):
                    self._tell_soon(user_id)
                    self.spawn(self._introduce(user_id))

    async def _introduce(self, user_id: int) -> None:
        """Tell somebody who of those they know is online; they may have come to know some just now."""
        try:
            known = await self._sync.acquaintances(user_id)
        except ChatError as error:
            log.warning("presence was not told: %s", error.detail, extra={"event": "presence_not_told"})
            return
        for other_id in filter(self._registry.is_online, known):
            self._publish((user_id,), other_id, online=True)

    def _tell_soon(self, user_id: int) -> None:
        self.spawn(self._tell(user_id))

    async def _tell(self, user_id: int) -> None:
        """Tell about a user: return when that is done, or when another call is about to do it."""
        self._waiting[user_id] = None
        if self._is_telling:
            return
        self._is_telling = True
        try:
            while self._waiting:
                user_ids, self._waiting = tuple(self._waiting), {}
                await self._tell_about(user_ids)
        finally:
            self._is_telling = False

    async def _tell_about(self, user_ids: tuple[int, ...]) -> None:
        try:
            audiences = await self._sync.audiences(user_ids)
        except ChatError as error:
            log.warning("presence was not told: %s", error.detail, extra={"event": "presence_not_told"})
            return
        for user_id, known in zip(user_ids, audiences, strict=True):
            self._publish(known, user_id, online=self._registry.is_online(user_id))

    def _publish(self, recipients: tuple[int, ...], user_id: int, *, online: bool) -> None:
        event = PresenceChanged(recipients=recipients, user_id=user_id, online=online, at=self._clock())
        self._registry.publish(event)
