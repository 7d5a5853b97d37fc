"""Pinning messages in groups: a plain function of a transaction."""

import json

from chatd.errors import MessageNotFound, TooManyPins
from chatd.events import PinChanged
from chatd.services import editing, joining, roles
from chatd.services.lookup import find_message, recipients
from chatd.storage import pins
from chatd.storage.commit import Transaction

#: The most messages that are pinned in a group at the same time.
PINS_MAX = 50


def pin(tx: Transaction, user_id: int, message_id: int, on: bool, *, now: int) -> None:
    """Pin a message in its group, or no longer; doing it again changes nothing.

    :raises MessageNotFound: there is no such message in the user's groups.
    :raises Forbidden: the group's rule does not let them.
    :raises Silenced: somebody has silenced them.
    :raises MessageDeleted: there is nothing left to pin.
    :raises MessageRemoved: an admin has removed it.
    :raises TooManyPins: there are as many as there may be.
    """
    conversation, message, _ = find_message(tx.db, user_id, message_id)
    if conversation.other_id is not None:
        raise MessageNotFound
    group, stay = joining.require(tx.db, conversation.id, user_id)
    roles.require_active(stay, group.pin_rule, now)
    if on:
        editing.require_kept(message)
    if not (pins.add(tx.db, message_id, group.id) if on else pins.remove(tx.db, message_id)):
        return
    if on and pins.count(tx.db, group.id) > PINS_MAX:
        raise TooManyPins
    data = json.dumps({"on": on})
    seq = editing.log_change(tx, "pin", conversation, user_id, message_id, now, data, hidden_from=None)
    whom = recipients(tx, conversation, user_id, message_id)
    tx.publish(PinChanged(seq=seq, recipients=whom, group_id=group.id, message_id=message_id, user_id=user_id, on=on))
