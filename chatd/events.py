"""Committed facts. Each names its recipients; who is connected, and how a fact is written, is for others to know."""

from chatd.models import Message, User
from chatd.records import record


@record(kw_only=True)
class Event:
    """A fact, and the ids of the users it concerns.

    ``origin`` is the connection whose command made the change, if one did: its answer tells it already.
    """

    recipients: tuple[int, ...]
    origin: object = None


@record(kw_only=True)
class Change(Event):
    """A fact that has its place in the change log."""

    seq: int


@record(kw_only=True)
class MessageCreated(Change):
    """A message was stored; the first one of a private conversation makes the two acquainted."""

    message: Message
    is_first: bool = False


@record(kw_only=True)
class MessageEdited(Change):
    """A message has another content."""

    message: Message


@record(kw_only=True)
class MessageDeleted(Change):
    """A message has lost its content."""

    message: Message


@record(kw_only=True)
class ReactionChanged(Change):
    """Somebody has put an emoji below a message (``on``), or taken it away."""

    message_id: int
    user_id: int
    emoji: str
    on: bool


@record(kw_only=True)
class ReadMarkerMoved(Change):
    """A reader has read a conversation up to a message: a private one with ``user_id``, or a group."""

    reader_id: int
    user_id: int | None
    group_id: int | None
    up_to: int


@record(kw_only=True)
class ProfileChanged(Change):
    """A user has another nickname, avatar or bio."""

    user: User


@record(kw_only=True)
class MembershipChanged(Change):
    """A user has joined a group, has another role in it (``role``), or has left it (None)."""

    group_id: int
    user_id: int
    role: str | None


@record()
class Replay:
    """Some changes in order, the cursor after them, and whether there are more."""

    events: list[Change]
    cursor: int
    more: bool


@record(kw_only=True)
class SessionEnded(Event):
    """A session was signed out or revoked; its connections have to go."""

    session_id: int


@record(kw_only=True)
class UserDisabled(Event):
    """An account may no longer connect."""


@record(kw_only=True)
class AccountDeleted(UserDisabled):
    """An account was deleted; what its user wrote is still to go."""


@record(kw_only=True)
class BlockChanged(Event):
    """Somebody has blocked somebody (``on``), or does no longer. No client is told: the blocked must not know.

    ``are_acquainted`` is whether the blocker sees the other in a conversation, and so is told whether they are there.
    """

    blocker_id: int
    blocked_id: int
    on: bool
    are_acquainted: bool


@record(kw_only=True)
class Typing(Event):
    """A user is writing: to the one recipient, or in a group. Never stored."""

    user_id: int
    group_id: int | None


@record(kw_only=True)
class PresenceChanged(Event):
    """A user has come or gone. Never stored."""

    user_id: int
    online: bool
    at: int
