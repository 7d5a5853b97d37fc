"""The log of a server as a client follows it: every event in its place, for each stream that wants it."""

import asyncio
import weakref
from collections.abc import Awaitable, Callable

from chatd.client.errors import Disconnected, RateLimited, Refused, Unreachable
from chatd.client.events import Event, Resync, event_of
from chatd.client.link import Frame, Link
from chatd.client.models import Conversations, Cursor, Json
from chatd.client.stream import EventStream, State

Sleep = Callable[[float], Awaitable[object]]


class Timeline:
    """Hands the events of one link after another to streams, and replays what a stream has missed."""

    def __init__(
        self, reload: Callable[[], Awaitable[Conversations]], caught_up: Callable[[], None], sleep: Sleep
    ) -> None:
        """Create a timeline without a link.

        :param reload: loads the conversations, for when the log cannot tell what happened.
        :param caught_up: called after each complete replay.
        :param sleep: waits as long as the server asks for.
        """
        self._reload = reload
        self._caught_up = caught_up
        self._sleep = sleep
        self._link: Link | None = None
        self._is_over = False
        self._error: Exception | None = None
        self._behind = asyncio.Event()
        self._streams: weakref.WeakSet[EventStream] = weakref.WeakSet()
        self._position: Cursor | None = None
        #: The logged events of a replay under way, by seq, until its page ends; None while events are live.
        self._page: dict[int, Event] | None = {}

    @property
    def has_begun(self) -> bool:
        """Whether there has ever been a link."""
        return self._position is not None

    @property
    def cursor(self) -> Cursor | None:
        """The position that the readers of all streams have reached; without streams, that of the link."""
        cursors = [stream.cursor for stream in self._streams if stream.cursor is not None]
        return min(cursors, key=lambda cursor: cursor.seq, default=self._position)

    def stream(self, since: Cursor | None) -> EventStream:
        """Return a new stream of events.

        :param since: what it begins after; None for the present position.
        """
        stream = EventStream(since or self._position, self._behind.set, self._streams.discard)
        self._streams.add(stream)
        if self._is_over:
            stream.end(self._error)
        elif since is None and self._link is not None:
            stream.state = State.LIVE if self._page is None else State.CATCHING_UP
        else:
            self._behind.set()
        return stream

    def begin(self, link: Link) -> None:
        """Go on with a new link: every stream needs a replay."""
        self._link = link
        if self._position is None or not self._streams:
            self._position = Cursor(link.epoch, link.cursor)
        for stream in list(self._streams):
            stream.start_at(self._position)
            if stream.state is not State.FULL:
                stream.state = State.BEHIND
        self._page = {}
        self._behind.set()

    def pause(self) -> None:
        """Go on without a link."""
        self._link = None
        self._page = {}

    def end(self, error: Exception) -> None:
        """End all streams; they raise ``error``, unless it is a :class:`Disconnected`."""
        self._is_over = True
        self._error = None if isinstance(error, Disconnected) else error
        for stream in list(self._streams):
            stream.end(self._error)

    async def keep_up(self, link: Link) -> None:
        """Replay events for the streams that are behind, whenever there are any, until cancelled."""
        while True:
            await self._behind.wait()
            self._behind.clear()
            behind = [stream for stream in self._streams if stream.state is State.BEHIND]
            if behind or self._page is not None:
                await self._replay(link, behind)
                del behind

    async def _replay(self, link: Link, streams: list[EventStream]) -> None:
        """Replay what ``streams`` have missed; without any, only catch up with the log."""
        if strangers := [stream for stream in streams if _position(stream).epoch != link.epoch]:
            await self._resync(link, strangers)  # still behind, they take nothing that happens meanwhile
        for stream in streams:
            stream.state = State.CATCHING_UP
        since = self._lowest(link)
        more = True
        while more:
            if self._page is None:
                self._page = {}
            try:
                request = {"epoch": link.epoch, "since": since}
                answer = await link.ask("sync", request, lambda frame: self._end_page(link, frame["data"]))
            except RateLimited as error:
                await self._sleep(error.retry_after)
            except Refused as error:
                if error.code != "resync":
                    raise
                await self._resync(link, streams)
                since = self._lowest(link)
            else:
                since, more = answer["cursor"], answer["more"]
                if beyond := [each for each in streams if each.state is State.BEHIND and _position(each).seq > since]:
                    await self._resync(link, beyond)
                    for stream in beyond:
                        stream.state = State.CATCHING_UP
                    since, more = self._lowest(link), True
        self._caught_up()

    def _lowest(self, link: Link) -> int:
        """Return where a replay has to begin so that no stream which takes part in it misses anything."""
        taking = [stream for stream in self._streams if stream.state in (State.CATCHING_UP, State.LIVE)]
        return min((_position(stream).seq for stream in taking), default=link.cursor)

    async def _resync(self, link: Link, streams: list[EventStream]) -> None:
        """Tell streams that what they missed cannot be replayed; they go on from now."""
        now = await self._reload()
        if now.cursor.epoch != link.epoch or not streams:
            self._position = now.cursor
            raise Unreachable("the server has begun another log")
        self._position = now.cursor
        for stream in streams:
            stream.jump(Resync(type="resync", data={}, cursor=now.cursor, conversations=now))

    def hear(self, frame: Frame) -> None:
        """Take a frame that is not an answer."""
        link = self._link
        if link is None:
            return
        kind, data, seq = frame["type"], frame.get("data") or {}, frame.get("seq")
        if kind == "pong":
            if self._page is None and data.get("cursor") is not None:
                self._advance(Cursor(link.epoch, data["cursor"]))
        else:
            self.take(event_of(kind, data, None if seq is None else Cursor(link.epoch, seq)))

    def take(self, event: Event) -> None:
        """Take an event in its place."""
        if event.cursor is None:
            self._deliver(event)
        elif self._page is None:
            self._deliver(event)
            self._note(event.cursor)
        else:
            self._page[event.cursor.seq] = event

    def _end_page(self, link: Link, answer: Json) -> None:
        """Deliver a page of a replay; an event that had also come live is delivered once."""
        cursor, more = answer["cursor"], answer["more"]
        page = self._page or {}
        for seq in sorted(page):
            if seq <= cursor or not more:
                self._deliver(page[seq])
        self._page = {} if more else None
        self._advance(Cursor(link.epoch, cursor))
        if not more:
            for stream in list(self._streams):
                if stream.state is State.CATCHING_UP:
                    is_beyond = _position(stream).seq > cursor  # of the head: it is from a log that went on otherwise
                    stream.state = State.BEHIND if is_beyond else State.LIVE

    def _deliver(self, event: Event) -> None:
        for stream in list(self._streams):
            stream.offer(event)

    def _note(self, cursor: Cursor) -> None:
        known = self._position
        if known is None or known.epoch != cursor.epoch or known.seq < cursor.seq:
            self._position = cursor

    def _advance(self, cursor: Cursor) -> None:
        self._note(cursor)
        for stream in list(self._streams):
            stream.advance(cursor)


def _position(stream: EventStream) -> Cursor:
    assert stream.position is not None
    return stream.position
