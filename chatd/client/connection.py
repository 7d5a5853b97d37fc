"""The one connection of a client: made again when it is lost, with every event in its place."""

import asyncio
import logging
import weakref
from collections.abc import Awaitable, Callable

from chatd.client.backoff import Backoff
from chatd.client.errors import ChatError, Disconnected, Lost, ProtocolError, RateLimited, Refused, Unreachable
from chatd.client.events import Event, Resync, event_of
from chatd.client.link import CLOSE_TIMEOUT, Frame, Link
from chatd.client.models import Conversations, Cursor, Json
from chatd.client.stream import EventStream, State

log = logging.getLogger(__name__)

Sleep = Callable[[float], Awaitable[object]]


class Connection:
    """Holds a link to the server, and gives what comes over it to the streams."""

    def __init__(
        self,
        open_link: Callable[[Callable[[Frame], None]], Awaitable[Link]],
        reload: Callable[[], Awaitable[Conversations]],
        backoff: Backoff,
        sleep: Sleep,
    ) -> None:
        """Create a connection that :meth:`start` starts.

        :param open_link: opens a link that hands its frames to what it is given.
        :param reload: says how things stand, where the log cannot tell what happened.
        :param sleep: waits between tries, and where the server asks for it.
        """
        self._open_link = open_link
        self._reload = reload
        self._backoff = backoff
        self._sleep = sleep
        self._task: asyncio.Task[None] | None = None
        self._link: Link | None = None
        self._online: asyncio.Future[Link] = asyncio.get_running_loop().create_future()
        self._end: Exception | None = None
        self._behind = asyncio.Event()
        self._streams: weakref.WeakSet[EventStream] = weakref.WeakSet()
        self._position: Cursor | None = None
        #: The logged events of a replay under way, by seq, until its page ends; None while events are live.
        self._page: dict[int, Event] | None = {}

    @property
    def is_up(self) -> bool:
        """Whether there is a link."""
        return self._link is not None

    @property
    def is_started(self) -> bool:
        """Whether it has been told to connect."""
        return self._task is not None

    @property
    def end(self) -> Exception | None:
        """Why it has ended, if it has."""
        return self._end

    @property
    def cursor(self) -> Cursor | None:
        """The place up to which every stream's reader has come; without streams, where the connection is."""
        cursors = [stream.cursor for stream in self._streams if stream.cursor is not None]
        return min(cursors, key=lambda cursor: cursor.seq, default=self._position)

    def start(self) -> None:
        """Connect, and stay connected, unless that has been said before."""
        if self._task is not None:
            return
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Disconnect."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._end is None:
            self._finish(Disconnected("the client was disconnected"))

    async def up(self) -> Link:
        """Wait for a link and return it.

        :raises ChatError: if there will be none.
        """
        if self._end is not None:
            raise self._end
        return await asyncio.shield(self._online)

    def stream(self, since: Cursor | None) -> EventStream:
        """Return a new stream of events.

        :param since: what it begins after; None for where the connection is.
        """
        stream = EventStream(since or self._position, self._behind.set, self._streams.discard)
        self._streams.add(stream)
        if self._end is not None:
            stream.end(None if isinstance(self._end, Disconnected) else self._end)
        elif since is None and self._link is not None:
            stream.state = State.LIVE if self._page is None else State.CATCHING_UP
        else:
            self._behind.set()
        return stream

    async def ask(self, kind: str, data: Json, event: Callable[[Json], tuple[str, Json]]) -> Json:
        """Have a command answered, over as many connections as it takes.

        :param event: makes of the acknowledgement's data the type and the data of the event that it stands for.
        :returns: the acknowledgement's data.
        """
        again = False
        while True:
            link = await self.up()

            def told(frame: Frame, link: Link = link) -> None:
                if frame.get("seq") is not None:
                    kind, data = event(frame["data"])
                    self._take(event_of(kind, data, Cursor(link.epoch, frame["seq"])))

            try:
                answer: Json = await link.ask(kind, data, told)
                return answer
            except Refused as error:
                error.repeated = again
                raise
            except Lost:
                again = True
                await link.released.wait()

    async def _run(self) -> None:
        """Connect again and again, until that is of no use."""
        try:
            while True:
                try:
                    await self._hold()
                except (Lost, Unreachable, Refused) as error:
                    if isinstance(error, Lost) and error.misplaced and self._position is None:
                        raise ProtocolError(f"{error}: is a chatd there?") from error
                    if isinstance(error, Refused) and error.is_final:
                        raise
                    wait = self._wait_after(error)
                    log.warning("%s; trying again in %.1f s", error, wait)
                    await self._sleep(wait)
        except asyncio.CancelledError:
            self._finish(Disconnected("the client was disconnected"))
            raise
        except ChatError as error:
            log.info("disconnected for good: %s", error)  # streams and commands raise it
            self._finish(error)
        except Exception as error:
            log.exception("the connection ended by a bug")
            self._finish(error)

    def _wait_after(self, error: Exception) -> float:
        if isinstance(error, Lost) and error.flooded:
            self._backoff.slow_down()
        if isinstance(error, Lost | RateLimited) and error.retry_after is not None:
            return error.retry_after
        return self._backoff.wait()

    def _finish(self, error: Exception) -> None:
        self._end = error
        if not self._online.done():
            self._online.set_exception(error)
            self._online.exception()  # nobody need be waiting
        for stream in list(self._streams):
            stream.end(None if isinstance(error, Disconnected) else error)

    async def _hold(self) -> None:
        """Open a link and hold it until it ends, which raises why."""
        link = await self._open_link(self._hear)
        self._begin(link)
        reading = asyncio.create_task(link.run())
        keeping_up = asyncio.create_task(self._keep_up(link))
        self._online.set_result(link)
        try:
            await asyncio.wait((reading, keeping_up), return_when=asyncio.FIRST_COMPLETED)
            if not reading.done() and isinstance(keeping_up.exception(), Lost):
                await asyncio.wait((reading,), timeout=CLOSE_TIMEOUT)  # it may say why
            for task in (reading, keeping_up):
                if task.done():
                    task.result()
        finally:
            self._link = None
            self._page = {}
            self._online = asyncio.get_running_loop().create_future()
            link.released.set()
            for task in (reading, keeping_up):
                task.cancel()
            await asyncio.gather(reading, keeping_up, return_exceptions=True)
            await link.close()

    def _begin(self, link: Link) -> None:
        """Begin with a new link: every stream needs a replay."""
        self._link = link
        if self._position is None or not self._streams:
            self._position = Cursor(link.epoch, link.cursor)
        for stream in list(self._streams):
            stream.start_at(self._position)
            if stream.state is not State.FULL:
                stream.state = State.BEHIND
        self._page = {}
        self._behind.set()

    async def _keep_up(self, link: Link) -> None:
        """Have events replayed for the streams that are behind, whenever there are any."""
        while True:
            await self._behind.wait()
            self._behind.clear()
            behind = [stream for stream in self._streams if stream.state is State.BEHIND]
            if behind or self._page is not None:
                await self._replay(link, behind)
                del behind

    async def _replay(self, link: Link, streams: list[EventStream]) -> None:
        """Replay what ``streams`` have not seen; without any, only catch up with the log."""
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
        self._backoff.reset()

    def _lowest(self, link: Link) -> int:
        """Return where a replay has to begin so that no stream which takes part in it misses anything."""
        taking = [stream for stream in self._streams if stream.state in (State.CATCHING_UP, State.LIVE)]
        return min((_position(stream).seq for stream in taking), default=link.cursor)

    async def _resync(self, link: Link, streams: list[EventStream]) -> None:
        """Tell streams that what they missed cannot be told, and have them go on from now."""
        now = await self._reload()
        if now.cursor.epoch != link.epoch or not streams:
            self._position = now.cursor
            raise Unreachable("the server has begun another log")
        self._position = now.cursor
        for stream in streams:
            stream.jump(Resync(type="resync", data={}, cursor=now.cursor, conversations=now))

    def _hear(self, frame: Frame) -> None:
        """Take a frame that is no answer."""
        link = self._link
        if link is None:
            return
        kind, data, seq = frame["type"], frame.get("data") or {}, frame.get("seq")
        if kind == "pong":
            if self._page is None and data.get("cursor") is not None:
                self._advance(Cursor(link.epoch, data["cursor"]))
        else:
            self._take(event_of(kind, data, None if seq is None else Cursor(link.epoch, seq)))

    def _take(self, event: Event) -> None:
        """Take an event in its place."""
        if event.cursor is None:
            self._deliver(event)
        elif self._page is None:
            self._deliver(event)
            self._note(event.cursor)
        else:
            self._page[event.cursor.seq] = event

    def _end_page(self, link: Link, answer: Json) -> None:
        """Deliver a page of a replay: what of it had come live before the replay began is in it only once."""
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
