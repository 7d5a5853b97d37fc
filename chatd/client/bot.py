"""A bot: functions that are called when something happens in a chat."""

import asyncio
import contextlib
import inspect
import logging
import os
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any, NoReturn, Self, TypeVar

from chatd.client.client import Client
from chatd.client.cursor_file import CursorFile
from chatd.client.environment import DEFAULT_URL
from chatd.client.errors import Disconnected, Refused
from chatd.client.events import Event, Invitation, MessageEdited, NewMessage, Resync
from chatd.client.hearing import UNKNOWN, Handled, accept_all, is_by_a_person, names, said_to
from chatd.client.models import Cursor, Message
from chatd.client.program import run_program, until_terminated
from chatd.client.rest import PlaceLike

log = logging.getLogger(__name__)

#: Is called with an event.
Handler = Callable[[Any], Awaitable[object] | object]

#: Is called with a message and what follows the command in it; a string it returns is the answer.
Command = Callable[[Message, str], Awaitable[str | None] | str | None]

#: Is called with what a handler raised, and the event it was called with.
ErrorHandler = Callable[[Exception, Event], Awaitable[object] | object]

_H = TypeVar("_H", bound=Callable[..., Any])


class Bot:
    """A user that is a program.

    Events are handled one after another in their order. What the bot does itself is not handed to it, nor what other
    bots write: two that answer each other would do so for ever. Nor is a message that its sender took back before the
    bot came to it: nothing is left of it.

    With a ``cursor_file`` a bot that is started again goes on with the first event it has not handled: nothing is
    missed, though the one it was busy with when it was killed comes once more. :meth:`reply` does not answer twice
    even then. A broken file is renamed, and the bot begins with :class:`~chatd.client.Resync`, as nobody knows how far
    it had come.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        username: str | None = None,
        password: str | None = None,
        prefix: str = "!",
        cursor_file: str | os.PathLike[str] | None = None,
        hear_bots: bool = False,
        accept_invitations: bool = False,
        **options: Any,
    ) -> None:
        """Create a bot that :meth:`run` runs.

        :param prefix: what commands begin with.
        :param cursor_file: where to keep how far the bot has come; without it, it begins with what happens next.
        :param hear_bots: whether messages of other bots, and edits of them, are handed to it as well: those of accounts
            with ``is_ai``, and what any account wrote by :meth:`reply`. Then the bot itself must bring talk to an end.
        :param accept_invitations: whether it joins every group that somebody invites it to, also while it did not run.
        :param options: more for :class:`~chatd.client.Client`.
        """
        options = {"token": token, "username": username, "password": password, **options}
        self._make_client: Callable[[], Client] = lambda: Client(url, **options)
        self._client: Client | None = None
        self._prefix = prefix
        self._cursor_file = None if cursor_file is None else CursorFile(cursor_file)
        self._hears_bots = hear_bots
        self._accepts = accept_invitations
        self._is_kept = True
        self._handlers: dict[str, list[Handler]] = defaultdict(list)
        self._commands: dict[str, Command] = {}
        self._named: list[Command] = []
        self._on_error: ErrorHandler | None = None
        self._handled: ContextVar[Handled | None] = ContextVar("handled", default=None)

    @classmethod
    def from_environment(
        cls,
        *,
        prefix: str = "!",
        cursor_file: str | os.PathLike[str] | None = None,
        hear_bots: bool = False,
        accept_invitations: bool = False,
        **options: Any,
    ) -> Self:
        """Create a bot that finds its server and its token in the environment, when it is run.

        The variables are those of :meth:`Client.from_environment`, and ``CHAT_CURSOR_FILE`` where ``cursor_file`` is
        not given.
        """
        file = cursor_file or os.environ.get("CHAT_CURSOR_FILE") or None
        said: dict[str, Any] = {"prefix": prefix, "hear_bots": hear_bots, "accept_invitations": accept_invitations}
        bot = cls(DEFAULT_URL, cursor_file=file, **said)
        bot._make_client = lambda: Client.from_environment(**options)
        return bot

    @property
    def client(self) -> Client:
        """The client, while the bot runs: for everything that is not in here."""
        if self._client is None:
            raise Disconnected("the bot does not run")
        return self._client

    def on(self, kind: str) -> Callable[[_H], _H]:
        """Decorate a function to call with each event of a type, such as ``"new_message"``; ``"*"`` is every type."""

        def add(handler: _H) -> _H:
            self._handlers[kind].append(handler)
            return handler

        return add

    def command(self, name: str) -> Callable[[_H], _H]:
        """Decorate a function to call with each message ``!name …`` and with the text after the name.

        In a group ``@bot name …`` is the same. What it returns, unless that is None, is sent as the answer.
        """

        def add(command: _H) -> _H:
            self._commands[name.casefold()] = command
            return command

        return add

    def named(self, function: _H) -> _H:
        """Decorate a function to call with each message to a group that names the bot or answers it, and with its text.

        Of the text the bot's name is left out where it begins with that. A message that is a command is not handed to
        it. What it returns, unless that is None, is sent as the answer.
        """
        self._named.append(function)
        return function

    def error(self, handler: _H) -> _H:
        """Decorate a function to call with an error that a handler raised, and the event; otherwise it is logged."""
        self._on_error = handler
        return handler

    async def reply(self, message: Message, text: str) -> Message | None:
        """Answer a message where it is, in a private conversation or in a group: see :meth:`say`."""
        return await self.say(message, text, reply_to=message)

    async def say(self, to: PlaceLike, text: str, *, reply_to: int | Message | None = None) -> Message | None:
        """Send a message.

        While an event is handled, the n-th message sent so has the same ``client_id`` each time. So a bot that is
        killed before it could note that it is done, and handles the event again, does not say it twice: None is
        returned where the first one had another text.

        :param to: as in :meth:`Client.send`.
        :param reply_to: the message it answers.
        """
        handled = self._handled.get()
        if handled is None:
            return await self.client.send(to, text, reply_to=reply_to)
        try:
            return await self.client.send(to, text, reply_to=reply_to, client_id=handled.next_client_id())
        except Refused as error:
            if error.code != "client_id_reused":
                raise
            return None

    def run(self) -> None:
        """Run until SIGTERM or Ctrl-C.

        :raises Stopped: if the server ends the connection for good.
        :raises Refused: if it refuses the sign-in.
        """
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(until_terminated(self.start()))

    def main(self) -> NoReturn:
        """Run as the whole program, and end the process without a traceback, whatever goes wrong outside of it.

        If there is no server at the beginning the program ends as well, so that whoever starts it finds out at once
        whether the address is right. Later it comes back by itself.
        """
        run_program(self._start_where_there_is_a_server())

    async def _start_where_there_is_a_server(self) -> None:
        client = self._make_client()
        try:
            await client.check_server()
        finally:
            await client.close()
        await self.start()

    async def start(self) -> None:
        """Run in a loop that runs already, until it is cancelled or the server ends the connection for good.

        :raises OSError: if there is a cursor file, but it cannot be read, or not be written at the start.
        """
        self._client = client = self._make_client()
        try:
            since = self._saved_cursor()
            stream = client.events(since)
            await client.connect()
            if self._cursor_file is not None and stream.cursor is not None:
                await self._cursor_file.keep(stream.cursor)
            if self._accepts:
                await accept_all(self.client)
            async for event in stream:
                await self._handle(event)
                await self._save(event.cursor)
        finally:
            self._client = None
            await client.close()

    async def _handle(self, event: Event) -> None:
        if event.actor_id == self.client.myself.id or not (self._hears_bots or is_by_a_person(event)):
            return
        if isinstance(event, NewMessage | MessageEdited) and event.message.deleted_at is not None:
            return
        if isinstance(event, Resync) and not self._handlers["resync"]:
            log.warning("the server has another log or a shorter one: some events are missed")
        token = self._handled.set(Handled(event.cursor) if event.cursor is not None else None)
        try:
            if self._accepts and (isinstance(event, Resync) or (isinstance(event, Invitation) and event.on)):
                await accept_all(self.client)
            for handler in [*self._handlers[event.type], *self._handlers["*"]]:
                await self._call(event, handler, event)
            if isinstance(event, NewMessage):
                await self._obey(event)
        finally:
            self._handled.reset(token)

    async def _obey(self, event: NewMessage) -> None:
        """Carry out the command in a message, if there is one; else hand it to those who wait for the bot's name."""
        message, me = event.message, self.client.myself
        to_me = said_to(message, me)
        text = message.content if to_me is None else to_me
        is_command = to_me is not None or text.startswith(self._prefix)
        name, *rest = (text.removeprefix(self._prefix) if is_command else "").split(maxsplit=1) or [""]
        if command := self._commands.get(name.casefold()):
            await self._answer(event, command, rest[0] if rest else "")
        elif names(message, me):
            for function in self._named:
                await self._answer(event, function, text)

    async def _answer(self, event: NewMessage, command: Command, text: str) -> None:
        """Call a command and send what it returns."""
        answer = await self._call(event, command, event.message, text)
        if answer is not None:
            await self._call(event, self.reply, event.message, str(answer))

    async def _call(self, event: Event, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function of the bot's author and return what it returns; what it raises must not end the bot."""
        try:
            result = function(*arguments)
            return await result if inspect.isawaitable(result) else result
        except Exception as error:
            try:
                if self._on_error is None:
                    raise
                result = self._on_error(error, event)
                if inspect.isawaitable(result):
                    await result
            except Exception:
                log.exception("a handler of %s failed", event.type)
            return None

    def _saved_cursor(self) -> Cursor | None:
        """Return what the cursor file says; :data:`UNKNOWN` where it says nothing that can be understood."""
        if self._cursor_file is None:
            return None
        try:
            return self._cursor_file.read()
        except ValueError:
            aside = self._cursor_file.set_aside()
            log.warning("%s is broken and was renamed to %s", self._cursor_file.path, aside.name)
            return UNKNOWN

    async def _save(self, cursor: Cursor | None) -> None:
        """Note how far the bot has come. Where that fails it goes on, and says so once."""
        if self._cursor_file is None or cursor is None:
            return
        try:
            await self._cursor_file.keep(cursor)
        except OSError as error:
            if self._is_kept:
                log.error("how far the bot has come cannot be saved: %s", error)
            self._is_kept = False
        else:
            self._is_kept = True
