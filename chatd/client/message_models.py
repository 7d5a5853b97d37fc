"""Messages, and pages of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from chatd.client.people_models import Brief, Json, moment, moment_or_none
from chatd.client.places import Place, place_from


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
