"""Signing in and out, and recognising callers by their tokens."""

import contextlib
import hashlib
import logging
from collections import OrderedDict
from collections.abc import Collection

from chatd.clock import DAY_MS, Clock
from chatd.config import Accounts as AccountSettings
from chatd.config import Limits as LimitSettings
from chatd.errors import AccountUnavailable, NotAuthenticated, SessionNotFound, StorageUnavailable, WrongCredentials
from chatd.events import Event, SessionEnded, UserDisabled
from chatd.models import Identity, Session
from chatd.services.limiting import per_minute
from chatd.services.limits import limit_key
from chatd.services.names import account_key, account_keys
from chatd.services.passwords import Passwords, Verdict
from chatd.services.tokens import Tokens
from chatd.storage import sessions, users
from chatd.storage.commit import Transaction
from chatd.storage.database import Database
from chatd.storage.engine import Sql

log = logging.getLogger(__name__)

#: How exact ``last_seen_at`` is, in milliseconds: a write for every request would cost too much.
SEEN_STEP_MS = 60_000

#: How many pairs of an account and an address are remembered beside those of current sessions: the newest ones.
_ADDRESSES_KEPT = 4096

#: How many tokens are remembered as checked.
CACHE_SIZE = 20_000


class Sessions:
    """Starts sessions by password, lists and ends them, and recognises them by their tokens.

    A token that was checked is remembered until it expires or any session ends, so that the usual request costs
    neither a signature check nor a read.
    """

    def __init__(
        self,
        db: Database,
        tokens: Tokens,
        passwords: Passwords,
        accounts: AccountSettings,
        limits: LimitSettings,
        clock: Clock,
        *,
        cache_size: int = CACHE_SIZE,
    ) -> None:
        self._cache_size = cache_size
        self._db = db
        self._tokens = tokens
        self._passwords = passwords
        self._lifetime_ms = int(accounts.token_days * DAY_MS)
        self._clock = clock
        self._attempts = per_minute(db, clock, "logins", limits.logins_per_minute)
        self._all_attempts = per_minute(db, clock, "logins of all", limits.logins_per_minute * 5)
        self._signed_in_from: OrderedDict[tuple[int, str], None] = OrderedDict()
        self._checked: dict[str, Identity] = {}
        self._generation = 0
        self._seen: dict[int, int] = {}
        self._written: dict[int, int] = {}
        db.subscribe(lambda _: self.forget(), SessionEnded, UserDisabled)
        db.subscribe_foreign(self.forget)

    async def sign_in(self, username: str, password: str, *, device: str, address: str) -> str:
        """Start a session and return its token.

        An unknown user and a wrong password cost the same time and get the same answer.

        :param device: what the device calls itself, for the list of sessions.
        :param address: the address it connects from.
        :raises WrongCredentials: there is no such user, the password is wrong, or the account is disabled.
        :raises RateLimited: too many attempts on this account or from this address.
        """

        def read(db: Sql) -> tuple[int | None, str | None, list[str]]:
            user_id, stored = users.credentials(db, account_keys(username))
            return user_id, stored, [] if user_id is None else sessions.addresses(db, user_id)

        user_id, stored, addresses = await self._db.read(read)
        origin = limit_key(address)
        is_known = (user_id, origin) in self._signed_in_from or origin in map(limit_key, addresses)
        await self.throttle(account_key(username), address, is_known=is_known)
        verdict = await self._passwords.verify(stored, password)
        if not verdict or user_id is None or stored is None:
            raise WrongCredentials
        is_old = verdict is Verdict.RIGHT_AS_TYPED or self._passwords.is_outdated(stored)
        renewed = await self._passwords.hash(password) if is_old else None
        now = self._clock()

        def work(tx: Transaction) -> Session:
            user = users.get(tx.db, user_id)
            if user is None or user.disabled_at is not None or users.password_hash(tx.db, user.id) != stored:
                raise WrongCredentials
            if renewed is not None:
                users.set_password_hash(tx.db, user.id, renewed)
            sessions.delete_expired(tx.db, now)
            return start(tx, user.id, device=device, address=address, now=now, lifetime_ms=self._lifetime_ms)

        session = await self._db.write(work)
        self._remember(session.user_id, origin)
        await self.throttle_session(session.id)
        log.info(
            "signed in",
            extra={
                "event": "signed_in",
                "user_id": session.user_id,
                "session_id": session.id,
                "address": address,
            },
        )
        return self._tokens.issue(session)

    async def throttle(self, account: str, address: str, *, is_known: bool = False) -> None:
        """Count an attempt to sign in.

        All strangers to an account share one limit, so that many addresses guess no faster than one; an address that
        has signed in to it before has its own, which strangers cannot use up.

        :param account: whose password, as the folded username.
        :param is_known: whether somebody has signed in to this account from this address before.
        :raises RateLimited: too many attempts on this account or from this address.
        """
        origin = limit_key(address)
        whose = hashlib.blake2b(account.encode(), digest_size=16).digest()  # keys are kept, however long
        await self._attempts.take((whose, origin))
        if is_known:
            await self._all_attempts.take(("known", origin))
        else:
            await self._all_attempts.take(("account", whose), ("address", origin))

    async def throttle_session(self, session_id: int) -> None:
        """Count an attempt to prove, by the password, that a session is its user's; signing in was the first.

        :raises RateLimited: too many attempts in this session, whatever others do.
        """
        await self._attempts.take(session_id)

    def _remember(self, user_id: int, origin: str) -> None:
        """Remember an address after its sessions have ended, until the server stops."""
        self._signed_in_from[user_id, origin] = None
        self._signed_in_from.move_to_end((user_id, origin))
        if len(self._signed_in_from) > _ADDRESSES_KEPT:
            self._signed_in_from.popitem(last=False)

    async def authenticate(self, token: str) -> Identity:
        """Return whom ``token`` identifies.

        :raises AccountUnavailable: the user does not exist or is disabled.
        :raises NotAuthenticated: the token is invalid or expired, or its session has ended.
        """
        identity = self.known(token)
        return await self._check(token) if identity is None else identity

    def known(self, token: str) -> Identity | None:
        """Return whom ``token`` identifies, or None if that has to be looked up.

        :raises NotAuthenticated: the token has expired.
        """
        identity = self._checked.get(token)
        if identity is None:
            return None
        now = self._clock()
        if identity.expires_at <= now:
            del self._checked[token]
            raise NotAuthenticated
        self._seen[identity.session_id] = now
        return identity

    async def _check(self, token: str) -> Identity:
        identity = self._tokens.read(token, self._clock())
        await self.require_live(identity)
        if len(self._checked) >= self._cache_size:
            self._checked.clear()
        self._checked[token] = identity
        return identity

    async def require_live(self, identity: Identity) -> None:
        """Check that a session has not ended, and note that it was seen.

        :raises AccountUnavailable: the user does not exist or is disabled.
        :raises NotAuthenticated: the session has ended.
        """
        now = self._clock()
        if identity.expires_at <= now:
            raise NotAuthenticated
        while True:
            generation = self._generation
            await self._db.read(lambda db: _require_live(db, identity))
            if generation == self._generation:  # else a session ended meanwhile: was it this one?
                break
        self._seen[identity.session_id] = now

    async def list_live(self, user_id: int) -> list[Session]:
        """Return a user's sessions, newest first."""
        with contextlib.suppress(StorageUnavailable):  # reading works on a full disk
            await self.write_seen()
        return await self._db.read(lambda db: sessions.list_live(db, user_id, self._clock()))

    async def end(self, user_id: int, session_id: int) -> None:
        """End one of a user's sessions and close its sockets.

        :raises SessionNotFound: the user has no such session.
        """

        def work(tx: Transaction) -> None:
            if not sessions.delete(tx.db, session_id, user_id):
                raise SessionNotFound
            tx.publish(SessionEnded(recipients=(user_id,), session_id=session_id))

        await self._db.write(work)
        log.info("session ended", extra={"event": "session_ended", "user_id": user_id, "session_id": session_id})

    async def find_ended(self, connected: Collection[tuple[int, int]]) -> list[Event]:
        """Return events for those of some sessions that another process has ended.

        :param connected: pairs of a user id and a session id.
        """

        def ended(db: Sql) -> list[Event]:
            events: list[Event] = []
            for user_id, session_id in connected:
                try:
                    _require_live(db, Identity(user_id, session_id, 0))
                except AccountUnavailable:
                    events.append(UserDisabled(recipients=(user_id,)))
                except NotAuthenticated:
                    events.append(SessionEnded(recipients=(user_id,), session_id=session_id))
            return events

        return await self._db.read(ended)

    async def write_seen(self) -> None:
        """Store when sessions were last seen, where that has changed by a minute or more."""
        due = [
            (seen, session_id)
            for session_id, seen in self._seen.items()
            if abs(seen - self._written.get(session_id, 0)) >= SEEN_STEP_MS  # the clock may have been set back
        ]
        self._seen.clear()
        if due:
            await self._db.write(lambda tx: sessions.touch(tx.db, due))
            if len(self._written) > self._cache_size:
                self._written.clear()
            self._written.update((session_id, seen) for seen, session_id in due)

    def forget(self) -> None:
        """Forget every checked token: a session may have ended."""
        self._generation += 1
        self._checked.clear()


def start(tx: Transaction, user_id: int, *, device: str, address: str, now: int, lifetime_ms: int) -> Session:
    """Store a session that starts now and ends on a full second, as its token will say."""
    expires_at = (now + lifetime_ms) // 1000 * 1000
    return sessions.insert(
        tx.db, user_id=user_id, device=device, address=address, created_at=now, expires_at=expires_at
    )


def _require_live(db: Sql, identity: Identity) -> None:
    user = users.get(db, identity.user_id)
    if user is None or user.disabled_at is not None:
        raise AccountUnavailable
    if not sessions.exists(db, identity.session_id, identity.user_id):
        raise NotAuthenticated
