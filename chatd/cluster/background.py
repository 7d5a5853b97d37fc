"""What runs beside everything else, from a start to a stop."""

import asyncio
from collections.abc import Callable, Coroutine


class Background:
    """Runs one coroutine that does not end by itself."""

    def __init__(self, run: Callable[[], Coroutine[None, None, None]]) -> None:
        """Create what :meth:`start` starts.

        :param run: returns the coroutine.
        """
        self._run = run
        self._task: asyncio.Task[None] | None = None

    @property
    def is_running(self) -> bool:
        """Whether it was started and is not stopped."""
        return self._task is not None

    def start(self) -> None:
        """Begin to run."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Cancel it and wait until it has ended, if it was started.

        What it ended with before is raised here.
        """
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            (ended,) = await asyncio.gather(task, return_exceptions=True)
            if isinstance(ended, BaseException) and not isinstance(ended, asyncio.CancelledError):
                raise ended
