"""What is unread, what of it names the caller, and who has read what they wrote."""

from typing import Any

from chatd import schemas
from chatd.api.endpoint import Call, Route
from chatd.errors import GroupTooLarge, MessageNotFound, NotYours
from chatd.models import MentionPage, Tally
from chatd.schemas import messages


def routes() -> list[Route]:
    """Return the routes for unread messages and mentions."""
    return [
        Route(
            "GET",
            "/unread",
            "get_unread",
            _unread,
            "How much I have not read, over all conversations",
            answer=messages.TallySchema(),
        ),
        Route(
            "GET",
            "/mentions",
            "list_mentions",
            _mentions,
            "Messages to groups that name me or answer me, newest first",
            answer=messages.MentionPageSchema(),
            query=messages.MentionsQuery(),
        ),
        Route(
            "GET",
            "/messages/{id}/readers",
            "list_readers",
            _readers,
            "Who has read my message to a group",
            answer=messages.ReadersSchema(),
            parameters=schemas.PathId(),
            errors=(MessageNotFound, NotYours, GroupTooLarge),
        ),
    ]


async def _unread(call: Call) -> Tally:
    return await call.services.histories.tally(call.caller.user_id)


async def _mentions(call: Call) -> MentionPage:
    return await call.services.histories.mentions(
        call.caller.user_id, before=call.query["before"], limit=call.query["limit"]
    )


async def _readers(call: Call) -> dict[str, Any]:
    return {"user_ids": await call.services.histories.readers(call.caller.user_id, call.path["id"])}
