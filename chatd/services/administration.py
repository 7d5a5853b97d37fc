"""What administrators of the server see of all accounts, and do to them."""

import logging

from chatd.clock import Clock
from chatd.errors import CannotDisableSelf, UserNotFound
from chatd.models import Account, AccountPage
from chatd.services import accounts
from chatd.services.administrators import require_administrator
from chatd.services.names import searched
from chatd.storage import users
from chatd.storage.commit import Transaction
from chatd.storage.database import Database
from chatd.storage.engine import Sql

log = logging.getLogger(__name__)


class Administration:
    """Lists accounts for administrators, and shuts accounts out and lets them in again."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def accounts(self, user_id: int, *, query: str | None, after: int, limit: int) -> AccountPage:
        """Return accounts by id, above one: all that are not deleted.

        :param user_id: who asks.
        :param query: part of a username or nickname.
        :raises AdministratorsOnly: the user is no administrator.
        """

        def read(db: Sql) -> AccountPage:
            require_administrator(db, user_id)
            found = users.accounts(db, query=searched(query or "") or None, after=after, limit=limit + 1)
            return AccountPage(found[:limit], more=len(found) > limit)

        return await self._db.read(read)

    async def disable(self, user_id: int, account_id: int) -> Account:
        """Shut an account out, end its sessions, and return it as it is now; once is as good as twice.

        :param user_id: who does it.
        :raises AdministratorsOnly: the user is no administrator.
        :raises UserNotFound: there is no such account.
        :raises CannotDisableSelf: it is their own.
        """
        now = self._clock()

        def work(tx: Transaction) -> Account:
            account = _account(tx.db, user_id, account_id)
            if account_id == user_id:
                raise CannotDisableSelf
            if account.user.disabled_at is None:
                accounts.disable(tx, account_id, now=now)
            return _account(tx.db, user_id, account_id)

        account = await self._db.write(work)
        log.info("account disabled", extra={"event": "account_disabled", "user_id": account_id, "by": user_id})
        return account

    async def enable(self, user_id: int, account_id: int) -> Account:
        """Let a disabled account sign in again, and return it as it is now.

        :param user_id: who does it.
        :raises AdministratorsOnly: the user is no administrator.
        :raises UserNotFound: there is no such account.
        """

        def work(tx: Transaction) -> Account:
            _account(tx.db, user_id, account_id)
            accounts.enable(tx, account_id)
            return _account(tx.db, user_id, account_id)

        account = await self._db.write(work)
        log.info("account enabled", extra={"event": "account_enabled", "user_id": account_id, "by": user_id})
        return account


def _account(db: Sql, user_id: int, account_id: int) -> Account:
    require_administrator(db, user_id)
    found = users.accounts(db, query=None, after=account_id - 1, limit=1)
    if not found or found[0].user.id != account_id:
        raise UserNotFound
    return found[0]
