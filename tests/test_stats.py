"""Counting, whole batches at a time."""

import asyncio
from itertools import accumulate
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from chatd.events import Event
from chatd.stats import BATCHES, DURATIONS, Histogram, Stats
from chatd.storage.database import BATCH_LIMIT, Database
from chatd.storage.engine.sqlite.engine import Sqlite
from chatd.storage.engine.sqlite.migrate import migrate
from tests.storage.support import note

values = st.lists(st.floats(0, 20) | st.sampled_from(DURATIONS), max_size=60)


@given(st.lists(values))
def test_many_values_at_once_count_as_one_after_another(batches: list[list[float]]) -> None:
    together, one_by_one = Histogram(DURATIONS), Histogram(DURATIONS)
    everything = [value for batch in batches for value in batch]
    for batch in batches:
        together.observe_all(list(batch))
    for value in everything:
        one_by_one.observe(value)
    assert together.counts == one_by_one.counts
    assert abs(together.total - one_by_one.total) < 1e-6
    assert list(accumulate(together.counts)) == [
        sum(value <= bound for value in everything) for bound in (*DURATIONS, float("inf"))
    ]


def test_the_largest_batch_has_a_bucket() -> None:
    assert BATCHES[-1] == BATCH_LIMIT


async def test_a_change_is_delivered_once_all_that_telling_it_has_asked_of_the_loop_is_done(tmp_path: Path) -> None:
    migrate(tmp_path / "chatd.db")
    stats = Stats()
    db = Database(Sqlite(tmp_path / "chatd.db"), stats=stats)
    delivered_before: list[int] = []

    def tell(_: Event) -> None:  # as a connection does, which writes in a callback of its own
        asyncio.get_running_loop().call_soon(lambda: delivered_before.append(sum(stats.delivery_latency.counts)))

    db.subscribe(tell)
    await db.open()
    await db.write(note("one", 1))
    await db.write(note("nobody is told"))
    await db.write(note("two", 2))
    await db.close()
    assert delivered_before == [0, 1]
    assert sum(stats.delivery_latency.counts) == 2
    assert sum(stats.ack_latency.counts) == sum(stats.batch_size.counts) == 3
