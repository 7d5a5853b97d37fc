"""Messages: posting, changing what was posted, reading, and what is unread.

What changes something comes in two forms: ``post`` waits for the disk, ``posting`` returns the work for a door that
has many on their way at once (:meth:`chatd.storage.database.Database.submit`).
"""

import contextlib
import hashlib
import json
import sqlite3

from chatd.clock import Clock
from chatd.config import Limits as LimitSettings
from chatd.errors import (
    CannotMessageSelf,
    ClientIdReused,
    ConversationNotFound,
    MessageDeleted,
    MessageNotFound,
    NotYours,
    TooManyReactions,
)
from chatd.events import MessageCreated, MessageEdited, ReactionChanged, ReadMarkerMoved
from chatd.events import MessageDeleted as MessageDeletedEvent
from chatd.models import Conversation, Destination, Message, Posted, Reacted, Read
from chatd.services.limits import per_second
from chatd.storage import change_log, conversations, messages, users
from chatd.storage.database import Database, Transaction, Write

#: Above every message id.
END = 2**63 - 1

#: How many different reactions a user may have on one message.
REACTIONS_MAX = 20


class Messages:
    """What people do with messages."""

    def __init__(self, db: Database, limits: LimitSettings, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._posts = per_second(limits.messages_per_second)

    async def post(self, sender_id: int, receiver_id: int, content: str, client_id: str | None = None) -> Posted:
        """Store a private message; when this returns, it is on disk. See :meth:`posting`."""
        return await self._db.write(self.posting(sender_id, Destination(receiver_id), content, client_id))

    def posting(
        self,
        sender_id: int,
        to: Destination,
        content: str,
        client_id: str | None = None,
        *,
        reply_to: int | None = None,
        origin: object = None,
    ) -> Write[Posted]:
        """Return the work of storing a message.

        :param client_id: makes the post repeatable: the same sender, destination, ``client_id`` and content (as
            first sent) answer the message that was stored first.
        :param reply_to: the id of a message in the same conversation.
        :param origin: the connection that posts.
        :raises RateLimited: too many messages of this sender.

        The work raises CannotMessageSelf, UserNotFound, ConversationNotFound, MessageNotFound, ClientIdReused.
        """
        self._posts.take(sender_id)
        now = self._clock()

        def work(tx: Transaction) -> Posted:
            sender = users.require(tx.db, sender_id)
            conversation = _find(tx.db, sender_id, to)
            if client_id is not None:
                stored = messages.get_by_client_id(tx.db, sender_id, client_id)
                if stored is not None:
                    return _repeated(*stored, to, content, reply_to)
            if conversation is None:
                assert to.user_id is not None
                conversation = conversations.open_private(tx.db, sender_id, to.user_id, now)
            if reply_to is not None and messages.conversation_of(tx.db, reply_to) != conversation.id:
                raise MessageNotFound
            message_id = messages.insert(
                tx.db,
                conversation_id=conversation.id,
                sender_id=sender_id,
                content=content,
                client_id=client_id,
                reply_to=reply_to,
                created_at=now,
            )
            conversations.count_message(tx.db, conversation.id, sender_id, message_id)
            seq = change_log.append(
                tx.db,
                "message",
                conversation_id=conversation.id,
                user_id=sender_id,
                message_id=message_id,
                created_at=now,
            )
            message = Message(
                id=message_id,
                sender=sender,
                receiver_id=to.user_id,
                group_id=to.group_id,
                content=content,
                client_id=client_id,
                is_read=False,
                created_at=now,
                reply_to=reply_to,
            )
            recipients = _recipients(tx.db, conversation, sender_id)
            tx.publish(
                MessageCreated(
                    seq=seq,
                    recipients=recipients,
                    origin=origin,
                    message=message,
                    is_first=conversation.other_id is not None and conversation.message_count == 0,
                )
            )
            return Posted(message, duplicate=False, seq=seq)

        return work

    def editing(self, user_id: int, message_id: int, content: str, *, origin: object = None) -> Write[Posted]:
        """Return the work of giving one's own message another content; the same content changes nothing.

        The work raises MessageNotFound, NotYours, MessageDeleted.
        """
        now = self._clock()

        def work(tx: Transaction) -> Posted:
            conversation, before = _own(tx.db, user_id, message_id)
            if before.deleted_at is not None:
                raise MessageDeleted
            if before.content == content:
                return Posted(before, duplicate=True, seq=None)
            messages.edit(tx.db, message_id, content=content, first_digest=_digest(before.content), edited_at=now)
            after = _get(tx.db, message_id)
            seq = _log(tx, "edit", conversation, user_id, message_id, now)
            recipients = _recipients(tx.db, conversation, user_id)
            tx.publish(MessageEdited(seq=seq, recipients=recipients, origin=origin, message=after))
            return Posted(after, duplicate=False, seq=seq)

        return work

    def deleting(self, user_id: int, message_id: int, *, origin: object = None) -> Write[Posted]:
        """Return the work of taking the content from one's own message; a second time changes nothing.

        The work raises MessageNotFound, NotYours.
        """
        now = self._clock()

        def work(tx: Transaction) -> Posted:
            conversation, before = _own(tx.db, user_id, message_id)
            if before.deleted_at is not None:
                return Posted(before, duplicate=True, seq=None)
            messages.delete(tx.db, message_id, now)
            after = _get(tx.db, message_id)
            seq = _log(tx, "delete", conversation, user_id, message_id, now)
            recipients = _recipients(tx.db, conversation, user_id)
            tx.publish(MessageDeletedEvent(seq=seq, recipients=recipients, origin=origin, message=after))
            return Posted(after, duplicate=False, seq=seq)

        return work

    def reacting(self, user_id: int, message_id: int, emoji: str, on: bool, *, origin: object = None) -> Write[Reacted]:
        """Return the work of putting an emoji below a message, or of taking it away.

        The work raises MessageNotFound, MessageDeleted, TooManyReactions.
        """
        now = self._clock()

        def work(tx: Transaction) -> Reacted:
            conversation, message = _visible(tx.db, user_id, message_id)
            if message.deleted_at is not None:
                raise MessageDeleted
            change = messages.react if on else messages.unreact
            if not change(tx.db, message_id, user_id, emoji):
                return Reacted(seq=None)
            if messages.count_reactions(tx.db, message_id, user_id) > REACTIONS_MAX:
                raise TooManyReactions
            data = json.dumps({"emoji": emoji, "on": on})
            seq = _log(tx, "reaction", conversation, user_id, message_id, now, data)
            tx.publish(
                ReactionChanged(
                    seq=seq,
                    recipients=_recipients(tx.db, conversation, user_id),
                    origin=origin,
                    message_id=message_id,
                    user_id=user_id,
                    emoji=emoji,
                    on=on,
                )
            )
            return Reacted(seq)

        return work

    async def members(self, user_id: int, where: Destination) -> tuple[int, ...]:
        """Return the ids of all that a conversation concerns, be it begun or not.

        :raises UserNotFound: there is no such user.
        :raises ConversationNotFound: there is no such group, or the user is not in it.
        """

        def read(db: sqlite3.Connection) -> tuple[int, ...]:
            _find(db, user_id, where)
            return conversations.members(db, where.group_id) if where.group_id else (user_id, where.user_id or 0)

        return await self._db.read(read)

    async def mark_read(self, reader_id: int, other_id: int) -> None:
        """Mark all that ``other_id`` has written to ``reader_id`` as read.

        :raises UserNotFound: there is no such other user.
        """
        with contextlib.suppress(ConversationNotFound):  # they have never spoken: there is nothing to read
            await self._db.write(self.marking_read(reader_id, Destination(other_id), END))

    def marking_read(self, reader_id: int, where: Destination, up_to: int, *, origin: object = None) -> Write[Read]:
        """Return the work of moving the reader's marker forward to a message; it never moves back.

        The work raises UserNotFound, ConversationNotFound.
        """
        now = self._clock()

        def work(tx: Transaction) -> Read:
            conversation = _find(tx.db, reader_id, where, may_be_self=True)
            if conversation is None:
                raise ConversationNotFound
            moved = conversations.move_marker(tx.db, conversation.id, reader_id, up_to)
            if moved is None:
                member = conversations.membership(tx.db, conversation.id, reader_id)
                return Read(0 if member is None else member.read_up_to, seq=None)
            seq = _log(tx, "read", conversation, reader_id, moved, now)
            tx.publish(
                ReadMarkerMoved(
                    seq=seq,
                    recipients=_recipients(tx.db, conversation, reader_id),
                    origin=origin,
                    reader_id=reader_id,
                    user_id=conversation.other_id,
                    group_id=conversation.group_id,
                    up_to=moved,
                )
            )
            return Read(moved, seq)

        return work


def _find(
    db: sqlite3.Connection, user_id: int, where: Destination, *, may_be_self: bool = False
) -> Conversation | None:
    """Return the conversation a command names; None for a private one that nobody has begun."""
    if where.group_id is not None:
        group = conversations.find_group(db, where.group_id, user_id)
        if group is None:
            raise ConversationNotFound
        return group
    assert where.user_id is not None
    if where.user_id == user_id and not may_be_self:
        raise CannotMessageSelf
    users.require(db, where.user_id)
    return conversations.find_private(db, user_id, where.user_id)


def _repeated(
    stored: Message, first_digest: bytes | None, to: Destination, content: str, reply_to: int | None
) -> Posted:
    """Return the message that was stored first; of a deleted one nothing is left to compare."""
    same = (stored.receiver_id, stored.group_id, stored.reply_to) == (to.user_id, to.group_id, reply_to)
    if same and stored.deleted_at is None:
        same = stored.content == content if first_digest is None else first_digest == _digest(content)
    if not same:
        raise ClientIdReused
    return Posted(stored, duplicate=True, seq=None)


def _digest(content: str) -> bytes:
    return hashlib.blake2b(content.encode(), digest_size=16).digest()


def _get(db: sqlite3.Connection, message_id: int) -> Message:
    message = messages.get(db, message_id)
    if message is None:
        raise MessageNotFound
    return message


def _visible(db: sqlite3.Connection, user_id: int, message_id: int) -> tuple[Conversation, Message]:
    """Return a message and its conversation; to a stranger it does not exist."""
    conversation_id = messages.conversation_of(db, message_id)
    conversation = None
    if conversation_id is not None:
        conversation = conversations.get_for_member(db, conversation_id, user_id)
    if conversation is None:
        raise MessageNotFound
    return conversation, _get(db, message_id)


def _own(db: sqlite3.Connection, user_id: int, message_id: int) -> tuple[Conversation, Message]:
    conversation, message = _visible(db, user_id, message_id)
    if message.sender_id != user_id:
        raise NotYours
    return conversation, message


def _recipients(db: sqlite3.Connection, conversation: Conversation, user_id: int) -> tuple[int, ...]:
    if conversation.other_id is not None:
        return (user_id, conversation.other_id)
    return conversations.members(db, conversation.id)


def _log(
    tx: Transaction,
    kind: change_log.Kind,
    conversation: Conversation,
    user_id: int,
    message_id: int,
    now: int,
    data: str | None = None,
) -> int:
    return change_log.append(
        tx.db,
        kind,
        conversation_id=conversation.id,
        user_id=user_id,
        message_id=message_id,
        created_at=now,
        data=data,
    )
