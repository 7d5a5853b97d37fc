"""The calls about groups: making them, coming into them, and what one is there."""

from datetime import datetime
from typing import Any

from chatd.client.answers import each_of, given, nothing
from chatd.client.governing import Governing
from chatd.client.group_messages import GroupMessages
from chatd.client.group_models import (
    ListedGroupInvite,
    Member,
    MemberPage,
    MyGroup,
    NewGroupInvite,
    ReceivedInvitation,
    WayIn,
)
from chatd.client.group_paths import GroupLike, group_id, path_of, user_id
from chatd.client.models import Brief, Group, Json, MeInGroup, Preview

#: What stands before the code in the address of the page that takes it.
_JOIN = "/join/"


class Groups(GroupMessages, Governing):
    """One user's calls about groups, as :attr:`chatd.client.Client.groups` has them.

    They raise what the other calls raise: :class:`~chatd.client.Refused` where the server says no. A private group that
    one is not in is ``not_found``, like one that is not there.
    """

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
        return await self._ask("GET", path_of(group), _seen)

    async def change(self, group: GroupLike, **changes: Any) -> Group:
        """Change a group as its admin, and return it.

        :param changes: ``name``, ``description``, ``avatar_path`` or ``rules``, and as its owner ``public`` or
            ``history``; what is left out stays as it is.
        """
        return await self._ask("PATCH", path_of(group), Group.of, json=changes)

    async def delete(self, group: GroupLike, name: str) -> None:
        """End a group that one owns: everybody is out at once.

        :param name: what it is called, so that no other one is ended.
        """
        await self._ask("DELETE", path_of(group), nothing, json={"name": name})

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
        return await self._ask("GET", f"{path_of(group)}/members", MemberPage.of, params=query)

    async def set_role(self, group: GroupLike, user: int | Brief, role: str) -> Member:
        """Make somebody a ``member`` or an ``admin`` of a group that one owns, or its ``owner`` in one's own place."""
        path = f"{path_of(group)}/members/{user_id(user)}"
        return await self._ask("PUT", path, Member.of, json={"role": role})

    async def set_level(self, group: GroupLike, **changes: str | datetime | None) -> MeInGroup:
        """Say what is to disturb one in a group, and return what one is there; what is left out stays as it is.

        :param changes: ``notify``: ``"all"``, ``"mentions"``, ``"named"`` or ``"none"``; ``muted_until``: until when
            nothing does, a time with its zone, or None for no such time.
        """
        said = {name: each.isoformat() if isinstance(each, datetime) else each for name, each in changes.items()}
        return await self._ask("PUT", f"{path_of(group)}/me", MeInGroup.of, json=said)

    async def join(self, group: GroupLike | str, note: str | None = None) -> MyGroup | None:
        """Join a group that is public or that one is invited to, or, with a string, the one that a code leads to.

        Somebody who is in it already stays in it. None where an admin has to let one in: :class:`JoinRequestChanged`
        tells when one asks no longer, and :class:`Membership` that one is in.

        :param group: a group, or a code, alone or as the address of the page that takes it.
        :param note: what the admins are to read then, 300 characters at most.
        """
        path = f"/join/{code_in(group)}" if isinstance(group, str) else f"{path_of(group)}/join"
        return await self._ask("POST", path, _joined, json=given(note=note))

    async def look(self, code: str) -> WayIn:
        """Return where a code leads, alone or as the address of the page that takes it, without joining."""
        return await self._ask("GET", f"/join/{code_in(code)}", WayIn.of)

    async def leave(self, group: GroupLike) -> None:
        """Leave a group; if one owns it, somebody else does from then on."""
        await self._ask("POST", f"{path_of(group)}/leave", nothing)

    async def make_code(self, group: GroupLike, **limits: int | None) -> NewGroupInvite:
        """Make a code with which others join.

        :param limits: ``expires_in``, in seconds, by default a week, and ``max_uses``, of how many people; None for
            neither.
        """
        return await self._ask("POST", f"{path_of(group)}/invites", NewGroupInvite.of, json=limits)

    async def codes(self, group: GroupLike) -> tuple[ListedGroupInvite, ...]:
        """Return the codes of a group, without the codes themselves; to plain members their own."""
        return await self._ask("GET", f"{path_of(group)}/invites", each_of(ListedGroupInvite.of))

    async def revoke_code(self, group: GroupLike, number: int) -> None:
        """Take a code back, by its ``id``: one's own, or as an admin anybody's."""
        await self._ask("DELETE", f"{path_of(group)}/invites/{number}", nothing)

    async def invite(self, group: GroupLike, user: int | Brief) -> None:
        """Invite somebody; what they make of it is not told."""
        await self._ask("POST", f"{path_of(group)}/invitations", nothing, json={"user": user_id(user)})

    async def withdraw(self, group: GroupLike, user: int | Brief) -> None:
        """Take an invitation back."""
        await self._ask("DELETE", f"{path_of(group)}/invitations/{user_id(user)}", nothing)

    async def invitations(self) -> tuple[ReceivedInvitation, ...]:
        """Return the invitations to oneself, the newest first; :meth:`join` accepts one."""
        return await self._ask(
            "GET", "/invitations", lambda answer: tuple(map(ReceivedInvitation.of, answer["invitations"]))
        )

    async def requested(self) -> tuple[Preview, ...]:
        """Return the groups that one asks to join, the newest request first."""
        return await self._ask("GET", "/invitations", lambda answer: tuple(map(Preview.of, answer["requests"])))

    async def decline(self, group: GroupLike) -> None:
        """Decline the invitation to a group, of which nobody is told, and ask no longer to join it."""
        await self._ask("DELETE", f"/invitations/{group_id(group)}", nothing)


def code_in(text: str) -> str:
    """Return the code that a person was given, alone or as the address of the page that takes it.

    Nothing but letters, digits, ``-`` and ``_`` is left of it, for it becomes part of a path.
    """
    code = text.strip().rpartition(_JOIN)[2]
    return "".join(each for each in code if each.isascii() and (each.isalnum() or each in "-_")) or "-"


def _joined(answer: Json) -> MyGroup | None:
    return MyGroup.of(answer) if "group" in answer else None


def _seen(answer: Json) -> MyGroup | Preview:
    return Preview.of(answer["preview"]) if "preview" in answer else MyGroup.of(answer)
