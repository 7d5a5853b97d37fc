"""Signing up, in and out."""

from typing import Any

from chatd.api.endpoint import Call
from chatd.models import User

#: How much of what a device calls itself is kept, in characters.
_DEVICE_MAX = 200


async def register(call: Call) -> User:
    """Make an account."""
    return await call.services.accounts.register(
        call.body["username"],
        call.body["password"],
        call.body["nickname"],
        invite=call.body["invite"],
        address=call.address,
    )


async def login(call: Call) -> dict[str, str]:
    """Start a session."""
    token = await call.services.sessions.sign_in(
        call.body["username"], call.body["password"], device=_device(call), address=call.address
    )
    return {"access_token": token, "token_type": "bearer"}


async def logout(call: Call) -> None:
    """End the caller's session."""
    await call.services.sessions.end(call.caller.user_id, call.caller.session_id)


async def issue_ticket(call: Call) -> dict[str, Any]:
    """Return a ticket for one handshake of the socket."""
    ticket = call.services.tickets.issue(call.caller)
    return {"ticket": ticket.secret, "expires_at": ticket.expires_at}


async def me(call: Call) -> User:
    """Return the caller."""
    return await call.services.accounts.get(call.caller.user_id)


async def list_sessions(call: Call) -> list[dict[str, Any]]:
    """Return the caller's sessions."""
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


async def end_session(call: Call) -> None:
    """End one of the caller's sessions."""
    await call.services.sessions.end(call.caller.user_id, call.path["id"])


def _device(call: Call) -> str:
    """Return what the client calls itself, without what does not show."""
    return "".join(filter(str.isprintable, call.request.headers.get("User-Agent", "")))[:_DEVICE_MAX]
