"""Removing messages from a group and restoring them, step by step: plain functions of a transaction.

An action says which, and keeps where it goes on. So a restart goes on, and what undoes it in the middle stops it.
"""

import json

from chatd.errors import ChatError
from chatd.events import MessagesRemoved, MessagesRestored
from chatd.models import Action
from chatd.services import firsts
from chatd.storage import action_work, change_log, messages, removals
from chatd.storage.commit import Transaction

#: How many messages one transaction removes or restores: few enough not to delay anybody's message for long.
STEP = 500


def remove(tx: Transaction, action: Action, first_id: int, *, limit: int, now: int) -> int:
    """Remove messages of an action from one on, note where it goes on, and return how many these were."""
    if action.user is None or action.to_id is None:
        raise ChatError
    found = removals.to_remove(
        tx.db, action.group_id, action.user.id, first_id=first_id, last_id=action.to_id, limit=limit
    )
    if found:
        removals.remove(tx.db, found, action.id, now)
        _tell(tx, action, action.user.id, found, now, MessagesRemoved)
    action_work.go_on(tx.db, action.id, found[-1] + 1 if len(found) == limit else None)
    return len(found)


def restore(tx: Transaction, action: Action, first_id: int, *, limit: int, now: int) -> int:
    """Restore messages of an undone action from one on, as :func:`remove` does."""
    if action.user is None or action.to_id is None:
        raise ChatError
    found = removals.to_restore(
        tx.db, action.group_id, action.user.id, first_id=first_id, last_id=action.to_id, limit=limit
    )
    if found:
        removals.restore(tx.db, found)
        _tell(tx, action, action.user.id, found, now, MessagesRestored)
    action_work.go_on(tx.db, action.id, found[-1] + 1 if len(found) == limit else None)
    return len(found)


def erase(tx: Transaction, action: Action, *, limit: int, now: int) -> int:
    """Erase what messages say that an action has removed, and return how many these were.

    From the first step on the action cannot be undone. One that is undone meanwhile erases nothing.
    """
    if action.undone_at is not None or action.user is None or action.from_id is None or action.to_id is None:
        return 0
    action_work.set_erased(tx.db, action.id, now)
    found = removals.kept(
        tx.db,
        action.group_id,
        action.user.id,
        first_id=action.from_id,
        last_id=action.to_id,
        before=None,
        limit=limit,
    )
    for message_id, _ in found:
        client_id, content, first_digest = messages.first_sent(tx.db, message_id)
        kept = None if client_id is None else firsts.rest_of(first_digest or firsts.digest(content))
        removals.erase(tx.db, message_id, kept)
    return len(found)


def _tell(tx: Transaction, action: Action, user_id: int, ids: list[int], now: int, kind: type[MessagesRemoved]) -> None:
    """Tell the members who see the last one of the messages."""
    first, last = ids[0], ids[-1]
    seq = change_log.append(
        tx.db,
        "messages_restored" if kind is MessagesRestored else "messages_removed",
        conversation_id=action.group_id,
        user_id=user_id,
        message_id=last,
        data=json.dumps({"from_id": first, "action_id": action.id}),
        created_at=now,
    )
    circle = tx.circle(action.group_id)
    tx.publish(
        kind(
            seq=seq,
            recipients=() if circle is None else circle.seeing(last),
            group_id=action.group_id,
            user_id=user_id,
            from_id=first,
            to_id=last,
            action_id=action.id,
        )
    )
