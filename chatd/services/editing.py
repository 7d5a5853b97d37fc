"""What can be done to a stored message: editing it, deleting it, reacting to it.

These are plain functions of a transaction. A change by a user whom the other side of a private conversation blocks is
hidden from the blocker: only its author sees it. Removing something that the blocker can see is not hidden, as it
reveals nothing.
"""

import json
from collections.abc import Iterator

from chatd.errors import Forbidden, MessageDeleted, MessageNotFound, MessageRemoved, NotYours, TooManyReactions
from chatd.events import MessageDeleted as MessageDeletedEvent
from chatd.events import MessageEdited, ReactionChanged
from chatd.models import Conversation, Message, Posted, Reacted
from chatd.services import firsts, naming, seen, voices
from chatd.services.lookup import find_message, find_own_message, recipients
from chatd.storage import blocks, change_log, conversations, mentions, messages, reactions, visibility
from chatd.storage.circles import Circle
from chatd.storage.commit import Transaction
from chatd.storage.engine import Sql

#: How many different reactions a user may have on one message.
REACTIONS_MAX = 20


def edit(tx: Transaction, user_id: int, message_id: int, content: str, *, now: int, origin: object = None) -> Posted:
    """Replace the content of a user's own message; the same content changes nothing.

    :raises MessageNotFound: there is no such message in their conversations.
    :raises NotYours: it is somebody else's.
    :raises MessageDeleted: there is nothing left to edit.
    :raises MessageRemoved: an admin has removed it.
    :raises Silenced: somebody has silenced them.
    :raises Forbidden: the group's rule does not let them write.
    """
    conversation, before, hidden_from = _own(tx.db, user_id, message_id)
    require_kept(before)
    if before.content == content:
        return Posted(before, duplicate=True, seq=None)
    if conversation.other_id is None:
        _require_may_post(tx, conversation.id, user_id, now)
    if hidden_from is None:
        hidden_from = _blocker(tx.db, conversation, user_id)
        if hidden_from is None:
            visibility.drop_versions(tx.db, message_id)
        else:
            visibility.keep_version(tx.db, message_id, hidden_from)
    seq = log_change(tx, "edit", conversation, user_id, message_id, now, hidden_from=hidden_from)
    first = firsts.digest(before.content)
    messages.edit(tx.db, message_id, content=content, first_digest=first, edited_at=now, seq=seq)
    if conversation.other_id is None:
        naming.rename(tx, conversation.id, message_id, user_id, content, answers=before.reply_to)
    whom = concerned_by(tx, conversation, user_id, message_id, hidden_from)
    for after, concerned in _as_seen(tx.db, conversation, user_id, message_id, whom):
        tx.publish(MessageEdited(seq=seq, recipients=concerned, origin=origin, message=after))
    return Posted(_get(tx.db, message_id, user_id), duplicate=False, seq=seq)


def delete(tx: Transaction, user_id: int, message_id: int, *, now: int, origin: object = None) -> Posted:
    """Delete the content of a user's own message, wherever they wrote it; deleting it again changes nothing.

    :raises MessageNotFound: there is no such message in their conversations.
    :raises NotYours: it is somebody else's.
    """
    own = find_own_message(tx.db, user_id, message_id)
    conversation, before, hidden_from = _own(tx.db, user_id, message_id) if own is None else own
    if before.deleted_at is not None and not messages.is_kept(tx.db, message_id):
        return Posted(seen.own(tx.db, [before], user_id)[0], duplicate=True, seq=None)
    return erase(tx, conversation, user_id, message_id, hidden_from, now=now, origin=origin)


def erase(
    tx: Transaction,
    conversation: Conversation,
    user_id: int,
    message_id: int,
    hidden_from: int | None,
    *,
    now: int,
    origin: object = None,
) -> Posted:
    """Delete the content of a user's own message, even if they have left the conversation."""
    client_id, content, first_digest = messages.first_sent(tx.db, message_id)
    kept = None if client_id is None else firsts.rest_of(first_digest or firsts.digest(content))
    messages.delete(tx.db, message_id, first_digest=kept, deleted_at=now)
    conversations.pass_over(tx.db, conversation.id, message_id)
    if conversation.other_id is None:
        mentions.remove(tx.db, message_id)
    after = _get(tx.db, message_id, user_id)
    seq = log_change(tx, "delete", conversation, user_id, message_id, now, hidden_from=hidden_from)
    concerned = concerned_by(tx, conversation, user_id, message_id, hidden_from)
    tx.publish(MessageDeletedEvent(seq=seq, recipients=concerned, origin=origin, message=after))
    return Posted(seen.own(tx.db, [after], user_id)[0], duplicate=False, seq=seq)


