"""Commands about a whole conversation: ``read``, ``typing``."""

from collections.abc import Mapping
from typing import Any

from chatd.events import Typing
from chatd.schemas import v2, v2_frames
from chatd.ws.commands.command import Command, Session


async def read(session: Session, re: str | int, data: Mapping[str, Any]) -> None:
    """Mark a conversation as read up to a message."""
    pending = session.services.messages.move_marker(
        session.user_id, v2.place(data), data["up_to"], origin=session.connection
    )
    await session.write(re, pending, v2_frames.moved)


async def typing(session: Session, re: str | int, data: Mapping[str, Any]) -> None:
    """Tell the others that the user is writing."""
    await session.all_answered()
    where = v2.place(data)
    members = await session.services.messages.members(session.user_id, where)
    session.registry.publish(
        Typing(recipients=members, origin=session.connection, user_id=session.user_id, place=where)
    )
    session.protocol.acknowledge(re)


COMMANDS = {
    "read": Command(v2.ReadCommand(), read),
    "typing": Command(v2.TypingCommand(), typing),
}
