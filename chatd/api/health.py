"""Health, for monitors."""

import os
from typing import Any

from chatd import __version__, schemas
from chatd.api.endpoint import Call, Route, required_token
from chatd.errors import ChatError, StorageUnavailable
from chatd.http.proxies import is_of_this_machine


def routes() -> list[Route]:
    """Return the route for the server's health."""
    return [
        Route(
            "GET",
            "/health",
            "get_health",
            _check,
            "Can messages be stored?",
            answer=schemas.HealthSchema(),
            public=True,
            limited=False,
        ),
    ]


async def _check(call: Call) -> dict[str, Any]:
    """Answer if a message could be stored, with the address that the request came from, as far as can be known.

    Programs on this machine also get the version and the process id, and administrators the version; strangers need
    not know which version they could attack.
    """
    try:
        await call.services.health.check()
    except TimeoutError:
        raise StorageUnavailable from None
    answer: dict[str, Any] = {"status": "ok", "address": call.address}
    if is_of_this_machine(call.request):
        answer |= {"version": __version__, "pid": os.getpid()}
    elif await _is_administrator(call):
        answer["version"] = __version__
    return answer


async def _is_administrator(call: Call) -> bool:
    try:
        identity = await call.services.sessions.authenticate(required_token(call.request.headers))
        return (await call.services.accounts.get(identity.user_id)).role == "admin"
    except ChatError:  # monitors need not sign in
        return False
