"""The consumer that brings what other processes commit and say, and tells them what happens here."""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from chatd.clock import Clock
from chatd.cluster.roll import Roll
from chatd.cluster.stream import Commits, Stream
from chatd.cluster.talk import Talk
from chatd.consumers.consumer import Consumer
from chatd.delivery.registry import Registry
from chatd.services import Sessions
from chatd.stats import Cluster
from chatd.storage.database import Database


@runtime_checkable
class Peers(Commits, Protocol):
    """An engine that several processes share."""

    async def say(self, data: bytes, /) -> None:
        """Say something to the other processes; it is not stored, and may be lost.

        :raises StorageUnavailable: it cannot be said.
        """

    def hear(self, heard: Callable[[str, bytes], None], /) -> None:
        """Call ``heard`` on the event loop with what others say, and the name of who says it."""


class OtherProcesses(Consumer):
    """Makes this process and the others on its database one server.

    It is started before all other consumers, as its stream settles what they write.
    """

    name = "other_processes"

    def __init__(
        self,
        peers: Peers,
        db: Database,
        registry: Registry,
        sessions: Sessions,
        clock: Clock,
        per_user: int,
    ) -> None:
        """Create the consumer.

        :param per_user: how many connections a user may have, over all processes; 0: no limit.
        """
        super().__init__()
        self._peers = peers
        self._db = db
        self._registry = registry
        self._sessions = sessions
        self.roll = Roll(peers.name, per_user=per_user)
        self.stream = Stream(
            peers,
            db.publish,
            unsaid=db.tell_foreign,
            returned=self._return,
            left_behind=self._leave_behind,
            lost=sessions.forget,
        )
        self.talk = Talk(
            self.roll,
            peers.say,
            clock,
            publish=registry.publish,
            came_or_went=registry.note_presence,
            close=registry.close_as_too_many,
        )
        registry.join(self.talk)

    async def start(self) -> None:
        """Follow from the newest commit on."""
        await self.stream.start()
        self._db.settle_by(self.stream)
        self._peers.hear(self.talk.hear)
        await self.talk.start()

    async def stop(self) -> None:
        """Say goodbye, and stop following."""
        await self.talk.stop()
        await self.stream.stop()
        await super().stop()

    def numbers(self) -> Cluster:
        """Return how it is with the other processes."""
        return Cluster(self.roll.processes, self.stream.lag, self.stream.foreign, self.stream.gaps)

    async def _return(self) -> None:
        """Close the sockets of sessions that ended while the database was out of reach."""
        self._sessions.forget()
        for event in await self._sessions.find_ended(self._registry.sessions()):
            self._db.publish(event)

    def _leave_behind(self) -> None:
        self._sessions.forget()
        self._registry.head = 0  # until something is published: there may be another log
        self._registry.send_away("something was missed")
