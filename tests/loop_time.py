"""The event loop's time, put forward: no test waits for a patience to end, and none is too slow for one."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")

#: How far time goes at once, in seconds, and how long everybody then has to do what is due.
STEP, PAUSE = 0.5, 0.005

#: After so many seconds nothing will happen any more.
ETERNITY = 1000.0


class LoopTime:
    """The time by which a loop's timers go; real time goes on as well."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take over the time of a loop, for as long as there is the loop."""
        self._ahead = 0.0
        real = loop.time
        loop.time = lambda: real() + self._ahead  # type: ignore[method-assign]

    async def forward(self, seconds: float) -> None:
        """Let so much time pass."""
        end = self._ahead + seconds
        while self._ahead < end:
            self._ahead = min(self._ahead + STEP, end)
            await asyncio.sleep(PAUSE)

    async def fly(self, doing: Awaitable[T]) -> T:
        """Let time pass until something is done, and return its result."""
        task = asyncio.ensure_future(doing)
        end = self._ahead + ETERNITY
        while not task.done() and self._ahead < end:
            await self.forward(STEP)
        if not task.done():
            task.cancel()
        return await task
