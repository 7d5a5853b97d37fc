"""The calls of those who govern a group: who asks to join, reports, actions and the audit log."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from chatd.client.answers import each_of, given, nothing
from chatd.client.group_models import Action, ActionPage, GroupReport, JoinRequest, RemovedPage
from chatd.client.group_paths import Calls, GroupLike, action_id, message_id, path_of, user_id
from chatd.client.models import Brief, Message


class Governing(Calls):
    """One user's calls as an admin or the owner of groups."""

    async def requests(self, group: GroupLike) -> tuple[JoinRequest, ...]:
        """Return who asks to join a group, as an admin: those first who have asked first, 100 at most."""
        return await self._ask("GET", f"{path_of(group)}/requests", each_of(JoinRequest.of))

    async def decide(self, group: GroupLike, user: int | Brief | JoinRequest, *, accept: bool) -> None:
        """Let somebody in who asks to join a group, or not, as an admin."""
        who = user_id(user.user if isinstance(user, JoinRequest) else user)
        await self._ask("POST", f"{path_of(group)}/requests/{who}", nothing, json={"accept": accept})

    async def reports(self, group: GroupLike) -> tuple[GroupReport, ...]:
        """Return what members have reported, as an admin."""
        return await self._ask("GET", f"{path_of(group)}/reports", each_of(GroupReport.of))

    async def resolve(self, group: GroupLike, report: int | GroupReport) -> None:
        """Be done with a report, as an admin."""
        number = report if isinstance(report, int) else report.id
        await self._ask("POST", f"{path_of(group)}/reports/{number}/resolve", nothing)

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
            said["users"] = [user_id(each) for each in people]
        if message is not None:
            said["message_id"] = message_id(message)
        if until is not None:
            said["until"] = until.isoformat()
        path = f"{path_of(group)}/actions"
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
        whom = None if user is None else user_id(user)
        query = given(kind=kind, user=whom, active=str(active).lower(), before=before, limit=limit)
        return await self._ask("GET", f"{path_of(group)}/actions", ActionPage.of, params=query)

    async def removed(
        self, group: GroupLike, action: int | Action, *, before: int | None = None, limit: int = 50
    ) -> RemovedPage:
        """Return the messages that an action has removed, with what they said, as an admin."""
        path = f"{path_of(group)}/actions/{action_id(action)}/messages"
        return await self._ask("GET", path, RemovedPage.of, params=given(before=before, limit=limit))

    async def undo(self, group: GroupLike, action: int | Action) -> Action:
        """Let an action be as if it had not been: who was put out is in again, what was removed is there again."""
        return await self._ask("POST", f"{path_of(group)}/actions/{action_id(action)}/undo", Action.of)

    async def end(self, group: GroupLike, action: int | Action) -> Action:
        """Let a ban or a silence be over; nothing comes back."""
        return await self._ask("POST", f"{path_of(group)}/actions/{action_id(action)}/end", Action.of)

    async def undo_all(self, group: GroupLike, actor: int | Brief, since: datetime) -> None:
        """Undo all that somebody has done since a time, as the owner; it is done soon after."""
        said = {"actor": user_id(actor), "since": since.isoformat()}
        await self._ask("POST", f"{path_of(group)}/actions/undo", nothing, json=said)
