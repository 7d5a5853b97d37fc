"""Who may connect: how many connections one address may have, and who goes when file descriptors run short."""

import logging
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Protocol

from chatd.http.proxies import Proxies
from chatd.services.limits import limit_key

log = logging.getLogger(__name__)

#: How many file descriptors connections leave for everything else, such as the database; a quarter if there are few.
RESERVE = 32

#: How many connections are closed at once to make room, or a sixteenth if there are many, so that looking for them
#: costs each new one little.
_GOING = 16

#: How long a connection may be silent before it is the first to go, in seconds: a client sends its request at once.
_GRACE = 1.0

#: An outage is over when it has not happened for so long, in seconds: only then is the next one logged.
_OUTAGE = 60.0


class Guest(Protocol):
    """A connection, from its being accepted to its end."""

    @property
    def is_silent(self) -> bool:
        """Whether it has not sent a whole head yet."""

    @property
    def is_resting(self) -> bool:
        """Whether it waits for its next request, and has read the answers to those before."""

    @property
    def is_slow(self) -> bool:
        """Whether it waits for its client: for the rest of a body, or for an answer to be read."""

    def give_way(self) -> None:
        """End it."""


class Crowd:
    """All connections of this process, in the order in which they came."""

    def __init__(
        self,
        per_address: int = 0,
        proxies: Proxies | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Create it.

        :param per_address: how many connections an address may have; 0: no limit.
        :param proxies: addresses whose connections are those of many people, and not limited.
        :param clock: seconds, never going back.
        """
        self._per_address = per_address
        self._proxies = Proxies(()) if proxies is None else proxies
        self._clock = clock
        self._guests: dict[Guest, tuple[str, float]] = {}
        self._addresses: Counter[str] = Counter()
        self._last: dict[str, float] = {}
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        #: The first file descriptor that no connection is to have. A new one is always the lowest that is free.
        self.last_descriptor = sys.maxsize if files == resource.RLIM_INFINITY else files - min(RESERVE, files // 4)

    def __len__(self) -> int:
        """Return how many connections there are."""
        return len(self._guests)

    def may_come(self, address: str) -> bool:
        """Tell whether there may be another connection from an address."""
        if not self._per_address or self._addresses[limit_key(address)] < self._per_address:
            return True
        if self._proxies.trusts(address):
            return True
        if self._is_new("connections_refused"):
            log.warning(
                "an address has reached its limit of connections: more are refused",
                extra={"event": "connections_refused", "address": address},
            )
        return False

    def enter(self, guest: Guest, address: str) -> None:
        """Count a connection, until it leaves."""
        key = limit_key(address)
        self._guests[guest] = key, self._clock()
        self._addresses[key] += 1

    def leave(self, guest: Guest) -> None:
        """Stop counting a connection."""
        if (entry := self._guests.pop(guest, None)) is not None:
            key, _ = entry
            self._addresses[key] -= 1
            if not self._addresses[key]:
                del self._addresses[key]

    def make_room(self, reason: str) -> bool:
        """End some connections that wait for their clients, and tell whether there are any.

        First go those that have been silent for a while. Then go those that have just come or those that rest,
        whichever are more: if an attack takes the room, these are its own. Then go those that are slow, so that
        requests that never end take no room.

        :param reason: why there is no room left, for the log.
        """
        if self._is_new("descriptors_short"):
            log.warning(
                "there are too many connections (%s): those that are waiting are closed to make room",
                reason,
                extra={"event": "descriptors_short", "connections": len(self)},
            )
        going = max(_GOING, len(self) // 16)
        long_ago = self._clock() - _GRACE
        silent = [guest for guest in self._guests if guest.is_silent]
        waiting = [guest for guest in silent if self._guests[guest][1] < long_ago]
        if not waiting:
            resting = [guest for guest in self._guests if guest.is_resting and not guest.is_silent]
            waiting = silent if len(silent) > len(resting) else resting
        if not waiting:
            waiting = [guest for guest in self._guests if guest.is_slow]
        for guest in waiting[:going]:
            guest.give_way()
        return bool(waiting)

    def _is_new(self, event: str) -> bool:
        """Note that something happened, and tell whether that is the first time in a while: one line is enough."""
        now = self._clock()
        before = self._last.get(event)
        self._last[event] = now
        return before is None or now - before >= _OUTAGE
