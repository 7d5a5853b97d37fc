"""Conversations, private ones and groups, as one member sees them."""

from chatd.models.groups import Group, Stay
from chatd.models.messages import Message
from chatd.models.people import User
from chatd.places import GroupPlace, Place, UserPlace
from chatd.records import Record


class Conversation(Record):
    """A private chat, found by its two members' ids, or a group, which has a name.

    ``message_count`` is how many messages the member who asked sees, ``other_message_count`` how many the other does.
    """

    id: int
    message_count: int
    name: str | None = None
    other_id: int | None = None
    other_message_count: int = 0

    @property
    def place(self) -> Place:
        """Where the member writes to it."""
        return GroupPlace(self.id) if self.other_id is None else UserPlace(self.other_id)


class ConversationState(Record):
    """A conversation as one member sees it now."""

    conversation: Conversation
    user: User | None
    last_message: Message | None
    unread_count: int
    read_up_to: int
    others_read_up_to: int
    activity: int = 0
    mention_count: int = 0
    group: Group | None = None
    stay: Stay | None = None


class ConversationPage(Record):
    """Some of a member's conversations, newest first, and the position of the change log when they were read."""

    items: list[ConversationState]
    more: bool
    epoch: str
    cursor: int


class Membership(Record):
    """One member's stay in a conversation: the read marker and what unread counts need."""

    user_id: int
    read_up_to: int
    sent_count: int
    read_count: int


class Tally(Record):
    """How much somebody has not read over all conversations, and how much of it should not wait."""

    badge: int
    unread: int
    mentions: int


class LastMessage(Record):
    """The newest message of a conversation as an overview shows it."""

    id: int
    content: str
    created_at: int
    is_mine: bool


class Overview(Record):
    """A private conversation as one member sees it in a list."""

    user: User
    last_message: LastMessage
    unread_count: int


class HistoryPage(Record):
    """One page of a private conversation, its messages oldest first."""

    items: list[Message]
    total: int
    page: int
    page_size: int
    other_user: User
