"""Committed facts. Each names its recipients; other rooms know who is connected and how a fact is written."""

from chatd.models import Action, Group, Message, Preview, User
from chatd.places import Place
from chatd.records import Record


class Event(Record, kw_only=True):
    """A fact, and the ids of the users it concerns.

    ``origin`` is the connection whose command made the change, if one did; its answer already says so.
    """

    recipients: tuple[int, ...]
    origin: object = None


class Change(Event, kw_only=True):
    """A fact with a position in the change log."""

    seq: int


class MessageCreated(Change, kw_only=True):
    """A message was stored; the first one of a private conversation makes the two acquainted."""

    message: Message
    is_first: bool = False


class MessageEdited(Change, kw_only=True):
    """A message has another content."""

    message: Message


class MessageDeleted(Change, kw_only=True):
    """A message has lost its content."""

    message: Message


class ReactionChanged(Change, kw_only=True):
    """Somebody has put an emoji below a message (``on``) or taken it away."""

    message_id: int
    user_id: int
    emoji: str
    on: bool


class ReadMarkerMoved(Change, kw_only=True):
    """A reader has read a conversation up to a message; ``place`` is where it is for the reader."""

    reader_id: int
    place: Place
    up_to: int


class ProfileChanged(Change, kw_only=True):
    """A user has another nickname, avatar or bio."""

    user: User


class MembershipChanged(Change, kw_only=True):
    """A user has joined a group, has another role in it (``role``), or has left it (None); ``how`` that came about."""

    group_id: int
    user_id: int
    role: str | None
    how: str = ""
    user: User | None = None


class GroupChanged(Change, kw_only=True):
    """A group has another name, description, picture, or other rules."""

    group: Group


class GroupEnded(Change, kw_only=True):
    """A group has ended; nobody is in it any more."""

    group_id: int


class InvitationChanged(Change, kw_only=True):
    """Somebody has been invited to a group by name (``on``), or is no longer."""

    group: Preview
    sender: User
    on: bool


class JoinRequestChanged(Change, kw_only=True):
    """Somebody asks to join a group (``on``), or no longer."""

    group_id: int
    user: User
    note: str | None
    on: bool


class ActionChanged(Change, kw_only=True):
    """Something was done to a member of a group, or it was undone, or has ended."""

    action: Action


class Moderated(Change, kw_only=True):
    """Something was done to somebody in a group, until a time, or it was ``undone``."""

    group_id: int
    kind: str
    reason: str | None
    until: int | None
    undone: bool


class MessagesRemoved(Change, kw_only=True):
    """The messages of a user in a range of ids were removed from a group."""

    group_id: int
    user_id: int
    from_id: int
    to_id: int
    action_id: int


class MessagesRestored(MessagesRemoved, kw_only=True):
    """The messages of a user in a range of ids are as they were: all that are not deleted."""


class PinChanged(Change, kw_only=True):
    """Somebody has pinned a message in a group (``on``), or it is pinned no longer."""

    group_id: int
    message_id: int
    user_id: int
    on: bool


class LevelChanged(Change, kw_only=True):
    """Other things disturb somebody at a place from now on, or nothing until a time."""

    place: Place
    notify: str
    muted_until: int | None


class Replay(Record):
    """Changes in order, the cursor after them, and whether there are more."""

    events: list[Change]
    cursor: int
    more: bool


class SessionEnded(Event, kw_only=True):
    """A session was signed out or revoked; its connections must close."""

    session_id: int


class UserDisabled(Event, kw_only=True):
    """An account may no longer connect."""


class AccountDeleted(UserDisabled, kw_only=True):
    """An account was deleted; what its user wrote is yet to be erased."""


class WorkLeft(Event, kw_only=True):
    """Messages of a group are still to be removed or restored. No client is told."""


class CommunityChanged(Event, kw_only=True):
    """An administrator has given the community another name or picture, or lets others register. No client is told."""


class BlockChanged(Event, kw_only=True):
    """Somebody has blocked somebody (``on``) or lifted the block. No client is told: the blocked must not know.

    ``are_acquainted``: whether the blocker sees the other in a conversation, and so is told whether they are online.
    """

    blocker_id: int
    blocked_id: int
    on: bool
    are_acquainted: bool


class Typing(Event, kw_only=True):
    """A user is writing to a place. Never stored."""

    user_id: int
    place: Place


class PresenceChanged(Event, kw_only=True):
    """A user has come or gone. Never stored."""

    user_id: int
    online: bool
    at: int
