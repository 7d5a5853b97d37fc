"""Joining groups: because they are public, by codes, and by invitations that name somebody."""

import json
import secrets

import msgspec

from chatd.clock import Clock
from chatd.config import Limits as LimitSettings
from chatd.errors import GroupInviteInvalid, GroupNotFound, TooManyInvites, UserNotFound
from chatd.events import InvitationChanged
from chatd.models import Group, GroupInvite, Invited, Mine, Preview, Stay, User
from chatd.services import asking, joining, roles, voices, ways_in
from chatd.services.groups import Groups
from chatd.services.limiting import per_hour, per_minute
from chatd.storage import actions, blocks, change_log, group_invites, groups, join_requests, stays, users
from chatd.storage.commit import Transaction
from chatd.storage.database import Database
from chatd.storage.engine import Sql

#: The page that takes a code.
PATH = "/join/{}"

#: The most codes of one group that let somebody in at the same time.
CODES_MAX = 50


class Invitations:
    """Lets people into groups."""

    def __init__(self, db: Database, rooms: Groups, limits: LimitSettings, clock: Clock) -> None:
        self._db = db
        self._rooms = rooms
        self._clock = clock
        self._joins = per_minute(db, clock, "joins", limits.joins_per_minute)
        self._sent = per_hour(db, clock, "invitations", limits.invitations_per_hour)

    async def join(self, user_id: int, group_id: int, note: str | None = None) -> Mine | None:
        """Join a group that is public, or that somebody has invited the user to; who is in it already stays.

        None where an admin has to let them in, unless one has invited them.

        :param note: what the admins are to read then.

        :raises GroupNotFound: there is no such group, or it is not for them.
        :raises Banned: a ban keeps them out.
        :raises GroupFull: it has as many members as it may have.
        :raises TooManyGroups: they are in as many groups as they may be in.
        :raises TooManyJoinRequests: they ask to join too many.
        :raises RateLimited: they try too often.
        """
        await self._joins.take(user_id)
        now = self._clock()

        def work(tx: Transaction) -> Mine | None:
            group, stay = groups.find(tx.db, group_id), stays.find(tx.db, group_id, user_id)
            inviter = ways_in.inviter(tx.db, group_id, user_id)
            if group is None or (stay is None and not group.is_public and inviter is None):
                raise GroupNotFound
            host = None if inviter is None else stays.find(tx.db, group_id, inviter)
            if stay is None and group.approval and (host is None or host.role == "member"):
                asking.ask(tx, group_id, user_id, note=note, via=None, now=now)
                return None
            return self._enter(tx, group, stay, user_id, now, None)

        return await self._db.write(work)

    async def look(self, user_id: int, code: str) -> Invited:
        """Return the group that a code leads to, and whose code it is.

        :raises GroupInviteInvalid: it does not let them in.
        :raises Banned: a ban keeps them out.
        :raises RateLimited: they try too often.
        """
        await self._joins.take(user_id)
        now = self._clock()

        def read(db: Sql) -> Invited:
            group, invite = ways_in.opened(db, code, user_id, now)
            return Invited(group.preview, users.require(db, invite.made_by), invite.created_at)

        return await self._db.read(read)

    async def join_by(self, user_id: int, code: str, note: str | None = None) -> Mine | None:
        """Join the group that a code leads to; who is in it already stays.

        None where an admin has to let them in.

        :param note: what the admins are to read then.

        :raises GroupInviteInvalid: it does not let them in.
        :raises Banned: a ban keeps them out.
        :raises GroupFull: the group has as many members as it may have.
        :raises TooManyGroups: they are in as many groups as they may be in.
        :raises TooManyJoinRequests: they ask to join too many.
        :raises RateLimited: they try too often.
        """
        await self._joins.take(user_id)
        now = self._clock()

        def work(tx: Transaction) -> Mine | None:
            group, invite = ways_in.opened(tx.db, code, user_id, now)
            stay = stays.find(tx.db, group.id, user_id)
            if stay is None and group.approval:
                asking.ask(tx, group.id, user_id, note=note, via=invite.id, now=now)
                return None
            return self._enter(tx, group, stay, user_id, now, invite.id)

        return await self._db.write(work)

    def _enter(self, tx: Transaction, group: Group, stay: Stay | None, user_id: int, now: int, via: int | None) -> Mine:
        if stay is None:
            stay = self._rooms.enter(tx, group, user_id, via=via, now=now)
            if via is not None:
                group_invites.note_use(tx.db, via, user_id)
        return Mine(groups.get_many(tx.db, [group.id])[group.id], stay)

    # Codes.

    async def make(self, user_id: int, group_id: int, *, lifetime_ms: int | None, max_uses: int | None) -> GroupInvite:
        """Make a code with which others join a group.

        :param lifetime_ms: how long it lets them in; None: for ever.
        :param max_uses: how many it lets in; None: any number.
        :raises GroupNotFound: there is no such group, or they are not in it.
        :raises Forbidden: the group's rule does not let them.
        :raises TooManyInvites: there are as many codes as there may be.
        """
        now = self._clock()
        code = secrets.token_urlsafe(16)

        def work(tx: Transaction) -> GroupInvite:
            group, stay = joining.require(tx.db, group_id, user_id)
            roles.require_active(stay, group.invite_rule, now)
            if len(group_invites.live(tx.db, group_id, now)) >= CODES_MAX:
                raise TooManyInvites
            invite_id = group_invites.insert(
                tx.db,
                group_id=group_id,
                code_hash=ways_in.digest(code),
                made_by=user_id,
                made_seq=change_log.head(tx.db),
                created_at=now,
                expires_at=None if lifetime_ms is None else now + lifetime_ms,
                max_uses=max_uses,
            )
            made = group_invites.get(tx.db, group_id, invite_id)
            assert made is not None
            return msgspec.structs.replace(made, code=code)

        return await self._db.write(work)

    async def codes(self, user_id: int, group_id: int) -> list[tuple[GroupInvite, User]]:
        """Return the codes of a group that still let somebody in, and whose each is; to plain members their own.

        :raises GroupNotFound: there is no such group, or they are not in it.
        """
        now = self._clock()

        def read(db: Sql) -> list[tuple[GroupInvite, User]]:
            _, stay = joining.require(db, group_id, user_id)
            found = group_invites.live(db, group_id, now, made_by=user_id if stay.role == "member" else None)
            makers = users.get_many(db, {each.made_by for each in found})
            return [(each, makers[each.made_by]) for each in found]

        return await self._db.read(read)

    async def revoke(self, user_id: int, group_id: int, invite_id: int) -> None:
        """Take a code back: one's own, or as an admin anybody's.

        :raises GroupNotFound: there is no such group, or they are not in it.
        :raises GroupInviteInvalid: there is no such code, or it is not theirs.
        """
        now = self._clock()

        def work(tx: Transaction) -> None:
            _, stay = joining.require(tx.db, group_id, user_id)
            voices.require_in(stay, now)
            invite = group_invites.get(tx.db, group_id, invite_id)
            if invite is None or (invite.made_by != user_id and stay.role == "member"):
                raise GroupInviteInvalid
            group_invites.revoke(tx.db, invite_id, now)

        await self._db.write(work)

    # Invitations by name.

    async def invite(self, user_id: int, group_id: int, invited_id: int) -> None:
        """Invite somebody to a group. Whoever invites cannot tell what becomes of it.

        :raises GroupNotFound: there is no such group, or they are not in it.
        :raises Forbidden: the group's rule does not let them.
        :raises UserNotFound: there is no such user.
        :raises RateLimited: they invite too many.
        """
        await self._sent.take(user_id)
        now = self._clock()

        def work(tx: Transaction) -> None:
            group, stay = joining.require(tx.db, group_id, user_id)
            roles.require_active(stay, group.invite_rule, now)
            if users.require(tx.db, invited_id).is_deleted:
                raise UserNotFound
            is_there = stays.find(tx.db, group_id, invited_id) is not None
            if is_there or blocks.exists(tx.db, invited_id, user_id):
                return
            if actions.is_banned(tx.db, group_id, invited_id, now):
                return
            group_invites.invite(tx.db, group_id, invited_id, user_id, now)
            _tell(tx, group, invited_id, user_id, True, now)

        await self._db.write(work)

    async def withdraw(self, user_id: int, group_id: int, invited_id: int) -> None:
        """Take an invitation back: one's own, or as an admin anybody's; where there is none, nothing happens.

        :raises GroupNotFound: there is no such group, or they are not in it.
        :raises Forbidden: the group's rule does not let them.
        """
        now = self._clock()

        def work(tx: Transaction) -> None:
            group, stay = joining.require(tx.db, group_id, user_id)
            roles.require_active(stay, group.invite_rule, now)
            from_id = group_invites.inviter(tx.db, group_id, invited_id)
            if from_id is not None and (from_id == user_id or stay.role != "member"):
                group_invites.forget(tx.db, group_id, invited_id)
                _tell(tx, group, invited_id, from_id, False, now)

        await self._db.write(work)

    async def received(self, user_id: int) -> tuple[list[Invited], list[Preview]]:
        """Return the invitations to somebody, and the groups that they ask to join, the newest first.

        Those are left out that they are banned from.
        """
        now = self._clock()

        def read(db: Sql) -> tuple[list[Invited], list[Preview]]:
            invited, asked = group_invites.to(db, user_id), join_requests.made_by(db, user_id)
            found = groups.get_many(db, asked)
            return (
                [each for each in invited if not actions.is_banned(db, each.group.id, user_id, now)],
                [found[each].preview for each in asked if not actions.is_banned(db, each, user_id, now)],
            )

        return await self._db.read(read)

    async def decline(self, user_id: int, group_id: int) -> None:
        """Decline an invitation, of which nobody else is told, and ask no longer to join the group."""
        now = self._clock()

        def work(tx: Transaction) -> None:
            from_id, group = group_invites.inviter(tx.db, group_id, user_id), groups.find(tx.db, group_id)
            if from_id is not None and group is not None:
                group_invites.forget(tx.db, group_id, user_id)
                _tell(tx, group, user_id, from_id, False, now)
            asking.forget(tx, group_id, user_id, now=now)

        await self._db.write(work)


def _tell(tx: Transaction, group: Group, invited_id: int, from_id: int, on: bool, now: int) -> None:
    """Tell the invited alone, in the words of this moment: later ones may be nothing for them."""
    data = json.dumps({"group": msgspec.to_builtins(group.preview), "from": from_id, "on": on})
    seq = change_log.append(tx.db, "invitation", only_for=invited_id, data=data, created_at=now)
    sender = users.require(tx.db, from_id)
    tx.publish(InvitationChanged(seq=seq, recipients=(invited_id,), group=group.preview, sender=sender, on=on))
