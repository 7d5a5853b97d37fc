"""What the server answers, as frozen dataclasses. Fields a newer server adds are ignored.

Longer than 300 lines: every form there is, a few lines each.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from chatd.client.places import Place, place_from

Json = Mapping[str, Any]


def moment(text: str) -> datetime:
    """Return the time that ``text`` says, in UTC."""
    return datetime.fromisoformat(text)


def moment_or_none(text: str | None) -> datetime | None:
    """Return the time that ``text`` says, if it says one."""
    return None if text is None else moment(text)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A position in the server's log of changes: the log's name, and the number of the last change seen.

    ``str(cursor)`` can be kept anywhere; :meth:`parse` makes it a cursor again.
    """

    epoch: str
    seq: int

    def __str__(self) -> str:
        return f"{self.epoch}:{self.seq}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the cursor that ``text`` is the ``str`` of.

        :raises ValueError: if it is none.
        """
        epoch, _, seq = text.strip().rpartition(":")
        if not epoch or not (seq.isascii() and seq.isdigit()):
            raise ValueError(f"not a cursor: {text!r}")
        return cls(epoch, int(seq))


@dataclass(frozen=True, slots=True)
class Brief:
    """A user in few words. A bot has ``is_ai`` set."""

    id: int
    username: str
    nickname: str
    avatar_path: str | None
    is_ai: bool

    @classmethod
    def of(cls, data: Json) -> Self:
        """Return the one that ``data`` describes."""
        return cls(data["id"], data["username"], data["nickname"], data["avatar_path"], data["is_ai"])


@dataclass(frozen=True, slots=True)
class User(Brief):
    """A user."""

    bio: str | None
    created_at: datetime

    @classmethod
    def of(cls, data: Json) -> Self:
        """Return the one that ``data`` describes."""
        return cls(
            data["id"],
            data["username"],
            data["nickname"],
            data["avatar_path"],
            data["is_ai"],
            data["bio"],
            moment(data["created_at"]),
        )


@dataclass(frozen=True, slots=True)
class Rules:
    """What somebody has to be at least, ``member`` or ``admin``: to write in a group, to let others in, and to pin
    messages.
    """

    post: str = "member"
    invite: str = "member"
    pin: str = "member"

    @classmethod
    def of(cls, data: Json) -> Self:
        """Return those that ``data`` describes."""
        return cls(data["post"], data["invite"], data.get("pin", "member"))


@dataclass(frozen=True, slots=True)
class Group:
    """A conversation of many. An older server says its id and name alone.

    Newcomers see what was said since ``history_since``, or, where that is None, since their joining. In a ``large`` one
    nobody is told who types, who is there, who took another name, or that a plain member came or went.
    """

    id: int
    name: str
    description: str | None = None
    avatar_path: str | None = None
    public: bool = False
    history: str = "joined"
    history_since: datetime | None = None
    rules: Rules = Rules()
    slow_seconds: int = 0
    member_count: int = 0
    large: bool = False
    created_at: datetime | None = None
    approval: bool = False

    @classmethod
    def of(cls, data: Json) -> Self:
        """Return the one that ``data`` describes."""
        if "rules" not in data:
            return cls(data["id"], data["name"])
        return cls(
            data["id"],
            data["name"],
            data["description"],
            data["avatar_path"],
            data["public"],
            data["history"],
            moment_or_none(data["history_since"]),
            Rules.of(data["rules"]),
            data.get("slow_seconds", 0),
            data["member_count"],
            data["large"],
            moment(data["created_at"]),
            data.get("approval", False),
        )


@dataclass(frozen=True, slots=True)
class Preview:
    """What one sees of a group before one joins; with ``approval`` one asks, unless an admin invites one."""

    id: int
    name: str
    description: str | None
    avatar_path: str | None
    member_count: int
    approval: bool = False

    @classmethod
    def of(cls, data: Json) -> Self:
        """Return the one that ``data`` describes."""
        texts = data["name"], data["description"], data["avatar_path"]
        return cls(data["id"], *texts, data["member_count"], data.get("approval", False))


@dataclass(frozen=True, slots=True)
class MeInGroup:
    """What one is in a group: messages with ids below ``visible_from`` are not there."""

    role: str
    joined_at: datetime
    visible_from: int
    notify: str = "all"
    muted_until: datetime | None = None
    silenced_until: datetime | None = None

    @classmethod
    def of(cls, data: Json) -> Self:
        """Return what ``data`` describes."""
        return cls(
            data["role"],
            moment(data["joined_at"]),
            data["visible_from"],
            data.get("notify", "all"),
            moment_or_none(data.get("muted_until")),
            moment_or_none(data.get("silenced_until")),
        )


@dataclass(frozen=True, slots=True)
class Session:
    """One login of one user on one device."""

    id: int
    device: str
    address: str
    created_at: datetime
    last_seen_at: datetime
    is_current: bool

    @classmethod
    def of(cls, data: Json) -> Self:
        """Return the one that ``data`` describes."""
        times = moment(data["created_at"]), moment(data["last_seen_at"])
        return cls(data["id"], data["device"], data["address"], *times, data["is_current"])


@dataclass(frozen=True, slots=True)
class Emoji:
    """An emoji below a message, how many put it there, and who: of many 50, oneself among them if one did."""

    emoji: str
    user_ids: tuple[int, ...]
    count: int

    @classmethod
    def of(cls, data: Json) -> Self:
        """Return the one that ``data`` describes."""
        user_ids = tuple(data["user_ids"])
        return cls(data["emoji"], user_ids, data.get("count", len(user_ids)))


@dataclass(frozen=True, slots=True)
class Message:
    """One message: private, with a ``receiver_id``, or to a group, with a ``group_id``; the other of the two is None.

    ``is_read`` is whether the receiver has read it. The classic calls leave out what stands below ``sender``. A message
    to a group has ``mentions``, whom it names or answers, ``mentions_all``, and ``removed``: an admin has removed it.
    An answer there has ``thread``, the message that it goes back to over other answers; that one has ``replies``, how
    many go back to it, and ``last_reply``, the newest of them.
    """

    id: int
    sender_id: int
    receiver_id: int | None
    group_id: int | None
    content: str
    is_read: bool
    created_at: datetime
    sender: Brief
    client_id: str | None = None
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    reply_to: int | None = None
    reactions: tuple[Emoji, ...] = ()
    mentions: tuple[int, ...] = ()
    mentions_all: bool = False
    removed: bool = False
    thread: int | None = None
    replies: int = 0
    last_reply: int | None = None

    def place_for(self, user_id: int) -> Place:
        """Return where one of those who can read it finds it."""
        return place_from(self.receiver_id if self.sender_id == user_id else self.sender_id, self.group_id)

    @classmethod
    def of(cls, data: Json) -> Self:
        """Return the one that ``data`` describes."""
        return cls(
            id=data["id"],
            sender_id=data["sender_id"],
            receiver_id=data["receiver_id"],
            group_id=data["group_id"],
            content=data["content"],
            is_read=data["is_read"],
            created_at=moment(data["created_at"]),
            sender=Brief.of(data["sender"]),
            client_id=data.get("client_id"),
            edited_at=moment_or_none(data.get("edited_at")),
            deleted_at=moment_or_none(data.get("deleted_at")),
            reply_to=data.get("reply_to"),
            reactions=tuple(map(Emoji.of, data.get("reactions") or ())),
            mentions=tuple(data.get("mentions") or ()),
            mentions_all=data.get("mentions_all", False),
            removed=data.get("removed", False),
            thread=data.get("thread"),
            replies=data.get("replies", 0),
            last_reply=data.get("last_reply"),
        )


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation as one of its members sees it in a list: with a ``user`` or in a ``group``.

    Groups have ``me``, what one is there, and ``activity``: the newest message one sees, or one's joining if that is
    later.
    """

    user: Brief | None
    group: Group | None
    last_message: Message | None
    unread_count: int
    read_up_to: int
    others_read_up_to: int
    me: MeInGroup | None = None
    activity: int | None = None
    mention_count: int | None = None

    @property
    def place(self) -> Place:
        """Where it is."""
        return place_from(self.user.id if self.user else None, self.group.id if self.group else None)

    @classmethod
    def of(cls, data: Json) -> Self:
        """Return the one that ``data`` describes."""
        user, group, last = data.get("user"), data.get("group"), data["last_message"]
        me = data.get("me")
        return cls(
            Brief.of(user) if user else None,
            Group.of(group) if group else None,
            Message.of(last) if last else None,
            data["unread_count"],
            data["read_up_to"],
            data["others_read_up_to"],
            MeInGroup.of(me) if me else None,
            data.get("activity"),
            data.get("mention_count"),
        )


