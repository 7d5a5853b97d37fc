"""Chores that run round after round."""

import asyncio

import pytest

from chatd.errors import StorageUnavailable
from chatd.services.housekeeping import Housekeeping


@pytest.mark.parametrize("error", [RuntimeError("a bug"), StorageUnavailable()])
async def test_a_chore_that_fails_is_logged_and_runs_again_in_the_next_round(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    rounds: list[str] = []
    is_over = asyncio.Event()

    async def fail_at_first() -> None:
        rounds.append("first")
        if len(rounds) == 1:
            raise error

    async def end() -> None:
        rounds.append("second")
        is_over.set()

    running = asyncio.create_task(Housekeeping(fail_at_first, end, interval=0).run())
    async with asyncio.timeout(10):
        await is_over.wait()
    running.cancel()
    assert rounds[:3] == ["first", "first", "second"]
    assert [record.levelname for record in caplog.records] == ["ERROR"]
