"""Tickets, which browsers send in the socket's handshake instead of their token."""

import hashlib
import secrets
from collections import OrderedDict
from typing import Protocol

from chatd.clock import Clock
from chatd.errors import NotAuthenticated
from chatd.models import Identity, Ticket
from chatd.services.sessions import Sessions
from chatd.storage.cluster import tickets
from chatd.storage.commit import Transaction
from chatd.storage.database import Database

#: How long a ticket is valid, in milliseconds.
LIFETIME_MS = 30_000

#: How many unused tickets a session may have: more than a browser opens pages at once; the oldest gives way.
_MOST_OF_SESSION = 32

#: How many there may be in all, which takes at most 40 MB; the oldest gives way.
MOST = 100_000

#: Random bytes in a secret, which nobody can guess.
_SECRET_BYTES = 32


class Tickets(Protocol):
    """Secrets that each stand for a session once, for a short time: worthless to anybody who reads them in a log."""

    async def issue(self, identity: Identity, /) -> Ticket:
        """Return a new ticket for a session."""

    async def redeem(self, secret: str, /) -> Identity:
        """Use up a ticket and return whom it identifies.

        :raises AccountUnavailable: the user no longer exists or is disabled.
        :raises NotAuthenticated: there is no such ticket, it was used, it has expired, or its session has ended.
        """


class SharedTickets:
    """Tickets in the database, by their hashes, for several processes: another one may see the handshake."""

    def __init__(self, db: Database, sessions: Sessions, clock: Clock) -> None:
        self._db = db
        self._sessions = sessions
        self._clock = clock

    async def issue(self, identity: Identity) -> Ticket:
        """See :meth:`Tickets.issue`."""
        now, secret = self._clock(), secrets.token_urlsafe(_SECRET_BYTES)

        def work(tx: Transaction) -> None:
            tickets.insert(tx.db, _key(secret), identity, issued_at=now, most=_MOST_OF_SESSION)

        await self._db.write(work)
        return Ticket(secret, min(now + LIFETIME_MS, identity.expires_at))

    async def redeem(self, secret: str) -> Identity:
        """See :meth:`Tickets.redeem`."""
        found = await self._db.write(lambda tx: tickets.take(tx.db, _key(secret)))
        if found is None:
            raise NotAuthenticated
        identity, issued_at = found
        if not abs(self._clock() - issued_at) < LIFETIME_MS:  # the clock of another machine may be ahead
            raise NotAuthenticated
        await self._sessions.require_live(identity)
        return identity


class OwnTickets:
    """Tickets in memory, by their hashes; they do not outlive the server."""

    def __init__(self, sessions: Sessions, clock: Clock, *, at_most: int = MOST) -> None:
        self._at_most = at_most
        self._sessions = sessions
        self._clock = clock
        self._issued: OrderedDict[bytes, tuple[Identity, int]] = OrderedDict()  # the oldest first, as below
        self._of_session: dict[int, OrderedDict[bytes, None]] = {}

    async def issue(self, identity: Identity) -> Ticket:
        """See :meth:`Tickets.issue`."""
        now = self._clock()
        self._forget_old(now)
        of_session = self._of_session.get(identity.session_id, ())
        if len(of_session) >= _MOST_OF_SESSION:
            self._take(next(iter(of_session)))
        elif len(self._issued) >= self._at_most:
            self._take(next(iter(self._issued)))
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        key = _key(secret)
        self._issued[key] = identity, now
        self._of_session.setdefault(identity.session_id, OrderedDict())[key] = None
        return Ticket(secret, min(now + LIFETIME_MS, identity.expires_at))

    async def redeem(self, secret: str) -> Identity:
        """See :meth:`Tickets.redeem`."""
        identity, issued_at = self._take(_key(secret))
        if not 0 <= self._clock() - issued_at < LIFETIME_MS:  # negative: the clock was set back
            raise NotAuthenticated
        await self._sessions.require_live(identity)
        return identity

    def _take(self, key: bytes) -> tuple[Identity, int]:
        if key not in self._issued:
            raise NotAuthenticated
        identity, issued_at = self._issued.pop(key)
        of_session = self._of_session[identity.session_id]
        del of_session[key]
        if not of_session:
            del self._of_session[identity.session_id]
        return identity, issued_at

    def _forget_old(self, now: int) -> None:
        while self._issued:
            key, (_, issued_at) = next(iter(self._issued.items()))
            if 0 <= now - issued_at < LIFETIME_MS:
                break
            self._take(key)


def _key(secret: str) -> bytes:
    """Return the key a secret is looked up by: a hash, so that timing reveals nothing about other secrets."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()
