"""Password hashing: slow on purpose, at low priority, two at a time, with a bounded queue."""

import asyncio
import contextlib
import os
import sys
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeVar

import argon2

from chatd.errors import RateLimited

T = TypeVar("T")

#: How many hashes run at once, so that the memory they take is bounded.
AT_ONCE = 2

#: How much nicer a thread that hashes is than the others: on one core it gets a tenth of what the event loop gets while
#: both want it (``sched_prio_to_weight`` in Linux). Not 19, the most: should another process take the core from it
#: while it has Python's lock, the event loop waits as long as it does.
NICENESS = 10

#: The longest password that is prepared, in code points: 1,024 bytes can come from no more than this (UAX #15, section
#: 9: decomposed, UTF-8 is at most three times as long). A longer one is nobody's, and could take long: the time grows
#: with the square of the number of marks.
PREPARED_MAX = 3 * 1024


@dataclass(frozen=True, slots=True)
class Hashing:
    """What a hash costs, and how many may wait for theirs.

    Argon2id with 19 MiB, two passes and one lane: OWASP's Password Storage Cheat Sheet names it as the least that is
    enough. The library's default of 64 MiB takes eight times as long, and a small server has little memory. At some
    25 ms a hash, the last of 64 has its answer within a second.
    """

    memory_kib: int = 19_456
    passes: int = 2
    lanes: int = 1
    queue_limit: int = 64


#: What the server uses; tests take less time.
DEFAULT = Hashing()


class Verdict(IntEnum):
    """The result of a check: wrong, or right in one of two ways."""

    WRONG = 0
    RIGHT = 1
    #: The hash is older than :func:`prepared`, and is to be made again.
    RIGHT_AS_TYPED = 2


def prepared(password: str) -> str:
    """Return a password as it is hashed, the same on every keyboard: composed, with plain spaces.

    This is OpaqueString of RFC 8265, section 4.2.2, without what that refuses: only new passwords are checked.
    """
    if password.isascii() or len(password) > PREPARED_MAX:
        return password
    plain = "".join(" " if unicodedata.category(character) == "Zs" else character for character in password)
    return unicodedata.normalize("NFC", plain)


class Passwords:
    """Hashes and checks passwords on threads of its own."""

    def __init__(self, hashing: Hashing = DEFAULT) -> None:
        self._hasher = argon2.PasswordHasher(
            time_cost=hashing.passes, memory_cost=hashing.memory_kib, parallelism=hashing.lanes
        )
        self._queue_limit = hashing.queue_limit
        self._threads = ThreadPoolExecutor(AT_ONCE, "argon2", initializer=_be_nice)
        self._pending = 0
        self._decoy = self._threads.submit(self._hasher.hash, "decoy")

    async def hash(self, password: str) -> str:
        """Return the hash of a password.

        :raises RateLimited: too many hashes are waiting.
        """
        return await self._run(self._hash, password)

    async def verify(self, stored: str | None, password: str) -> Verdict:
        """Report whether a password is the one behind a hash: prepared or, for an older hash, as it was typed.

        :param stored: the hash. None, for an account that is unknown or has no password, is never right and
            takes just as long.
        :raises RateLimited: too many hashes are waiting.
        """
        return await self._run(self._verify, stored, password)

    def is_outdated(self, stored: str) -> bool:
        """Report whether a hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(stored)

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, function: Callable[..., T], *args: object) -> T:
        if self._pending >= self._queue_limit:
            raise RateLimited(1.0)
        self._pending += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, _last, function, *args)
        finally:
            self._pending -= 1

    def _hash(self, password: str) -> str:
        return self._hasher.hash(prepared(password))

    def _verify(self, stored: str | None, password: str) -> Verdict:
        tried = self._decoy.result() if stored is None else stored
        ready, found = prepared(password), Verdict.WRONG
        if self._matches(tried, ready):
            found = Verdict.RIGHT
        elif ready != password and self._matches(tried, password):
            found = Verdict.RIGHT_AS_TYPED
        return Verdict.WRONG if stored is None else found

    def _matches(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False


def _be_nice() -> None:
    """Let the other threads go first: Linux keeps a niceness for each."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # a sandbox may not allow it
            os.nice(NICENESS)


def _last(function: Callable[..., T], *args: object) -> T:
    """Return ``function(*args)``, called after everything that can run now.

    A thread that wakes has a claim to the processor, however nice it is, and would have it for a whole tick of the
    kernel: 4 ms in which messages wait, measured on Linux 6.18. Yielding gives the claim up.
    """
    os.sched_yield()
    return function(*args)
