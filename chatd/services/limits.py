"""Rate limits by the generic cell rate algorithm (ITU-T I.371), which remembers one number for each key."""

import ipaddress
import time
from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache

from chatd.errors import RateLimited

#: A limiter forgets the keys that are at rest whenever it holds this many.
SWEEP_SIZE = 10_000

#: The rounding error of sums of seconds.
_ROUNDING = 1e-9

#: The prefix of one customer's IPv6 network, which counts as one address: RFC 6177.
_IPV6_PREFIX = 64


class RateLimiter:
    """Lets through ``rate`` events a second of each key, and up to ``burst`` at once."""

    def __init__(
        self,
        rate: float,
        burst: float,
        clock: Callable[[], float] = time.monotonic,
        *,
        sweep_size: int = SWEEP_SIZE,
    ) -> None:
        """Create a limiter.

        :param rate: events a second; 0 turns the limiter off.
        :param burst: how many may come at once after a rest; at least one may.
        :param clock: a monotonic clock, in seconds.
        :param sweep_size: how many keys it holds before it forgets those at rest.
        """
        self._interval = 1 / rate if rate else 0.0
        self._tolerance = max(burst, 1.0) * self._interval
        self._longest_wait = self._tolerance + _ROUNDING
        self._clock = clock
        self._full_until: dict[Hashable, float] = {}
        self._sweep_size = self._sweep_at = sweep_size

    def take(self, key: Hashable, *others: Hashable) -> None:
        """Let one event of ``key`` and of each of ``others`` through, or none.

        :raises RateLimited: with the seconds until the next can come.
        """
        if not self._interval:
            return
        now = self._clock()
        if others:
            self._take_all((key, *others), now)
        else:
            until = self._full_until.get(key, now)
            until = (until if until > now else now) + self._interval
            if until - now > self._longest_wait:
                raise RateLimited(until - now - self._tolerance)
            self._full_until[key] = until
        if len(self._full_until) > self._sweep_at:
            self._sweep(now)

    def _take_all(self, keys: Sequence[Hashable], now: float) -> None:
        until = {key: max(self._full_until.get(key, 0.0), now) + self._interval for key in keys}
        longest = max(until.values()) - now
        if longest > self._longest_wait:
            raise RateLimited(longest - self._tolerance)
        self._full_until.update(until)

    def _sweep(self, now: float) -> None:
        self._full_until = {key: end for key, end in self._full_until.items() if end > now}
        self._sweep_at = max(self._sweep_size, 2 * len(self._full_until))


def per_second(rate: float) -> RateLimiter:
    """Return a limiter of ``rate`` a second that lets five seconds' worth come at once."""
    return RateLimiter(rate, rate * 5)


def per_minute(count: float) -> RateLimiter:
    """Return a limiter of ``count`` a minute, all of which may come at once."""
    return RateLimiter(count / 60, count)


def per_hour(count: float) -> RateLimiter:
    """Return a limiter of ``count`` an hour, all of which may come at once."""
    return RateLimiter(count / 3600, count)


@lru_cache(maxsize=1024)
def limit_key(address: str) -> str:
    """Return the key of an address in limits: the address, or in IPv6 its customer's network."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, _IPV6_PREFIX), strict=False))
    return address
