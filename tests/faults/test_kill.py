"""``kill -9`` under load: what was acknowledged is stored once, and what was not can be sent again."""

import asyncio
import random
import signal
import time
from pathlib import Path

import pytest

from tests.conftest import Figure, Size
from tests.faults.load import Ledger, people_on, send_again, talking
from tests.process import ServerProcess
from tests.support import Person

#: How many acknowledgements clients have of a round before the server is killed.
ACKS = 150


@pytest.mark.timeout(900)
async def test_kill_9_under_load_loses_nothing_and_doubles_nothing(tmp_path: Path, size: Size, figure: Figure) -> None:
    data_dir = tmp_path / "data"
    rounds = size(short=4, long=50)
    ledger, people = Ledger(), list[Person]()
    starts: list[float] = []
    for turn in range(rounds + 1):
        began = time.monotonic()
        with ServerProcess(data_dir) as server:
            async with people_on(server, people):
                async with people[0].client.get("/health") as response:
                    assert response.status == 200
                starts.append(time.monotonic() - began)
                await send_again(data_dir, people, ledger)
                if turn < rounds:
                    async with talking(people, str(turn), ledger):
                        await ledger.more_acks(ACKS)
                        await asyncio.sleep(random.uniform(0, 0.03))
                        server.signal(signal.SIGKILL)
                    assert await asyncio.to_thread(server.wait) == -signal.SIGKILL
    assert len(ledger.acked) >= rounds * ACKS
    assert all(ledger.pushed)
    figure(f"{rounds} kills, {len(ledger.acked)} messages, serving again after at most {max(starts[1:]):.2f} s")
