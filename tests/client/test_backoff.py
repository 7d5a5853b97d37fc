"""How long a client waits before it comes back."""

import random

from hypothesis import given
from hypothesis import strategies as st

from chatd.client import Backoff


class Extreme:
    """A random number generator that always gives one end of the range."""

    def __init__(self, highest: bool) -> None:
        self.highest = highest

    def uniform(self, a: float, b: float, /) -> float:
        return b if self.highest else a


def test_waits_begin_within_3_seconds_and_double_up_to_30() -> None:
    backoff = Backoff(random=Extreme(highest=True))
    assert [backoff.wait() for _ in range(7)] == [3, 6, 12, 24, 30, 30, 30]


def test_jitter_is_full_so_that_clients_come_back_at_any_time() -> None:
    backoff = Backoff(random=Extreme(highest=False))
    assert [backoff.wait() for _ in range(3)] == [0, 0, 0]


def test_waits_begin_anew_once_it_has_worked() -> None:
    backoff = Backoff(random=Extreme(highest=True))
    backoff.wait()
    backoff.wait()
    backoff.reset()
    assert backoff.wait() == 3


def test_who_sent_too_much_waits_the_longest() -> None:
    backoff = Backoff(random=Extreme(highest=True))
    backoff.slow_down()
    assert [backoff.wait(), backoff.wait()] == [30, 30]


@given(st.integers(), st.integers(min_value=1, max_value=50))
def test_no_wait_is_ever_out_of_range_or_equal_for_all(seed: int, tries: int) -> None:
    backoff = Backoff(random=random.Random(seed))
    waits = [backoff.wait() for _ in range(tries)]
    assert all(0 <= wait <= min(3 * 2**number, 30) for number, wait in enumerate(waits))
    assert len(set(waits)) == tries
