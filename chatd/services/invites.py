"""Invitations to make an account."""

import hashlib
import logging
import secrets

from chatd.clock import Clock
from chatd.models import Invite
from chatd.services.administrators import require_administrator
from chatd.storage import invites
from chatd.storage.commit import Transaction
from chatd.storage.database import Database

log = logging.getLogger(__name__)

#: The page that takes a code.
PATH = "/register?invite={}"

#: The most accounts one invitation may be good for.
USES_MAX = 1000


class Invites:
    """Makes invitations for administrators."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def make(self, user_id: int, *, lifetime_ms: int | None, uses: int) -> Invite:
        """Make an invitation.

        :param user_id: who asks for it.
        :param lifetime_ms: how long it can be used; None: for ever.
        :param uses: how many accounts it is good for.
        :raises AdministratorsOnly: the user is no administrator.
        """
        now = self._clock()
        expires_at = None if lifetime_ms is None else now + lifetime_ms

        def work(tx: Transaction) -> str:
            require_administrator(tx.db, user_id)
            return create(tx, now=now, expires_at=expires_at, uses=uses)

        code = await self._db.write(work)
        log.info("invitation made", extra={"event": "invited", "user_id": user_id})
        return Invite(code=code, path=PATH.format(code), expires_at=expires_at)


def create(tx: Transaction, *, now: int, expires_at: int | None = None, uses: int = 1) -> str:
    """Store an invitation and return its code.

    :param expires_at: when it ends; None: never.
    :param uses: how many accounts it is good for.
    """
    code = secrets.token_urlsafe(12)
    invites.insert(tx.db, code_hash(code), now, expires_at=expires_at, uses=uses)
    return code


def code_hash(code: str) -> bytes:
    """Return the stored form of an invitation's code: codes are random, so a plain hash is enough."""
    return hashlib.sha256(code.strip().encode()).digest()
