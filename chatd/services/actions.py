"""Actions: each use of power over members of a group, which can be undone."""

import asyncio
import logging
from collections.abc import Sequence

import msgspec

from chatd.clock import DAY_MS, Clock
from chatd.config import Groups as GroupSettings
from chatd.config import Limits as LimitSettings
from chatd.errors import ActionNotFound
from chatd.models import Action, ActionPage, RemovedPage
from chatd.services import joining, moderating, removing, roles
from chatd.services.limiting import per_minute
from chatd.services.moderating import Wanted
from chatd.storage import action_work, actions, messages, removals
from chatd.storage.commit import Transaction, Write
from chatd.storage.database import Database
from chatd.storage.engine import Sql

log = logging.getLogger(__name__)

#: How long to wait between two steps, in seconds, so that connected clients keep up.
PAUSE = 0.02


class Actions:
    """Acts on members of groups, shows what was done, and takes it back."""

    def __init__(self, db: Database, settings: GroupSettings, limits: LimitSettings, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._kept_ms = int(settings.removed_days * DAY_MS)
        self._limit = per_minute(db, clock, "actions", limits.actions_per_minute)
        self._one_at_a_time = asyncio.Lock()

    async def act(self, user_id: int, group_id: int, wanted: Wanted) -> Sequence[Action]:
        """Do something to people in a group, all of it or nothing. Messages beyond the first 500 follow.

        :raises GroupNotFound: there is no such group, or the caller is not in it.
        :raises Forbidden: the caller is no admin, or not above one of those people.
        :raises Silenced: somebody has silenced the caller.
        :raises UserNotFound: one of those people is not there.
        :raises MessageNotFound: the message to remove is not in the group, or not by them.
        :raises MessageDeleted: its sender has deleted it.
        :raises MessageRemoved: it is removed.
        :raises Invalid: it would end before it begins.
        :raises RateLimited: the caller does too much.
        """
        await self._limit.take(user_id)
        now = self._clock()
        made = await self._db.write(lambda tx: moderating.act(tx, user_id, group_id, wanted, now=now))
        log.info(
            "moderated",
            extra={"event": "moderated", "user_id": user_id, "group_id": group_id, "kind": wanted.kind},
        )
        return made

    async def page(
        self,
        user_id: int,
        group_id: int,
        *,
        before: int | None,
        kind: str | None,
        about: int | None,
        active: bool,
        limit: int,
    ) -> ActionPage:
        """Return what was done in a group, the newest first, to its admin.

        :param before: only actions with lower ids.
        :param kind: only those of it.
        :param about: only those that concern this user.
        :param active: only bans and silences in force.
        :raises GroupNotFound: there is no such group, or they are not in it.
        :raises Forbidden: they are no admin.
        """
        now = self._clock()

        def read(db: Sql) -> ActionPage:
            _, stay = joining.require(db, group_id, user_id)
            roles.require(stay, "admin")
            found = actions.page(
                db, group_id, before=before, kind=kind, user_id=about, active=active, now=now, limit=limit + 1
            )
            return ActionPage(found[:limit], more=len(found) > limit)

        return await self._db.read(read)

    async def removed(
        self, user_id: int, group_id: int, action_id: int, *, before: int | None, limit: int
    ) -> RemovedPage:
        """Return what an action has removed, with contents, the newest first, of what the group's admin would see.

        :param before: only messages with lower ids.
        :raises GroupNotFound: there is no such group, or they are not in it.
        :raises Forbidden: they are no admin.
        :raises ActionNotFound: there is no such action there.
        """

        def read(db: Sql) -> RemovedPage:
            _, stay = joining.require(db, group_id, user_id)
            roles.require(stay, "admin")
            action = actions.find(db, group_id, action_id)
            if action is None:
                raise ActionNotFound
            if action.user is None or action.from_id is None or action.to_id is None or action.undone_at is not None:
                return RemovedPage((), more=False)
            found = removals.kept(
                db,
                group_id,
                action.user.id,
                first_id=max(action.from_id, stay.visible_from),
                last_id=action.to_id,
                before=before,
                limit=limit + 1,
            )
            said = dict(found[:limit])
            shown = messages.get_many(db, said, viewer=user_id)
            items = [msgspec.structs.replace(each, content=said[each.id]) for each in reversed(shown)]
            return RemovedPage(items, more=len(found) > limit)

        return await self._db.read(read)

    async def undo(self, user_id: int, group_id: int, action_id: int) -> Action:
        """Let an action be as if it had not been, and return it.

        :raises GroupNotFound: there is no such group, or they are not in it.
        :raises ActionNotFound: there is no such action there.
        :raises Forbidden: they could not do it themselves.
        :raises AlreadyUndone: it is undone.
        :raises TooLate: what it removed is erased.
        :raises RateLimited: they do too much.
        """
        await self._limit.take(user_id)
        now = self._clock()

        def work(tx: Transaction) -> Action:
            _, action = moderating.require_action(tx.db, user_id, group_id, action_id, now)
            moderating.undo(tx, action, user_id, now=now)
            return actions.get_many(tx.db, [action_id])[action_id]

        return await self._db.write(work)

    async def end(self, user_id: int, group_id: int, action_id: int) -> Action:
        """Let a ban or a silence be over from now on, and return it; nothing comes back.

        :raises GroupNotFound: there is no such group, or they are not in it.
        :raises ActionNotFound: there is no such action there.
        :raises Forbidden: they could not do it themselves.
        :raises AlreadyUndone: it is undone.
        :raises NotInForce: it is something else.
        :raises RateLimited: they do too much.
        """
        await self._limit.take(user_id)
        now = self._clock()

        def work(tx: Transaction) -> Action:
            _, action = moderating.require_action(tx.db, user_id, group_id, action_id, now)
            moderating.end(tx, action, now=now)
            return actions.get_many(tx.db, [action_id])[action_id]

        return await self._db.write(work)

    async def undo_all(self, user_id: int, group_id: int, actor_id: int, since: int) -> None:
        """Undo all that can be undone of what somebody has done in a group, the newest first, as its owner.

        It is done soon after, whatever happens to the server.

        :param since: the time before which what they did stays, in milliseconds since 1970.
        :raises GroupNotFound: there is no such group, or they are not in it.
        :raises Forbidden: they do not own it.
        :raises RateLimited: they do too much.
        """
        await self._limit.take(user_id)

        def work(tx: Transaction) -> None:
            _, stay = joining.require(tx.db, group_id, user_id)
            roles.require(stay, "owner")
            moderating.ask_undo(tx, group_id, actor_id, since, by=user_id)

        await self._db.write(work)

    async def go_on(self) -> None:
        """Do all that is still to be done of actions, step by step."""
        async with self._one_at_a_time:
            now = self._clock()
            more = True
            while more:
                more = await self._db.write(lambda tx: moderating.step(tx, now=now))
                await asyncio.sleep(PAUSE)

    async def tidy(self) -> None:
        """Go on with what was interrupted, note what has lapsed, and erase what was removed long ago."""
        if await self._db.read(action_work.to_do) is not None:
            await self.go_on()
        now = self._clock()
        if await self._db.read(lambda db: action_work.has_lapsed(db, now)):
            await self._db.write(lambda tx: action_work.end_lapsed(tx.db, now))
        for action_id in await self._db.read(lambda db: action_work.to_erase(db, now - self._kept_ms)):
            erased = removing.STEP
            while erased == removing.STEP:
                erased = await self._db.write(_erasing(action_id, now))
                await asyncio.sleep(PAUSE)
            log.info("erased what an action had removed", extra={"event": "removed_erased", "action_id": action_id})


def _erasing(action_id: int, now: int) -> Write[int]:
    """Return a write that erases some of what an action has removed, and returns how many messages these were."""

    def work(tx: Transaction) -> int:
        return removing.erase(tx, actions.get_many(tx.db, [action_id])[action_id], limit=removing.STEP, now=now)

    return work
