"""Looking up the conversation or message a command names, and whom a change there concerns."""

from chatd.errors import CannotMessageSelf, ConversationNotFound, MessageNotFound
from chatd.models import Conversation, Message
from chatd.places import GroupPlace, Place, UserPlace
from chatd.storage import conversations, messages, users
from chatd.storage.commit import Transaction
from chatd.storage.engine import Sql


def find(db: Sql, user_id: int, where: Place, *, may_be_self: bool = False) -> Conversation | None:
    """Return the conversation a command names, or None for a private one that has not begun.

    :raises UserNotFound: there is no such user.
    :raises ConversationNotFound: there is no such group, or the user is not in it.
    :raises CannotMessageSelf: ``where`` is the user, and ``may_be_self`` is False.
    """
    match where:
        case GroupPlace(group_id):
            group = conversations.find_group(db, group_id, user_id)
            if group is None:
                raise ConversationNotFound
            return group
        case UserPlace(other_id):
            if other_id == user_id and not may_be_self:
                raise CannotMessageSelf
            users.require(db, other_id)
            return conversations.find_private(db, user_id, other_id)


def find_message(db: Sql, user_id: int, message_id: int) -> tuple[Conversation, Message, int | None]:
    """Return a message as a user sees it, its conversation, and whom the message is hidden from.

    :raises MessageNotFound: there is no such message in the user's conversations.
    """
    found = conversations.find_by_message(db, message_id, user_id)
    message = messages.get(db, message_id, viewer=user_id)
    if found is None or message is None:
        raise MessageNotFound
    conversation, hidden_from = found
    return conversation, message, hidden_from


def find_own_message(db: Sql, user_id: int, message_id: int) -> tuple[Conversation, Message, int | None] | None:
    """Return what :func:`find_message` does for somebody's own message, also where they are no longer a member.

    None where they have written no such message.
    """
    found = conversations.find_by_own_message(db, message_id, user_id)
    message = messages.get(db, message_id, viewer=user_id) if found else None
    return None if found is None or message is None else (found[0], message, found[1])


def recipients(tx: Transaction, conversation: Conversation, user_id: int, message_id: int) -> tuple[int, ...]:
    """Return the ids of everyone that a change by ``user_id`` to a message in a conversation concerns: in a group those
    who see the message.
    """
    if conversation.other_id is not None:
        return (user_id, conversation.other_id)
    circle = tx.circle(conversation.id)
    return () if circle is None else circle.seeing(message_id)
