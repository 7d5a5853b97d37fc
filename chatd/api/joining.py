"""Joining groups: public ones, by codes, and by invitations."""

from typing import Any

import msgspec

from chatd import schemas
from chatd.api.bodies import JsonBody
from chatd.api.endpoint import Call, Other, Route
from chatd.errors import (
    Banned,
    Forbidden,
    GroupFull,
    GroupInviteInvalid,
    GroupNotFound,
    TooManyGroups,
    TooManyInvites,
    TooManyJoinRequests,
    UserNotFound,
)
from chatd.models import Invited, JoinRequest, Mine
from chatd.schemas import group_requests, groups
from chatd.services.invitations import PATH

#: What somebody is answered whom an admin has to let in first.
_PENDING = Other(202, {"status": "pending"})


def routes() -> list[Route]:
    """Return the routes by which people come into groups."""
    by_id, by_code, invite, member = (
        schemas.PathId(),
        group_requests.PathCode(),
        group_requests.PathGroupInvite(),
        group_requests.PathMember(),
    )
    joined = groups.JoinedGroupSchema()
    note, pending = JsonBody(group_requests.JoinBody(), is_required=False), {202: groups.PendingSchema()}
    return [
        Route(
            "POST",
            "/groups/{id}/join",
            "join_group",
            _join,
            "Join a group that is public, or that I am invited to",
            answer=joined,
            parameters=by_id,
            body=note,
            others=pending,
            errors=(GroupNotFound, Banned, GroupFull, TooManyGroups, TooManyJoinRequests),
        ),
        Route(
            "GET",
            "/join/{code}",
            "get_way_in",
            _look,
            "The group that a code leads to",
            answer=groups.WayInSchema(),
            parameters=by_code,
            errors=(GroupInviteInvalid,),
        ),
        Route(
            "POST",
            "/join/{code}",
            "join_by_code",
            _join_by,
            "Join the group that a code leads to",
            answer=joined,
            parameters=by_code,
            body=note,
            others=pending,
            errors=(GroupInviteInvalid, Banned, GroupFull, TooManyGroups, TooManyJoinRequests),
        ),
        Route(
            "POST",
            "/groups/{id}/invites",
            "create_group_invite",
            _make,
            "Make a code with which others join a group",
            answer=groups.NewGroupInviteSchema(),
            status=201,
            parameters=by_id,
            body=JsonBody(group_requests.GroupInviteBody()),
            errors=(GroupNotFound, Forbidden, TooManyInvites),
        ),
        Route(
            "GET",
            "/groups/{id}/invites",
            "list_group_invites",
            _codes,
            "The codes of a group, without the codes themselves; to plain members their own",
            answer=groups.ListedGroupInviteSchema(),
            many=True,
            parameters=by_id,
            errors=(GroupNotFound,),
        ),
        Route(
            "DELETE",
            "/groups/{id}/invites/{invite}",
            "revoke_group_invite",
            _revoke,
            "Take a code back: my own, or as an admin anybody's",
            status=204,
            parameters=invite,
            errors=(GroupNotFound, GroupInviteInvalid),
        ),
        Route(
            "POST",
            "/groups/{id}/invitations",
            "invite_to_group",
            _invite,
            "Invite somebody to a group; the answer is the same whatever becomes of it",
            status=202,
            parameters=by_id,
            body=JsonBody(group_requests.InvitedBody()),
            errors=(GroupNotFound, UserNotFound, Forbidden),
        ),
        Route(
            "DELETE",
            "/groups/{id}/invitations/{user}",
            "withdraw_invitation",
            _withdraw,
            "Take an invitation back",
            status=204,
            parameters=member,
            errors=(GroupNotFound, Forbidden),
        ),
        Route(
            "GET",
            "/invitations",
            "list_invitations",
            _received,
            "The groups that I am invited to, and those that I ask to join",
            answer=groups.ReceivedInvitationsSchema(),
        ),
        Route(
            "DELETE",
            "/invitations/{id}",
            "decline_invitation",
            _decline,
            "Decline the invitation to a group, of which nobody is told, or ask no longer to join it",
            status=204,
            parameters=by_id,
        ),
        Route(
            "GET",
            "/groups/{id}/requests",
            "list_join_requests",
            _requests,
            "Who asks to join a group, for its admins: those first who have asked first, 100 at most",
            answer=groups.JoinRequestSchema(),
            many=True,
            parameters=by_id,
            errors=(GroupNotFound, Forbidden),
        ),
        Route(
            "POST",
            "/groups/{id}/requests/{user}",
            "decide_join_request",
            _decide,
            "Let somebody in who asks to join a group, or not",
            status=204,
            parameters=member,
            body=JsonBody(group_requests.DecisionBody()),
            errors=(GroupNotFound, UserNotFound, Forbidden, Banned, GroupFull, TooManyGroups),
        ),
    ]


async def _join(call: Call) -> Mine | Other:
    mine = await call.services.invitations.join(call.caller.user_id, call.path["id"], call.body.get("note"))
    return _PENDING if mine is None else mine


async def _look(call: Call) -> Invited:
    return await call.services.invitations.look(call.caller.user_id, call.path["code"])


async def _join_by(call: Call) -> Mine | Other:
    mine = await call.services.invitations.join_by(call.caller.user_id, call.path["code"], call.body.get("note"))
    return _PENDING if mine is None else mine


async def _make(call: Call) -> dict[str, Any]:
    seconds: int | None = call.body.get("expires_in", group_requests.CODE_LASTS)
    made = await call.services.invitations.make(
        call.caller.user_id,
        call.path["id"],
        lifetime_ms=None if seconds is None else seconds * 1000,
        max_uses=call.body.get("max_uses"),
    )
    return {**msgspec.structs.asdict(made), "path": PATH.format(made.code)}


async def _codes(call: Call) -> list[dict[str, Any]]:
    found = await call.services.invitations.codes(call.caller.user_id, call.path["id"])
    return [{**msgspec.structs.asdict(invite), "sender": maker} for invite, maker in found]


async def _revoke(call: Call) -> None:
    await call.services.invitations.revoke(call.caller.user_id, call.path["id"], call.path["invite"])


async def _invite(call: Call) -> None:
    await call.services.invitations.invite(call.caller.user_id, call.path["id"], call.body["user"])


async def _withdraw(call: Call) -> None:
    await call.services.invitations.withdraw(call.caller.user_id, call.path["id"], call.path["user"])


async def _received(call: Call) -> dict[str, Any]:
    invited, asked = await call.services.invitations.received(call.caller.user_id)
    return {"invitations": invited, "requests": asked}


async def _decline(call: Call) -> None:
    await call.services.invitations.decline(call.caller.user_id, call.path["id"])


async def _requests(call: Call) -> list[JoinRequest]:
    return await call.services.approvals.requests(call.caller.user_id, call.path["id"])


async def _decide(call: Call) -> None:
    await call.services.approvals.decide(
        call.caller.user_id, call.path["id"], call.path["user"], accept=call.body["accept"]
    )
