"""Groups: what they are, who is in them, and the ways in."""

from collections.abc import Sequence
from typing import Literal

from chatd.models.people import User
from chatd.records import Record

#: What somebody is in a group: who is above may act on who is below.
GroupRole = Literal["member", "admin", "owner"]

#: What disturbs a member of a group: every message, what names them or everybody, what names them, or nothing.
Level = Literal["all", "mentions", "named", "none"]


class Group(Record):
    """A group. ``history_from`` is the ``seq`` from which on newcomers see the history; None: from their joining.

    A rule is what one has to be at least. In a large one nobody is told who types, who is there, who took another name,
    or that a plain member came or went. One that has ended has nobody in it.
    """

    id: int
    name: str
    description: str | None
    avatar_path: str | None
    is_public: bool
    history_from: int | None
    history_since: int | None
    post_rule: GroupRole
    invite_rule: GroupRole
    member_count: int
    is_large: bool
    created_at: int
    ended_at: int | None = None
    ended_seq: int | None = None
    #: In what time a member sends once; 0: there is no limit.
    slow_seconds: int = 0
    pin_rule: GroupRole = "member"
    #: Whether an admin has to let in who comes by a code, or because it is public.
    approval: bool = False

    @property
    def preview(self) -> "Preview":
        """What somebody sees who may join."""
        return Preview(self.id, self.name, self.description, self.avatar_path, self.member_count, self.approval)


class Preview(Record):
    """What somebody sees of a group before they join."""

    id: int
    name: str
    description: str | None
    avatar_path: str | None
    member_count: int
    approval: bool = False


class Stay(Record):
    """One present member's stay in a group: messages with ids below ``visible_from`` are not there for them."""

    group_id: int
    user_id: int
    role: GroupRole
    joined_at: int
    visible_from: int
    notify: Level = "all"
    muted_until: int | None = None
    #: Which may have passed.
    silenced_until: int | None = None


class Member(Record):
    """A member as the others see them."""

    user: User
    role: GroupRole
    joined_at: int


class KnownMember(Member):
    """A member as admins see them: with the code they came by, and until when they are, or were, silenced."""

    via: int | None
    silenced_until: int | None


class MemberPage(Record):
    """Some members by user id, and whether there are more."""

    members: Sequence[Member]
    more: bool


class Mine(Record):
    """A group, and what one is in it; somebody outside it has only the group."""

    group: Group
    stay: Stay | None


class GroupInvite(Record):
    """A code with which one joins a group, known by its number. Only its maker ever sees the code itself."""

    id: int
    group_id: int
    made_by: int
    made_seq: int
    created_at: int
    expires_at: int | None
    max_uses: int | None
    revoked_at: int | None
    uses: int
    code: str | None = None


class Invited(Record):
    """An invitation to a group by name."""

    group: Preview
    sender: User
    created_at: int


class JoinRequest(Record):
    """What somebody asks who wants to join a group, and the code by which they do."""

    user: User
    note: str | None
    via: int | None
    created_at: int
