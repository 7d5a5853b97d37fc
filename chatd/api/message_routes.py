"""The part of the table of routes that is about messages and conversations."""

from chatd import schemas
from chatd.api import messages, people, v2
from chatd.api.bodies import JsonBody
from chatd.api.endpoint import Route
from chatd.errors import (
    Blocked,
    CannotMessageSelf,
    CannotReportOwn,
    ClientIdReused,
    ConversationNotFound,
    MessageDeleted,
    MessageNotFound,
    NotYours,
    ResyncNeeded,
    TooManyReactions,
    UserNotFound,
)
from chatd.schemas import commands
from chatd.schemas import conversations as conversation_forms
from chatd.schemas import events as event_forms
from chatd.schemas import messages as message_forms
from chatd.schemas import people as people_forms
from chatd.schemas.plain import plain_body


def message_routes() -> list[Route]:
    """Return the routes below ``/messages`` and ``/conversations``."""
    by_id = schemas.PathId()
    return [
        Route(
            "GET",
            "/messages/conversations",
            "list_private_conversations",
            messages.conversations,
            "My private conversations, newest first",
            answer=schemas.OverviewsSchema(),
        ),
        Route(
            "GET",
            "/messages/history/{id}",
            "get_history",
            messages.history,
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
            messages.send,
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
            messages.mark_read,
            "Mark all of a user's messages as read",
            parameters=by_id,
            answer=schemas.SuccessSchema(),
            errors=(UserNotFound,),
        ),
        Route(
            "GET",
            "/messages/unread_count",
            "get_unread_count",
            messages.unread_count,
            "How many messages I have not read",
            answer=schemas.UnreadCountSchema(),
        ),
        Route(
            "GET",
            "/conversations",
            "list_conversations",
            v2.conversations,
            "My conversations, newest first, and where the change log is (Chatd-Epoch, Chatd-Cursor)",
            answer=conversation_forms.ConversationPageSchema(),
            query=conversation_forms.ConversationsQuery(),
            headers=("Chatd-Epoch", "Chatd-Cursor"),
        ),
        Route(
            "GET",
            "/messages",
            "list_messages",
            v2.messages,
            "Messages of a conversation, by id",
            answer=message_forms.MessagePageSchema(),
            query=message_forms.MessagesQuery(),
            errors=(UserNotFound, ConversationNotFound),
        ),
        Route(
            "GET",
            "/messages/events",
            "list_events",
            v2.events,
            "What has changed since a cursor; waits for it if there is nothing yet",
            answer=event_forms.EventPageSchema(),
            query=event_forms.EventsQuery(),
            errors=(ResyncNeeded,),
            headers=("Chatd-Epoch", "Chatd-Cursor"),
        ),
        Route(
            "PATCH",
            "/messages/{id}",
            "edit_message",
            v2.edit,
            "Edit my message",
            answer=message_forms.ChangedMessageSchema(),
            parameters=by_id,
            body=JsonBody(message_forms.EditBody()),
            errors=(MessageNotFound, NotYours, MessageDeleted),
        ),
        Route(
            "DELETE",
            "/messages/{id}",
            "delete_message",
            v2.delete,
            "Delete my message: its place stays, its content goes",
            answer=message_forms.ChangedMessageSchema(),
            parameters=by_id,
            errors=(MessageNotFound, NotYours),
        ),
        Route(
            "POST",
            "/messages/{id}/report",
            "report_message",
            people.report,
            "Report a message to the administrator",
            answer=people_forms.ReportSchema(),
            status=201,
            parameters=by_id,
            body=JsonBody(people_forms.ReportBody()),
            errors=(MessageNotFound, CannotReportOwn, MessageDeleted),
        ),
        Route(
            "PUT",
            "/messages/{id}/reactions/{emoji}",
            "add_reaction",
            v2.react,
            "React to a message",
            answer=commands.NothingSchema(),
            parameters=message_forms.PathReaction(),
            errors=(MessageNotFound, MessageDeleted, TooManyReactions),
        ),
        Route(
            "DELETE",
            "/messages/{id}/reactions/{emoji}",
            "remove_reaction",
            v2.unreact,
            "Take a reaction back",
            answer=commands.NothingSchema(),
            parameters=message_forms.PathOldReaction(),
            errors=(MessageNotFound, MessageDeleted),
        ),
    ]
