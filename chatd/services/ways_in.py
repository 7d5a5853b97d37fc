"""What lets somebody into a group: a code, or somebody who has invited them."""

import hashlib

from chatd.errors import Banned, GroupInviteInvalid
from chatd.models import Group, GroupInvite
from chatd.services import roles
from chatd.storage import actions, blocks, group_invites, groups, stays
from chatd.storage.engine import Sql


def digest(code: str) -> bytes:
    """Return the stored form of a code: it is random, so a plain hash is enough."""
    return hashlib.sha256(code.encode()).digest()


def inviter(db: Sql, group_id: int, user_id: int) -> int | None:
    """Return who has invited somebody whom they do not block."""
    from_id = group_invites.inviter(db, group_id, user_id)
    return None if from_id is None or blocks.exists(db, user_id, from_id) else from_id


def opened(db: Sql, code: str, user_id: int, now: int) -> tuple[Group, GroupInvite]:
    """Return the group that a code lets somebody into.

    A code is worth what its maker may do now; one who has left may do what any member may. A code that was made before
    somebody was put out does not let them in.

    :raises GroupInviteInvalid: it lets them in nowhere, for whatever reason.
    :raises Banned: it would, but for a ban.
    """
    invite = group_invites.by_code(db, digest(code))
    group = None if invite is None else groups.find(db, invite.group_id)
    if invite is None or group is None or invite.revoked_at is not None:
        raise GroupInviteInvalid
    if invite.expires_at is not None and invite.expires_at <= now:
        raise GroupInviteInvalid
    is_used_up = invite.max_uses is not None and invite.uses >= invite.max_uses
    if is_used_up and not group_invites.was_used_by(db, invite.id, user_id):
        raise GroupInviteInvalid
    maker = stays.find(db, group.id, invite.made_by)
    if roles.RANKS["member" if maker is None else maker.role] < roles.RANKS[group.invite_rule]:
        raise GroupInviteInvalid
    if stays.find(db, group.id, user_id) is None:
        if actions.is_banned(db, group.id, user_id, now):
            raise Banned
        if actions.put_out_last(db, group.id, user_id) > invite.made_seq:
            raise GroupInviteInvalid
    return group, invite
