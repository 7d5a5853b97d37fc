"""What the server answers about one's groups: who is in them, the ways in, and what names one there."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from chatd.client.models import Brief, Group, Json, MeInGroup, Message, Preview, moment, moment_or_none


@dataclass(frozen=True, slots=True)
class MyGroup:
    """A group that one is in, and what one is there."""

    group: Group
    me: MeInGroup

    @classmethod
    def of(cls, data: Json) -> Self:
        """Return the one that ``data`` describes."""
        return cls(Group.of(data["group"]), MeInGroup.of(data["me"]))


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a group; admins also see by which code they came, and until when they are silenced."""

    user: Brief
    role: str
    joined_at: datetime
    via: int | None = None
    silenced_until: datetime | None = None

    @classmethod
    def of(cls, data: Json) -> Self:
        """Return the one that ``data`` describes."""
        silenced_until = moment_or_none(data.get("silenced_until"))
        return cls(Brief.of(data["user"]), data["role"], moment(data["joined_at"]), data.get("via"), silenced_until)


@dataclass(frozen=True, slots=True)
class MemberPage:
    """Members by user id, and whether there are more."""

    members: tuple[Member, ...]
    more: bool

    @classmethod
    def of(cls, data: Json) -> Self:
        """Return the one that ``data`` describes."""
        return cls(tuple(map(Member.of, data["members"])), data["more"])


@dataclass(frozen=True, slots=True)
class NewGroupInvite:
    """A code with which others join, which is not shown again, and the page of the web client that takes it."""

    id: int
    expires_at: datetime | None
    max_uses: int | None
    uses: int
    code: str
    path: str

    @classmethod
    def of(cls, data: Json) -> Self:
        """Return the one that ``data`` describes."""
        numbers = data["max_uses"], data["uses"]
        return cls(data["id"], moment_or_none(data["expires_at"]), *numbers, data["code"], data["path"])


@dataclass(frozen=True, slots=True)
class ListedGroupInvite:
    """A code by its number, and whose it is: ``sender``."""

    id: int
    expires_at: datetime | None
    max_uses: int | None
    uses: int
    created_at: datetime
    sender: Brief

    @classmethod
    def of(cls, data: Json) -> Self:
        """Return the one that ``data`` describes."""
        numbers = data["max_uses"], data["uses"]
        made = moment(data["created_at"]), Brief.of(data["from"])
        return cls(data["id"], moment_or_none(data["expires_at"]), *numbers, *made)


@dataclass(frozen=True, slots=True)
class WayIn:
    """Where a code leads, and whose it is: ``sender``."""

    preview: Preview
    sender: Brief

    @classmethod
    def of(cls, data: Json) -> Self:
        """Return the one that ``data`` describes."""
        return cls(Preview.of(data["preview"]), Brief.of(data["from"]))


@dataclass(frozen=True, slots=True)
class ReceivedInvitation:
    """To which group ``sender`` invites one."""

    group: Preview
    sender: Brief
    created_at: datetime

    @classmethod
    def of(cls, data: Json) -> Self:
        """Return the one that ``data`` describes."""
        return cls(Preview.of(data["group"]), Brief.of(data["from"]), moment(data["created_at"]))


@dataclass(frozen=True, slots=True)
class JoinRequest:
    """Somebody who asks to join a group, and what they say."""

    user: Brief
    note: str | None
    created_at: datetime

    @classmethod
    def of(cls, data: Json) -> Self:
        """Return the one that ``data`` describes."""
        return cls(Brief.of(data["user"]), data["note"], moment(data["created_at"]))


@dataclass(frozen=True, slots=True)
class MentionPage:
    """Messages that name or answer one, newest first, and whether there are more."""

    items: tuple[Message, ...]
    more: bool

    @classmethod
    def of(cls, data: Json) -> Self:
        """Return the one that ``data`` describes."""
        return cls(tuple(map(Message.of, data["items"])), data["more"])


@dataclass(frozen=True, slots=True)
class Tally:
    """How much is unread in all conversations, what of it names one, and what of it disturbs: the ``badge``."""

    badge: int
    unread: int
    mentions: int

    @classmethod
    def of(cls, data: Json) -> Self:
        """Return the one that ``data`` describes."""
        return cls(data["badge"], data["unread"], data["mentions"])


@dataclass(frozen=True, slots=True)
class GroupReport:
    """What somebody in the group has reported, as they saw it; nobody is told who that was."""

    id: int
    sender: Brief
    message_id: int
    reason: str
    content: str
    created_at: datetime

    @classmethod
    def of(cls, data: Json) -> Self:
        """Return the one that ``data`` describes."""
        said = data["message_id"], data["reason"], data["content"]
        return cls(data["id"], Brief.of(data["sender"]), *said, moment(data["created_at"]))


@dataclass(frozen=True, slots=True)
class ActionValues:
    """What an action has changed of a member or of a group, before it or after; None is what it left alone, too."""

    role: str | None = None
    name: str | None = None
    description: str | None = None
    avatar_path: str | None = None
    public: bool | None = None
    history_since: datetime | None = None
    post: str | None = None
    invite: str | None = None
    pin: str | None = None
    slow_seconds: int | None = None
    approval: bool | None = None

    @classmethod
    def of(cls, data: Json) -> Self:
        """Return what ``data`` describes."""
        return cls(
            data.get("role"),
            data.get("name"),
            data.get("description"),
            data.get("avatar_path"),
            data.get("public"),
            moment_or_none(data.get("history_since")),
            data.get("post"),
            data.get("invite"),
            data.get("pin"),
            data.get("slow_seconds"),
            data.get("approval"),
        )


@dataclass(frozen=True, slots=True)
class Action:
    """One use of power in a group. It removes the user's messages from ``from_id`` to ``to_id``."""

    id: int
    group_id: int
    kind: str
    actor: Brief
    user: Brief | None
    reason: str | None
    from_id: int | None
    to_id: int | None
    until: datetime | None
    before: ActionValues | None
    after: ActionValues | None
    created_at: datetime
    undone_at: datetime | None
    undone_by: Brief | None
    ended_at: datetime | None
    undoable: bool

    @classmethod
    def of(cls, data: Json) -> Self:
        """Return the one that ``data`` describes."""
        user, undone_by, before, after = (data[name] for name in ("user", "undone_by", "before", "after"))
        return cls(
            data["id"],
            data["group_id"],
            data["kind"],
            Brief.of(data["actor"]),
            Brief.of(user) if user else None,
            data["reason"],
            data["from_id"],
            data["to_id"],
            moment_or_none(data["until"]),
            ActionValues.of(before) if before else None,
            ActionValues.of(after) if after else None,
            moment(data["created_at"]),
            moment_or_none(data["undone_at"]),
            Brief.of(undone_by) if undone_by else None,
            moment_or_none(data["ended_at"]),
            data["undoable"],
        )


@dataclass(frozen=True, slots=True)
class ActionPage:
    """Actions, the newest first, and whether there are more."""

    actions: tuple[Action, ...]
    more: bool

    @classmethod
    def of(cls, data: Json) -> Self:
        """Return the one that ``data`` describes."""
        return cls(tuple(map(Action.of, data["actions"])), data["more"])


@dataclass(frozen=True, slots=True)
class RemovedPage:
    """Messages that an action has removed, with their contents, the newest first, and whether there are more."""

    items: tuple[Message, ...]
    more: bool

    @classmethod
    def of(cls, data: Json) -> Self:
        """Return the one that ``data`` describes."""
        return cls(tuple(map(Message.of, data["items"])), data["more"])
