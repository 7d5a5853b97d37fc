"""What the server counts about itself: plain numbers, added to where things happen and read by :mod:`chatd.metrics`."""

import asyncio
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from time import perf_counter
from typing import NamedTuple

#: Upper bounds of the buckets of a duration, in seconds: from what a commit takes on a fast disk to what is no chat.
DURATIONS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

#: Upper bounds of the buckets of a batch, in writes, up to :data:`chatd.storage.database.BATCH_LIMIT`.
BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


class Histogram:
    """How many values lie at or below each of some bounds, and their sum."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        """Create an empty histogram.

        :param bounds: the buckets' upper bounds, ascending and inclusive; above the last there is one bucket more.
        """
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def observe_all(self, values: list[float]) -> None:
        """Count many values, which are sorted by it: then a bucket costs one search, and a value next to nothing."""
        if len(values) < len(self.bounds):
            for value in values:
                self.observe(value)
            return
        values.sort()
        self.total += sum(values)
        below = 0
        for place, bound in enumerate(self.bounds):
            up_to = bisect_right(values, bound, below)
            self.counts[place] += up_to - below
            below = up_to
        self.counts[-1] += len(values) - below


class Cluster(NamedTuple):
    """How it is with the other processes on the same database."""

    #: How many processes there are, this one included.
    processes: int
    #: How many commits are known to be there and were not told here yet.
    lag: int
    #: How many commits of others were told here.
    foreign: int
    #: How many times the table of commits was read as something was missing.
    gaps: int


class Stats:
    """The numbers of one server, counted from its start.

    All of them are changed on the event loop, so none needs a lock.
    """

    def __init__(self) -> None:
        #: From a write's submission until its answer was given, in seconds.
        self.ack_latency = Histogram(DURATIONS)
        #: From a write's submission until the sockets of all who are told of it had it, in seconds.
        self.delivery_latency = Histogram(DURATIONS)
        #: What a commit took, in seconds, with all the work in it.
        self.commit_duration = Histogram(DURATIONS)
        #: How many writes shared a commit.
        self.batch_size = Histogram(BATCHES)
        #: Commits that failed, with every write in them.
        self.failed_commits = 0
        #: Open connections, and all there ever were, by dialect.
        self.connections: Counter[str] = Counter()
        self.connections_opened: Counter[str] = Counter()
        #: Frames that might be missed, and were, because much was waiting for their connection.
        self.skipped_frames = 0
        #: Connections that were dropped, by the reason.
        self.drops: Counter[str] = Counter()

    def committed(self, began: float, ended: float, answered: Sequence[float], told: Sequence[float]) -> None:
        """Count a commit; called once its callers are answered and its events are on their way.

        :param began: when it began, like all times here by ``time.perf_counter``.
        :param ended: when it was on disk.
        :param answered: when each of its writes was submitted.
        :param told: the same of those writes of which somebody is told.
        """
        now = perf_counter()
        self.commit_duration.observe(ended - began)
        self.batch_size.observe(len(answered))
        self.ack_latency.observe_all([now - submitted for submitted in answered])
        if told:  # what they are told is written in a callback that was called for before, so this one comes after it
            asyncio.get_running_loop().call_soon(self._delivered, told)

    def _delivered(self, told: Sequence[float]) -> None:
        now = perf_counter()
        self.delivery_latency.observe_all([now - submitted for submitted in told])
