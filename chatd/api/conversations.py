"""Conversations: private ones and groups, in one list."""

from chatd.api.endpoint import LOG_POSITION, Answer, Call, Route
from chatd.schemas import conversations


def routes() -> list[Route]:
    """Return the route for conversations."""
    return [
        Route(
            "GET",
            "/conversations",
            "list_conversations",
            _list,
            "My conversations, newest first, and where the change log is (Chatd-Epoch, Chatd-Cursor)",
            answer=conversations.ConversationPageSchema(),
            query=conversations.ConversationsQuery(),
            headers=LOG_POSITION,
        ),
    ]


async def _list(call: Call) -> Answer:
    page = await call.services.histories.conversations(
        call.caller.user_id, before=call.query["before"], limit=call.query["limit"]
    )
    return Answer.at_log_position(page, page.epoch, page.cursor)
