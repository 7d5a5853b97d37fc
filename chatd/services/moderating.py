"""Acting on who is below in a group, undoing that, and ending it: plain functions of a transaction."""

import json
from collections.abc import Callable, Mapping, Sequence

from chatd.clock import DAY_MS
from chatd.errors import (
    ActionNotFound,
    AlreadyUndone,
    Forbidden,
    Invalid,
    MessageNotFound,
    NotInForce,
    TooLate,
    UserNotFound,
)
from chatd.events import Moderated, WorkLeft
from chatd.models import Action, Deed, Group, GroupRole, Span, Stay
from chatd.records import Record
from chatd.services import auditing, changing, editing, joining, removing, roles
from chatd.storage import action_work, actions, change_log, conversations, groups, messages, removals, stays, users
from chatd.storage.commit import Transaction
from chatd.storage.engine import Sql

#: How long ago messages may be, by the words for it; None: however long.
_SPANS: dict[Span, int | None] = {"day": DAY_MS, "week": 7 * DAY_MS, "all": None}

#: What puts somebody out, and how the others are told.
_PUTS_OUT: dict[str, joining.How] = {"kick": "kicked", "ban": "banned"}


#: What changes something of a group or of a member, and what undoes it.
_CHANGES: Mapping[str, Callable[..., None]] = {"change": changing.undo, "role": roles.undo}


class Wanted(Record):
    """What somebody wants to do to others in a group: see :meth:`chatd.services.actions.Actions.act`."""

    kind: Deed
    user_ids: tuple[int, ...]
    message_id: int | None
    until: int | None
    remove: Span
    reason: str | None


def act(tx: Transaction, actor_id: int, group_id: int, wanted: Wanted, *, now: int) -> list[Action]:
    """Do something to some people, all of it or nothing; see :meth:`chatd.services.actions.Actions.act`."""
    group, stay = joining.require(tx.db, group_id, actor_id)
    roles.require_active(stay, "admin", now)
    if wanted.until is not None and wanted.until <= now:
        raise Invalid("until", "It has passed already.")
    user_ids: Sequence[int] = tuple(dict.fromkeys(wanted.user_ids))
    if wanted.message_id is not None:
        user_ids = (_sender(tx.db, group_id, wanted.message_id, stay, user_ids),)
    left, ids, bounds = removing.STEP, [], _bounds(tx.db, group_id, user_ids, wanted, now)
    for user_id in user_ids:
        action_id, removed = _act_on(tx, group, stay, user_id, wanted, bounds.get(user_id), left, now)
        left -= removed
        ids.append(action_id)
    if left == 0:
        tx.publish(WorkLeft(recipients=()))
    found = actions.get_many(tx.db, ids)
    return [found[each] for each in ids]


def _sender(db: Sql, group_id: int, message_id: int, stay: Stay, user_ids: Sequence[int]) -> int:
    """Return who has sent a message of the group that an admin sees and that can be removed."""
    found = conversations.find_by_message(db, message_id, stay.user_id)
    message = messages.get(db, message_id, viewer=stay.user_id)
    if found is None or message is None or found[0].id != group_id:
        raise MessageNotFound
    if user_ids and tuple(user_ids) != (message.sender_id,):
        raise MessageNotFound
    editing.require_kept(message)
    return message.sender_id


def _act_on(
    tx: Transaction,
    group: Group,
    mine: Stay,
    user_id: int,
    wanted: Wanted,
    bounds: tuple[int, int] | None,
    limit: int,
    now: int,
) -> tuple[int, int]:
    """Do something to somebody, and return the action, and how many messages are removed already.

    :param bounds: the first and the last message that go; None where none does.
    :param limit: how many may be.
    """
    theirs = stays.find(tx.db, group.id, user_id)
    if users.require(tx.db, user_id).is_deleted or (theirs is None and wanted.kind in ("kick", "silence")):
        raise UserNotFound
    if user_id == mine.user_id or (theirs is not None and not roles.is_above(mine.role, theirs.role)):
        raise Forbidden
    seq = auditing.begin(tx, group.id, now)
    stay_seq = _ended_before(tx.db, group.id, user_id) if theirs is None else None
    actions.insert(
        tx.db,
        seq=seq,
        group_id=group.id,
        kind=wanted.kind,
        actor_id=mine.user_id,
        user_id=user_id,
        reason=wanted.reason,
        until=wanted.until,
        from_id=None if bounds is None else bounds[0],
        to_id=None if bounds is None else bounds[1],
        stay_seq=stay_seq,
        created_at=now,
    )
    action = auditing.tell(tx, group.id, seq, seq)
    if theirs is not None or (wanted.kind == "ban" and stays.was_in(tx.db, group.id, user_id)):
        _tell_concerned(tx, action, now)
    if theirs is not None and wanted.kind in _PUTS_OUT:
        ended = joining.leave(tx, theirs, how=_PUTS_OUT[wanted.kind], now=now)
        actions.set_stay(tx.db, seq, ended)
    if bounds is None or limit == 0:
        return seq, 0
    return seq, removing.remove(tx, action, bounds[0], limit=limit, now=now)


def _bounds(db: Sql, group_id: int, user_ids: Sequence[int], wanted: Wanted, now: int) -> Mapping[int, tuple[int, int]]:
    """Return the first and the last message that go, by user; who is not there loses none."""
    if wanted.message_id is not None:
        return dict.fromkeys(user_ids, (wanted.message_id, wanted.message_id))
    if wanted.remove == "none":
        return {}
    span = _SPANS[wanted.remove]
    return removals.bounds(db, group_id, user_ids, 0 if span is None else max(now - span, 0))


