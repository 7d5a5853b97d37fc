"""Messages: posting, changing what was posted, reading, and what is unread.

What changes something comes in two forms: ``post`` waits for the disk, ``posting`` returns the work for a door that
has many on their way at once (:meth:`chatd.storage.database.Database.submit`).
"""

import contextlib
import json
import sqlite3

from chatd.clock import Clock
from chatd.config import Limits as LimitSettings
from chatd.errors import (
    ConversationNotFound,
    MessageDeleted,
    MessageNotFound,
    NotYours,
    TooManyReactions,
)
from chatd.events import MessageDeleted as MessageDeletedEvent
from chatd.events import MessageEdited, ReactionChanged, ReadMarkerMoved
from chatd.models import Conversation, Destination, Message, Posted, Reacted, Read
from chatd.services.limits import per_second
from chatd.services.places import find, recipients
from chatd.services.posting import Post, digest
from chatd.storage import change_log, conversations, messages
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
        return Post(sender_id, to, content, client_id, reply_to, origin, self._clock())

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
            messages.edit(tx.db, message_id, content=content, first_digest=digest(before.content), edited_at=now)
            after = _get(tx.db, message_id)
            seq = _log(tx, "edit", conversation, user_id, message_id, now)
            concerned = recipients(tx.db, conversation, user_id)
            tx.publish(MessageEdited(seq=seq, recipients=concerned, origin=origin, message=after))
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
            concerned = recipients(tx.db, conversation, user_id)
            tx.publish(MessageDeletedEvent(seq=seq, recipients=concerned, origin=origin, message=after))
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
                    recipients=recipients(tx.db, conversation, user_id),
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
            find(db, user_id, where)
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
            conversation = find(tx.db, reader_id, where, may_be_self=True)
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
                    recipients=recipients(tx.db, conversation, reader_id),
                    origin=origin,
                    reader_id=reader_id,
                    user_id=conversation.other_id,
                    group_id=conversation.group_id,
                    up_to=moved,
                )
            )
            return Read(moved, seq)

        return work


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
