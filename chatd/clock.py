"""The wall clock, in one place so that a test can put another in its stead."""

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""A function that gives the time in UTC milliseconds since 1970."""


#: A day, in milliseconds.
DAY_MS = 86_400_000


def now() -> int:
    """Return the time in UTC milliseconds since 1970."""
    return time.time_ns() // 1_000_000