def _ended_before(db: Sql, group_id: int, user_id: int) -> int | None:
    """Return where the stay of somebody ended whom an action keeps out that stands: another one does so as well."""
    last = stays.last_ended(db, group_id, user_id)
    return last[0] if last is not None and actions.ends_stay(db, group_id, user_id, last[0]) else None


def require_action(db: Sql, actor_id: int, group_id: int, action_id: int, now: int) -> tuple[Stay, Action]:
    """Return an action that somebody could do themselves, and their stay.

    :raises GroupNotFound: there is no such group, or they are not in it.
    :raises ActionNotFound: there is no such action there.
    :raises Forbidden: they are no admin, or not above whom it concerns.
    """
    _, stay = joining.require(db, group_id, actor_id)
    roles.require_active(stay, "admin", now)
    action = actions.find(db, group_id, action_id)
    if action is None:
        raise ActionNotFound
    if action.kind in _CHANGES:
        roles.require(stay, "owner" if action.kind == "role" else changing.undo_least(action))
    elif action.user is not None and not roles.is_above(stay.role, _role_of(db, action, action.user.id)):
        raise Forbidden
    return stay, action


def _role_of(db: Sql, action: Action, user_id: int) -> GroupRole:
    """Return what somebody is in a group, or was when an action put them out."""
    stay = stays.find(db, action.group_id, user_id)
    if stay is not None:
        return stay.role
    last = stays.last_ended(db, action.group_id, user_id)
    return last[1] if last is not None and last[0] == action.stay_seq else "member"


def undo(tx: Transaction, action: Action, by: int, *, now: int) -> None:
    """Let an action be as if it had not been.

    :param by: who undoes it.
    :raises AlreadyUndone: it is undone.
    :raises TooLate: what it removed is erased.
    """
    if action.undone_at is not None:
        raise AlreadyUndone
    if not action_work.is_whole(tx.db, action.id):
        raise TooLate
    actions.set_undone(tx.db, action.id, now, by)
    after = auditing.tell_again(tx, action, now)
    if action.kind in _CHANGES:
        _CHANGES[action.kind](tx, action, by, now=now)
        return
    if action.user is not None:
        _bring_back(tx, action, action.user.id, now)
        if stays.was_in(tx.db, action.group_id, action.user.id):
            _tell_concerned(tx, after, now)
    if action.from_id is not None and removing.restore(tx, after, action.from_id, limit=removing.STEP, now=now):
        tx.publish(WorkLeft(recipients=()))


def _bring_back(tx: Transaction, action: Action, user_id: int, now: int) -> None:
    """Let somebody go on with the stay that an undone action has ended, unless they have been a member since, or
    another action keeps them out.
    """
    last = stays.last_ended(tx.db, action.group_id, user_id)
    if action.stay_seq is None or last is None or last[0] != action.stay_seq:
        return
    if actions.ends_stay(tx.db, action.group_id, user_id, action.stay_seq) or users.require(tx.db, user_id).is_deleted:
        return
    joining.bring_back(tx, action.group_id, user_id, last[1], ended=last[0], now=now)


def end(tx: Transaction, action: Action, *, now: int) -> None:
    """Let a ban or a silence be over from now on; nothing comes back. One that is over stays so.

    :raises AlreadyUndone: it is undone.
    :raises NotInForce: it is something else.
    """
    if action.undone_at is not None:
        raise AlreadyUndone
    if action.kind not in ("ban", "silence"):
        raise NotInForce
    if action.ended_at is not None or (action.until is not None and action.until <= now):
        return
    actions.set_ended(tx.db, action.id, now)
    after = auditing.tell_again(tx, action, now)
    if action.user is not None and stays.was_in(tx.db, action.group_id, action.user.id):
        _tell_concerned(tx, after, now)


def ask_undo(tx: Transaction, group_id: int, actor_id: int, since: int, *, by: int) -> None:
    """Let all be undone that can be of what somebody has done since a time: one after another, by :func:`step`."""
    if action_work.ask_undo(tx.db, group_id, actor_id, since, by):
        tx.publish(WorkLeft(recipients=()))


def step(tx: Transaction, *, now: int) -> bool:
    """Do a part of what is still to be done of all actions, and report whether there was any."""
    found = action_work.to_do(tx.db)
    if found is None:
        return False
    action_id, what, next_id = found
    action = actions.get_many(tx.db, [action_id])[action_id]
    match what:
        case "undo":
            by = action_work.asked_by(tx.db, action_id)
            action_work.go_on(tx.db, action_id, None)
            if groups.find(tx.db, action.group_id) is not None:
                undo(tx, action, by, now=now)
        case "remove":
            removing.remove(tx, action, next_id, limit=removing.STEP, now=now)
        case _:
            removing.restore(tx, action, next_id, limit=removing.STEP, now=now)
    return True


def _tell_concerned(tx: Transaction, action: Action, now: int) -> None:
    """Tell whom an action concerns what was done to them, and until when; who did it is for the admins."""
    assert action.user is not None
    until, undone = action.ended_at or action.until, action.undone_at is not None
    told = {"kind": action.kind, "reason": action.reason, "until": until, "undone": undone}
    data = json.dumps({"group_id": action.group_id, **told})
    seq = change_log.append(tx.db, "moderated", only_for=action.user.id, data=data, created_at=now)
    tx.publish(
        Moderated(
            seq=seq,
            recipients=(action.user.id,),
            group_id=action.group_id,
            kind=action.kind,
            reason=action.reason,
            until=until,
            undone=undone,
        )
    )
