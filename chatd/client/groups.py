"""The calls about groups: making them, coming into them, and what one is there."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Protocol, TypeVar

from chatd.client.answers import each_of, given, nothing
from chatd.client.group_models import (
    Action,
    ActionPage,
    GroupReport,
    ListedGroupInvite,
    Member,
    MemberPage,
    MentionPage,
    MyGroup,
    NewGroupInvite,
    ReceivedInvitation,
    RemovedPage,
    WayIn,
)
from chatd.client.models import Brief, Group, Json, MeInGroup, Message, Preview
from chatd.client.places import GroupPlace

T = TypeVar("T")

#: What calls take for a group: it, where it is, what one saw of it before one was in, or its id.
GroupLike = int | Group | GroupPlace | Preview

#: What stands before the code in the address of the page that takes it.
_JOIN = "/join/"


class Ask(Protocol):
    """Sends a request and returns what ``of`` makes of the JSON of its answer, which is None where there is none."""

    async def __call__(self, method: str, path: str, of: Callable[[Any], T], **options: Any) -> T:
        """Send it."""


class Groups:
    """One user's calls about groups, as :attr:`chatd.client.Client.groups` has them.

    They raise what the other calls raise: :class:`~chatd.client.Refused` where the server says no. A private group that
    one is not in is ``not_found``, like one that is not there.
    """

    def __init__(self, ask: Ask) -> None:
        """Create the calls of a user.

        :param ask: sends a request as that user.
        """
        self._ask = ask

    async def create(self, name: str, **said: Any) -> Group:
        """Make a group, which one owns.

        :param name: 1 to 80 characters.
        :param said: perhaps ``description``, ``avatar_path``, ``public``, ``history`` (``"all"`` or ``"joined"``: where
            newcomers begin), ``rules`` (``{"post": "admin", "invite": "member"}``), and ``client_id``, with which the
            call can be repeated without making a second group.
        """
        return await self._ask("POST", "/groups", Group.of, json={"name": name, **said})

    async def public(self, q: str | None = None, *, skip: int = 0, limit: int = 20) -> tuple[Preview, ...]:
        """Return the public groups whose names contain ``q``, those with most members first."""
        return await self._ask("GET", "/groups", each_of(Preview.of), params=given(q=q, skip=skip, limit=limit))

    async def get(self, group: GroupLike) -> MyGroup | Preview:
        """Return a group and what one is in it, or the preview of a public one that one is not in."""
        return await self._ask("GET", _path(group), _seen)

    async def change(self, group: GroupLike, **changes: Any) -> Group:
        """Change a group as its admin, and return it.

        :param changes: ``name``, ``description``, ``avatar_path`` or ``rules``, and as its owner ``public`` or
            ``history``; what is left out stays as it is.
        """
        return await self._ask("PATCH", _path(group), Group.of, json=changes)

    async def delete(self, group: GroupLike, name: str) -> None:
        """End a group that one owns: everybody is out at once.

        :param name: what it is called, so that no other one is ended.
        """
        await self._ask("DELETE", _path(group), nothing, json={"name": name})

    async def members(
        self,
        group: GroupLike,
        q: str | None = None,
        *,
        role: str | None = None,
        via: int | None = None,
        after: int = 0,
        limit: int = 50,
    ) -> MemberPage:
        """Return who is in a group, by user id.

        :param q: part of a username or nickname.
        :param role: only those who are this: ``member``, ``admin`` or ``owner``.
        :param via: only those who came by the code of this number, which admins may ask.
        :param after: the user id of the last one of the page before.
        """
        query = given(q=q, role=role, via=via, after=after, limit=limit)
        return await self._ask("GET", f"{_path(group)}/members", MemberPage.of, params=query)

    async def set_role(self, group: GroupLike, user: int | Brief, role: str) -> Member:
        """Make somebody a ``member`` or an ``admin`` of a group that one owns, or its ``owner`` in one's own place."""
        path = f"{_path(group)}/members/{_user_id(user)}"
        return await self._ask("PUT", path, Member.of, json={"role": role})

    async def set_level(self, group: GroupLike, **changes: str | datetime | None) -> MeInGroup:
        """Say what is to disturb one in a group, and return what one is there; what is left out stays as it is.

        :param changes: ``notify``: ``"all"``, ``"mentions"``, ``"named"`` or ``"none"``; ``muted_until``: until when
            nothing does, a time with its zone, or None for no such time.
        """
        said = {name: each.isoformat() if isinstance(each, datetime) else each for name, each in changes.items()}
        return await self._ask("PUT", f"{_path(group)}/me", MeInGroup.of, json=said)

    async def join(self, group: GroupLike | str) -> MyGroup:
        """Join a group that is public or that one is invited to, or, with a string, the one that a code leads to.

        Somebody who is in it already stays in it.

        :param group: a group, or a code, alone or as the address of the page that takes it.
        """
        path = f"/join/{code_in(group)}" if isinstance(group, str) else f"{_path(group)}/join"
        return await self._ask("POST", path, MyGroup.of)

    async def look(self, code: str) -> WayIn:
        """Return where a code leads, alone or as the address of the page that takes it, without joining."""
        return await self._ask("GET", f"/join/{code_in(code)}", WayIn.of)

    async def leave(self, group: GroupLike) -> None:
        """Leave a group; if one owns it, somebody else does from then on."""
        await self._ask("POST", f"{_path(group)}/leave", nothing)

    async def make_code(self, group: GroupLike, **limits: int | None) -> NewGroupInvite:
        """Make a code with which others join.

        :param limits: ``expires_in``, in seconds, by default a week, and ``max_uses``, of how many people; None for
            neither.
        """
        return await self._ask("POST", f"{_path(group)}/invites", NewGroupInvite.of, json=limits)

    async def codes(self, group: GroupLike) -> tuple[ListedGroupInvite, ...]:
        """Return the codes of a group, without the codes themselves; to plain members their own."""
        return await self._ask("GET", f"{_path(group)}/invites", each_of(ListedGroupInvite.of))

    async def revoke_code(self, group: GroupLike, number: int) -> None:
        """Take a code back, by its ``id``: one's own, or as an admin anybody's."""
        await self._ask("DELETE", f"{_path(group)}/invites/{number}", nothing)

    async def invite(self, group: GroupLike, user: int | Brief) -> None:
        """Invite somebody; what they make of it is not told."""
        await self._ask("POST", f"{_path(group)}/invitations", nothing, json={"user": _user_id(user)})

    async def withdraw(self, group: GroupLike, user: int | Brief) -> None:
        """Take an invitation back."""
        await self._ask("DELETE", f"{_path(group)}/invitations/{_user_id(user)}", nothing)

    async def invitations(self) -> tuple[ReceivedInvitation, ...]:
        """Return the invitations to oneself, the newest first; :meth:`join` accepts one."""
        return await self._ask(
            "GET", "/invitations", lambda answer: tuple(map(ReceivedInvitation.of, answer["invitations"]))
        )

    async def decline(self, group: GroupLike) -> None:
        """Decline the invitation to a group; nobody is told."""
        await self._ask("DELETE", f"/invitations/{_group_id(group)}", nothing)

    async def mentions(self, *, before: int | None = None, limit: int = 50) -> MentionPage:
        """Return the messages of all one's groups that name or answer one, newest first.

        :param before: the id of the last message of the page before.
        """
        return await self._ask("GET", "/mentions", MentionPage.of, params=given(before=before, limit=limit))

    async def readers(self, message: int | Message) -> frozenset[int]:
        """Return the ids of those who have read a message of one's own to a group."""
        number = message if isinstance(message, int) else message.id
        return await self._ask("GET", f"/messages/{number}/readers", lambda answer: frozenset(answer["user_ids"]))

    async def reports(self, group: GroupLike) -> tuple[GroupReport, ...]:
        """Return what members have reported, as an admin."""
        return await self._ask("GET", f"{_path(group)}/reports", each_of(GroupReport.of))

    async def resolve(self, group: GroupLike, report: int | GroupReport) -> None:
        """Be done with a report, as an admin."""
        number = report if isinstance(report, int) else report.id
        await self._ask("POST", f"{_path(group)}/reports/{number}/resolve", nothing)

    async def act(
        self,
        group: GroupLike,
        kind: str,
        users: int | Brief | Iterable[int | Brief] = (),
        *,
        message: int | Message | None = None,
        until: datetime | None = None,
        remove: str | None = None,
        reason: str | None = None,
    ) -> tuple[Action, ...]:
        """Do something to people who are below one in a group, and return what was done to each.

        :param kind: ``"kick"``, ``"ban"``, ``"silence"`` or ``"remove"``.
        :param users: who they are; left out where ``message`` says it.
        :param message: the one message to remove.
        :param until: when a ban or a silence ends, with its zone.
        :param remove: of what time their messages go, with a ban or a removal: ``"day"``, ``"week"`` or ``"all"``.
        :param reason: what they and the other admins are told, 300 characters at most.
        """
        said: dict[str, Any] = {"kind": kind, **given(remove=remove, reason=reason)}
        people = [users] if isinstance(users, int | Brief) else list(users)
        if people:
            said["users"] = [_user_id(each) for each in people]
        if message is not None:
            said["message_id"] = message if isinstance(message, int) else message.id
        if until is not None:
            said["until"] = until.isoformat()
        path = f"{_path(group)}/actions"
        return await self._ask("POST", path, lambda answer: tuple(map(Action.of, answer["actions"])), json=said)

    async def actions(
        self,
        group: GroupLike,
        *,
        kind: str | None = None,
        user: int | Brief | None = None,
        active: bool = False,
        before: int | None = None,
        limit: int = 50,
    ) -> ActionPage:
        """Return what was done in a group, the newest first, as an admin.

        :param user: only what was done to them.
        :param active: only bans and silences that are in force.
        :param before: the ``id`` of the last one of the page before.
        """
        whom = None if user is None else _user_id(user)
        query = given(kind=kind, user=whom, active=str(active).lower(), before=before, limit=limit)
        return await self._ask("GET", f"{_path(group)}/actions", ActionPage.of, params=query)

    async def removed(
        self, group: GroupLike, action: int | Action, *, before: int | None = None, limit: int = 50
    ) -> RemovedPage:
        """Return the messages that an action has removed, with what they said, as an admin."""
        path = f"{_path(group)}/actions/{_action_id(action)}/messages"
        return await self._ask("GET", path, RemovedPage.of, params=given(before=before, limit=limit))

    async def undo(self, group: GroupLike, action: int | Action) -> Action:
        """Let an action be as if it had not been: who was put out is in again, what was removed is there again."""
        return await self._ask("POST", f"{_path(group)}/actions/{_action_id(action)}/undo", Action.of)

    async def end(self, group: GroupLike, action: int | Action) -> Action:
        """Let a ban or a silence be over; nothing comes back."""
        return await self._ask("POST", f"{_path(group)}/actions/{_action_id(action)}/end", Action.of)

    async def undo_all(self, group: GroupLike, actor: int | Brief, since: datetime) -> None:
        """Undo all that somebody has done since a time, as the owner; it is done soon after."""
        said = {"actor": _user_id(actor), "since": since.isoformat()}
        await self._ask("POST", f"{_path(group)}/actions/undo", nothing, json=said)


def code_in(text: str) -> str:
    """Return the code that a person was given, alone or as the address of the page that takes it.

    Nothing but letters, digits, ``-`` and ``_`` is left of it, for it becomes part of a path.
    """
    code = text.strip().rpartition(_JOIN)[2]
    return "".join(each for each in code if each.isascii() and (each.isalnum() or each in "-_")) or "-"


def _seen(answer: Json) -> MyGroup | Preview:
    return Preview.of(answer["preview"]) if "preview" in answer else MyGroup.of(answer)


def _group_id(group: GroupLike) -> int:
    return group if isinstance(group, int) else group.id


def _user_id(user: int | Brief) -> int:
    return user if isinstance(user, int) else user.id


def _action_id(action: int | Action) -> int:
    return action if isinstance(action, int) else action.id


def _path(group: GroupLike) -> str:
    return f"/groups/{_group_id(group)}"
