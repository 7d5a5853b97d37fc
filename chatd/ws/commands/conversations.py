"""The commands about a whole conversation: ``read``, ``typing``."""

from collections.abc import Mapping
from typing import Any

from chatd.events import Typing
from chatd.schemas import frames
from chatd.schemas.commands import place
from chatd.ws.commands.command import Run, Session


async def read(session: Session, re: str | int, data: Mapping[str, Any]) -> None:
    """Mark a conversation as read up to a message."""
    pending = session.services.messages.move_marker(
        session.user_id, place(data), data["up_to"], origin=session.connection
    )
    await session.write(re, pending, frames.moved)


async def typing(session: Session, re: str | int, data: Mapping[str, Any]) -> None:
    """Tell the others that the user is writing."""
    await session.all_answered()
    where = place(data)
    whom = await session.services.messages.who_sees_typing(session.user_id, where)
    session.registry.publish_everywhere(
        Typing(recipients=whom, origin=session.connection, user_id=session.user_id, place=where)
    )
    session.protocol.acknowledge(re)


COMMANDS: dict[str, Run] = {
    "read": read,
    "typing": typing,
}
