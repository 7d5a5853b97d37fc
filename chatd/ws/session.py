"""A session of chatd.v2: it reads commands, calls services to run them, and sends answers and events.

While a writing command is on its way to the disk, the next commands are read. It is answered from the commit itself, so
its answer takes its place among the events. Any other command waits until those before it have been answered.
"""

import asyncio
import logging
import random
from collections.abc import Callable
from typing import Any

from marshmallow import ValidationError

from chatd.delivery.connection import Connection
from chatd.delivery.frames import Frames
from chatd.delivery.registry import Registry
from chatd.errors import ChatError, MalformedFrame, RateLimited, UnknownCommand
from chatd.places import UserPlace
from chatd.schemas import frames, incoming
from chatd.schemas.plain import plain_send
from chatd.services import Services
from chatd.services.pending import Pending
from chatd.storage.database import Done
from chatd.ws.commands import COMMANDS
from chatd.ws.protocol import V2Protocol

log = logging.getLogger(__name__)

#: The shortest and the longest time a client is asked to stay away over a restart, in milliseconds.
RETRY_AFTER_MS = (500, 5_000)


class V2Session:
    """One client of chatd.v2."""

    __slots__ = (
        "__weakref__",
        "_answered",
        "_heartbeat_ms",
        "_max_frame",
        "_unusual",
        "connection",
        "protocol",
        "registry",
        "services",
        "user_id",
    )

    def __init__(
        self, connection: Connection, registry: Registry, services: Services, *, heartbeat_ms: int, max_frame: int
    ) -> None:
        """Create the session of a connection.

        :param heartbeat_ms: how often the client should ping.
        :param max_frame: the longest frame it may send, in bytes.
        """
        self.connection = connection
        self.registry = registry
        self.services = services
        self.protocol = V2Protocol(connection.push, connection.push_if_quiet, lambda: registry.head)
        self.user_id = connection.identity.user_id
        self._heartbeat_ms = heartbeat_ms
        self._max_frame = max_frame
        self._answered: asyncio.Future[None] | None = None
        self._unusual: str | None = None

    def receive(self, frames: Frames) -> None:
        """Send an event to the client."""
        self.protocol.tell(frames)

    def warn_of_restart(self) -> None:
        """Announce that the server is about to stop, and ask each client to come back after a different delay."""
        self.protocol.warn_of_restart(random.randint(*RETRY_AFTER_MS))  # noqa: S311 (spreads load, hides nothing)

    async def start(self) -> None:
        """Send ``hello``."""
        place, user = await self.services.sync.welcome(self.user_id)
        self.protocol.hello(
            place,
            user,
            self.connection.identity.session_id,
            heartbeat_ms=self._heartbeat_ms,
            max_frame_bytes=self._max_frame,
        )

    def hear_at_once(self, text: str) -> bool:
        """Run an ordinary ``send`` unless too many commands are on their way, and report whether it was run."""
        protocol = self.protocol
        if protocol.is_full:
            return False
        said = plain_send(text)
        if said is None:
            self._unusual = text
            return False
        data = said.data
        try:
            self.services.messages.post(
                self.user_id, UserPlace(data.user), data.content, data.client_id, origin=self.connection
            ).then(self._answering(said.id, frames.sent))
        except ChatError:  # it is answered in its turn
            return False
        protocol.on_way += 1
        return True

    async def hear(self, text: str) -> None:
        """Run a command, or answer why it failed."""
        if text is not self._unusual and self.hear_at_once(text):
            return
        self._unusual = re = None
        try:
            frame = incoming.parse(text)
            if frame.type == "ping":
                await self.all_answered()
                self.protocol.pong()
                return
            re = frame.re
            command = COMMANDS.get(frame.type) if isinstance(frame.type, str) else None
            if command is None:
                raise UnknownCommand
            await command.run(self, re, frame.load(command.form.data))
        except (ChatError, ValidationError) as error:
            await self.all_answered()
            self.protocol.refuse(re, error)

    async def hear_too_much(self, text: str, retry_after: float) -> None:
        """Refuse a frame over the limit."""
        try:
            re = incoming.parse(text).re
        except MalformedFrame:
            re = None
        await self.all_answered()
        self.protocol.refuse(re, RateLimited(retry_after))

    async def all_answered(self) -> None:
        """Wait until every command on its way has been answered."""
        while self.protocol.on_way:
            await self._one_answered()

    async def _one_answered(self) -> None:
        """Wait for the next answer to a command on its way. Only one task ever waits: the one that reads frames."""
        self._answered = asyncio.get_running_loop().create_future()
        await self._answered

    async def write(self, re: str | int, pending: Pending[Any], describe: Callable[[Any], str]) -> None:
        """Start a write that is answered from its commit; wait first while too many are on their way.

        :param describe: returns the ``data`` of the answer, as JSON, given the write's result.
        """
        while self.protocol.is_full:
            await self._one_answered()
        pending.then(self._answering(re, describe))
        self.protocol.on_way += 1

    def _answering(self, re: str | int, describe: Callable[[Any], str]) -> Done[Any]:
        """Return the callback that answers a command when its write commits or fails."""
        protocol = self.protocol

        def done(result: Any, error: Exception | None) -> None:
            protocol.on_way -= 1
            if self._answered is not None and not self._answered.done():
                self._answered.set_result(None)
            if error is not None:
                self._refuse(re, error)
                return
            try:
                protocol.acknowledge(re, describe(result), result.seq)
            except Exception:
                log.exception(
                    "a command could not be answered",
                    extra={"event": "command_not_answered", "connection": self.connection.number},
                )
                self.connection.drop("it missed an answer")

        return done

    def _refuse(self, re: str | int, error: Exception) -> None:
        if not isinstance(error, ChatError):
            log.error(
                "a command failed",
                exc_info=error,
                extra={"event": "command_failed", "connection": self.connection.number},
            )
        self.protocol.refuse(re, error)
