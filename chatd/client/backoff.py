"""How long to wait before the next try."""

import random
from typing import Protocol


class Random(Protocol):
    """Where jitter comes from; :class:`random.Random` is one."""

    def uniform(self, a: float, b: float, /) -> float:
        """Return a number between ``a`` and ``b``."""


class Backoff:
    """Exponential backoff with full jitter: a wait anywhere between nothing and a limit that doubles with every try.

    Clients that lost their server in the same moment come back spread over the whole time, not all at once.
    """

    def __init__(self, first: float = 3.0, most: float = 30.0, random: Random = random) -> None:
        """Create one at rest.

        :param first: the first limit, in seconds.
        :param most: what no limit exceeds, in seconds.
        """
        self._first = first
        self._most = most
        self._random = random
        self._limit = first

    def wait(self) -> float:
        """Return how long to wait now, in seconds."""
        limit = self._limit
        self._limit = min(limit * 2, self._most)
        return self._random.uniform(0, min(limit, self._most))

    def slow_down(self) -> None:
        """Wait as long as it gets from the next time on."""
        self._limit = self._most

    def reset(self) -> None:
        """Begin again: it worked."""
        self._limit = self._first
