"""Messages as those see them who may no longer see the conversation around them."""

from collections.abc import Sequence

import msgspec

from chatd.models import Message
from chatd.places import GroupPlace
from chatd.storage import messages
from chatd.storage.engine import Sql


def own(db: Sql, found: Sequence[Message], viewer: int) -> list[Message]:
    """Return messages of somebody's own, or that they see: those they wrote in a group, and would not see there now,
    without what others have done to them.
    """
    in_groups = [each.id for each in found if isinstance(each.to, GroupPlace)]
    shown = messages.seen_now(db, in_groups, viewer=viewer) if in_groups else set()
    return [each if each.id in shown or not isinstance(each.to, GroupPlace) else _alone(each) for each in found]


def as_at_the_end(message: Message, *, is_edited_since: bool) -> Message:
    """Return a message as somebody saw it who has left since: no reactions, no answers, and nothing of a later edit."""
    content = "" if is_edited_since else message.content
    return msgspec.structs.replace(_alone(message), content=content)


def _alone(message: Message) -> Message:
    """Return a message without what others have done to it."""
    return msgspec.structs.replace(message, reactions=(), replies=0, last_reply=None)
