"""Conversations as a list shows them."""

from dataclasses import dataclass
from typing import Self

from chatd.client.models.groups import Group, MeInGroup
from chatd.client.models.messages import Message
from chatd.client.models.people import Brief, Cursor, Json
from chatd.client.places import Place, place_from


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
