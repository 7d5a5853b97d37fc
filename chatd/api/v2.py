"""What clients of chatd.v2 need besides the socket: conversations, messages by id, and the commands' twins."""

import asyncio
from typing import Any

from chatd.api.endpoint import Answer, Call, required_token
from chatd.events import Replay
from chatd.http.context import REGISTRY
from chatd.models import MessagePage, Posted
from chatd.schemas import events as event_forms
from chatd.schemas.commands import SYNC_DEFAULT, place

#: How often a long poll looks whether its client is still there and its session still lives, in seconds.
LOOK_AROUND = 5.0


def _at(epoch: str, cursor: int) -> dict[str, str]:
    return {"Chatd-Epoch": epoch, "Chatd-Cursor": str(cursor)}


async def conversations(call: Call) -> Answer:
    """Return the caller's conversations, and the place in the change log to sync from."""
    page = await call.services.histories.conversations(
        call.caller.user_id, before=call.query["before"], limit=call.query["limit"]
    )
    return Answer(page, _at(page.epoch, page.cursor))


async def messages(call: Call) -> MessagePage:
    """Return messages of a conversation by id."""
    return await call.services.histories.messages(
        call.caller.user_id,
        place(call.query),
        before=call.query.get("before"),
        after=call.query.get("after"),
        around=call.query.get("around"),
        limit=call.query["limit"],
    )


async def edit(call: Call) -> Posted:
    """Give one's own message another content."""
    return await call.services.messages.edit(call.caller.user_id, call.path["id"], call.body["content"])


async def delete(call: Call) -> Posted:
    """Delete the content of one's own message."""
    return await call.services.messages.delete(call.caller.user_id, call.path["id"])


async def react(call: Call) -> dict[str, Any]:
    """Put an emoji below a message."""
    return await _reaction(call, on=True)


async def unreact(call: Call) -> dict[str, Any]:
    """Take an emoji away."""
    return await _reaction(call, on=False)


async def _reaction(call: Call, *, on: bool) -> dict[str, Any]:
    await call.services.messages.react(call.caller.user_id, call.path["id"], call.path["emoji"], on)
    return {}


async def events(call: Call) -> Answer:
    """Return what the socket would tell after a cursor; wait for it if there is nothing yet."""
    user_id = call.caller.user_id
    epoch, since, seconds = call.query["epoch"], call.query["since"], call.query["timeout"]
    if call.request.method == "HEAD":  # there is no body to wait for
        seconds = 0
    position = await call.services.sync.position()
    end = asyncio.get_running_loop().time() + seconds
    while True:
        with call.request.app[REGISTRY].next_change(user_id) as changed:
            page = await call.services.sync.replay(user_id, epoch=epoch, since=since, limit=SYNC_DEFAULT)
            left = end - asyncio.get_running_loop().time()
            if page.events or since is None or left <= 0:
                return Answer(_described(page), _at(position.epoch, page.cursor))
            await asyncio.wait([changed], timeout=min(left, LOOK_AROUND))
            await call.services.sessions.authenticate(required_token(call.request.headers))
            if call.request.transport is None or call.request.app[REGISTRY].is_stopping:
                return Answer(_described(page), _at(position.epoch, page.cursor))


def _described(page: Replay) -> dict[str, Any]:
    return {"events": [event_forms.event(event) for event in page.events], "cursor": page.cursor, "more": page.more}
