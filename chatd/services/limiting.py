"""Rate limits of what is rare and dear: where several processes are one server, they hold over all of them."""

import hashlib
from collections.abc import Hashable
from typing import Protocol

from chatd.clock import Clock
from chatd.errors import RateLimited
from chatd.services.limits import RateLimiter
from chatd.storage.cluster import limits
from chatd.storage.commit import Transaction
from chatd.storage.database import Database


class Limit(Protocol):
    """A limit of events of each key."""

    async def take(self, key: Hashable, *others: Hashable) -> None:
        """Let one event of ``key`` and of each of ``others`` through, or none.

        :raises RateLimited: with the seconds until the next can come.
        """


class OwnLimit:
    """A limit of this process."""

    def __init__(self, limiter: RateLimiter) -> None:
        self._limiter = limiter

    async def take(self, key: Hashable, *others: Hashable) -> None:
        """See :meth:`Limit.take`."""
        self._limiter.take(key, *others)


class SharedLimit:
    """A limit over all processes. The wall clocks of their machines should agree within a second."""

    def __init__(self, db: Database, clock: Clock, name: str, rate: float, burst: float) -> None:
        """Create a limit.

        :param name: of the limit, as each has keys of its own.
        :param rate: events a second; more than 0.
        :param burst: how many may come at once after a rest.
        """
        self._db = db
        self._clock = clock
        self._name = name
        self._interval = round(1_000_000 / rate)
        self._tolerance = round(max(burst, 1.0) * 1_000_000 / rate)

    async def take(self, key: Hashable, *others: Hashable) -> None:
        """See :meth:`Limit.take`."""
        digests = sorted({self._digest(each) for each in (key, *others)})
        now = self._clock() * 1000

        def work(tx: Transaction) -> None:
            until = max(limits.take(tx.db, digest, now=now, interval=self._interval) for digest in digests)
            if until - now > self._tolerance:
                raise RateLimited((until - now - self._tolerance) / 1_000_000)  # and nothing was counted

        await self._db.write(work)

    def _digest(self, key: Hashable) -> bytes:
        return hashlib.blake2b(repr((self._name, key)).encode(), digest_size=16).digest()


def per_minute(db: Database, clock: Clock, name: str, count: float) -> Limit:
    """Return a limit of ``count`` a minute, all of which may come at once; 0: no limit."""
    return _limit(db, clock, name, count, 60)


def per_hour(db: Database, clock: Clock, name: str, count: float) -> Limit:
    """Return a limit of ``count`` an hour, all of which may come at once; 0: no limit."""
    return _limit(db, clock, name, count, 3600)


def _limit(db: Database, clock: Clock, name: str, count: float, seconds: int) -> Limit:
    if db.is_shared and count:
        return SharedLimit(db, clock, name, count / seconds, count)
    return OwnLimit(RateLimiter(count / seconds, count))
