"""Private messages, in the classic form."""

from typing import Any

from chatd.api.endpoint import Call
from chatd.models import HistoryPage, Message
from chatd.places import UserPlace


async def conversations(call: Call) -> dict[str, Any]:
    """Return the caller's private conversations."""
    return {"conversations": await call.services.histories.overviews(call.caller.user_id)}


async def history(call: Call) -> HistoryPage:
    """Return a page of the conversation with a user."""
    return await call.services.histories.history(
        call.caller.user_id, call.path["id"], page=call.query["page"], page_size=call.query["page_size"]
    )


async def send(call: Call) -> Message:
    """Send a message to a user."""
    posted = await call.services.messages.post(
        call.caller.user_id, UserPlace(call.path["id"]), call.body["content"], call.body["client_id"]
    )
    return posted.message


async def mark_read(call: Call) -> dict[str, Any]:
    """Mark all of a user's messages as read."""
    await call.services.messages.mark_read(call.caller.user_id, call.path["id"])
    return {"success": True, "message": "All messages of this user are marked as read."}


async def unread_count(call: Call) -> dict[str, int]:
    """Return how many messages the caller has not read."""
    return {"unread_count": await call.services.histories.unread_count(call.caller.user_id)}
