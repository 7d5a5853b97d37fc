"""Reactions to messages."""

from typing import Any

from chatd.api.endpoint import Call, Route
from chatd.errors import MessageDeleted, MessageNotFound, TooManyReactions
from chatd.schemas import messages
from chatd.schemas.commands import NothingSchema


def routes() -> list[Route]:
    """Return the routes for reactions."""
    nothing = NothingSchema()
    return [
        Route(
            "PUT",
            "/messages/{id}/reactions/{emoji}",
            "add_reaction",
            _add,
            "React to a message",
            answer=nothing,
            parameters=messages.PathReaction(),
            errors=(MessageNotFound, MessageDeleted, TooManyReactions),
        ),
        Route(
            "DELETE",
            "/messages/{id}/reactions/{emoji}",
            "remove_reaction",
            _remove,
            "Take a reaction back",
            answer=nothing,
            parameters=messages.PathOldReaction(),
            errors=(MessageNotFound, MessageDeleted),
        ),
        Route(
            "GET",
            "/messages/{id}/reactions/{emoji}",
            "list_reactors",
            _reactors,
            "Who has chosen an emoji, by user id",
            answer=messages.ReactorsSchema(),
            parameters=messages.PathOldReaction(),
            query=messages.ReactorsQuery(),
            errors=(MessageNotFound,),
        ),
    ]


async def _add(call: Call) -> dict[str, Any]:
    await call.services.messages.react(call.caller.user_id, call.path["id"], call.path["emoji"], on=True)
    return {}


async def _remove(call: Call) -> dict[str, Any]:
    await call.services.messages.react(call.caller.user_id, call.path["id"], call.path["emoji"], on=False)
    return {}


async def _reactors(call: Call) -> dict[str, Any]:
    found, more = await call.services.histories.reactors(
        call.caller.user_id, call.path["id"], call.path["emoji"], after=call.query["after"], limit=call.query["limit"]
    )
    return {"user_ids": found, "more": more}
