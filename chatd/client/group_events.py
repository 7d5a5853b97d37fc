"""What happens in groups, as it comes over the socket."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chatd.client.event import Event, Kind, same
from chatd.client.group_models import Action
from chatd.client.models import Brief, Group, Json, Preview, moment_or_none


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership(Event):
    """``membership``: a user has a role in a group now, or, where it is None, has left; ``how`` that came about."""

    group_id: int
    user_id: int
    role: str | None
    how: str
    user: Brief


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupChanged(Event):
    """``group``: a group has another name, description, picture, or other rules."""

    group: Group


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupEnded(Event):
    """``group_ended``: a group has ended; nobody is in it any more."""

    group_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation(Event):
    """``invitation``: somebody invites one to a group (``on``), or no longer."""

    group: Preview
    sender: Brief
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinRequestChanged(Event):
    """``join_request``: somebody asks to join a group (``on``), or no longer; for its admins, and who asks."""

    group_id: int
    user: Brief
    note: str | None
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelChanged(Event):
    """``notify``: other things disturb one at a place from now on, or nothing until a time; for own devices alone."""

    user_id: int | None
    group_id: int | None
    notify: str
    muted_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionChanged(Event):
    """``action``: something was done to a member, or undone, or has ended; for admins alone."""

    action: Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Moderated(Event):
    """``moderated``: something was done to one in a group, until a time, or it was ``undone``."""

    group_id: int
    kind: str
    reason: str | None
    until: datetime | None
    undone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagesRemoved(Event):
    """``messages_removed``: a user's messages from one to another were removed from a group."""

    group_id: int
    user_id: int
    from_id: int
    to_id: int
    action_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagesRestored(MessagesRemoved):
    """``messages_restored``: a user's messages from one to another are there again; load them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin(Event):
    """``pin``: a user has pinned a message in a group (``on``), or it is pinned no longer."""

    group_id: int
    message_id: int
    user_id: int
    on: bool


def _membership(data: Json) -> dict[str, Any]:
    said = {name: data[name] for name in ("group_id", "user_id", "role", "how")}
    return {**said, "user": Brief.of(data["user"])}


def _invitation(data: Json) -> dict[str, Any]:
    return {"group": Preview.of(data["group"]), "sender": Brief.of(data["from"]), "on": data["on"]}


def _join_request(data: Json) -> dict[str, Any]:
    said = {name: data[name] for name in ("group_id", "note", "on")}
    return {**said, "user": Brief.of(data["user"])}


def _level(data: Json) -> dict[str, Any]:
    said = {name: data[name] for name in ("user_id", "group_id", "notify")}
    return {**said, "muted_until": moment_or_none(data["muted_until"])}


def _moderated(data: Json) -> dict[str, Any]:
    said = {name: data[name] for name in ("group_id", "kind", "reason", "undone")}
    return {**said, "until": moment_or_none(data["until"])}


_removed = same("group_id", "user_id", "from_id", "to_id", "action_id")

#: These events, by type.
KINDS: dict[str, Kind] = {
    "membership": (Membership, _membership),
    "group": (GroupChanged, lambda data: {"group": Group.of(data)}),
    "group_ended": (GroupEnded, same("group_id")),
    "invitation": (Invitation, _invitation),
    "join_request": (JoinRequestChanged, _join_request),
    "notify": (LevelChanged, _level),
    "action": (ActionChanged, lambda data: {"action": Action.of(data)}),
    "moderated": (Moderated, _moderated),
    "messages_removed": (MessagesRemoved, _removed),
    "messages_restored": (MessagesRestored, _removed),
    "pin": (Pin, same("group_id", "message_id", "user_id", "on")),
}
