"""For monitors: does it work?"""

from chatd import __version__
from chatd.api.endpoint import Call
from chatd.errors import StorageUnavailable


async def health(call: Call) -> dict[str, str]:
    """Answer when a message could be stored, with the address that the request came from, as far as can be known."""
    try:
        await call.services.health.check()
    except TimeoutError:
        raise StorageUnavailable from None
    return {"status": "ok", "version": __version__, "address": call.address}
