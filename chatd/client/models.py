"""What the server answers, as frozen dataclasses: groups and conversations, and those of the other two modules."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from chatd.client.message_models import Emoji, History, Message, MessagePage
from chatd.client.people_models import Brief, Cursor, Health, Json, Session, User, moment, moment_or_none
from chatd.client.places import Place, place_from

__all__ = [
    "Brief",
    "Conversation",
    "Conversations",
    "Cursor",
    "Emoji",
    "Group",
    "Health",
    "History",
    "Json",
    "MeInGroup",
    "Message",
    "MessagePage",
    "Preview",
    "Rules",
    "Session",
    "User",
    "moment",
    "moment_or_none",
]


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
