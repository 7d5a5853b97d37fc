"""A power cut under load: the disk forgets what was not synced, and no message that was acknowledged is among it.

The same is done to a server with ``synchronous=NORMAL``, which acknowledges before it syncs: it has to lose some, else
these tests would be blind.
"""

import asyncio
import os
import random
from pathlib import Path

import pytest

from tests.conftest import Figure, Size
from tests.faults.load import Ledger, check, missing, people_on, send_again, talking
from tests.faults.shim import Forgets, Shim
from tests.faults.test_fsync import LAUNCHER
from tests.process import ServerProcess
from tests.support import Person

#: How many acknowledgements clients have before the power goes.
ACKS = 100

#: Enough for the log to be checkpointed more than once.
MANY_ACKS = 1500


@pytest.mark.timeout(900)
async def test_a_power_cut_under_load_loses_nothing_that_was_acknowledged(
    tmp_path: Path, size: Size, figure: Figure
) -> None:
    rounds = size(short=6, long=60)
    seed = int(os.environ.get("FAULTS_SEED") or random.SystemRandom().randrange(2**32))
    chance = random.Random(seed)
    data_dir = tmp_path / "data"
    shim = Shim(data_dir, tmp_path / "shim", journal=True)
    ledger, people = Ledger(), list[Person]()
    forgotten = 0
    try:
        for turn in range(rounds + 1):
            with ServerProcess(data_dir, **shim.variables) as server:
                async with people_on(server, people):
                    await send_again(data_dir, people, ledger)
                    if turn < rounds:
                        async with talking(people, str(turn), ledger):
                            await ledger.more_acks(MANY_ACKS if turn == 0 else ACKS)
                            await asyncio.sleep(chance.uniform(0, 0.03))
                            server.kill()
            forgets: Forgets = "some" if turn % 2 else "everything"
            forgotten += shim.cut_power(chance, forgets)
            assert missing(data_dir, ledger) == 0
    except BaseException as error:
        error.add_note(f"FAULTS_SEED={seed}")
        raise
    assert forgotten > 0
    cuts = f"{rounds} power cuts, {forgotten} unsynced writes forgotten"
    figure(f"{cuts}, none of {len(ledger.acked)} acknowledged messages lost")


async def test_a_power_cut_right_after_the_first_start_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    shim = Shim(data_dir, tmp_path / "shim", journal=True)
    ledger, people = Ledger(), list[Person]()
    with ServerProcess(data_dir, **shim.variables) as server:
        async with people_on(server, people), talking(people, "first", ledger):
            await ledger.more_acks(1)
            server.kill()
    shim.cut_power(random.Random(0), "everything")
    assert check(data_dir, ledger) >= 1


async def test_this_disk_makes_a_server_lose_messages_that_acknowledges_before_it_syncs(
    tmp_path: Path, figure: Figure
) -> None:
    data_dir = tmp_path / "data"
    shim = Shim(data_dir, tmp_path / "shim", journal=True)
    ledger, people = Ledger(), list[Person]()
    with ServerProcess(data_dir, program=(LAUNCHER, "NORMAL"), **shim.variables) as server:
        async with people_on(server, people), talking(people, "first", ledger):
            await ledger.more_acks(ACKS)
            server.kill()
    assert missing(data_dir, ledger) == 0
    assert shim.cut_power(random.Random(0), "everything") > 0
    lost = missing(data_dir, ledger)
    figure(f"{lost} of {len(ledger.acked)} acknowledged messages lost with NORMAL")
    assert lost > 0
