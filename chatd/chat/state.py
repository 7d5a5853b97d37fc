"""The state of all chats: what was loaded, with the events since applied to it."""

from dataclasses import replace
from datetime import UTC, datetime

from chatd.chat.chats import Chat
from chatd.chat.names import name_of
from chatd.chat.news import news_of
from chatd.client import (
    Brief,
    Conversation,
    Conversations,
    Cursor,
    Emoji,
    Event,
    Group,
    GroupChanged,
    GroupEnded,
    GroupPlace,
    Invitation,
    JoinRequestChanged,
    LevelChanged,
    Membership,
    Message,
    MessageDeleted,
    MessageEdited,
    MessagePage,
    MessagesRemoved,
    MessagesRestored,
    Moderated,
    NewMessage,
    Place,
    Presence,
    PresenceList,
    Profile,
    Reaction,
    Read,
    UserPlace,
    place_from,
)

#: How much of a history is loaded at once, in messages.
PAGE = 50


class State:
    """All chats of one user."""

    def __init__(self, me: Brief) -> None:
        """Create a state without chats."""
        self.me = me
        self.chats: dict[Place, Chat] = {}
        self.online: frozenset[int] = frozenset()
        self.more = False
        #: What was done to one, until it is shown.
        self.news = ""
        #: The groups that one is invited to, by their ids.
        self.invitations: set[int] = set()
        #: How many times existing messages have changed.
        self.changes = 0
        #: Whether the newest chats have to be loaded: an event came whose effect only the server knows.
        self.is_stale = False

    @property
    def ordered(self) -> list[Chat]:
        """The chats, newest first; empty ones come before all others."""
        return sorted(self.chats.values(), key=lambda chat: -(chat.rank or 2**60))

    @property
    def unread(self) -> int:
        """How many messages are unread in all chats."""
        return sum(chat.unread for chat in self.chats.values())

    def load(self, page: Conversations, *, more: bool = True) -> None:
        """Replace what is known about the chats on a page; loaded messages stay."""
        for conversation in page.items:
            self._load_one(conversation, page.cursor)
        if more:
            self.more = page.more

    def reset(self, kept: Place | None = None) -> None:
        """Forget what was loaded, except unsent messages; the chat ``kept`` stays, empty."""
        self.chats = {
            place: Chat(place, chat.partner, outgoing=chat.outgoing)
            for place, chat in self.chats.items()
            if chat.outgoing or place == kept
        }
        self.changes += 1

    def open(self, partner: Brief | Group) -> Chat:
        """Return the chat with a user or in a group, new if need be."""
        place = GroupPlace(partner.id) if isinstance(partner, Group) else UserPlace(partner.id)
        if place not in self.chats:
            self.chats[place] = Chat(place, partner)
        return self.chats[place]

    def add_page(self, chat: Chat, page: MessagePage, *, newest: bool) -> None:
        """Add a page of messages: the newest ones, or older ones than those loaded."""
        chat.messages.update((message.id, message) for message in page.items)
        if not (newest and chat.loaded):
            chat.more_before = page.more_before
        chat.loaded = True

    def apply(self, event: Event) -> None:
        """Apply an event."""
        match event:
            case NewMessage():
                self._new_message(event.message, event.cursor)
            case MessageEdited():
                self._replace(event.message)
                self._count_names(event.message.place_for(self.me.id), event.message.sender_id, event.message.id)
            case MessageDeleted():
                self._take_back(event)
            case Reaction():
                if (old := self._message(event.message_id)) is not None:
                    self._replace(_with_reaction(old, event))
                self.changes += 1
            case Read():
                self._read(event)
            case PresenceList():
                self.online = event.online
            case Presence():
                self.online = self.online | {event.user_id} if event.online else self.online - {event.user_id}
            case Profile():
                self._rename(event.user)
            case Membership():
                self._membership(event)
            case GroupChanged():
                if (chat := self.chats.get(GroupPlace(event.group.id))) is not None:
                    chat.partner = event.group
            case GroupEnded():
                self.chats.pop(GroupPlace(event.group_id), None)
            case MessagesRestored() | MessagesRemoved():
                self._remove(event)
            case Moderated():
                chat = self.chats.get(GroupPlace(event.group_id))
                self.news = news_of(event, "a group" if chat is None else chat.name, datetime.now(UTC))
            case JoinRequestChanged() if event.on and event.user.id != self.me.id:
                chat = self.chats.get(GroupPlace(event.group_id))
                self.news = f"{name_of(event.user)} asks to join {'a group' if chat is None else chat.name}: F7"
            case LevelChanged():
                chat = self.chats.get(place_from(event.user_id, event.group_id))
                if chat is not None and chat.me is not None:
                    chat.me = replace(chat.me, notify=event.notify, muted_until=event.muted_until)
            case Invitation():
                change = self.invitations.add if event.on else self.invitations.discard
                change(event.group.id)

    def stored(self, message: Message) -> None:
        """Add a message of the user's own that the server has stored."""
        self._new_message(message, None)

    def _load_one(self, conversation: Conversation, cursor: Cursor) -> None:
        partner = conversation.user or conversation.group
        if partner is None:
            return
        chat = self.open(partner)
        chat.partner, chat.last = partner, conversation.last_message
        chat.unread, chat.as_of = conversation.unread_count, cursor
        chat.read_up_to, chat.others_read_up_to = conversation.read_up_to, conversation.others_read_up_to
        chat.me, chat.mentions = conversation.me, conversation.mention_count or 0
        chat.activity = conversation.activity or 0

    def _membership(self, event: Membership) -> None:
        """Count somebody who came or went; one's own coming has to be loaded."""
        place = GroupPlace(event.group_id)
        chat = self.chats.get(place)
        if event.user_id == self.me.id:
            self.invitations.discard(event.group_id)
            self.is_stale = event.role is not None
            if event.role is None:
                self.chats.pop(place, None)
        elif chat is not None and isinstance(chat.partner, Group) and chat.is_before(event.cursor):
            by = -1 if event.role is None else event.how in ("created", "joined", "restored")
            chat.partner = replace(chat.partner, member_count=chat.partner.member_count + by)

    def _new_message(self, message: Message, cursor: Cursor | None) -> None:
        place = message.place_for(self.me.id)
        mine = message.sender_id == self.me.id
        if place not in self.chats:
            self.is_stale = True
            unknown = Brief(place.id, "", "", None, False)
            partner = Group(place.id, "") if isinstance(place, GroupPlace) else (unknown if mine else message.sender)
            self.chats[place] = Chat(place, partner)
        chat = self.chats[place]
        is_counted = chat.is_before(cursor)
        if not mine and message.id > max(chat.newest_id, chat.read_up_to) and is_counted and not message.deleted_at:
            chat.unread += 1
            chat.mentions += self.me.id in message.mentions or message.mentions_all
        if message.id > chat.newest_id:
            chat.last = message
        if message.id not in chat.messages:
            chat.messages[message.id] = message
        self._count_answer(message)
        if mine and message.client_id is not None:
            chat.outgoing = [each for each in chat.outgoing if each.client_id != message.client_id]

    def _count_answer(self, message: Message) -> None:
        """Count an answer below the message that its thread goes back to."""
        root = None if message.thread is None else self._message(message.thread)
        if root is not None and message.id > (root.last_reply or 0):
            self._replace(replace(root, replies=root.replies + 1, last_reply=message.id))

    def _take_back(self, event: MessageDeleted) -> None:
        """Empty a message, which is no longer unread."""
        old = self._message(event.message_id)
        chat = self.chats.get(event.place_for(self.me.id))
        self._count_names(event.place_for(self.me.id), event.sender_id, event.message_id)
        is_unread = chat is not None and event.sender_id != self.me.id and event.message_id > chat.read_up_to
        if chat is not None and is_unread and chat.is_before(event.cursor):
            sent_at = None if event.cursor is None else replace(event.cursor, seq=event.message_id)
            if old is None or old.deleted_at is None or not chat.is_before(sent_at):
                chat.unread = max(0, chat.unread - 1)
            else:  # it came as deleted and was not counted, or was counted and then loaded as deleted
                self.is_stale = True
        if old is not None:
            self._replace(replace(old, content="", deleted_at=event.deleted_at, reactions=()))
        self.changes += 1

    def _remove(self, event: MessagesRemoved) -> None:
        """Empty messages that were removed; those that are there again have to be loaded."""
        self.changes += 1
        chat = self.chats.get(GroupPlace(event.group_id))
        if chat is None:
            return
        self.is_stale = True
        if isinstance(event, MessagesRestored):
            chat.messages, chat.loaded, chat.more_before = {}, False, True
            return
        gone_at = datetime.now(UTC)
        for message in list(chat.messages.values()):
            if message.sender_id == event.user_id and event.from_id <= message.id <= event.to_id:
                chat.messages[message.id] = replace(message, content="", deleted_at=gone_at, reactions=())

    def _count_names(self, place: Place, sender_id: int, message_id: int) -> None:
        """Count one's mentions again if an unread message of a group has changed."""
        chat = self.chats.get(place)
        if isinstance(place, GroupPlace) and sender_id != self.me.id and chat is not None:
            self.is_stale |= message_id > chat.read_up_to

    def _message(self, number: int) -> Message | None:
        for chat in self.chats.values():
            if number in chat.messages:
                return chat.messages[number]
            if chat.last is not None and chat.last.id == number:
                return chat.last
        return None

    def _replace(self, message: Message) -> None:
        self.changes += 1
        chat = self.chats.get(message.place_for(self.me.id))
        if chat is not None:
            if message.id in chat.messages:
                chat.messages[message.id] = message
            if chat.last is not None and chat.last.id == message.id:
                chat.last = message

    def _read(self, event: Read) -> None:
        mine = event.reader_id == self.me.id
        chat = self.chats.get(event.place_for(self.me.id))
        if chat is None:
            return
        if not mine:
            chat.others_read_up_to = max(chat.others_read_up_to, event.up_to)
            return
        chat.read_up_to = max(chat.read_up_to, event.up_to)
        if chat.read_up_to >= chat.newest_id:
            chat.unread = chat.mentions = 0
        else:
            self.is_stale = True

    def _rename(self, user: Brief) -> None:
        if user.id == self.me.id:
            self.me = user
        for chat in self.chats.values():
            if chat.place == UserPlace(user.id):
                chat.partner = user
            for message in list(chat.messages.values()):
                if message.sender_id == user.id:
                    chat.messages[message.id] = replace(message, sender=user)


def _with_reaction(message: Message, event: Reaction) -> Message:
    by_emoji = {each.emoji: each for each in message.reactions}
    before = by_emoji.get(event.emoji, Emoji(event.emoji, (), 0))
    others = tuple(each for each in before.user_ids if each != event.user_id)
    count = before.count - (len(before.user_ids) - len(others))
    if event.on:
        others, count = (*others, event.user_id), count + 1
    elif len(others) == len(before.user_ids) and count > len(others):  # somebody who was not named
        count -= 1
    by_emoji[event.emoji] = Emoji(event.emoji, others, count)
    return replace(message, reactions=tuple(each for each in by_emoji.values() if each.count))
