"""Pages of messages, by id."""

from typing import Any

from chatd.models import MessagePage
from chatd.storage import messages
from chatd.storage.engine import Sql


def page(
    db: Sql,
    conversation_id: int,
    *,
    before: int | None = None,
    after: int | None = None,
    around: int | None = None,
    limit: int,
    **seen: Any,
) -> MessagePage:
    """Return messages below ``before``, above ``after``, on both sides of ``around``, or the newest.

    :param seen: whose view it is, and of which part of the conversation: see :func:`chatd.storage.messages.before`.
    """
    if after is not None:
        items = messages.after(db, conversation_id, after, limit, **seen)
    elif around is not None:
        older = messages.before(db, conversation_id, around + 1, limit - limit // 2, **seen)
        items = older + messages.after(db, conversation_id, around, limit - len(older), **seen)
    else:
        items = messages.before(db, conversation_id, before, limit, **seen)
    if not items:  # all messages lie on the other side
        any_at_all = bool(messages.before(db, conversation_id, None, 1, **seen))
        return MessagePage(
            [], more_before=any_at_all and after is not None, more_after=any_at_all and before is not None
        )
    return MessagePage(
        items,
        more_before=bool(messages.before(db, conversation_id, items[0].id, 1, **seen)),
        more_after=bool(messages.after(db, conversation_id, items[-1].id, 1, **seen)),
    )
