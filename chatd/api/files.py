"""Files: users' pictures."""

from aiohttp import web

from chatd import schemas
from chatd.api.bodies import UploadBody
from chatd.api.endpoint import Call, Route
from chatd.errors import AvatarNotFound, PicturesUnavailable, UnsupportedImage
from chatd.services.avatars import MEDIA_TYPE, PATH_PREFIX

#: The picture under a name never changes.
_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


def routes() -> list[Route]:
    """Return the routes for files."""
    return [
        Route(
            "POST",
            "/files/upload/avatar",
            "upload_avatar",
            _upload_avatar,
            "Upload a picture for my profile",
            answer=schemas.UploadSchema(),
            body=UploadBody("file"),
            errors=(PicturesUnavailable, UnsupportedImage),
        ),
        Route(
            "GET",
            PATH_PREFIX + "{filename}",
            "get_avatar",
            _get_avatar,
            "A picture of a user",
            parameters=schemas.PathFilename(),
            public=True,
            errors=(AvatarNotFound,),
            media_type=MEDIA_TYPE,
        ),
    ]


async def _upload_avatar(call: Call) -> dict[str, str]:
    """Store a picture, which the caller may then choose as their avatar."""
    filename = await call.services.avatars.store(call.caller.user_id, call.body["file"])
    return {"url": PATH_PREFIX + filename, "filename": filename}


async def _get_avatar(call: Call) -> web.Response:
    content = await call.services.avatars.get(call.path["filename"])
    return web.Response(body=content, content_type=MEDIA_TYPE, headers=_HEADERS)
