"""A bot: functions that are called when something happens in a chat."""

import asyncio
import contextlib
import inspect
import logging
import os
import signal
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TypeVar

from chatd.client.client import Client
from chatd.client.errors import Disconnected, Refused
from chatd.client.events import Event, NewMessage, Resync
from chatd.client.models import Cursor, Message

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

    Events are handled one after another in their order. What the bot does itself is not handed to it.

    With a ``cursor_file`` a bot that is started again goes on with the first event it has not handled: nothing is
    missed, though the one it was busy with when it was killed comes once more. :meth:`reply` does not answer twice
    even then.
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
        **options: Any,
    ) -> None:
        """Create a bot that :meth:`run` runs.

        :param prefix: what commands begin with.
        :param cursor_file: where to keep how far the bot has come; without it, it begins with what happens next.
        :param options: more for :class:`~chatd.client.Client`.
        """
        options = {"token": token, "username": username, "password": password, **options}
        self._make_client: Callable[[], Client] = lambda: Client(url, **options)
        self._client: Client | None = None
        self._prefix = prefix
        self._cursor_file = None if cursor_file is None else Path(cursor_file)
        self._handlers: dict[str, list[Handler]] = defaultdict(list)
        self._commands: dict[str, Command] = {}
        self._on_error: ErrorHandler | None = None
        self._handled: ContextVar[_Handled | None] = ContextVar("handled", default=None)

    @property
    def client(self) -> Client:
        """The client, while the bot runs: for everything that is not in here."""
        if self._client is None:
            raise Disconnected("the bot does not run")
        return self._client

    def on(self, kind: str) -> Callable[[_H], _H]:
        """Decorate what is called with each event of this type, such as ``"new_message"``; ``"*"`` is every type."""

        def add(handler: _H) -> _H:
            self._handlers[kind].append(handler)
            return handler

        return add

    def command(self, name: str) -> Callable[[_H], _H]:
        """Decorate what is called with each message ``!name …`` and with what follows the name.

        What it returns, unless that is None, is sent as the answer.
        """

        def add(command: _H) -> _H:
            self._commands[name.casefold()] = command
            return command

        return add

    def error(self, handler: _H) -> _H:
        """Decorate what is called with what a handler raised, and with the event; otherwise that is logged."""
        self._on_error = handler
        return handler

    async def reply(self, message: Message, text: str) -> Message | None:
        """Answer a message where it is.

        While an event is handled, the n-th answer to it has the same ``client_id`` each time. So a bot that is killed
        before it could note that it is done, and handles the event again, does not answer twice: None is returned
        where the first answer had another text.
        """
        handled = self._handled.get()
        if handled is None:
            return await self.client.send(message, text, reply_to=message)
        try:
            return await self.client.send(message, text, reply_to=message, client_id=handled.next_client_id())
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
            asyncio.run(self._run_until_terminated())

    async def _run_until_terminated(self) -> None:
        task = asyncio.create_task(self.start())
        with contextlib.suppress(NotImplementedError):  # on Windows, where there are no signals
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task

    async def start(self) -> None:
        """Run in a loop that runs already, until it is cancelled or the server ends the connection for good."""
        since = self._saved_cursor()
        self._client = client = self._make_client()
        try:
            stream = client.events(since)
            await client.connect()
            self._save(stream.cursor)
            async for event in stream:
                await self._handle(event)
                self._save(event.cursor)
        finally:
            self._client = None
            await client.close()

    async def _handle(self, event: Event) -> None:
        if event.actor_id == self.client.myself.id:
            return
        if isinstance(event, Resync) and not self._handlers["resync"]:
            log.warning("the server has another log or a shorter one: some events are missed")
        token = self._handled.set(_Handled(event.cursor) if event.cursor is not None else None)
        try:
            for handler in [*self._handlers[event.type], *self._handlers["*"]]:
                await self._call(event, handler, event)
            if isinstance(event, NewMessage):
                await self._obey(event)
        finally:
            self._handled.reset(token)

    async def _obey(self, event: NewMessage) -> None:
        """Carry out the command in a message, if there is one."""
        message = event.message
        if not message.content.startswith(self._prefix):
            return
        name, *rest = message.content.removeprefix(self._prefix).split(maxsplit=1) or [""]
        if command := self._commands.get(name.casefold()):
            answer = await self._call(event, command, message, rest[0] if rest else "")
            if answer is not None:
                await self._call(event, self.reply, message, str(answer))

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
        try:
            return Cursor.parse(self._cursor_file.read_text()) if self._cursor_file is not None else None
        except FileNotFoundError:
            return None

    def _save(self, cursor: Cursor | None) -> None:
        """Note how far the bot has come; the note is whole whatever happens meanwhile."""
        if self._cursor_file is not None and cursor is not None:
            draft = self._cursor_file.with_name(f"{self._cursor_file.name}.new")
            draft.write_text(f"{cursor}\n")
            draft.replace(self._cursor_file)


class _Handled:
    """The event that is being handled, and how many answers it has had."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._answers = 0

    def next_client_id(self) -> str:
        """Return the ``client_id`` of the next answer, the same whenever the event is handled."""
        self._answers += 1
        return f"re-{self._cursor.epoch[:32]}-{self._cursor.seq}-{self._answers}"
