"""The audit log of a group: each use of power is an action, which its admins are told of."""

import json
from collections.abc import Mapping
from typing import Any

from chatd.events import ActionChanged
from chatd.models import Action
from chatd.storage import actions, change_log
from chatd.storage.commit import Transaction


def begin(tx: Transaction, group_id: int, now: int) -> int:
    """Return the number of a new action, which :func:`tell` tells of once it is stored."""
    return change_log.append(tx.db, "action", conversation_id=group_id, admins_only=True, created_at=now)


def note(
    tx: Transaction,
    group_id: int,
    kind: str,
    actor_id: int,
    user_id: int | None,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    now: int,
) -> None:
    """Note that somebody has changed something of a group or of a member.

    :param before: what has changed, by its names, as it was.
    :param after: and as it is.
    """
    seq = begin(tx, group_id, now)
    actions.insert(
        tx.db,
        seq=seq,
        group_id=group_id,
        kind=kind,
        actor_id=actor_id,
        user_id=user_id,
        reason=None,
        until=None,
        from_id=None,
        to_id=None,
        stay_seq=None,
        created_at=now,
    )
    actions.set_values(tx.db, seq, json.dumps(before), json.dumps(after))
    tell(tx, group_id, seq, seq)


def tell_again(tx: Transaction, action: Action, now: int) -> Action:
    """Tell the admins that an action is another now, and return it."""
    data = json.dumps({"action_id": action.id})
    seq = change_log.append(
        tx.db, "action", conversation_id=action.group_id, data=data, admins_only=True, created_at=now
    )
    return tell(tx, action.group_id, seq, action.id)


def tell(tx: Transaction, group_id: int, seq: int, action_id: int) -> Action:
    """Tell the admins of an action as it is now, and return it."""
    action = actions.get_many(tx.db, [action_id])[action_id]
    circle = tx.circle(group_id)
    tx.publish(ActionChanged(seq=seq, recipients=() if circle is None else circle.admins, action=action))
    return action
