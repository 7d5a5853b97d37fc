"""Commands about messages: ``send``, ``edit``, ``delete``."""

from collections.abc import Mapping
from typing import Any

from chatd.schemas import v2, v2_frames
from chatd.ws.commands.command import Command, Session


async def send(session: Session, re: str | int, data: Mapping[str, Any]) -> None:
    """Post a message."""
    pending = session.services.messages.post(
        session.user_id,
        v2.place(data),
        data["content"],
        data["client_id"],
        reply_to=data["reply_to"],
        origin=session.connection,
    )
    await session.write(re, pending, v2_frames.sent)


async def edit(session: Session, re: str | int, data: Mapping[str, Any]) -> None:
    """Give a message another content."""
    pending = session.services.messages.edit(
        session.user_id, data["message_id"], data["content"], origin=session.connection
    )
    await session.write(re, pending, v2_frames.changed)


async def delete(session: Session, re: str | int, data: Mapping[str, Any]) -> None:
    """Delete a message's content."""
    pending = session.services.messages.delete(session.user_id, data["message_id"], origin=session.connection)
    await session.write(re, pending, v2_frames.changed)


COMMANDS = {
    "send": Command(v2.SendCommand(), send),
    "edit": Command(v2.EditCommand(), edit),
    "delete": Command(v2.MessageCommand(), delete),
}
