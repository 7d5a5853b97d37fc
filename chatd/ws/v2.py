"""The dialect chatd.v2: nothing missed, nothing twice.

Commands that write are on their way to the disk while the next ones are read; they are answered from the commit
itself, so an answer has its place among the events. Every other command waits until those before it are answered.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, ValidationError

from chatd import schemas
from chatd.delivery.connection import Connection
from chatd.delivery.frames import Frames, text_frame
from chatd.delivery.registry import Registry
from chatd.errors import ChatError, MalformedFrame, RateLimited, UnknownCommand
from chatd.events import Typing
from chatd.places import UserPlace
from chatd.schemas import v2, v2_frames, v2_heard
from chatd.schemas.plain import plain_send
from chatd.services import Services
from chatd.storage.commit import Work
from chatd.storage.database import Done

log = logging.getLogger(__name__)

#: How many writing commands of a connection may be on their way at once.
WINDOW = 64

#: A page of a sync ends when it has this many bytes: half of what may wait for a socket.
PAGE_BYTES = 128 * 1024

#: The shortest and the longest a client is asked to stay away over a restart, in milliseconds.
RETRY_AFTER_MS = (500, 5_000)


@dataclass(frozen=True, slots=True)
class Command:
    """One line of the table of commands: what it takes, and what carries it out."""

    schema: Schema
    run: Callable[["V2", str | int, Mapping[str, Any]], Awaitable[None]]


class V2:
    """One client of chatd.v2."""

    __slots__ = (
        "__weakref__",
        "_cursor",
        "_fewer",
        "_gathered",
        "_greeted",
        "_heartbeat_ms",
        "_introduced",
        "_live",
        "_max_frame",
        "_on_their_way",
        "_registry",
        "_services",
        "_user_id",
        "connection",
    )

    def __init__(
        self, connection: Connection, registry: Registry, services: Services, *, heartbeat_ms: int, max_frame: int
    ) -> None:
        """Create the dialect of a connection.

        :param heartbeat_ms: how often the client shall ping.
        :param max_frame: the longest frame it may send, in bytes.
        """
        self.connection = connection
        self._registry = registry
        self._services = services
        self._heartbeat_ms = heartbeat_ms
        self._max_frame = max_frame
        self._user_id = connection.identity.user_id
        self._introduced = False
        self._live = False
        self._cursor: int | None = None
        self._gathered: list[Frames] | None = None
        self._greeted = False
        self._on_their_way = 0
        self._fewer: asyncio.Future[None] | None = None

    # What the server tells.

    def receive(self, frames: Frames) -> None:
        """Push a fact in its place; while a sync reads the log, keep it until the page is sent."""
        if frames.seq is None:
            self._receive_passing(frames)
        elif self._gathered is not None:
            self._gathered.append(frames)
        elif self._live:
            self._push_change(frames)

    def _receive_passing(self, frames: Frames) -> None:
        """Push what has no place in the log: somebody's typing may be missed, their coming and going may not."""
        if isinstance(frames.event, Typing):
            if self._live:
                self.connection.push_if_quiet(frames.v2)
        elif self._live:
            self.connection.push(frames.v2)
        else:
            self._greeted = False  # the list after the next sync tells it

    def warn_of_restart(self) -> None:
        """Say that the server is about to stop, and when to come back: another time for each client."""
        if not self._introduced:  # hello comes first
            return
        self._push(v2_frames.restarting_frame(random.randint(*RETRY_AFTER_MS)))  # noqa: S311 (spreads load, hides nothing)

    def _push(self, frame: bytes) -> None:
        self.connection.push(text_frame(frame))

    def _push_change(self, frames: Frames) -> None:
        assert frames.seq is not None
        if self._cursor is None or frames.seq > self._cursor:
            self._cursor = frames.seq
            self.connection.push(frames.v2)

    # What the client says.

    async def start(self) -> None:
        """Say hello."""
        place, user = await self._services.sync.welcome(self._user_id)
        self._push(
            v2_frames.hello_frame(
                epoch=place.epoch,
                cursor=place.seq,
                heartbeat_ms=self._heartbeat_ms,
                max_frame_bytes=self._max_frame,
                user=user,
                session_id=self.connection.identity.session_id,
            )
        )
        self._introduced = True

    def hear_at_once(self, text: str) -> bool:
        """Carry out an ordinary ``send``, if not too many commands are on their way."""
        said = plain_send(text) if self._on_their_way < WINDOW else None
        if said is None:
            return False
        data = said.data
        try:
            work = self._services.messages.posting(
                self._user_id, UserPlace(data.user), data.content, data.client_id, origin=self.connection
            )
            self._services.submit(work, self._answering(said.id, v2_frames.sent))
        except ChatError:  # to be said in its turn
            return False
        self._on_their_way += 1
        return True

    async def hear(self, text: str) -> None:
        """Carry out a command, or say why not."""
        if self.hear_at_once(text):
            return
        re = None
        try:
            said = v2_heard.said(text)
            if said.type == "ping":
                await self._all_answered()
                self._push(v2_frames.pong_frame(self._place()))
                return
            re = said.re
            command = COMMANDS.get(said.type) if isinstance(said.type, str) else None
            if command is None:
                raise UnknownCommand
            await command.run(self, re, said.load(command.schema))
        except (ChatError, ValidationError) as error:
            await self._all_answered()
            self._answer_error(re, error)

    async def hear_too_much(self, text: str, retry_after: float) -> None:
        """Refuse a frame that is one too many."""
        try:
            re = v2_heard.said(text).re
        except MalformedFrame:
            re = None
        await self._all_answered()
        self._answer_error(re, RateLimited(retry_after))

    def _answer_error(self, re: str | int | None, error: Exception) -> None:
        if not isinstance(error, (ChatError, ValidationError)):
            log.error(
                "a command failed",
                exc_info=error,
                extra={"event": "command_failed", "connection": self.connection.number},
            )
        self._push(v2_frames.error_frame(re, schemas.problem(error)))

    def _place(self) -> int | None:
        """Return the seq up to which this client has been told everything; None before it has caught up."""
        if not self._live or self._cursor is None:
            return None
        return max(self._cursor, self._registry.head)

    async def _all_answered(self) -> None:
        while self._on_their_way:
            await self._one_answered()

    async def _one_answered(self) -> None:
        """Wait for the next answer to a command that is on its way. Only who hears the client waits: one at a time."""
        self._fewer = asyncio.get_running_loop().create_future()
        await self._fewer

    async def _write(self, re: str | int, work: Work[Any], describe: Callable[[Any], str]) -> None:
        """Have ``work`` done and answered from its commit; wait only where too much is on its way already.

        :param describe: makes the answer of the work's result, as JSON.
        """
        while self._on_their_way >= WINDOW:
            await self._one_answered()
        self._services.submit(work, self._answering(re, describe))
        self._on_their_way += 1

    def _answering(self, re: str | int, describe: Callable[[Any], str]) -> Done[Any]:
        def done(result: Any, error: Exception | None) -> None:
            self._on_their_way -= 1
            if self._fewer is not None and not self._fewer.done():
                self._fewer.set_result(None)
            if error is not None:
                self._answer_error(re, error)
                return
            try:
                seq = result.seq if self._live else None
                self._push(v2_frames.ack_frame(re, seq, describe(result)))
            except Exception:
                log.exception(
                    "a command could not be answered",
                    extra={"event": "command_not_answered", "connection": self.connection.number},
                )
                self.connection.drop("it missed an answer")
                return
            if seq is not None:
                self._cursor = seq

        return done

    async def sync(self, re: str | int, data: Mapping[str, Any]) -> None:
        """Replay what came after a cursor; at its end, let what comes from now on flow."""
        await self._all_answered()
        self._live = False
        self._gathered = []
        try:
            page = await self._services.sync.replay(
                self._user_id, epoch=data["epoch"], since=data["since"], limit=data["limit"]
            )
            cursor, more, size = page.cursor, page.more, 0
            for event in page.events:
                if size > PAGE_BYTES:
                    more = True
                    break
                frame = Frames(event).v2
                size += len(frame)
                cursor = event.seq
                self.connection.push(frame)
            cursor = cursor if more else page.cursor
            self._cursor = cursor
            self._push(v2_frames.ack_frame(re, None, v2_frames.synced(cursor, more)))
            gathered, self._live = self._gathered, not more
        finally:
            self._gathered = None
        if not self._live:
            return
        for frames in gathered:
            self._push_change(frames)
        if not self._greeted:
            await self._greet()

    async def _greet(self) -> None:
        """Tell who is there; the sync before has its answer already, so it cannot fail any more."""
        try:
            known = await self._services.sync.acquaintances(self._user_id)
        except ChatError as error:
            log.warning("who is there was not told: %s", error.detail, extra={"event": "presence_not_told"})
            return
        self._greeted = True
        self._push(v2_frames.presence_list_frame([each for each in known if self._registry.is_online(each)]))

    async def send(self, re: str | int, data: Mapping[str, Any]) -> None:
        """Post a message."""
        work = self._services.messages.posting(
            self._user_id,
            v2.place(data),
            data["content"],
            data["client_id"],
            reply_to=data["reply_to"],
            origin=self.connection,
        )
        await self._write(re, work, v2_frames.sent)

    async def edit(self, re: str | int, data: Mapping[str, Any]) -> None:
        """Give a message another content."""
        work = self._services.messages.editing(
            self._user_id, data["message_id"], data["content"], origin=self.connection
        )
        await self._write(re, work, v2_frames.changed)

    async def delete(self, re: str | int, data: Mapping[str, Any]) -> None:
        """Take a message's content away."""
        work = self._services.messages.deleting(self._user_id, data["message_id"], origin=self.connection)
        await self._write(re, work, v2_frames.changed)

    async def react(self, re: str | int, data: Mapping[str, Any]) -> None:
        """Put an emoji below a message."""
        await self._reaction(re, data, on=True)

    async def unreact(self, re: str | int, data: Mapping[str, Any]) -> None:
        """Take an emoji away."""
        await self._reaction(re, data, on=False)

    async def _reaction(self, re: str | int, data: Mapping[str, Any], *, on: bool) -> None:
        work = self._services.messages.reacting(
            self._user_id, data["message_id"], data["emoji"], on, origin=self.connection
        )
        await self._write(re, work, lambda _: "{}")

    async def read(self, re: str | int, data: Mapping[str, Any]) -> None:
        """Mark as read."""
        work = self._services.messages.marking_read(
            self._user_id, v2.place(data), data["up_to"], origin=self.connection
        )
        await self._write(re, work, v2_frames.moved)

    async def typing(self, re: str | int, data: Mapping[str, Any]) -> None:
        """Tell the others that the user is writing."""
        await self._all_answered()
        where = v2.place(data)
        members = await self._services.messages.members(self._user_id, where)
        self._registry.publish(Typing(recipients=members, origin=self.connection, user_id=self._user_id, place=where))
        self._push(v2_frames.ack_frame(re, None))


#: Every command there is.
COMMANDS: dict[str, Command] = {
    "sync": Command(v2.SyncCommand(), V2.sync),
    "send": Command(v2.SendCommand(), V2.send),
    "edit": Command(v2.EditCommand(), V2.edit),
    "delete": Command(v2.MessageCommand(), V2.delete),
    "react": Command(v2.ReactCommand(), V2.react),
    "unreact": Command(v2.UnreactCommand(), V2.unreact),
    "read": Command(v2.ReadCommand(), V2.read),
    "typing": Command(v2.TypingCommand(), V2.typing),
}
