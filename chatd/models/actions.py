"""Actions: what those who may have done to members of a group."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from chatd.models.messages import Message
from chatd.models.people import User
from chatd.records import Record

#: What can be done to somebody: they are put out, or kept out, or may not speak, or what they wrote goes.
Deed = Literal["kick", "ban", "silence", "remove"]

#: Of what time somebody's messages are removed.
Span = Literal["none", "day", "week", "all"]


class Action(Record):
    """One use of power in a group.

    It removes the user's messages from ``from_id`` to ``to_id``. ``ended_at`` is when a ban or a silence stopped, but
    not when ``until`` passed.
    """

    id: int
    group_id: int
    kind: str
    actor: User
    user: User | None
    reason: str | None
    from_id: int | None
    to_id: int | None
    until: int | None
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    created_at: int
    undone_at: int | None
    undone_by: User | None
    ended_at: int | None
    undoable: bool
    #: Where the stay ended that it put an end to.
    stay_seq: int | None = None


class ActionPage(Record):
    """Actions, the newest first, and whether there are more."""

    actions: Sequence[Action]
    more: bool


class RemovedPage(Record):
    """Removed messages with their contents, the newest first, and whether there are more."""

    items: Sequence[Message]
    more: bool
