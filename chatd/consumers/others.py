"""The consumer that brings what other processes commit and say, and tells them what happens here."""

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Callable
from typing import Protocol, runtime_checkable

from chatd.clock import Clock
from chatd.cluster.roll import Roll
from chatd.cluster.stream import Commits, Stream
from chatd.cluster.talk import Talk
from chatd.consumers.consumer import Consumer
from chatd.delivery.registry import Registry
from chatd.errors import StorageUnavailable
from chatd.services import Sessions
from chatd.stats import Cluster
from chatd.storage.database import Database

log = logging.getLogger(__name__)

#: How often to see whether another process has upgraded the tables, in seconds.
OUTDATED_INTERVAL = 1.0


@runtime_checkable
class Peers(Commits, Protocol):
    """An engine that several processes share."""

    async def say(self, data: bytes, /) -> None:
        """Say something to the other processes; it is not stored, and may be lost.

        :raises StorageUnavailable: it cannot be said.
        """

    def hear(self, heard: Callable[[str, bytes], None], /) -> None:
        """Call ``heard`` on the event loop with what others say, and the name of who says it."""

    async def is_outdated(self) -> bool:
        """Report whether another process has made tables of which this program is too old.

        :raises StorageUnavailable: the database could not be read.
        """


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
        self.spawn(self._stop_when_outdated())

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

    async def _stop_when_outdated(self) -> None:
        """Stop the process, as SIGTERM does, where it is too old for the tables: clients go to a newer one."""
        while True:
            await asyncio.sleep(OUTDATED_INTERVAL)
            with contextlib.suppress(StorageUnavailable):
                if await self._peers.is_outdated():
                    log.error("the tables need a newer chatd: this one stops", extra={"event": "outdated"})
                    os.kill(os.getpid(), signal.SIGTERM)
                    return

    def _leave_behind(self) -> None:
        self._sessions.forget()
        self._db.tell_foreign()
        self._registry.head = 0  # until something is published: there may be another log
        self._registry.send_away("something was missed")
