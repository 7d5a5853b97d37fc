"""Messages by id: reading, editing and deleting them."""

from chatd import schemas
from chatd.api.bodies import JsonBody
from chatd.api.endpoint import Call, Route
from chatd.errors import (
    ConversationNotFound,
    Forbidden,
    MessageDeleted,
    MessageNotFound,
    MessageRemoved,
    NotYours,
    TooManyPins,
    UserNotFound,
)
from chatd.models import MessagePage, Posted
from chatd.schemas import messages
from chatd.schemas.commands import place


def routes() -> list[Route]:
    """Return the routes for messages."""
    by_id = schemas.PathId()
    return [
        Route(
            "GET",
            "/messages",
            "list_messages",
            _list,
            "Messages of a conversation, or of a thread, by id",
            answer=messages.MessagePageSchema(),
            query=messages.MessagesQuery(),
            errors=(UserNotFound, ConversationNotFound, MessageNotFound),
        ),
        Route(
            "PATCH",
            "/messages/{id}",
            "edit_message",
            _edit,
            "Edit my message",
            answer=messages.ChangedMessageSchema(),
            parameters=by_id,
            body=JsonBody(messages.EditBody()),
            errors=(MessageNotFound, NotYours, MessageDeleted),
        ),
        Route(
            "DELETE",
            "/messages/{id}",
            "delete_message",
            _delete,
            "Delete my message: its place stays, its content goes",
            answer=messages.ChangedMessageSchema(),
            parameters=by_id,
            errors=(MessageNotFound, NotYours),
        ),
        Route(
            "PUT",
            "/messages/{id}/pin",
            "pin_message",
            _pin,
            "Pin a message in its group",
            status=204,
            parameters=by_id,
            errors=(MessageNotFound, Forbidden, MessageDeleted, MessageRemoved, TooManyPins),
        ),
        Route(
            "DELETE",
            "/messages/{id}/pin",
            "unpin_message",
            _unpin,
            "Pin a message no longer",
            status=204,
            parameters=by_id,
            errors=(MessageNotFound, Forbidden),
        ),
    ]


async def _list(call: Call) -> MessagePage:
    if "thread" in call.query:
        bounds = {name: call.query.get(name) for name in ("before", "after")}
        return await call.services.histories.thread(
            call.caller.user_id, call.query["thread"], limit=call.query["limit"], **bounds
        )
    return await call.services.histories.messages(
        call.caller.user_id,
        place(call.query),
        before=call.query.get("before"),
        after=call.query.get("after"),
        around=call.query.get("around"),
        part="pinned" if call.query["pinned"] else "whole",
        limit=call.query["limit"],
    )


async def _edit(call: Call) -> Posted:
    return await call.services.messages.edit(call.caller.user_id, call.path["id"], call.body["content"])


async def _delete(call: Call) -> Posted:
    return await call.services.messages.delete(call.caller.user_id, call.path["id"])


async def _pin(call: Call) -> None:
    await call.services.messages.pin(call.caller.user_id, call.path["id"], on=True)


async def _unpin(call: Call) -> None:
    await call.services.messages.pin(call.caller.user_id, call.path["id"], on=False)
