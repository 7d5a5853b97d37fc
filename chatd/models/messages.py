"""Messages, and what comes of what is done with them."""

from chatd.models.people import User
from chatd.places import Place
from chatd.records import Record


class Reaction(Record):
    """One emoji below a message, who chose it, of many only some, and how many did."""

    emoji: str
    user_ids: tuple[int, ...]
    #: 0 from a version that named all.
    count: int = 0

    @property
    def total(self) -> int:
        """How many chose it."""
        return self.count or len(self.user_ids)


class Message(Record):
    """One message, private or to a group; ``to`` is the place as its sender sees it."""

    id: int
    sender: User
    to: Place
    content: str
    client_id: str | None
    is_read: bool
    created_at: int
    edited_at: int | None = None
    deleted_at: int | None = None
    reply_to: int | None = None
    reactions: tuple[Reaction, ...] = ()
    #: In a group: whom it names or answers, and whether it names everybody.
    mentions: tuple[int, ...] = ()
    mentions_all: bool = False
    #: In a group: whether a moderator has removed it; ``deleted_at`` is set then.
    removed: bool = False
    #: In a group: the message that it goes back to as an answer, over other answers; how many go back to it, and the
    #: newest of them.
    thread: int | None = None
    replies: int = 0
    last_reply: int | None = None

    @property
    def sender_id(self) -> int:
        """The id of the user who wrote it."""
        return self.sender.id


class MessagePage(Record):
    """Consecutive messages of a conversation, oldest first, and whether there are more on either side."""

    items: list[Message]
    more_before: bool
    more_after: bool


class MentionPage(Record):
    """Messages that name somebody, newest first, and whether there are more."""

    items: list[Message]
    more: bool


class Reacted(Record):
    """The result of a reaction: the change, if there was one."""

    seq: int | None


class MarkedRead(Record):
    """The result of marking as read: where the marker is, and the change, if it moved."""

    up_to: int
    seq: int | None


class Posted(Record):
    """The result of posting or editing: the stored message, whether it was there before, and the change, if any."""

    message: Message
    duplicate: bool
    seq: int | None


class Report(Record):
    """A message reported to the administrator, with its content as the reporter saw it."""

    id: int
    reporter: User
    sender: User
    message_id: int
    reason: str
    content: str
    created_at: int
    resolved_at: int | None
