"""The commands about messages: ``send``, ``edit``, ``delete``."""

from collections.abc import Mapping
from typing import Any

from chatd.schemas import frames
from chatd.schemas.commands import place
from chatd.ws.commands.command import Run, Session


async def send(session: Session, re: str | int, data: Mapping[str, Any]) -> None:
    """Post a message."""
    pending = session.services.messages.post(
        session.user_id,
        place(data),
        data["content"],
        data["client_id"],
        reply_to=data["reply_to"],
        origin=session.connection,
    )
    await session.write(re, pending, frames.sent)


async def edit(session: Session, re: str | int, data: Mapping[str, Any]) -> None:
    """Replace a message's content."""
    pending = session.services.messages.edit(
        session.user_id, data["message_id"], data["content"], origin=session.connection
    )
    await session.write(re, pending, frames.changed)


async def delete(session: Session, re: str | int, data: Mapping[str, Any]) -> None:
    """Delete a message's content."""
    pending = session.services.messages.delete(session.user_id, data["message_id"], origin=session.connection)
    await session.write(re, pending, frames.changed)


COMMANDS: dict[str, Run] = {
    "send": send,
    "edit": edit,
    "delete": delete,
}
