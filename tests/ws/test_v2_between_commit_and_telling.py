"""What is on disk already and not told yet comes with the replay, and then not again."""

import asyncio
import threading
from typing import Any

import pytest

from chatd.storage import commit as commits
from chatd.storage import database
from tests.support import PATIENCE, Chat, until
from tests.ws.v2_client import connect, contents


async def test_what_a_replay_has_told_is_not_told_again_when_its_commit_returns(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob = await chat.people("alice", "bobby")
    committed, may_return = threading.Event(), threading.Event()
    commit = commits.commit

    def slow_to_return(*arguments: Any) -> Any:
        outcomes = commit(*arguments)
        committed.set()
        assert may_return.wait(PATIENCE)
        return outcomes

    monkeypatch.setattr(database, "commit", slow_to_return)
    sending = asyncio.create_task(alice.send(bob, "once"))
    await until(committed.is_set)
    client = await connect(bob)
    assert contents(await client.catch_up()) == ["once"]
    may_return.set()
    await sending
    await alice.send(bob, "after")
    assert contents(await client.settle()) == ["after"]
