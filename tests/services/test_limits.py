"""Rate limits, on a clock of the test's own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.errors import RateLimited
from chatd.services.limits import RateLimiter, per_hour, per_minute, per_second


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def taken(limiter: RateLimiter, *keys: str, tries: int = 1) -> int:
    """Return how many of ``tries`` go through."""
    count = 0
    for _ in range(tries):
        try:
            limiter.take(*keys)
        except RateLimited:
            continue
        count += 1
    return count


def test_a_burst_comes_at_once_and_no_more(clock: Clock) -> None:
    assert taken(RateLimiter(2, 5, clock), "alice", tries=20) == 5


def test_after_the_burst_comes_the_sustained_rate(clock: Clock) -> None:
    limiter = RateLimiter(2, 5, clock)
    taken(limiter, "alice", tries=20)
    for _ in range(10):
        clock.now += 1
        assert taken(limiter, "alice", tries=20) == 2


def test_a_rest_gives_the_burst_back_and_no_more(clock: Clock) -> None:
    limiter = RateLimiter(2, 5, clock)
    taken(limiter, "alice", tries=20)
    clock.now += 1_000_000
    assert taken(limiter, "alice", tries=20) == 5


def test_one_key_takes_nothing_from_another(clock: Clock) -> None:
    limiter = RateLimiter(1, 1, clock)
    assert taken(limiter, "alice", tries=3) == 1
    assert taken(limiter, "bob", tries=3) == 1


def test_a_refusal_costs_nothing(clock: Clock) -> None:
    limiter = RateLimiter(1, 1, clock)
    limiter.take("alice")
    assert taken(limiter, "alice", tries=100) == 0
    clock.now += 1
    assert taken(limiter, "alice") == 1


@pytest.mark.parametrize(("rate", "burst"), [(0.1, 1), (1 / 3, 2), (3, 15), (50, 250), (60 / 3600, 60)])
def test_the_wait_it_names_is_enough_and_not_too_much(clock: Clock, rate: float, burst: float) -> None:
    limiter = RateLimiter(rate, burst, clock)
    taken(limiter, "alice", tries=int(burst))
    clock.now += 0.3 / rate
    for _ in range(5):
        with pytest.raises(RateLimited) as refused:
            limiter.take("alice")
        assert 0 < refused.value.retry_after <= 1 / rate + 1e-6
        clock.now += refused.value.retry_after - 0.01 / rate
        assert taken(limiter, "alice") == 0
        clock.now += 0.01 / rate
        assert taken(limiter, "alice") == 1


def test_of_several_keys_all_are_charged_or_none(clock: Clock) -> None:
    limiter = RateLimiter(1, 3, clock)
    taken(limiter, "alice", tries=3)
    assert taken(limiter, "alice", "bob", tries=10) == 0
    assert taken(limiter, "bob", tries=10) == 3
    clock.now += 2
    assert taken(limiter, "alice", "bob", tries=10) == 2
    assert taken(limiter, "alice") == taken(limiter, "bob") == 0


def test_with_several_keys_the_longest_wait_is_named(clock: Clock) -> None:
    limiter = RateLimiter(1, 1, clock)
    limiter.take("alice")
    clock.now += 0.75
    limiter.take("bob")
    with pytest.raises(RateLimited) as refused:
        limiter.take("alice", "bob")
    assert refused.value.retry_after == pytest.approx(1)


def test_a_rate_of_zero_is_no_limit(clock: Clock) -> None:
    assert taken(RateLimiter(0, 5, clock), "alice", tries=10_000) == 10_000


def test_a_burst_below_one_still_lets_one_through(clock: Clock) -> None:
    limiter = RateLimiter(0.01, 0.5, clock)
    assert taken(limiter, "alice", tries=5) == 1
    clock.now += 100
    assert taken(limiter, "alice", tries=5) == 1


@pytest.mark.parametrize(
    ("limiter", "burst"), [(per_second(3), 15), (per_minute(10), 10), (per_hour(60), 60), (per_minute(0), 1000)]
)
def test_the_settings_say_how_much_may_come_at_once(limiter: RateLimiter, burst: int) -> None:
    assert taken(limiter, "alice", tries=burst) == burst


def test_keys_at_rest_are_forgotten_and_no_others(clock: Clock) -> None:
    limiter = RateLimiter(1, 1, clock, sweep_size=100)
    for number in range(2000):
        limiter.take(f"address {number}")
        clock.now += 0.1
        assert len(limiter._full_until) <= 101
    limiter.take("alice")
    for number in range(500):
        assert taken(limiter, f"another {number}") == 1
    assert taken(limiter, "alice") == 0


def test_keys_that_are_busy_are_all_remembered(clock: Clock) -> None:
    limiter = RateLimiter(1, 1, clock, sweep_size=10)
    for number in range(100):
        limiter.take(str(number))
    assert [number for number in range(100) if taken(limiter, str(number))] == []


class Bucket:
    """A token bucket, counted in whole units so that nothing is rounded: a unit is one event over ``rate``."""

    def __init__(self, rate: int, burst: int) -> None:
        self.rate, self.size = rate, burst * 64
        self.level = dict.fromkeys("abc", self.size)

    def rest(self, ticks: int) -> None:
        for key, level in self.level.items():
            self.level[key] = min(self.size, level + ticks * self.rate)

    def take(self, keys: set[str]) -> bool:
        if any(self.level[key] < 64 for key in keys):
            return False
        for key in keys:
            self.level[key] -= 64
        return True


@given(
    rate=st.sampled_from([1, 2, 4, 8, 16]),
    burst=st.integers(1, 6),
    events=st.lists(st.tuples(st.integers(0, 200), st.sets(st.sampled_from("abc"), min_size=1)), max_size=60),
)
def test_it_lets_through_what_a_token_bucket_lets_through(
    rate: int, burst: int, events: list[tuple[int, set[str]]]
) -> None:
    clock = Clock()
    limiter, bucket = RateLimiter(rate, burst, clock), Bucket(rate, burst)
    for ticks, keys in events:
        clock.now += ticks / 64
        bucket.rest(ticks)
        assert taken(limiter, *keys) == bucket.take(keys)