def react(
    tx: Transaction, user_id: int, message_id: int, emoji: str, on: bool, *, now: int, origin: object = None
) -> Reacted:
    """Add a reaction to a message, or remove it; doing it again changes nothing.

    :raises MessageNotFound: there is no such message in the user's conversations.
    :raises MessageDeleted: there is nothing left to react to.
    :raises MessageRemoved: an admin has removed it.
    :raises Silenced: somebody has silenced the user.
    :raises TooManyReactions: the user has the most reactions that one may have on a message.
    """
    conversation, message, hidden_from = find_message(tx.db, user_id, message_id)
    require_kept(message)
    if conversation.other_id is None:
        _require_voice(tx, conversation.id, user_id, now)
    if not on:
        return take_back(tx, conversation, user_id, message_id, emoji, now=now, origin=origin)
    if hidden_from is None:
        hidden_from = _blocker(tx.db, conversation, user_id)
    if not reactions.add(tx.db, message_id, user_id, emoji, hidden=hidden_from):
        return Reacted(seq=None)
    if reactions.count(tx.db, message_id, user_id) > REACTIONS_MAX:
        raise TooManyReactions
    return _tell_reaction(tx, conversation, user_id, message_id, emoji, True, hidden_from, now, origin)


def take_back(
    tx: Transaction,
    conversation: Conversation,
    user_id: int,
    message_id: int,
    emoji: str,
    *,
    now: int,
    origin: object = None,
) -> Reacted:
    """Remove a user's reaction, even if they have left the conversation."""
    changed, hidden_from = reactions.remove(tx.db, message_id, user_id, emoji)
    if not changed:
        return Reacted(seq=None)
    return _tell_reaction(tx, conversation, user_id, message_id, emoji, False, hidden_from, now, origin)


def _tell_reaction(
    tx: Transaction,
    conversation: Conversation,
    user_id: int,
    message_id: int,
    emoji: str,
    on: bool,
    hidden_from: int | None,
    now: int,
    origin: object,
) -> Reacted:
    data = json.dumps({"emoji": emoji, "on": on})
    seq = log_change(tx, "reaction", conversation, user_id, message_id, now, data, hidden_from=hidden_from)
    tx.publish(
        ReactionChanged(
            seq=seq,
            recipients=concerned_by(tx, conversation, user_id, message_id, hidden_from),
            origin=origin,
            message_id=message_id,
            user_id=user_id,
            emoji=emoji,
            on=on,
        )
    )
    return Reacted(seq)


def _require_may_post(tx: Transaction, group_id: int, user_id: int, now: int) -> None:
    if not _require_voice(tx, group_id, user_id, now).may_post(user_id):
        raise Forbidden


def _require_voice(tx: Transaction, group_id: int, user_id: int, now: int) -> Circle:
    circle = tx.circle(group_id)
    if circle is None:
        raise Forbidden
    voices.require(circle, user_id, now)
    return circle


def require_kept(message: Message) -> None:
    """Refuse to do something to a message that is gone.

    :raises MessageRemoved: an admin has removed it.
    :raises MessageDeleted: its sender has deleted it.
    """
    if message.removed:
        raise MessageRemoved
    if message.deleted_at is not None:
        raise MessageDeleted


def _blocker(db: Sql, conversation: Conversation, user_id: int) -> int | None:
    """Return the id of the other user of a private conversation, if they block this one."""
    other = conversation.other_id
    return other if other is not None and blocks.exists(db, other, user_id) else None


def concerned_by(
    tx: Transaction, conversation: Conversation, user_id: int, message_id: int, hidden_from: int | None
) -> tuple[int, ...]:
    """Return the ids of everyone a change by ``user_id`` to a message concerns, except the one it is hidden from."""
    whom = recipients(tx, conversation, user_id, message_id)
    return whom if hidden_from is None else tuple(each for each in whom if each != hidden_from)


def _as_seen(
    db: Sql, conversation: Conversation, user_id: int, message_id: int, whom: tuple[int, ...]
) -> Iterator[tuple[Message, tuple[int, ...]]]:
    """Yield each version of a message with the ids of those who see it; there is usually one."""
    if conversation.other_id is None:  # a group, where nothing is hidden
        yield _get(db, message_id, user_id), whom
        return
    versions: list[tuple[Message, tuple[int, ...]]] = []
    for viewer in whom:
        message = _get(db, message_id, viewer)
        if versions and versions[0][0] == message:
            versions[0] = message, (*versions[0][1], viewer)
        else:
            versions.append((message, (viewer,)))
    yield from versions


def _get(db: Sql, message_id: int, viewer: int) -> Message:
    message = messages.get(db, message_id, viewer=viewer)
    if message is None:
        raise MessageNotFound
    return message


def _own(db: Sql, user_id: int, message_id: int) -> tuple[Conversation, Message, int | None]:
    conversation, message, hidden_from = find_message(db, user_id, message_id)
    if message.sender_id != user_id:
        raise NotYours
    return conversation, message, hidden_from


def log_change(
    tx: Transaction,
    kind: change_log.Kind,
    conversation: Conversation,
    user_id: int,
    message_id: int,
    now: int,
    data: str | None = None,
    *,
    hidden_from: int | None,
) -> int:
    return change_log.append(
        tx.db,
        kind,
        conversation_id=conversation.id,
        user_id=user_id,
        message_id=message_id,
        created_at=now,
        data=data,
        hidden_from=hidden_from,
    )
