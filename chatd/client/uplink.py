"""What a client speaks over: one link to the server after another."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from chatd.client.backoff import Backoff
from chatd.client.errors import ChatError, Disconnected, Lost, ProtocolError, RateLimited, Refused, Unreachable
from chatd.client.events import event_of
from chatd.client.link import CLOSE_TIMEOUT, Frame, Link
from chatd.client.models import Conversations, Cursor, Json
from chatd.client.timeline import Sleep, Timeline

log = logging.getLogger(__name__)


class Uplink:
    """Holds a link to the server and opens another when it is lost; what comes over it goes to the timeline."""

    def __init__(
        self,
        open_link: Callable[[Callable[[Frame], None]], Awaitable[Link]],
        reload: Callable[[], Awaitable[Conversations]],
        backoff: Backoff,
        sleep: Sleep,
    ) -> None:
        """Create an uplink that :meth:`start` starts.

        :param open_link: opens a link that hands its frames to what it is given.
        :param reload: see :class:`Timeline`.
        :param sleep: waits between tries, and as long as the server asks for.
        """
        self._open_link = open_link
        self._backoff = backoff
        self._sleep = sleep
        self._task: asyncio.Task[None] | None = None
        self._link: Link | None = None
        self._online: asyncio.Future[Link] = asyncio.get_running_loop().create_future()
        self._end: Exception | None = None
        self._timeline = Timeline(reload, backoff.reset, sleep)

    @property
    def is_up(self) -> bool:
        """Whether there is a link."""
        return self._link is not None

    @property
    def is_started(self) -> bool:
        """Whether :meth:`start` was called."""
        return self._task is not None

    @property
    def end(self) -> Exception | None:
        """Why it has ended, if it has."""
        return self._end

    @property
    def timeline(self) -> Timeline:
        """Where its events are."""
        return self._timeline

    def start(self) -> None:
        """Connect and stay connected; a second call does nothing."""
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

    async def ask(self, kind: str, data: Json, event: Callable[[Json], tuple[str, Json]]) -> Json:
        """Send a command until it is answered, over as many links as it takes, and return the acknowledgement's data.

        :param event: makes the type and the data of the event that the acknowledgement stands for of its data.
        """
        again = False
        while True:
            link = await self.up()

            def told(frame: Frame, link: Link = link) -> None:
                if frame.get("seq") is not None:
                    kind, data = event(frame["data"])
                    self._timeline.take(event_of(kind, data, Cursor(link.epoch, frame["seq"])))

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
        """Connect again and again until that is of no use."""
        try:
            while True:
                try:
                    await self._hold()
                except (Lost, Unreachable, Refused) as error:
                    if isinstance(error, Lost) and error.misplaced and not self._timeline.has_begun:
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
        self._timeline.end(error)

    async def _hold(self) -> None:
        """Open a link and hold it until it ends, which raises why."""
        link = await self._open_link(self._timeline.hear)
        self._link = link
        self._timeline.begin(link)
        reading = asyncio.create_task(link.run())
        keeping_up = asyncio.create_task(self._timeline.keep_up(link))
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
            self._timeline.pause()
            self._online = asyncio.get_running_loop().create_future()
            link.released.set()
            for task in (reading, keeping_up):
                task.cancel()
            await asyncio.gather(reading, keeping_up, return_exceptions=True)
            await link.close()
