"""Coming into groups and leaving them: plain functions of a transaction.

Each tells the members there are afterwards, and who comes or goes. Whoever goes hears of it as the last thing, and
whoever comes as the first.
"""

import json
from typing import Literal

from chatd.errors import Banned, GroupFull, GroupNotFound, TooManyGroups, UserNotFound
from chatd.events import GroupChanged, GroupEnded, MembershipChanged
from chatd.models import Group, GroupRole, Stay
from chatd.services import asking
from chatd.storage import actions, change_log, group_invites, groups, stays, users
from chatd.storage.circles import Circle
from chatd.storage.commit import Transaction
from chatd.storage.engine import Sql

#: How somebody has come to what they are in a group.
How = Literal["created", "joined", "left", "kicked", "banned", "deleted", "restored", "role", "owner"]


def require_group(db: Sql, group_id: int) -> Group:
    """Return a group that has not ended.

    :raises GroupNotFound: there is no such group.
    """
    group = groups.find(db, group_id)
    if group is None:
        raise GroupNotFound(f"There is no group {group_id}.")
    return group


def require(db: Sql, group_id: int, user_id: int) -> tuple[Group, Stay]:
    """Return a group that somebody is in, and their stay.

    :raises GroupNotFound: there is no such group, or they are not in it.
    """
    group, stay = groups.find(db, group_id), stays.find(db, group_id, user_id)
    if group is None or stay is None:
        raise GroupNotFound
    return group, stay


def enter(
    tx: Transaction,
    group: Group,
    user_id: int,
    *,
    now: int,
    members_max: int,
    per_user: int,
    role: GroupRole = "member",
    how: How = "joined",
    via: int | None = None,
) -> Stay:
    """Let somebody into a group who is not there.

    :param members_max: how many members a group may have.
    :param per_user: how many groups a user may be in.
    :param via: the code they come by.
    :raises Banned: a ban keeps them out.
    :raises GroupFull: it has as many members as it may have.
    :raises TooManyGroups: they are in as many groups as they may be in.
    """
    if actions.is_banned(tx.db, group.id, user_id, now):
        raise Banned
    if len(stays.groups_of(tx.db, user_id)) >= per_user:
        raise TooManyGroups
    if group.member_count >= members_max:
        raise GroupFull
    asking.forget(tx, group.id, user_id, now=now)
    is_quiet = group.is_large and role == "member"
    seq = _log(tx, group.id, user_id, role, how, now, is_quiet=is_quiet)
    seen_from = seq if group.history_from is None else group.history_from
    stay = Stay(group.id, user_id, role, now, seen_from, "mentions" if group.is_public else "all")
    stays.begin(tx.db, stay, seq=seq, via=via)
    group_invites.forget(tx.db, group.id, user_id)
    circle = _circle(tx, group.id)
    _tell(tx, group.id, user_id, role, how, seq, _whom(circle, user_id, is_quiet=is_quiet))
    _note_size(tx, circle, was_large=group.is_large, now=now)
    return stay


def leave(tx: Transaction, stay: Stay, *, how: How, now: int) -> int:
    """Let a member go, and return where their stay ended.

    If they own the group, somebody else does from now on; if they are the last, it ends.
    """
    group_id, user_id = stay.group_id, stay.user_id
    circle = _circle(tx, group_id)
    is_quiet = circle.is_large and stay.role == "member"
    seq = _log(tx, group_id, user_id, None, how, now, is_quiet=is_quiet)
    stays.end(tx.db, group_id, user_id, seq)
    _tell(tx, group_id, user_id, None, how, seq, _whom(circle, user_id, is_quiet=is_quiet))
    if stay.role == "owner":
        heir = stays.successor(tx.db, group_id)
        if heir is not None:
            set_role(tx, group_id, heir, "owner", how="owner", now=now)
    if len(circle.members) == 1:
        _end(tx, group_id, now=now, seq=seq)
    else:
        _note_size(tx, _circle(tx, group_id), was_large=circle.is_large, now=now)
    return seq


def bring_back(tx: Transaction, group_id: int, user_id: int, role: GroupRole, *, ended: int, now: int) -> None:
    """Let somebody go on with the stay that ended last, as if it had not.

    :param ended: where it ended.
    """
    was_large = require_group(tx.db, group_id).is_large
    asking.forget(tx, group_id, user_id, now=now)
    is_quiet = was_large and role == "member"
    seq = _log(tx, group_id, user_id, role, "restored", now, is_quiet=is_quiet)
    stays.resume(tx.db, group_id, user_id, ended=ended, seq=seq, role=role)
    circle = _circle(tx, group_id)
    _tell(tx, group_id, user_id, role, "restored", seq, _whom(circle, user_id, is_quiet=is_quiet))
    _note_size(tx, circle, was_large=was_large, now=now)


def leave_all(tx: Transaction, user_id: int, *, now: int) -> None:
    """Let somebody go from every group, since their account is deleted."""
    for group_id in stays.groups_of(tx.db, user_id):
        stay = stays.find(tx.db, group_id, user_id)
        assert stay is not None
        leave(tx, stay, how="deleted", now=now)
    group_invites.forget_all(tx.db, user_id)
    asking.forget_all(tx, user_id, now=now)


