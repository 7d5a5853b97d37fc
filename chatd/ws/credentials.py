"""Who asks for a socket: the token or the ticket in its handshake."""

from aiohttp import web

from chatd.http.context import SERVICES
from chatd.http.heads import bearer_token, items
from chatd.models import Identity

V2_PROTOCOL = "chatd.v2"

_BEARER_ITEM = "bearer."
_TICKET_ITEM = "ticket."


async def identify(request: web.Request) -> Identity | None:
    """Return who asks; None where the handshake brings neither a token nor a ticket.

    The first of these decides: the query, the header, a token beside the subprotocol, a ticket there. A ticket that
    does not decide is not used up.

    :raises AccountUnavailable: the user does not exist or is disabled.
    :raises NotAuthenticated: the token or the ticket is no good, or its session has ended.
    :raises StorageUnavailable: that cannot be found out now.
    """
    services = request.app[SERVICES]
    if token := request.query.get("token") or bearer_token(request.headers) or _item(request, _BEARER_ITEM):
        return await services.sessions.authenticate(token)
    if secret := _item(request, _TICKET_ITEM):
        return await services.tickets.redeem(secret)
    return None


def _item(request: web.Request, prefix: str) -> str | None:
    """Return what follows ``prefix`` in the first item beside the subprotocol that has more than the prefix."""
    offers = items(request.headers, "Sec-WebSocket-Protocol")
    if V2_PROTOCOL not in offers:
        return None
    return next((offer.removeprefix(prefix) for offer in offers if offer.startswith(prefix) and offer != prefix), None)
