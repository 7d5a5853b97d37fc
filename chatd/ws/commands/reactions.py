"""The commands about reactions: ``react``, ``unreact``."""

from collections.abc import Mapping
from typing import Any

from chatd.ws.commands.command import Run, Session


async def react(session: Session, re: str | int, data: Mapping[str, Any]) -> None:
    """Add an emoji to a message."""
    await _react(session, re, data, on=True)


async def unreact(session: Session, re: str | int, data: Mapping[str, Any]) -> None:
    """Remove an emoji from a message."""
    await _react(session, re, data, on=False)


async def _react(session: Session, re: str | int, data: Mapping[str, Any], *, on: bool) -> None:
    pending = session.services.messages.react(
        session.user_id, data["message_id"], data["emoji"], on, origin=session.connection
    )
    await session.write(re, pending, lambda _: "{}")


COMMANDS: dict[str, Run] = {
    "react": react,
    "unreact": unreact,
}
