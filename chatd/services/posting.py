"""Storing a message: alone, or with all the others that wait for the same commit."""

from collections.abc import Sequence

import msgspec

from chatd.errors import Blocked, CannotMessageSelf, ChatError, ClientIdReused, MessageNotFound, UserNotFound
from chatd.events import MessageCreated
from chatd.models import Conversation, Destination, Message, Posted, User
from chatd.records import Record
from chatd.services import firsts
from chatd.services.places import find, hidden_from, recipients
from chatd.storage import blocks, change_log, conversations, messages, users
from chatd.storage.blocks import Hidden
from chatd.storage.commit import Outcome, Transaction
from chatd.storage.engine import Sql
from chatd.storage.memory import Memory


class Post(Record):
    """The work of storing one message; see :meth:`chatd.services.messages.Messages.posting`."""

    sender_id: int
    to: Destination
    content: str
    client_id: str | None
    reply_to: int | None
    origin: object
    now: int

    def __call__(self, tx: Transaction) -> Posted:
        """Store the message."""
        db = tx.db
        reply_hidden_from = None
        sender = users.require(db, self.sender_id)
        conversation = find(db, self.sender_id, self.to)
        if self.client_id is not None:
            stored = messages.get_by_client_id(db, self.sender_id, self.client_id)
            if stored is not None:
                return self._repeated(*stored)
        hidden = None if self.to.user_id is None else hidden_from(db, self.sender_id, self.to.user_id)
        if conversation is None:
            assert self.to.user_id is not None
            conversation = conversations.open_private(db, self.sender_id, self.to.user_id, self.now)
        if self.reply_to is not None:
            place, reply_hidden_from = messages.place_of(db, self.reply_to, viewer=self.sender_id)
            if place != conversation.id:
                raise MessageNotFound
        message_id = change_log.head(db) + 1
        messages.insert(
            db,
            message_id=message_id,
            conversation_id=conversation.id,
            sender_id=self.sender_id,
            content=self.content,
            client_id=self.client_id,
            reply_to=self.reply_to,
            created_at=self.now,
        )
        conversations.count_message(db, conversation.id, self.sender_id, message_id)
        if hidden is not None:
            blocks.hide(db, [Hidden(hidden, conversation.id, message_id)])
            whom: tuple[int, ...] = (self.sender_id,)
        else:
            whom = recipients(db, conversation, self.sender_id)
        event = self._created(message_id, sender, whom, conversation)
        for each in _as_seen(event, reply_hidden_from):
            tx.publish(each)
        return Posted(event.message, duplicate=False, seq=message_id)

    def _created(
        self, message_id: int, sender: User, whom: tuple[int, ...], conversation: Conversation
    ) -> MessageCreated:
        message = Message(
            id=message_id,
            sender=sender,
            receiver_id=self.to.user_id,
            group_id=self.to.group_id,
            content=self.content,
            client_id=self.client_id,
            is_read=False,
            created_at=self.now,
            reply_to=self.reply_to,
        )
        is_first = conversation.other_id is not None and (
            not conversation.message_count or (not conversation.other_message_count and len(whom) > 1)
        )
        return MessageCreated(seq=message_id, recipients=whom, origin=self.origin, message=message, is_first=is_first)

    def _repeated(self, stored: Message, first_digest: bytes | None) -> Posted:
        """Return the message that was stored first."""
        to, wanted = self.to, self.reply_to
        same = (stored.receiver_id, stored.group_id, stored.reply_to) == (to.user_id, to.group_id, wanted)
        if not same or not self._is_content_of(stored, first_digest):
            raise ClientIdReused
        return Posted(stored, duplicate=True, seq=None)

    def _is_content_of(self, stored: Message, kept: bytes | None) -> bool:
        """Tell whether a message was first sent with this content.

        :param kept: what is kept of its content as first sent. A message that an older chatd deleted has nothing left.
        """
        if stored.deleted_at is not None:
            return kept is None or firsts.is_rest_of(kept, self.content)
        return stored.content == self.content if kept is None else kept == firsts.digest(self.content)

    def together(self, db: Sql, memory: Memory, posts: Sequence["Post"]) -> list[Outcome]:
        """Store many messages with a few statements.

        The rule, private messages that were never sent before, is worth it; a reply, a group's message or a
        ``client_id`` that is there already raises, and is stored alone in the end.
        """
        return _Gathering(db, memory, posts).store()


