"""The command ``sync``: a client catches up with what it has missed, and events flow from then on."""

import logging
from collections.abc import Mapping
from typing import Any

from chatd.errors import ChatError
from chatd.ws.commands.command import Run, Session

log = logging.getLogger(__name__)


async def sync(session: Session, re: str | int, data: Mapping[str, Any]) -> None:
    """Replay the changes after a cursor; at the end of the log, let events flow."""
    await session.all_answered()
    session.protocol.begin_sync()
    try:
        page = await session.services.sync.replay(
            session.user_id, epoch=data["epoch"], since=data["since"], limit=data["limit"]
        )
        has_caught_up = session.protocol.replay(re, page)
    finally:
        session.protocol.end_sync()
    if has_caught_up and not session.protocol.greeted:
        await _greet(session)


async def _greet(session: Session) -> None:
    """Send who is online. The sync has been answered already, so an error is only logged."""
    try:
        known = await session.services.sync.acquaintances(session.user_id)
    except ChatError as error:
        log.warning("who is online was not told: %s", error.detail, extra={"event": "presence_not_told"})
        return
    session.protocol.greet([each for each in known if session.registry.is_online(each)])


COMMANDS: dict[str, Run] = {"sync": sync}
