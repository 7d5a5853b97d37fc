"""A stream of events, and how far its reader has come."""

import asyncio
import enum
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self

from chatd.client.events import Event
from chatd.client.models import Cursor

#: How many events wait for a slow reader; further ones are fetched from the server later.
MAX_WAITING = 10_000


class State(enum.Enum):
    """How a stream relates to the server's log."""

    #: It needs a replay from its position.
    BEHIND = enum.auto()
    #: A replay that covers its position is under way.
    CATCHING_UP = enum.auto()
    #: It takes events as they happen.
    LIVE = enum.auto()
    #: It takes none until its reader has read what waits.
    FULL = enum.auto()


class EventStream:
    """An asynchronous iterator over events: each once, in order, none left out, whatever the connection goes through.

    It ends when the client disconnects, and raises :class:`~chatd.client.Stopped` or :class:`~chatd.client.Refused`
    when the server has ended the connection for good.
    """

    def __init__(
        self, since: Cursor | None, fall_behind: Callable[[], None], leave: Callable[["EventStream"], None]
    ) -> None:
        """Create a stream; a client does.

        :param since: where it begins; None for where the connection will begin.
        :param fall_behind: called when the stream needs a replay from its position.
        :param leave: called when the stream is dropped.
        """
        self.state = State.BEHIND
        #: Up to where events have been taken from the connection.
        self.position = since
        self._cursor = since
        self._fall_behind = fall_behind
        self._leave = leave
        self._waiting: deque[Event | Cursor] = deque()
        self._wake = asyncio.Event()
        self._ended = False
        self._error: Exception | None = None

    @property
    def cursor(self) -> Cursor | None:
        """The position after the last event its reader has taken: store this to begin from next time."""
        return self._cursor

    def start_at(self, cursor: Cursor) -> None:
        """Begin here, unless a beginning was given."""
        if self.position is None:
            self.position = self._cursor = cursor

    def offer(self, event: Event) -> None:
        """Take an event, unless it has been taken before."""
        if self._ended:
            return
        is_full = len(self._waiting) >= MAX_WAITING
        if event.cursor is None:
            if is_full:
                return
        elif self.state not in (State.CATCHING_UP, State.LIVE) or not self._is_ahead(event.cursor):
            return
        elif is_full:
            self.state = State.FULL
            return
        else:
            self.position = event.cursor
        self._waiting.append(event)
        self._wake.set()

    def advance(self, cursor: Cursor) -> None:
        """Note that there are no further events up to ``cursor``."""
        if self.state in (State.CATCHING_UP, State.LIVE) and self._is_ahead(cursor):
            self.position = cursor
            if not self._waiting:
                self._cursor = cursor
            elif isinstance(self._waiting[-1], Cursor):
                self._waiting[-1] = cursor
            else:
                self._waiting.append(cursor)

    def jump(self, event: Event) -> None:
        """Take an event and go on from its position, wherever that is."""
        self.position = event.cursor
        self._waiting.append(event)
        self._wake.set()

    def end(self, error: Exception | None) -> None:
        """Take nothing more; raise ``error`` when all that waits has been read."""
        if not self._ended:
            self._ended = True
            self._error = error
            self._wake.set()

    def _is_ahead(self, cursor: Cursor) -> bool:
        return self.position is None or cursor.epoch != self.position.epoch or cursor.seq > self.position.seq

    def drop(self) -> None:
        """Stop reading; what waits is dropped."""
        self._waiting.clear()
        self._leave(self)
        self.end(None)

    async def aclose(self) -> None:
        """Stop reading; what waits is dropped."""
        self.drop()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        while True:
            while self._waiting:
                item = self._waiting.popleft()
                if isinstance(item, Cursor):
                    self._cursor = item
                    continue
                if item.cursor is not None:
                    self._cursor = item.cursor
                return item
            if self._ended:
                if self._error is not None:
                    raise self._error
                raise StopAsyncIteration
            if self.state is State.FULL:
                self.state = State.BEHIND
                self._fall_behind()
            self._wake.clear()
            await self._wake.wait()
