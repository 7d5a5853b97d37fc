"""Messages: posting, editing, reacting, and marking as read.

Methods that change something return a :class:`chatd.services.pending.Pending`: await it, or give it a callback.
"""

import contextlib
import json

from chatd.clock import Clock
from chatd.config import Limits as LimitSettings
from chatd.errors import ConversationNotFound, RateLimited
from chatd.events import ReadMarkerMoved
from chatd.models import Conversation, MarkedRead, Posted, Reacted
from chatd.places import GroupPlace, Place, UserPlace
from chatd.services import editing, pinning, voices
from chatd.services.limits import RateLimiter, per_second
from chatd.services.lookup import find
from chatd.services.pending import Pending
from chatd.services.posting import Post
from chatd.storage import blocks, change_log, circles, conversations, groups, messages
from chatd.storage.commit import Transaction
from chatd.storage.database import Database
from chatd.storage.engine import LARGEST, Sql

#: How long others are not told again that somebody is writing in a group, in seconds.
TYPING_PAUSE = 3.0


class Messages:
    """What people do with messages."""

    def __init__(self, db: Database, limits: LimitSettings, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._posts = per_second(limits.messages_per_second)
        self._typing = RateLimiter(1 / TYPING_PAUSE, 1)

    def post(
        self,
        sender_id: int,
        to: Place,
        content: str,
        client_id: str | None = None,
        *,
        reply_to: int | None = None,
        origin: object = None,
    ) -> Pending[Posted]:
        """Store a message.

        :param client_id: makes the post repeatable: the same sender, destination, ``client_id`` and content (as
            first sent) return the message that was stored first.
        :param reply_to: the id of a message in the same conversation.
        :param origin: the connection that posts, if one does.
        :raises RateLimited: the sender posts too fast.

        The write raises CannotMessageSelf, UserNotFound, ConversationNotFound, MessageNotFound, ClientIdReused, and
        Forbidden where the group's rule does not let the sender write, and Silenced.
        """
        self._posts.take(sender_id)
        return Pending(self._db, Post(sender_id, to, content, client_id, reply_to, origin, self._clock()))

    def edit(self, user_id: int, message_id: int, content: str, *, origin: object = None) -> Pending[Posted]:
        """Replace the content of the user's own message; the same content changes nothing.

        The write raises MessageNotFound, NotYours, MessageDeleted, MessageRemoved, Silenced.
        """
        now = self._clock()

        def work(tx: Transaction) -> Posted:
            return editing.edit(tx, user_id, message_id, content, now=now, origin=origin)

        return Pending(self._db, work)

    def delete(self, user_id: int, message_id: int, *, origin: object = None) -> Pending[Posted]:
        """Delete the content of the user's own message; deleting it again changes nothing.

        The write raises MessageNotFound, NotYours.
        """
        now = self._clock()

        def work(tx: Transaction) -> Posted:
            return editing.delete(tx, user_id, message_id, now=now, origin=origin)

        return Pending(self._db, work)

    def react(self, user_id: int, message_id: int, emoji: str, on: bool, *, origin: object = None) -> Pending[Reacted]:
        """Add a reaction to a message, or remove it.

        The write raises MessageNotFound, MessageDeleted, MessageRemoved, Silenced, TooManyReactions.
        """
        now = self._clock()

        def work(tx: Transaction) -> Reacted:
            return editing.react(tx, user_id, message_id, emoji, on, now=now, origin=origin)

        return Pending(self._db, work)

    async def pin(self, user_id: int, message_id: int, *, on: bool) -> None:
        """Pin a message in its group, or no longer: see :func:`chatd.services.pinning.pin`."""
        now = self._clock()
        await self._db.write(lambda tx: pinning.pin(tx, user_id, message_id, on, now=now))

    async def who_sees_typing(self, user_id: int, where: Place) -> tuple[int, ...]:
        """Return the ids of those who are told that somebody is writing, whether or not the conversation has begun.

        The other user of a private conversation is left out if either blocks the other, and a member of a group who
        blocks the user. In a group this is nobody if it is large, or was asked less than :data:`TYPING_PAUSE` before.

        :raises UserNotFound: there is no such user.
        :raises ConversationNotFound: there is no such group, or the user is not in it.
        :raises Silenced: somebody has silenced the user there.
        """

        now = self._clock()

        def read(db: Sql) -> tuple[int, ...]:
            find(db, user_id, where)
            match where:
                case GroupPlace(group_id) if groups.is_large(db, group_id):
                    return ()
                case GroupPlace(group_id):
                    circle = circles.load(db, [group_id])[group_id]
                    voices.require(circle, user_id, now)
                    blockers = blocks.blockers(db, user_id)
                    return tuple(each for each in circle.members if each not in blockers)
                case UserPlace(other_id):
                    return (user_id,) if blocks.among(db, [(user_id, other_id)]) else (user_id, other_id)

        if isinstance(where, GroupPlace):
            try:
                self._typing.take((user_id, where.id))
            except RateLimited:
                await self._db.read(lambda db: find(db, user_id, where))
                return ()
        return await self._db.read(read)

    async def mark_read(self, reader_id: int, other_id: int) -> None:
        """Mark everything ``other_id`` has written to ``reader_id`` as read.

        :raises UserNotFound: there is no such other user.
        """
        with contextlib.suppress(ConversationNotFound):  # they have never talked: there is nothing to mark
            await self.move_marker(reader_id, UserPlace(other_id), LARGEST)

    def move_marker(self, reader_id: int, where: Place, up_to: int, *, origin: object = None) -> Pending[MarkedRead]:
        """Move the reader's marker forward to a message; it never moves back.

        The write raises UserNotFound, ConversationNotFound.
        """
        now = self._clock()

        def work(tx: Transaction) -> MarkedRead:
            conversation = find(tx.db, reader_id, where, may_be_self=True)
            if conversation is None or (conversation.other_id is not None and not conversation.message_count):
                raise ConversationNotFound
            member = conversations.membership(tx.db, conversation.id, reader_id)
            before = 0 if member is None else member.read_up_to
            moved = conversations.move_marker(tx.db, conversation.id, reader_id, up_to)
            if moved is None:
                return MarkedRead(before, seq=None)
            if conversation.other_id is None:
                return MarkedRead(moved, _tell_read_in_group(tx, conversation, reader_id, moved, now, origin))
            hidden_from = messages.blocker_of(tx.db, moved)
            whom = editing.concerned_by(tx, conversation, reader_id, moved, hidden_from)
            if hidden_from is not None:
                shown = messages.last_up_to(tx.db, conversation.id, moved, viewer=hidden_from)
                if shown > before:  # the other user's marker is at the last message they can see
                    _tell_read(tx, conversation, reader_id, shown, now, (hidden_from,), None, hidden_from=reader_id)
            seq = _tell_read(tx, conversation, reader_id, moved, now, whom, origin, hidden_from=hidden_from)
            return MarkedRead(moved, seq)

        return Pending(self._db, work)


def _tell_read_in_group(
    tx: Transaction, group: Conversation, reader_id: int, up_to: int, now: int, origin: object
) -> int:
    """Tell the reader's own devices alone."""
    data = json.dumps({"group_id": group.id})
    seq = change_log.append(tx.db, "read", only_for=reader_id, message_id=up_to, data=data, created_at=now)
    tx.publish(
        ReadMarkerMoved(
            seq=seq, recipients=(reader_id,), origin=origin, reader_id=reader_id, place=group.place, up_to=up_to
        )
    )
    return seq


def _tell_read(
    tx: Transaction,
    conversation: Conversation,
    reader_id: int,
    up_to: int,
    now: int,
    whom: tuple[int, ...],
    origin: object,
    *,
    hidden_from: int | None,
) -> int:
    seq = editing.log_change(tx, "read", conversation, reader_id, up_to, now, hidden_from=hidden_from)
    tx.publish(
        ReadMarkerMoved(
            seq=seq,
            recipients=whom,
            origin=origin,
            reader_id=reader_id,
            place=conversation.place,
            up_to=up_to,
        )
    )
    return seq
