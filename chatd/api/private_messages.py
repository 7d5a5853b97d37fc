"""Private messages in the classic form, for clients of the original web front end."""

from typing import Any

from chatd import schemas
from chatd.api.bodies import JsonBody
from chatd.api.endpoint import Call, Route
from chatd.errors import Blocked, CannotMessageSelf, ClientIdReused, UserNotFound
from chatd.models import HistoryPage, Message
from chatd.places import UserPlace
from chatd.schemas.plain import plain_body


def routes() -> list[Route]:
    """Return the classic routes for messages."""
    by_id = schemas.PathId()
    return [
        Route(
            "GET",
            "/messages/conversations",
            "list_private_conversations",
            _conversations,
            "My private conversations, newest first",
            answer=schemas.OverviewsSchema(),
        ),
        Route(
            "GET",
            "/messages/history/{id}",
            "get_history",
            _history,
            "A page of the conversation with a user",
            parameters=by_id,
            answer=schemas.HistorySchema(),
            query=schemas.PageQuery(),
            errors=(UserNotFound,),
        ),
        Route(
            "POST",
            "/messages/send/{id}",
            "send_message",
            _send,
            "Send a private message; the answer means it is on disk",
            parameters=by_id,
            answer=schemas.MessageSchema(),
            body=JsonBody(schemas.SendBody(), plain_body),
            errors=(CannotMessageSelf, UserNotFound, ClientIdReused, Blocked),
        ),
        Route(
            "POST",
            "/messages/read/{id}",
            "mark_read",
            _mark_read,
            "Mark all of a user's messages as read",
            parameters=by_id,
            answer=schemas.SuccessSchema(),
            errors=(UserNotFound,),
        ),
        Route(
            "GET",
            "/messages/unread_count",
            "get_unread_count",
            _unread_count,
            "How many messages I have not read",
            answer=schemas.UnreadCountSchema(),
        ),
    ]


async def _conversations(call: Call) -> dict[str, Any]:
    return {"conversations": await call.services.histories.overviews(call.caller.user_id)}


async def _history(call: Call) -> HistoryPage:
    return await call.services.histories.history(
        call.caller.user_id, call.path["id"], page=call.query["page"], page_size=call.query["page_size"]
    )


async def _send(call: Call) -> Message:
    posted = await call.services.messages.post(
        call.caller.user_id, UserPlace(call.path["id"]), call.body["content"], call.body["client_id"]
    )
    return posted.message


async def _mark_read(call: Call) -> dict[str, Any]:
    await call.services.messages.mark_read(call.caller.user_id, call.path["id"])
    return {"success": True, "message": "All messages of this user are marked as read."}


async def _unread_count(call: Call) -> dict[str, int]:
    return {"unread_count": await call.services.histories.unread_count(call.caller.user_id)}
