"""Keeping others away, and taking one's own along."""

import asyncio
from typing import IO

from aiohttp import web

from chatd.api.endpoint import Call
from chatd.http.answers import NO_STORE
from chatd.models import Block, Report
from chatd.schemas.export import write_archive

EXPORT_TYPE = "application/zip"

#: How much of an export is sent at once, in bytes, and how long that may take, in seconds.
CHUNK = 64 * 1024
STALL = 30.0

_EXPORT_HEADERS = {
    "Content-Type": EXPORT_TYPE,
    "Content-Disposition": 'attachment; filename="chatd-export.zip"',
    **NO_STORE,
}


async def block(call: Call) -> None:
    """Block somebody."""
    await call.services.blocks.block(call.caller.user_id, call.path["id"])


async def unblock(call: Call) -> None:
    """Block somebody no longer."""
    await call.services.blocks.unblock(call.caller.user_id, call.path["id"])


async def list_blocks(call: Call) -> list[Block]:
    """Return whom the caller blocks."""
    return await call.services.blocks.page(call.caller.user_id, skip=call.query["skip"], limit=call.query["limit"])


async def report(call: Call) -> Report:
    """Report a message to the administrator."""
    return await call.services.reports.report(call.caller.user_id, call.path["id"], call.body["reason"])


async def delete_account(call: Call) -> None:
    """Delete the caller's account."""
    await call.services.accounts.delete(call.caller, call.body["password"], address=call.address)


async def export(call: Call) -> web.StreamResponse:
    """Send everything of the caller's as a zip; HEAD gets the headers without making it."""
    if call.request.method == "HEAD":
        return web.Response(headers=_EXPORT_HEADERS)
    with await call.services.exports.build(call.caller.user_id, write_archive) as file:
        return await _send(call.request, file)


async def _send(request: web.Request, file: IO[bytes]) -> web.StreamResponse:
    response = web.StreamResponse(headers=_EXPORT_HEADERS)
    response.content_length = file.seek(0, 2)
    file.seek(0)
    await response.prepare(request)
    try:
        while chunk := await asyncio.to_thread(file.read, CHUNK):
            async with asyncio.timeout(STALL):
                await response.write(chunk)
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()
    return response
