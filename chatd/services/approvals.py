"""Answering those who ask to join a group."""

from chatd.clock import Clock
from chatd.errors import Banned, TooManyGroups, UserNotFound
from chatd.models import Group, JoinRequest
from chatd.services import asking, joining, roles
from chatd.services.groups import Groups
from chatd.storage import actions, group_invites, join_requests, stays
from chatd.storage.commit import Transaction
from chatd.storage.database import Database
from chatd.storage.engine import Sql

#: How many requests are shown at once; others follow as these are answered.
SHOWN_MAX = 100


class Approvals:
    """Shows a group's admins who asks to join, and lets them in or not."""

    def __init__(self, db: Database, rooms: Groups, clock: Clock) -> None:
        self._db = db
        self._rooms = rooms
        self._clock = clock

    async def requests(self, admin_id: int, group_id: int) -> list[JoinRequest]:
        """Return who asks to join a group, those first who have asked first, without those who are banned.

        :raises GroupNotFound: there is no such group, or the caller is not in it.
        :raises Forbidden: the caller is no admin.
        """
        now = self._clock()

        def read(db: Sql) -> list[JoinRequest]:
            _, stay = joining.require(db, group_id, admin_id)
            roles.require(stay, "admin")
            found = join_requests.in_group(db, group_id, SHOWN_MAX)
            return [each for each in found if not actions.is_banned(db, group_id, each.user.id, now)]

        return await self._db.read(read)

    async def decide(self, admin_id: int, group_id: int, user_id: int, *, accept: bool) -> None:
        """Let somebody in who has asked, or not. Who is in already need not be let in.

        :raises GroupNotFound: there is no such group, or the caller is not in it.
        :raises Forbidden: the caller is no admin.
        :raises UserNotFound: nobody of that kind asks.
        :raises Banned: a ban keeps them out.
        :raises GroupFull: the group has as many members as it may have.
        :raises TooManyGroups: they are in as many groups as they may be in.
        """
        now = self._clock()

        def work(tx: Transaction) -> None:
            group, stay = joining.require(tx.db, group_id, admin_id)
            roles.require_active(stay, "admin", now)
            asked = join_requests.find(tx.db, group_id, user_id)
            if asked is None:
                if not accept or stays.find(tx.db, group_id, user_id) is None:
                    raise UserNotFound
            elif accept:
                self._let_in(tx, group, asked, now)
            else:
                asking.forget(tx, group_id, user_id, now=now)

        await self._db.write(work)

    def _let_in(self, tx: Transaction, group: Group, asked: JoinRequest, now: int) -> None:
        try:
            self._rooms.enter(tx, group, asked.user.id, via=asked.via, now=now)
        except Banned:
            raise Banned("They are banned from this group.") from None
        except TooManyGroups:
            raise TooManyGroups("They are in as many groups as they may be in.") from None
        invite = None if asked.via is None else group_invites.get(tx.db, group.id, asked.via)
        if invite is not None and (invite.max_uses is None or invite.uses < invite.max_uses):
            group_invites.note_use(tx.db, invite.id, asked.user.id)
