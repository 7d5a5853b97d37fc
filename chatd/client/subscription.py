"""A handler of messages, and what it has heard."""

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable

from chatd.client.errors import ChatError
from chatd.client.events import NewMessage
from chatd.client.models import Brief, Message
from chatd.client.stream import EventStream
from chatd.client.timeline import Timeline

log = logging.getLogger(__name__)

#: What is called with each message of somebody else; what it returns is awaited if it can be.
MessageHandler = Callable[[Message], Awaitable[object] | object]


class Subscription:
    """A handler of messages, and the stream it reads while there is a connection."""

    def __init__(self, handler: MessageHandler, me: Callable[[], Brief | None]) -> None:
        self._handler = handler
        self._me = me
        self._stream: EventStream | None = None
        self._task: asyncio.Task[None] | None = None
        self._is_over = False

    def start(self, timeline: Timeline) -> None:
        """Read on, from where it stopped."""
        if self._is_over:
            return
        self._stream = timeline.stream(self._stream.cursor if self._stream is not None else None)
        self._task = asyncio.create_task(self._run(self._stream))

    def cancel(self, forget: Callable[["Subscription"], None]) -> None:
        """Handle nothing more, not even what has come already; a handler that runs is left to end."""
        self._is_over = True
        if self._stream is not None:
            self._stream.drop()
        if self._task is None:
            forget(self)
        else:
            self._task.add_done_callback(lambda _: forget(self))

    def stop(self) -> asyncio.Task[None] | None:
        """Stop, and return what to wait for, unless it is the handler itself that says so."""
        if self._task is None or self._task is asyncio.current_task():
            return None
        self._task.cancel()
        return self._task

    async def _run(self, stream: EventStream) -> None:
        try:
            async for event in stream:
                me = self._me()
                if isinstance(event, NewMessage) and (me is None or event.actor_id != me.id):
                    try:
                        result = self._handler(event.message)
                        if inspect.isawaitable(result):
                            await result
                    except Exception:
                        log.exception("the handler of a message failed")
        except ChatError as error:
            log.error("stopped handling messages: %s", error)
