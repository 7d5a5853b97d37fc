"""Groups: making and changing them, who is in them, and what each member is there."""

import logging
from collections.abc import Mapping
from typing import Any

from chatd.clock import DAY_MS, Clock
from chatd.config import Groups as GroupSettings
from chatd.errors import (
    AdministratorsOnly,
    ClientIdReused,
    GroupNotFound,
    NameDiffers,
    RateLimited,
)
from chatd.models import Group, GroupRole, Member, MemberPage, Mine, Preview, Stay
from chatd.services import changing, joining, levels, roles
from chatd.services.names import searched
from chatd.storage import groups, members, stays, users
from chatd.storage.commit import Transaction
from chatd.storage.database import Database
from chatd.storage.engine import Sql

log = logging.getLogger(__name__)


class Groups:
    """Makes groups and governs them."""

    def __init__(self, db: Database, settings: GroupSettings, clock: Clock) -> None:
        self._db = db
        self._settings = settings
        self._clock = clock

    async def create(self, user_id: int, said: Mapping[str, Any]) -> Group:
        """Make a group, which its maker owns.

        :param said: ``name`` and perhaps ``description``, ``avatar_path``, ``public``, ``approval``, ``history``
            (``all`` or ``joined``), ``rules``, ``slow_seconds`` and ``client_id``, which makes it repeatable.
        :raises AdministratorsOnly: not everybody may make groups here.
        :raises ClientIdReused: they have made another group under this ``client_id``.
        :raises RateLimited: they have made too many groups today.
        :raises TooManyGroups: they are in too many.
        """
        now = self._clock()

        def work(tx: Transaction) -> Group:
            if self._settings.create == "admins" and users.require(tx.db, user_id).role != "admin":
                raise AdministratorsOnly
            client_id = said.get("client_id")
            if client_id is not None:
                before = groups.made_as(tx.db, user_id, client_id)
                if before is not None:
                    return _made_before(tx.db, user_id, before, said["name"])
            self._require_rate(tx.db, user_id, now)
            rules = said.get("rules") or {}
            group_id = groups.insert(
                tx.db,
                name=said["name"],
                search_key=searched(said["name"]),
                description=said.get("description"),
                avatar_path=said.get("avatar_path"),
                is_public=said.get("public") or False,
                post_rule=rules.get("post") or "member",
                invite_rule=rules.get("invite") or "member",
                pin_rule=rules.get("pin") or "member",
                approval=said.get("approval") or False,
                slow_seconds=said.get("slow_seconds") or 0,
                made_by=user_id,
                made_as=client_id,
                created_at=now,
            )
            stay = self.enter(tx, _require(tx.db, group_id), user_id, role="owner", how="created", now=now)
            if said.get("history") != "joined":
                groups.set_history(tx.db, group_id, stay.visible_from, now)
            return _require(tx.db, group_id)

        group = await self._db.write(work)
        log.info("group made", extra={"event": "group_made", "user_id": user_id, "group_id": group.id})
        return group

    def enter(self, tx: Transaction, group: Group, user_id: int, **how: Any) -> Stay:
        """Let somebody into a group within the limits: see :func:`chatd.services.joining.enter`."""
        return joining.enter(
            tx, group, user_id, members_max=self._settings.members_max, per_user=self._settings.per_user, **how
        )

    async def get(self, user_id: int, group_id: int) -> Mine:
        """Return a group as somebody sees it: with what they are there, or as anybody sees a public one.

        :raises GroupNotFound: there is no such group, or it is not for them.
        """

        def read(db: Sql) -> Mine:
            group, stay = groups.find(db, group_id), stays.find(db, group_id, user_id)
            if group is None or (stay is None and not group.is_public):
                raise GroupNotFound
            return Mine(group, stay)

        return await self._db.read(read)

    async def public(self, query: str | None, *, skip: int, limit: int) -> list[Preview]:
        """Return previews of public groups, of those with most members first.

        :param query: part of their names, in any case, with or without the marks of Latin, Greek and Cyrillic letters.
        """
        key = searched(query or "") or None
        found = await self._db.read(lambda db: groups.public(db, query=key, skip=skip, limit=limit))
        return [group.preview for group in found]

    async def change(self, user_id: int, group_id: int, changes: Mapping[str, Any]) -> Group:
        """Change what ``changes`` name of a group, and return it.

        Newcomers see what is said from now on where ``history`` becomes ``all`` or a private group public.

        :raises GroupNotFound: there is no such group, or they are not in it.
        :raises Forbidden: they are no admin, or not the owner, as some changes need.
        """
        now = self._clock()

        def work(tx: Transaction) -> Group:
            before, stay = joining.require(tx.db, group_id, user_id)
            roles.require_active(stay, changing.least(changes), now)
            return changing.change(tx, user_id, before, changes, now=now)

        return await self._db.write(work)

    async def delete(self, user_id: int, group_id: int, name: str) -> None:
        """End a group as its owner.

        :param name: what it is called, so that nobody ends another one.
        :raises GroupNotFound: there is no such group, or they are not in it.
        :raises Forbidden: they do not own it.
        :raises NameDiffers: it is called something else.
        """
        now = self._clock()

        def work(tx: Transaction) -> None:
            group, stay = joining.require(tx.db, group_id, user_id)
            roles.require(stay, "owner")
            if name != group.name:
                raise NameDiffers
            joining.end(tx, group, now=now)

        await self._db.write(work)
        log.info("group deleted", extra={"event": "group_deleted", "user_id": user_id, "group_id": group_id})

    async def leave(self, user_id: int, group_id: int) -> None:
        """Leave a group; whoever has left it already need not.

        :raises GroupNotFound: there is no such group, or they never were in it.
        """
        now = self._clock()

        def work(tx: Transaction) -> None:
            stay = stays.find(tx.db, group_id, user_id)
            if stay is not None and groups.find(tx.db, group_id) is not None:
                joining.leave(tx, stay, how="left", now=now)
            elif not stays.was_in(tx.db, group_id, user_id) or groups.get_many(tx.db, [group_id]) == {}:
                raise GroupNotFound

        await self._db.write(work)

    async def members(
        self,
        user_id: int,
        group_id: int,
        *,
        query: str | None,
        role: str | None,
        via: int | None,
        after: int,
        limit: int,
    ) -> MemberPage:
        """Return members of a group by user id, above one.

        :param query: part of a username or nickname.
        :param role: only those with it.
        :param via: only those who came by this code, which is for admins to ask.
        :raises GroupNotFound: there is no such group, or they are not in it.
        :raises Forbidden: only admins see by which code somebody came.
        """

        def read(db: Sql) -> MemberPage:
            _, stay = joining.require(db, group_id, user_id)
            if via is not None:
                roles.require(stay, "admin")
            found = members.page(
                db,
                group_id,
                query=searched(query or "") or None,
                role=role,
                via=via,
                after=after,
                limit=limit + 1,
            )
            shown = found if stay.role != "member" else [Member(it.user, it.role, it.joined_at) for it in found]
            return MemberPage(shown[:limit], more=len(found) > limit)

        return await self._db.read(read)

    async def set_role(self, owner_id: int, group_id: int, user_id: int, role: GroupRole) -> Member:
        """Give a member another role, as the owner; who makes somebody else the owner becomes an admin.

        :raises GroupNotFound: there is no such group, or the caller is not in it.
        :raises UserNotFound: there is no such member.
        :raises Forbidden: the caller does not own the group, it is their own role, or a bot would own it.
        :raises TooManyAdmins: there are as many as there may be.
        """
        now = self._clock()

        return await self._db.write(lambda tx: roles.change(tx, owner_id, group_id, user_id, role, now=now))

    async def set_level(self, user_id: int, group_id: int, changes: Mapping[str, Any]) -> Stay:
        """Let other things disturb somebody in a group, and return what they are there.

        :param changes: ``notify``, and ``muted_until``, until when nothing does; None for no such time.
        :raises GroupNotFound: there is no such group, or they are not in it.
        """
        now = self._clock()

        return await self._db.write(lambda tx: levels.change(tx, user_id, group_id, changes, now=now))

    def _require_rate(self, db: Sql, user_id: int, now: int) -> None:
        most = self._settings.created_per_day
        made = groups.made_since(db, user_id, now - DAY_MS) if most else []
        if made and len(made) >= most:
            raise RateLimited((made[-most] + DAY_MS - now) / 1000)


def _made_before(db: Sql, user_id: int, group_id: int, name: str) -> Group:
    """Return the group that somebody has made already, and is still in."""
    group = groups.find(db, group_id)
    if group is None or stays.find(db, group_id, user_id) is None or group.name != name:
        raise ClientIdReused
    return group


def _require(db: Sql, group_id: int) -> Group:
    group = groups.find(db, group_id)
    if group is None:
        raise GroupNotFound
    return group
