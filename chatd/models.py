"""The nouns of a chat. Times are UTC in milliseconds since 1970, ids are positive integers."""

from typing import Literal

from chatd.places import GroupPlace, Place, UserPlace
from chatd.records import Record

Role = Literal["member", "admin"]

#: What the username of a deleted account begins with; its id follows.
DELETED_PREFIX = "deleted:"


class User(Record):
    """One account. A bot or another program has ``is_ai`` set."""

    id: int
    username: str
    nickname: str
    avatar_path: str | None
    bio: str | None
    is_ai: bool
    role: Role
    created_at: int
    disabled_at: int | None

    @property
    def is_deleted(self) -> bool:
        """Whether the account was deleted: no name that anybody can choose begins like this."""
        return self.username.startswith(DELETED_PREFIX)


class Session(Record):
    """One login of one user on one device. It can be revoked before it expires."""

    id: int
    user_id: int
    device: str
    address: str
    created_at: int
    last_seen_at: int
    expires_at: int


class Ticket(Record):
    """A secret that stands for a session in one handshake, until it expires."""

    secret: str
    expires_at: int


class Invite(Record):
    """An invitation to make an account, with the code that only its maker ever sees."""

    code: str
    path: str
    expires_at: int | None


class Identity(Record):
    """Who is speaking: a user in one session, until a time."""

    user_id: int
    session_id: int
    expires_at: int


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
    last_message: "Message | None"
    unread_count: int
    read_up_to: int
    others_read_up_to: int


class ConversationPage(Record):
    """Some of a member's conversations, newest first, and the position of the change log when they were read."""

    items: list[ConversationState]
    more: bool
    epoch: str
    cursor: int


class MessagePage(Record):
    """Consecutive messages of a conversation, oldest first, and whether there are more on either side."""

    items: "list[Message]"
    more_before: bool
    more_after: bool


class LogPosition(Record):
    """A position in a change log: the log's name, and a ``seq``."""

    epoch: str
    seq: int


class LogExtent(Record):
    """How far a change log reaches: the newest ``seq``, the last that was pruned, and when its oldest was made."""

    head: int
    pruned_up_to: int
    oldest_at: int | None


class LogEntry(Record):
    """One row of the change log."""

    seq: int
    kind: str
    conversation_id: int | None
    user_id: int | None
    message_id: int | None
    data: str | None
    created_at: int


class Membership(Record):
    """One member's stay in a conversation: the read marker and what unread counts need."""

    user_id: int
    read_up_to: int
    sent_count: int
    read_count: int


class Reaction(Record):
    """One emoji below a message, and who chose it."""

    emoji: str
    user_ids: tuple[int, ...]


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

    @property
    def sender_id(self) -> int:
        """The id of the user who wrote it."""
        return self.sender.id


class Block(Record):
    """A user whom the caller has blocked, and since when."""

    user: User
    created_at: int


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
