"""The nouns of a chat. Times are UTC in milliseconds since 1970, ids are positive integers.

Longer than 300 lines: every noun there is, a few lines each.
"""

from collections.abc import Sequence
from typing import Literal

from chatd.places import GroupPlace, Place, UserPlace
from chatd.records import Record

Role = Literal["member", "admin"]

#: What somebody is in a group: who is above may act on who is below.
GroupRole = Literal["member", "admin", "owner"]

#: What disturbs a member of a group: every message, what names them or everybody, what names them, or nothing.
Level = Literal["all", "mentions", "named", "none"]

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


class Group(Record):
    """A group. ``history_from`` is the ``seq`` from which on newcomers see the history; None: from their joining.

    A rule is what one has to be at least. One that has ended has nobody in it.
    """

    id: int
    name: str
    description: str | None
    avatar_path: str | None
    is_public: bool
    history_from: int | None
    history_since: int | None
    post_rule: GroupRole
    invite_rule: GroupRole
    member_count: int
    created_at: int
    ended_at: int | None = None
    ended_seq: int | None = None

    @property
    def preview(self) -> "Preview":
        """What somebody sees who may join."""
        return Preview(self.id, self.name, self.description, self.avatar_path, self.member_count)


class Preview(Record):
    """What somebody sees of a group before they join."""

    id: int
    name: str
    description: str | None
    avatar_path: str | None
    member_count: int


class Stay(Record):
    """One present member's stay in a group: messages with ids below ``visible_from`` are not there for them."""

    group_id: int
    user_id: int
    role: GroupRole
    joined_at: int
    visible_from: int
    notify: Level = "all"
    muted_until: int | None = None


class Tally(Record):
    """How much somebody has not read over all conversations, and how much of it should not wait."""

    badge: int
    unread: int
    mentions: int


class MentionPage(Record):
    """Messages that name somebody, newest first, and whether there are more."""

    items: "list[Message]"
    more: bool


class Member(Record):
    """A member as the others see them."""

    user: User
    role: GroupRole
    joined_at: int


class KnownMember(Member):
    """A member as admins see them: with the code they came by."""

    via: int | None


class MemberPage(Record):
    """Some members by user id, and whether there are more."""

    members: Sequence[Member]
    more: bool


class Mine(Record):
    """A group, and what one is in it; to who is no member there is only the group."""

    group: Group
    stay: Stay | None


class GroupInvite(Record):
    """A code with which one joins a group, known by its number. Only its maker ever sees the code itself."""

    id: int
    group_id: int
    made_by: int
    made_seq: int
    created_at: int
    expires_at: int | None
    max_uses: int | None
    revoked_at: int | None
    uses: int
    code: str | None = None


class Invited(Record):
    """An invitation to a group by name."""

    group: Preview
    sender: User
    created_at: int


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
    #: Where the stay ended that the reader sees it by; None: it goes on.
    stay_end: int | None = None


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
    #: In a group: whom it names or answers, and whether it names everybody.
    mentions: tuple[int, ...] = ()
    mentions_all: bool = False

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
