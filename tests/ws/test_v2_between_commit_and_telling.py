"""What is on disk already and not told yet comes with the replay, and then not again."""

import asyncio
from typing import Any

from chatd.http.context import SERVICES
from tests.support import Chat
from tests.ws.v2_client import connect, contents


class SlowToReturn:
    """An engine whose first commit is on disk for as long as the test says before anybody learns of it."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self.committed, self.may_return = asyncio.Event(), asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    async def write(self, work: Any) -> Any:
        """Commit, and return later."""
        result = await self._engine.write(work)
        self.committed.set()
        await self.may_return.wait()
        return result


async def test_what_a_replay_has_told_is_not_told_again_when_its_commit_returns(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    database = chat.server.app[SERVICES].database
    database.engine = engine = SlowToReturn(database.engine)
    sending = asyncio.create_task(alice.send(bob, "once"))
    await engine.committed.wait()
    client = await connect(bob)
    assert contents(await client.catch_up()) == ["once"]
    engine.may_return.set()
    await sending
    await alice.send(bob, "after")
    assert contents(await client.settle()) == ["after"]
