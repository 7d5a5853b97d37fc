"""Limits of connections: how many an address may have, and which are closed when file descriptors run out."""

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

#: How many file descriptors are kept for everything else, such as the database; at most a quarter of all.
RESERVE = 32

#: How many connections are closed at once to make room, or a sixteenth of all if that is more: so that the search costs
#: little per new connection.
_GOING = 16

#: How long a connection may be silent before it is among the first to be closed, in seconds: clients send their request
#: at once.
_GRACE = 1.0

#: How long a problem must not have happened before it is logged again, in seconds.
_OUTAGE = 60.0


class Guest(Protocol):
    """A connection, from when it is accepted to its end."""

    @property
    def is_silent(self) -> bool:
        """Whether no whole head has come yet."""

    @property
    def is_resting(self) -> bool:
        """Whether it waits for the next request, and the client has read all answers."""

    @property
    def is_slow(self) -> bool:
        """Whether it waits for its client to send the rest of a body or to read an answer."""

    def give_way(self) -> None:
        """End it."""


class Crowd:
    """All connections of this process, oldest first."""

    def __init__(
        self,
        per_address: int = 0,
        proxies: Proxies | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Create an empty crowd.

        :param per_address: how many connections an address may have; 0: no limit.
        :param proxies: not limited, as their connections are those of many people.
        :param clock: seconds, never going back.
        """
        self._per_address = per_address
        self._proxies = Proxies(()) if proxies is None else proxies
        self._clock = clock
        self._guests: dict[Guest, tuple[str, float]] = {}
        self._addresses: Counter[str] = Counter()
        self._last: dict[str, float] = {}
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        #: Connections stay below this file descriptor. A new descriptor is always the lowest free one.
        self.last_descriptor = sys.maxsize if files == resource.RLIM_INFINITY else files - min(RESERVE, files // 4)

    def __len__(self) -> int:
        """Return the number of connections."""
        return len(self._guests)

    def may_come(self, address: str) -> bool:
        """Report whether an address may have another connection."""
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
        """Count a connection until it leaves."""
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
        """Close some connections that wait for their clients, and report whether there were any.

        The first to go have been silent for a while; then the newly accepted or the resting ones, whichever are more,
        as these are an attacker's if there is one; then the slow ones, so that requests that never end hold no room.

        :param reason: why there is no room, for the log.
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
        """Note an event, and report whether it is the first of its kind in a while: one log line is enough."""
        now = self._clock()
        before = self._last.get(event)
        self._last[event] = now
        return before is None or now - before >= _OUTAGE
