"""The export of an account: a zip of everything that is the caller's."""

import asyncio
from typing import IO

from aiohttp import web

from chatd.api.endpoint import Call, Route
from chatd.http.answers import NO_STORE
from chatd.schemas.export import write_archive

_MEDIA_TYPE = "application/zip"

#: How much of an export is sent at once, in bytes, and how long that may take, in seconds.
_CHUNK = 64 * 1024
_STALL = 30.0

_HEADERS = {
    "Content-Type": _MEDIA_TYPE,
    "Content-Disposition": 'attachment; filename="chatd-export.zip"',
    **NO_STORE,
}


def routes() -> list[Route]:
    """Return the route for the export."""
    return [
        Route(
            "GET",
            "/users/me/export",
            "export_account",
            _export,
            "Everything of mine: a zip with JSON and a page to read",
            media_type=_MEDIA_TYPE,
            headers=("Content-Disposition",),
        ),
    ]


async def _export(call: Call) -> web.StreamResponse:
    """Send the caller's export; HEAD gets the headers, and no export is made."""
    if call.request.method == "HEAD":
        return web.Response(headers=_HEADERS)
    with await call.services.exports.build(call.caller.user_id, write_archive) as file:
        return await _send(call.request, file)


async def _send(request: web.Request, file: IO[bytes]) -> web.StreamResponse:
    response = web.StreamResponse(headers=_HEADERS)
    response.content_length = file.seek(0, 2)
    file.seek(0)
    await response.prepare(request)
    try:
        while chunk := await asyncio.to_thread(file.read, _CHUNK):
            async with asyncio.timeout(_STALL):
                await response.write(chunk)
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()
    return response
