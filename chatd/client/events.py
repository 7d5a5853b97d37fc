"""What happens in a chat, as it comes over the socket."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chatd.client.event import Event, Kind, same
from chatd.client.group_events import KINDS as GROUP_KINDS
from chatd.client.group_events import (
    ActionChanged,
    GroupChanged,
    GroupEnded,
    Invitation,
    JoinRequestChanged,
    LevelChanged,
    Membership,
    MessagesRemoved,
    MessagesRestored,
    Moderated,
    Pin,
)
from chatd.client.models import Brief, Conversations, Cursor, Json, Message, moment, moment_or_none
from chatd.client.places import Place, place_from

__all__ = [
    "ActionChanged",
    "Event",
    "GroupChanged",
    "GroupEnded",
    "Invitation",
    "JoinRequestChanged",
    "LevelChanged",
    "Membership",
    "MessageDeleted",
    "MessageEdited",
    "MessagesRemoved",
    "MessagesRestored",
    "Moderated",
    "NewMessage",
    "Pin",
    "Presence",
    "PresenceList",
    "Profile",
    "Reaction",
    "Read",
    "Resync",
    "Typing",
    "event_of",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage(Event):
    """``new_message``: somebody wrote a message; one's own are here too."""

    message: Message

    @property
    def actor_id(self) -> int:
        """Who wrote it."""
        return self.message.sender_id


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEdited(Event):
    """``message_edited``: a message has another content now."""

    message: Message

    @property
    def actor_id(self) -> int:
        """Who wrote it."""
        return self.message.sender_id


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDeleted(Event):
    """``message_deleted``: a message is gone."""

    message_id: int
    sender_id: int
    receiver_id: int | None
    group_id: int | None
    deleted_at: datetime

    def place_for(self, user_id: int) -> Place:
        """Return where one of those who could read it finds it."""
        return place_from(self.receiver_id if self.sender_id == user_id else self.sender_id, self.group_id)

    @property
    def actor_id(self) -> int:
        """Who wrote it."""
        return self.sender_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction(Event):
    """``reaction``: a user has put an emoji below a message (``on``) or taken it away."""

    message_id: int
    user_id: int
    emoji: str
    on: bool

    @property
    def actor_id(self) -> int:
        """Whose reaction it is."""
        return self.user_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Read(Event):
    """``read``: ``reader_id`` has read the messages of ``user_id`` to them, or a group's, up to a message."""

    reader_id: int
    user_id: int | None
    group_id: int | None
    up_to: int

    def place_for(self, user_id: int) -> Place:
        """Return where the reader or one of the others finds the conversation."""
        return place_from(self.user_id if self.reader_id == user_id else self.reader_id, self.group_id)

    @property
    def actor_id(self) -> int:
        """Who read."""
        return self.reader_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Typing(Event):
    """``typing``: a user is writing, to the reader or in a group."""

    user_id: int
    group_id: int | None

    @property
    def place(self) -> Place:
        """Where the user writes, as those who are told see it."""
        return place_from(self.user_id, self.group_id)

    @property
    def actor_id(self) -> int:
        """Who writes."""
        return self.user_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence(Event):
    """``presence``: a user came or went."""

    user_id: int
    online: bool
    last_seen_at: datetime | None

    @property
    def actor_id(self) -> int:
        """Who came or went."""
        return self.user_id


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceList(Event):
    """``presence_list``: the ids of all who are there, once after each connecting."""

    online: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile(Event):
    """``profile``: a user has another name or picture."""

    user: Brief

    @property
    def actor_id(self) -> int:
        """Whose profile it is."""
        return self.user.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Resync(Event):
    """``resync``: what happened since the last event cannot be told, for the server has another log or a shorter one.

    ``conversations`` is how things stand, as of ``cursor``; every event after this one is after that. Whoever keeps a
    copy of the chat throws it away, takes this instead, and reads on.
    """

    conversations: Conversations


def _deleted(data: Json) -> dict[str, Any]:
    return {
        "message_id": data["id"],
        "sender_id": data["sender_id"],
        "receiver_id": data["receiver_id"],
        "group_id": data["group_id"],
        "deleted_at": moment(data["deleted_at"]),
    }


def _presence(data: Json) -> dict[str, Any]:
    last_seen_at = moment_or_none(data["last_seen_at"])
    return {"user_id": data["user_id"], "online": data["online"], "last_seen_at": last_seen_at}


_KINDS: dict[str, Kind] = {
    "new_message": (NewMessage, lambda data: {"message": Message.of(data)}),
    "message_edited": (MessageEdited, lambda data: {"message": Message.of(data)}),
    "message_deleted": (MessageDeleted, _deleted),
    "reaction": (Reaction, same("message_id", "user_id", "emoji", "on")),
    "read": (Read, same("reader_id", "user_id", "group_id", "up_to")),
    "typing": (Typing, same("user_id", "group_id")),
    "presence": (Presence, _presence),
    "presence_list": (PresenceList, lambda data: {"online": frozenset(data["online"])}),
    "profile": (Profile, lambda data: {"user": Brief.of(data)}),
    **GROUP_KINDS,
}


def event_of(kind: str, data: Json, cursor: Cursor | None) -> Event:
    """Return an event of a frame.

    One of an unknown type, or in a form that is not known, comes as a plain :class:`Event`: it must not end the stream.
    """
    if kind in _KINDS:
        cls, fields = _KINDS[kind]
        try:
            return cls(type=kind, data=data, cursor=cursor, **fields(data))
        except (KeyError, TypeError, ValueError, AttributeError):
            pass
    return Event(type=kind, data=data, cursor=cursor)
