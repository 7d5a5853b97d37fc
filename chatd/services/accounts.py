"""Accounts: registration, profiles, search, and what operators do to accounts."""

import logging
from collections.abc import Mapping
from typing import Any

from chatd.clock import Clock
from chatd.config import Limits as LimitSettings
from chatd.errors import InviteInvalid, RegistrationClosed, UsernameTaken, UserNotFound, WrongPassword
from chatd.events import AccountDeleted, ProfileChanged, SessionEnded, UserDisabled
from chatd.models import Identity, Role, Session, User
from chatd.services import joining, naming
from chatd.services.community import Communities
from chatd.services.invites import code_hash as invite_hash
from chatd.services.limiting import per_hour
from chatd.services.limits import limit_key
from chatd.services.names import account_keys, folded, search_key, searched
from chatd.services.passwords import Passwords
from chatd.services.sessions import Sessions, start
from chatd.storage import blocks, change_log, invites, sessions, users
from chatd.storage.commit import Transaction
from chatd.storage.database import Database
from chatd.storage.engine import Sql

log = logging.getLogger(__name__)


class Accounts:
    """Registers, finds and changes accounts."""

    def __init__(
        self,
        db: Database,
        logins: Sessions,
        passwords: Passwords,
        community: Communities,
        limits: LimitSettings,
        clock: Clock,
    ) -> None:
        self._db = db
        self._logins = logins
        self._passwords = passwords
        self._community = community
        self._clock = clock
        self._registrations = per_hour(db, clock, "registrations", limits.registrations_per_hour)

    async def register(self, username: str, password: str, nickname: str, *, invite: str | None, address: str) -> User:
        """Create an account; the first one is the administrator's.

        :param invite: a code from ``chatd invite``, needed where registration is by invitation.
        :param address: the address the request comes from.
        :raises RegistrationClosed: nobody may register.
        :raises InviteInvalid: the invitation is missing, unknown or used.
        :raises UsernameTaken: the username is taken, perhaps in another spelling.
        :raises RateLimited: too many accounts from this address.
        """
        code_hash = invite_hash(invite or "")
        if await self._db.read(self._community.registration) == "closed":
            raise RegistrationClosed
        await self._registrations.take(limit_key(address))

        def needs_code(db: Sql) -> bool:
            registration = self._community.registration(db)
            if registration == "closed":
                raise RegistrationClosed
            return registration == "invite"

        def check(db: Sql) -> None:
            if needs_code(db) and not invites.is_open(db, code_hash, self._clock()):
                raise InviteInvalid
            if folded(username) == naming.ALL or users.get_by_key(db, folded(username)) is not None:
                raise UsernameTaken

        await self._db.read(check)
        password_hash = await self._passwords.hash(password)
        now = self._clock()

        def work(tx: Transaction) -> User:
            code_is_used = needs_code(tx.db)
            user = create(tx, username, nickname, password_hash, now=now)
            if code_is_used and not invites.use(tx.db, code_hash, user.id, now):
                raise InviteInvalid
            return user

        user = await self._db.write(work)
        log.info("registered", extra={"event": "registered", "user_id": user.id, "address": address})
        return user

    async def get(self, user_id: int) -> User:
        """Return a user.

        :raises UserNotFound: there is none.
        """
        return await self._db.read(lambda db: users.require(db, user_id))

    async def get_enabled(self, user_id: int) -> User:
        """Return a user who is neither disabled nor deleted, as only those are shown to strangers.

        :raises UserNotFound: there is none.
        """
        user = await self.get(user_id)
        if user.disabled_at is not None or user.is_deleted:
            raise UserNotFound
        return user

    async def search(self, query: str | None, *, is_ai: bool | None, skip: int, limit: int) -> list[User]:
        """Return enabled users by id.

        :param query: part of the username or nickname, in any case, with or without the marks of Latin, Greek and
            Cyrillic letters; white space around it does not count. An empty query finds everyone.
        :param is_ai: only bots, or only people.
        """
        key = searched(query or "") or None
        return await self._db.read(lambda db: users.search(db, query=key, is_ai=is_ai, skip=skip, limit=limit))

    async def named(self, username: str) -> User | None:
        """Return the enabled user with a username, spelled in any way that signs them in, or None."""
        user = await self._db.read(lambda db: users.get_by_key(db, *account_keys(username)))
        return user if user is not None and user.disabled_at is None else None

    async def update_profile(self, user_id: int, changes: Mapping[str, Any]) -> User:
        """Change any of ``nickname``, ``avatar_path`` and ``bio``, and return the changed user."""
        now = self._clock()

        def work(tx: Transaction) -> User:
            before = users.require(tx.db, user_id)
            nickname = changes.get("nickname", before.nickname)
            users.set_profile(
                tx.db,
                user_id,
                nickname=nickname,
                search_key=search_key(before.username, nickname),
                avatar_path=changes.get("avatar_path", before.avatar_path),
                bio=changes.get("bio", before.bio),
            )
            after = users.require(tx.db, user_id)
            if after != before:
                seq = change_log.append(tx.db, "profile", user_id=user_id, created_at=now)
                tx.publish(ProfileChanged(seq=seq, recipients=tuple(users.audience(tx.db, user_id)), user=after))
            return after

        return await self._db.write(work)

    async def change_password(self, caller: Identity, old: str, new: str, *, address: str) -> None:
        """Replace the caller's password and end their other sessions.

        :raises WrongPassword: ``old`` is not the password.
        :raises RateLimited: too many attempts in this session.
        """
        user = await self.get(caller.user_id)
        await self._logins.throttle_session(caller.session_id)
        stored = await self._db.read(lambda db: users.password_hash(db, user.id))
        if not await self._passwords.verify(stored, old):
            raise WrongPassword
        password_hash = await self._passwords.hash(new)

        def work(tx: Transaction) -> None:
            if users.password_hash(tx.db, user.id) != stored:
                raise WrongPassword
            set_password(tx, user.id, password_hash, but=caller.session_id)

        await self._db.write(work)
        log.info("password changed", extra={"event": "password_changed", "user_id": user.id, "address": address})

    async def delete(self, caller: Identity, password: str, *, address: str) -> None:
        """Delete the caller's account; their messages are erased soon after: see :mod:`chatd.services.erasure`.

        :raises WrongPassword: it is wrong. A bot has none, and an operator deletes it.
        :raises RateLimited: too many attempts in this session.
        """
        user = await self.get(caller.user_id)
        await self._logins.throttle_session(caller.session_id)
        stored = await self._db.read(lambda db: users.password_hash(db, user.id))
        if not await self._passwords.verify(stored, password):
            raise WrongPassword("The password is wrong.")
        now = self._clock()

        def work(tx: Transaction) -> None:
            if users.password_hash(tx.db, user.id) != stored:
                raise WrongPassword("The password is wrong.")
            delete(tx, user.id, now=now)

        await self._db.write(work)
        log.info("account deleted", extra={"event": "account_deleted", "user_id": user.id, "address": address})


