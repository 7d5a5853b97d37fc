"""What somebody is in a group, and what that lets them do."""

from collections.abc import Mapping

from chatd.errors import Forbidden, TooManyAdmins, UserNotFound
from chatd.models import Action, GroupRole, Member, Stay
from chatd.services import auditing, joining, voices
from chatd.storage import members, stays, users
from chatd.storage.commit import Transaction

#: The most admins a group may have beside its owner.
ADMINS_MAX = 20

#: What each role is above.
RANKS: Mapping[GroupRole, int] = {"member": 0, "admin": 1, "owner": 2}


def require(stay: Stay, least: GroupRole) -> None:
    """Refuse what a member may not do.

    :raises Forbidden: their role is below ``least``.
    """
    if RANKS[stay.role] < RANKS[least]:
        raise Forbidden


def require_active(stay: Stay, least: GroupRole, now: int) -> None:
    """Refuse what a member may not do, or not now.

    :raises Forbidden: their role is below ``least``.
    :raises Silenced: somebody has silenced them.
    """
    voices.require_in(stay, now)
    require(stay, least)


def is_above(one: GroupRole, other: GroupRole) -> bool:
    """Report whether who has one role may act on who has the other."""
    return RANKS[one] > RANKS[other]


def change(tx: Transaction, owner_id: int, group_id: int, user_id: int, role: GroupRole, *, now: int) -> Member:
    """Give a member another role, as the owner; see :meth:`chatd.services.groups.Groups.set_role`."""
    _, stay = joining.require(tx.db, group_id, owner_id)
    require(stay, "owner")
    theirs = stays.find(tx.db, group_id, user_id)
    if theirs is None:
        raise UserNotFound
    if user_id == owner_id:
        raise Forbidden("Make somebody else the owner, and you are an admin.")
    user = users.require(tx.db, user_id)
    if role == "owner" and user.is_ai:
        raise Forbidden("A bot cannot own a group.")
    if role == "admin" and theirs.role != role and members.count_admins(tx.db, group_id) >= ADMINS_MAX:
        raise TooManyAdmins
    if theirs.role != role:
        auditing.note(tx, group_id, "role", owner_id, user_id, {"role": theirs.role}, {"role": role}, now=now)
        if role == "owner":
            joining.set_role(tx, group_id, owner_id, "admin", now=now)
        joining.set_role(tx, group_id, user_id, role, how="owner" if role == "owner" else "role", now=now)
    return Member(user, role, theirs.joined_at)


def undo(tx: Transaction, action: Action, by: int, *, now: int) -> None:
    """Give a member the role back that they had before an action, unless they have another one by now.

    Where it handed the group over, and ``by`` owns it still, who did that owns it again.
    """
    assert action.user is not None
    assert action.before is not None
    assert action.after is not None
    group_id, stay = action.group_id, stays.find(tx.db, action.group_id, action.user.id)
    if stay is None or stay.role != action.after["role"]:
        return
    if stay.role == "owner":
        if stays.find(tx.db, group_id, action.actor.id) is None:
            return
        joining.set_owner(tx, group_id, action.actor.id, now=now)
        if action.before["role"] == "admin":
            return  # as which they are there now
    joining.set_role(tx, group_id, action.user.id, action.before["role"], now=now)
