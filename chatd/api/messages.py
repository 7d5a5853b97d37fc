"""Messages by id: reading, editing and deleting them."""

from chatd import schemas
from chatd.api.bodies import JsonBody
from chatd.api.endpoint import Call, Route
from chatd.errors import ConversationNotFound, MessageDeleted, MessageNotFound, NotYours, UserNotFound
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
            "Messages of a conversation, by id",
            answer=messages.MessagePageSchema(),
            query=messages.MessagesQuery(),
            errors=(UserNotFound, ConversationNotFound),
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
    ]


async def _list(call: Call) -> MessagePage:
    return await call.services.histories.messages(
        call.caller.user_id,
        place(call.query),
        before=call.query.get("before"),
        after=call.query.get("after"),
        around=call.query.get("around"),
        limit=call.query["limit"],
    )


async def _edit(call: Call) -> Posted:
    return await call.services.messages.edit(call.caller.user_id, call.path["id"], call.body["content"])


async def _delete(call: Call) -> Posted:
    return await call.services.messages.delete(call.caller.user_id, call.path["id"])