def create(
    tx: Transaction,
    username: str,
    nickname: str,
    password_hash: str | None,
    *,
    now: int,
    is_ai: bool = False,
) -> User:
    """Store an account; the first one that is not a bot's is the administrator's.

    :param password_hash: None for an account that cannot sign in with a password.
    :raises UsernameTaken: the username is taken, perhaps in another spelling.
    """
    if folded(username) == naming.ALL:
        raise UsernameTaken
    role: Role = "member" if is_ai or users.has_human(tx.db) else "admin"
    user = users.insert(
        tx.db,
        username=username,
        username_key=folded(username),
        nickname=nickname,
        search_key=search_key(username, nickname),
        password_hash=password_hash,
        is_ai=is_ai,
        role=role,
        created_at=now,
    )
    if user is None:
        raise UsernameTaken
    return user


def find(tx: Transaction, username: str) -> User:
    """Return a user by name.

    :raises UserNotFound: there is none.
    """
    user = users.get_by_key(tx.db, *account_keys(username))
    if user is None or user.is_deleted:
        raise UserNotFound(f"There is no user called {username}.")
    return user


def create_bot(tx: Transaction, name: str, nickname: str, *, now: int, lifetime_ms: int) -> Session:
    """Store a bot's account and start the session for its token."""
    bot = create(tx, name, nickname, None, now=now, is_ai=True)
    return start(tx, bot.id, device="chatd user add --bot", address="", now=now, lifetime_ms=lifetime_ms)


def new_token(tx: Transaction, bot_id: int, *, now: int, lifetime_ms: int) -> Session:
    """Start a session for a new token of a bot, end all earlier ones, and return it."""
    _end_sessions(tx, bot_id)
    return start(tx, bot_id, device="chatd user token", address="", now=now, lifetime_ms=lifetime_ms)


def set_password(tx: Transaction, user_id: int, password_hash: str, *, but: int | None = None) -> None:
    """Replace a password and end the user's sessions.

    :param but: the id of a session that is kept.
    """
    users.set_password_hash(tx.db, user_id, password_hash)
    _end_sessions(tx, user_id, but=but)


def disable(tx: Transaction, user_id: int, *, now: int) -> None:
    """Disable an account and end its sessions."""
    users.set_disabled(tx.db, user_id, now)
    sessions.delete_all(tx.db, user_id)
    tx.publish(UserDisabled(recipients=(user_id,)))


def enable(tx: Transaction, user_id: int) -> None:
    """Let a disabled account sign in again."""
    users.set_disabled(tx.db, user_id, None)


def delete(tx: Transaction, user_id: int, *, now: int) -> None:
    """Delete an account: end its sessions, close its sockets, and clear everything from its row that says who it was.

    The username becomes free, and each group that they own has another owner.
    """
    users.anonymise(tx.db, user_id, now)
    sessions.delete_all(tx.db, user_id)
    blocks.remove_all(tx.db, user_id)
    joining.leave_all(tx, user_id, now=now)
    tx.publish(AccountDeleted(recipients=(user_id,)))


def _end_sessions(tx: Transaction, user_id: int, *, but: int | None = None) -> None:
    for session_id in sessions.delete_all(tx.db, user_id, but=but):
        tx.publish(SessionEnded(recipients=(user_id,), session_id=session_id))
