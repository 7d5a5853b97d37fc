"""Invitations to make an account."""

from chatd.api.bodies import JsonBody
from chatd.api.endpoint import Call, Route
from chatd.errors import AdministratorsOnly
from chatd.models import Invite
from chatd.schemas import invites


def routes() -> list[Route]:
    """Return the route for invitations."""
    return [
        Route(
            "POST",
            "/invites",
            "create_invite",
            _create,
            "Make an invitation, as an administrator",
            answer=invites.InviteSchema(),
            status=201,
            body=JsonBody(invites.InviteBody()),
            errors=(AdministratorsOnly,),
        ),
    ]


async def _create(call: Call) -> Invite:
    seconds: int | None = call.body["expires_in"]
    return await call.services.invites.make(
        call.caller.user_id, lifetime_ms=None if seconds is None else seconds * 1000, uses=call.body["max_uses"] or 1
    )
