"""Groups: making and changing them, and who is in them."""

from typing import Any

from chatd import schemas
from chatd.api.bodies import JsonBody
from chatd.api.endpoint import Call, Route
from chatd.errors import (
    AdministratorsOnly,
    ClientIdReused,
    ConversationNotFound,
    Forbidden,
    GroupNotFound,
    MessageNotFound,
    NameDiffers,
    TooManyAdmins,
    TooManyGroups,
    UserNotFound,
)
from chatd.models import Group, MarkedRead, Member, MemberPage, Mine, Posted, Preview, Stay
from chatd.places import GroupPlace
from chatd.schemas import group_requests, groups
from chatd.schemas.commands import MarkedSchema, SentSchema


def routes() -> list[Route]:
    """Return the routes for groups."""
    by_id = schemas.PathId()
    return [
        Route(
            "POST",
            "/groups",
            "create_group",
            _create,
            "Make a group, which I own",
            answer=groups.GroupSchema(),
            status=201,
            body=JsonBody(group_requests.NewGroupBody()),
            errors=(AdministratorsOnly, ClientIdReused, TooManyGroups),
        ),
        Route(
            "GET",
            "/groups",
            "list_public_groups",
            _public,
            "Public groups, those with most members first",
            answer=groups.PreviewSchema(),
            many=True,
            query=group_requests.PublicGroupsQuery(),
        ),
        Route(
            "GET",
            "/groups/{id}",
            "get_group",
            _get,
            "A group that I am in, or the preview of a public one",
            answer=groups.SeenGroupSchema(),
            parameters=by_id,
            errors=(GroupNotFound,),
        ),
        Route(
            "PATCH",
            "/groups/{id}",
            "change_group",
            _change,
            "Change a group as its admin; as its owner also who sees it and its history",
            answer=groups.GroupSchema(),
            parameters=by_id,
            body=JsonBody(group_requests.GroupBody()),
            errors=(GroupNotFound, Forbidden),
        ),
        Route(
            "DELETE",
            "/groups/{id}",
            "delete_group",
            _delete,
            "End a group as its owner: everybody is out at once",
            status=204,
            parameters=by_id,
            body=JsonBody(group_requests.DeleteGroupBody()),
            errors=(GroupNotFound, Forbidden, NameDiffers),
        ),
        Route(
            "GET",
            "/groups/{id}/members",
            "list_members",
            _members,
            "Who is in a group, by user id",
            answer=groups.MemberPageSchema(),
            parameters=by_id,
            query=group_requests.MembersQuery(),
            errors=(GroupNotFound, Forbidden),
        ),
        Route(
            "PUT",
            "/groups/{id}/members/{user}",
            "set_role",
            _set_role,
            "Give a member another role as the owner, or the group itself",
            answer=groups.MemberSchema(),
            parameters=group_requests.PathMember(),
            body=JsonBody(group_requests.RoleBody()),
            errors=(GroupNotFound, UserNotFound, Forbidden, TooManyAdmins),
        ),
        Route(
            "PUT",
            "/groups/{id}/me",
            "set_level",
            _set_level,
            "What is to disturb me in a group, and until when nothing is",
            answer=groups.MeInGroupSchema(),
            parameters=by_id,
            body=JsonBody(group_requests.LevelBody()),
            errors=(GroupNotFound,),
        ),
        Route(
            "POST",
            "/groups/{id}/messages",
            "send_to_group",
            _send,
            "Send a message to a group; the answer means it is on disk",
            answer=SentSchema(),
            parameters=by_id,
            body=JsonBody(group_requests.GroupMessageBody()),
            errors=(ConversationNotFound, MessageNotFound, Forbidden, ClientIdReused),
        ),
        Route(
            "POST",
            "/groups/{id}/read",
            "mark_group_read",
            _read,
            "Mark a group as read up to a message",
            answer=MarkedSchema(),
            parameters=by_id,
            body=JsonBody(group_requests.ReadBody()),
            errors=(ConversationNotFound,),
        ),
        Route(
            "POST",
            "/groups/{id}/leave",
            "leave_group",
            _leave,
            "Leave a group; if I own it, somebody else does from then on",
            status=204,
            parameters=by_id,
            errors=(GroupNotFound,),
        ),
    ]


async def _create(call: Call) -> Group:
    return await call.services.groups.create(call.caller.user_id, call.body)


async def _public(call: Call) -> list[Preview]:
    return await call.services.groups.public(call.query.get("q"), skip=call.query["skip"], limit=call.query["limit"])


async def _get(call: Call) -> Mine:
    return await call.services.groups.get(call.caller.user_id, call.path["id"])


async def _change(call: Call) -> Group:
    return await call.services.groups.change(call.caller.user_id, call.path["id"], call.body)


async def _delete(call: Call) -> None:
    await call.services.groups.delete(call.caller.user_id, call.path["id"], call.body["name"])


async def _members(call: Call) -> MemberPage:
    said: dict[str, Any] = {name: call.query.get(name) for name in ("role", "via", "after", "limit")}
    return await call.services.groups.members(call.caller.user_id, call.path["id"], query=call.query.get("q"), **said)


async def _set_role(call: Call) -> Member:
    return await call.services.groups.set_role(
        call.caller.user_id, call.path["id"], call.path["user"], call.body["role"]
    )


async def _set_level(call: Call) -> Stay:
    return await call.services.groups.set_level(call.caller.user_id, call.path["id"], call.body)


async def _send(call: Call) -> Posted:
    return await call.services.messages.post(
        call.caller.user_id,
        GroupPlace(call.path["id"]),
        call.body["content"],
        call.body["client_id"],
        reply_to=call.body["reply_to"],
    )


async def _read(call: Call) -> MarkedRead:
    return await call.services.messages.move_marker(
        call.caller.user_id, GroupPlace(call.path["id"]), call.body["up_to"]
    )


async def _leave(call: Call) -> None:
    await call.services.groups.leave(call.caller.user_id, call.path["id"])
