"""Running bots."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from chatd.client import Bot, Disconnected
from tests.client.support import fast
from tests.support import Person, until


def bot_of(person: Person, **options: Any) -> Bot:
    """Return a person's bot, to be run by :func:`running`."""
    return Bot(str(person.client.make_url("/")), token=person.token, **{"backoff": fast(), **options})


@contextlib.asynccontextmanager
async def running(bot: Bot) -> AsyncIterator["asyncio.Task[None]"]:
    """Run a bot, connected from the beginning; kill it at the end."""
    task = asyncio.create_task(bot.start())
    await until(lambda: task.done() or is_up(bot))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def is_up(bot: Bot) -> bool:
    """Return whether a bot is connected."""
    try:
        return bot.client.is_connected
    except Disconnected:
        return False