@dataclass(frozen=True, slots=True)
class Conversations:
    """Conversations, newest first, whether there are ``more``, and the position in the log they were read at."""

    items: tuple[Conversation, ...]
    more: bool
    cursor: Cursor


@dataclass(frozen=True, slots=True)
class MessagePage:
    """Messages, oldest first, and whether there are more on either side."""

    items: tuple[Message, ...]
    more_before: bool
    more_after: bool

    @classmethod
    def of(cls, data: Json) -> Self:
        """Return the one that ``data`` describes."""
        return cls(tuple(map(Message.of, data["items"])), data["more_before"], data["more_after"])


@dataclass(frozen=True, slots=True)
class History:
    """A numbered page of a private conversation, oldest first; page 1 is the newest."""

    items: tuple[Message, ...]
    total: int
    page: int
    page_size: int
    other_user: Brief

    @classmethod
    def of(cls, data: Json) -> Self:
        """Return the one that ``data`` describes."""
        numbers = data["total"], data["page"], data["page_size"]
        return cls(tuple(map(Message.of, data["items"])), *numbers, Brief.of(data["other_user"]))


@dataclass(frozen=True, slots=True)
class Health:
    """The server can store messages. It may withhold its ``version``."""

    status: str
    version: str | None

    @classmethod
    def of(cls, data: Json) -> Self:
        """Return the one that ``data`` describes.

        :raises ValueError: if it says something else.
        """
        if data["status"] != "ok":
            raise ValueError(f"no status of a server that is well: {data['status']!r}")
        return cls(data["status"], data.get("version"))