def set_role(tx: Transaction, group_id: int, user_id: int, role: GroupRole, *, how: How = "role", now: int) -> None:
    """Give a member another role."""
    seq = _log(tx, group_id, user_id, role, how, now)
    stays.set_role(tx.db, group_id, user_id, role)
    _tell(tx, group_id, user_id, role, how, seq, _circle(tx, group_id).members)


def set_owner(tx: Transaction, group_id: int, user_id: int, *, now: int) -> None:
    """Give a group another owner, who is in it; who owned it becomes an admin.

    :raises GroupNotFound: there is no such group.
    :raises UserNotFound: the user is not in it.
    """
    require_group(tx.db, group_id)
    stay, before = stays.find(tx.db, group_id, user_id), stays.owner(tx.db, group_id)
    if stay is None:
        raise UserNotFound(f"They are not in the group {group_id}.")
    if stay.role == "owner":
        return
    if before is not None:
        set_role(tx, group_id, before, "admin", now=now)
    set_role(tx, group_id, user_id, "owner", how="owner", now=now)


def end(tx: Transaction, group: Group, *, now: int) -> None:
    """End a group: everybody is out."""
    whom = _circle(tx, group.id).members
    seq = change_log.append(tx.db, "group_ended", conversation_id=group.id, created_at=now)
    stays.end_all(tx.db, group.id, seq)
    tx.publish(GroupEnded(seq=seq, recipients=whom, group_id=group.id))
    _end(tx, group.id, now=now, seq=seq)


def restore(tx: Transaction, group_id: int, *, now: int) -> int:
    """Let a group that has ended go on with those who were in it then, and return how many they are.

    Each is told alone.

    :raises GroupNotFound: there is no such group, it has not ended, or nothing is left of it.
    """
    group = groups.get_many(tx.db, [group_id]).get(group_id)
    if group is None or group.ended_seq is None or groups.is_erased(tx.db, group_id):
        raise GroupNotFound(f"There is no group {group_id} that has ended and is kept.")
    back = stays.ended_at(tx.db, group_id, group.ended_seq)
    if not back:
        raise GroupNotFound(f"Nobody is left of those who were in the group {group_id}.")
    groups.revive(tx.db, group_id)
    for stay in back:
        data = json.dumps({"group_id": group_id, "role": stay.role, "how": "restored"})
        seq = change_log.append(tx.db, "membership", only_for=stay.user_id, data=data, created_at=now)
        stays.resume(tx.db, group_id, stay.user_id, ended=group.ended_seq, seq=seq, role=stay.role)
        _tell(tx, group_id, stay.user_id, stay.role, "restored", seq, (stay.user_id,))
    if not any(stay.role == "owner" for stay in back):
        heir = stays.successor(tx.db, group_id)
        assert heir is not None
        set_role(tx, group_id, heir, "owner", how="owner", now=now)
    return len(back)


def _end(tx: Transaction, group_id: int, *, now: int, seq: int) -> None:
    """End a group that nobody is in any longer; who asks to join it is told that they ask no more."""
    groups.end(tx.db, group_id, now, seq)
    asking.drop_all(tx, group_id, now=now)


def _circle(tx: Transaction, group_id: int) -> Circle:
    circle = tx.circle(group_id)
    assert circle is not None  # somebody is in it
    return circle


def _whom(circle: Circle, user_id: int, *, is_quiet: bool) -> tuple[int, ...]:
    """Return who is told that somebody comes or goes: everybody, or the admins and the one concerned."""
    return tuple({*circle.admins, user_id}) if is_quiet else circle.members


def _note_size(tx: Transaction, circle: Circle, *, was_large: bool, now: int) -> None:
    """Tell all members if a group has become large, or is so no longer."""
    if circle.is_large != was_large:
        group = require_group(tx.db, circle.id)
        seq = change_log.append(tx.db, "group", conversation_id=circle.id, created_at=now)
        tx.publish(GroupChanged(seq=seq, recipients=circle.members, group=group))


def _log(
    tx: Transaction, group_id: int, user_id: int, role: GroupRole | None, how: How, now: int, *, is_quiet: bool = False
) -> int:
    """Log what somebody has become in a group, and return the ``seq``.

    :param is_quiet: whether it is for the admins and for them alone.
    """
    return change_log.append(
        tx.db,
        "membership",
        conversation_id=group_id,
        user_id=user_id,
        data=json.dumps({"role": role, "how": how}),
        created_at=now,
        admins_only=is_quiet,
    )


def _tell(
    tx: Transaction, group_id: int, user_id: int, role: GroupRole | None, how: How, seq: int, whom: tuple[int, ...]
) -> None:
    user = users.require(tx.db, user_id)
    tx.publish(
        MembershipChanged(seq=seq, recipients=whom, group_id=group_id, user_id=user_id, role=role, how=how, user=user)
    )