class _NotTogether(Exception):
    """There is a message that has to be stored alone."""


class _Gathering:
    """Private messages on their way into the database together."""

    def __init__(self, db: Sql, memory: Memory, posts: Sequence[Post]) -> None:
        self._db = db
        self._posts = posts
        pairs = set()
        for post in posts:
            if post.to.user_id is None or post.reply_to is not None:
                raise _NotTogether
            pairs.add((post.sender_id, post.to.user_id))
        self._users = memory.users({user_id for pair in pairs for user_id in pair})
        self._places = memory.places(pairs)
        self._blocks = memory.blocks(pairs)

    def store(self) -> list[Outcome]:
        outcomes: list[Outcome] = []
        message_id = change_log.head(self._db)
        new_messages = []
        counts: dict[tuple[int, int], int] = {}
        newest: dict[int, int] = {}
        hidden: list[Hidden] = []
        for post in self._posts:
            try:
                sender, place = self._place(post)
            except ChatError as error:
                outcomes.append(Outcome(None, error, []))
                continue
            message_id += 1
            conversation_id = place.id
            new_messages.append((message_id, conversation_id, post.sender_id, post.content, post.client_id, post.now))
            key = conversation_id, post.sender_id
            counts[key] = counts.get(key, 0) + 1
            newest[conversation_id] = message_id
            assert post.to.user_id is not None
            whom: tuple[int, ...] = (post.sender_id, post.to.user_id)
            if self._blocks and whom[::-1] in self._blocks:
                hidden.append(Hidden(post.to.user_id, conversation_id, message_id))
                whom = (post.sender_id,)
            event = post._created(message_id, sender, whom, place)
            if not place.message_count or not place.other_message_count:
                self._seen(post, place, both=len(whom) > 1)
            outcomes.append(Outcome(Posted(event.message, False, message_id), None, [event]))
        messages.insert_many(self._db, new_messages)
        conversations.count_messages(self._db, counts, newest)
        if hidden:
            blocks.hide(self._db, hidden)
        return outcomes

    def _place(self, post: Post) -> tuple[User, Conversation]:
        sender_id, receiver_id = post.sender_id, post.to.user_id
        assert receiver_id is not None
        if sender_id == receiver_id:
            raise CannotMessageSelf
        sender = self._users.get(sender_id)
        receiver = self._users.get(receiver_id)
        if sender is None or receiver is None:
            raise UserNotFound
        if receiver.is_deleted or (self._blocks and (sender_id, receiver_id) in self._blocks):
            if post.client_id is not None:  # it may have been stored before
                raise _NotTogether
            raise UserNotFound if receiver.is_deleted else Blocked
        place = self._places.get((sender_id, receiver_id))
        if place is None:
            place = conversations.open_private(self._db, sender_id, receiver_id, post.now)
            self._places[sender_id, receiver_id] = place
            self._places[receiver_id, sender_id] = place
        return sender, place

    def _seen(self, post: Post, place: Conversation, *, both: bool) -> None:
        """Remember that the sender sees a message in a conversation now, or that both do."""
        sender_id, receiver_id = post.sender_id, post.to.user_id
        assert receiver_id is not None
        others = 1 if both else place.other_message_count
        self._places[sender_id, receiver_id] = Conversation(
            place.id, 1, other_id=receiver_id, other_message_count=others
        )
        self._places[receiver_id, sender_id] = Conversation(place.id, others, other_id=sender_id, other_message_count=1)


def _as_seen(event: MessageCreated, reply_hidden_from: int | None) -> list[MessageCreated]:
    """Return the event as each recipient may see it: who does not see a message sees no reply to it."""
    if reply_hidden_from not in event.recipients:
        return [event]
    others = tuple(each for each in event.recipients if each != reply_hidden_from)
    plain = msgspec.structs.replace(event.message, reply_to=None)
    return [
        msgspec.structs.replace(event, recipients=others),
        msgspec.structs.replace(event, recipients=(reply_hidden_from,), message=plain),
    ]
