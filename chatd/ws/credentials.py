"""The token or ticket in a handshake, and the user it stands for."""

from aiohttp import web

from chatd.delivery.dialect import V2
from chatd.http.context import SERVICES
from chatd.http.heads import bearer_token, items
from chatd.models import Identity

_BEARER_ITEM = "bearer."
_TICKET_ITEM = "ticket."


async def identify(request: web.Request) -> Identity | None:
    """Return who opens the socket, or None if the handshake has neither a token nor a ticket.

    The first that is present counts: the query, the header, a token offered beside the subprotocol, a ticket offered
    there. A ticket that does not count is not used up.

    :raises AccountUnavailable: the user does not exist or is disabled.
    :raises NotAuthenticated: the token or ticket is invalid, or its session has ended.
    :raises StorageUnavailable: the database cannot be read right now.
    """
    services = request.app[SERVICES]
    if token := request.query.get("token") or bearer_token(request.headers) or _item(request, _BEARER_ITEM):
        return await services.sessions.authenticate(token)
    if secret := _item(request, _TICKET_ITEM):
        return await services.tickets.redeem(secret)
    return None


def _item(request: web.Request, prefix: str) -> str | None:
    """Return the rest of the first item offered beside chatd.v2 that begins with ``prefix`` and has more."""
    offers = items(request.headers, "Sec-WebSocket-Protocol")
    if V2 not in offers:
        return None
    return next((offer.removeprefix(prefix) for offer in offers if offer.startswith(prefix) and offer != prefix), None)
