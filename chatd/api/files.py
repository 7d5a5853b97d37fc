"""Pictures of users."""

from aiohttp import web

from chatd.api.endpoint import Call
from chatd.services.avatars import MEDIA_TYPE, PATH_PREFIX

#: A picture never changes under its name.
_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


async def upload_avatar(call: Call) -> dict[str, str]:
    """Store a picture; the caller may then choose it as their avatar."""
    filename = await call.services.avatars.store(call.caller.user_id, call.body["file"])
    return {"url": PATH_PREFIX + filename, "filename": filename}


async def get_avatar(call: Call) -> web.Response:
    """Return a picture."""
    content = await call.services.avatars.get(call.path["filename"])
    return web.Response(body=content, content_type=MEDIA_TYPE, headers=_HEADERS)
