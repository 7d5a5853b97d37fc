"""The community as administrators see it: its name, its picture, and who may register."""

from typing import Any

from chatd.api.bodies import JsonBody, UploadBody
from chatd.api.endpoint import Call, Route
from chatd.errors import AdministratorsOnly, ChatError, PicturesUnavailable, SettingFixed, UnsupportedImage
from chatd.models import Community
from chatd.schemas.community import CommunityBody, CommunitySchema


def routes() -> list[Route]:
    """Return the routes for the community."""
    return [
        _route(
            "GET", "", "get_community", _get, "What the community is called and whom it lets in, for administrators"
        ),
        _route(
            "PATCH",
            "",
            "change_community",
            _change,
            "Name the community, or say who may register, as an administrator",
            SettingFixed,
            body=JsonBody(CommunityBody()),
        ),
        _route(
            "PUT",
            "/picture",
            "set_community_picture",
            _set_picture,
            "Give the community a picture, as an administrator",
            SettingFixed,
            PicturesUnavailable,
            UnsupportedImage,
            body=UploadBody("file"),
        ),
        _route(
            "DELETE",
            "/picture",
            "remove_community_picture",
            _remove_picture,
            "Take the community's picture away, as an administrator",
            SettingFixed,
        ),
    ]


def _route(
    method: str, path: str, name: str, handler: Any, summary: str, *errors: type[ChatError], body: Any = None
) -> Route:
    return Route(
        method,
        "/admin/community" + path,
        name,
        handler,
        summary,
        answer=CommunitySchema(),
        body=body,
        errors=(AdministratorsOnly, *errors),
    )


async def _get(call: Call) -> Community:
    return await call.services.community.see(call.caller.user_id)


async def _change(call: Call) -> Community:
    return await call.services.community.change(call.caller.user_id, call.body)


async def _set_picture(call: Call) -> Community:
    return await call.services.community.set_picture(call.caller.user_id, call.body["file"])


async def _remove_picture(call: Call) -> Community:
    return await call.services.community.remove_picture(call.caller.user_id)
