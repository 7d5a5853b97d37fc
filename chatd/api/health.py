"""For monitors: does it work?"""

import os
from typing import Any

from chatd import __version__
from chatd.api.endpoint import Call, required_token
from chatd.errors import ChatError, StorageUnavailable
from chatd.http.proxies import is_of_this_machine


async def health(call: Call) -> dict[str, Any]:
    """Answer when a message could be stored, with the address that the request came from, as far as can be known.

    A program on this machine also gets the version and the process, an administrator the version: strangers need not
    know what they could attack.
    """
    try:
        await call.services.health.check()
    except TimeoutError:
        raise StorageUnavailable from None
    answer: dict[str, Any] = {"status": "ok", "address": call.address}
    if is_of_this_machine(call.request):
        answer |= {"version": __version__, "pid": os.getpid()}
    elif await _asks_an_administrator(call):
        answer["version"] = __version__
    return answer


async def _asks_an_administrator(call: Call) -> bool:
    try:
        identity = await call.services.sessions.authenticate(required_token(call.request.headers))
        return (await call.services.accounts.get(identity.user_id)).role == "admin"
    except ChatError:  # a monitor need not be signed in
        return False
