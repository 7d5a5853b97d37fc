"""Blocking: what a blocked user does no longer reaches the blocker, and they cannot tell."""

from chatd.clock import Clock
from chatd.errors import CannotBlockSelf
from chatd.events import BlockChanged
from chatd.models import Block
from chatd.storage import blocks, users
from chatd.storage.commit import Transaction
from chatd.storage.database import Database


class Blocks:
    """Blocks and unblocks people.

    What a blocked user does is stored for themselves alone, and stays hidden from the blocker even after the block
    ends: see :mod:`chatd.services.posting`.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def block(self, user_id: int, other_id: int) -> None:
        """Block a user; blocking them again changes nothing.

        :raises UserNotFound: there is no such other user.
        :raises CannotBlockSelf: it is the user.
        """
        if user_id == other_id:
            raise CannotBlockSelf
        now = self._clock()

        def work(tx: Transaction) -> None:
            users.require(tx.db, other_id)
            if blocks.add(tx.db, user_id, other_id, now):
                _tell(tx, user_id, other_id, on=True)

        await self._db.write(work)

    async def unblock(self, user_id: int, other_id: int) -> None:
        """Unblock a user; unblocking one who is not blocked changes nothing.

        :raises UserNotFound: there is no such other user.
        """

        def work(tx: Transaction) -> None:
            users.require(tx.db, other_id)
            if blocks.remove(tx.db, user_id, other_id):
                _tell(tx, user_id, other_id, on=False)

        await self._db.write(work)

    async def page(self, user_id: int, *, skip: int, limit: int) -> list[Block]:
        """Return a page of a user's blocks, newest first."""
        return await self._db.read(lambda db: blocks.page(db, user_id, skip=skip, limit=limit))


def _tell(tx: Transaction, blocker_id: int, blocked_id: int, *, on: bool) -> None:
    acquainted = blocked_id in users.acquaintances(tx.db, blocker_id)
    tx.publish(
        BlockChanged(recipients=(), blocker_id=blocker_id, blocked_id=blocked_id, on=on, are_acquainted=acquainted)
    )
