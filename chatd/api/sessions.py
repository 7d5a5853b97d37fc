"""The caller's sessions: one for each device that is signed in."""

from typing import Any

from chatd import schemas
from chatd.api.endpoint import Call, Route
from chatd.errors import SessionNotFound


def routes() -> list[Route]:
    """Return the routes for sessions."""
    return [
        Route(
            "GET",
            "/auth/sessions",
            "list_sessions",
            _list,
            "My sessions",
            answer=schemas.SessionSchema(),
            many=True,
        ),
        Route(
            "DELETE",
            "/auth/sessions/{id}",
            "end_session",
            _end,
            "End one of my sessions",
            parameters=schemas.PathId(),
            status=204,
            errors=(SessionNotFound,),
        ),
    ]


async def _list(call: Call) -> list[dict[str, Any]]:
    return [
        {
            "id": session.id,
            "device": session.device,
            "address": session.address,
            "created_at": session.created_at,
            "last_seen_at": session.last_seen_at,
            "is_current": session.id == call.caller.session_id,
        }
        for session in await call.services.sessions.list_live(call.caller.user_id)
    ]


async def _end(call: Call) -> None:
    await call.services.sessions.end(call.caller.user_id, call.path["id"])
