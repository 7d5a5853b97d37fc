"""What a command is, and what it may use of its session."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from chatd.delivery.connection import Connection
from chatd.delivery.registry import Registry
from chatd.schemas.commands import CommandForm
from chatd.services import Services
from chatd.services.pending import Pending
from chatd.ws.protocol import V2Protocol


class Session(Protocol):
    """The session that received a command."""

    connection: Connection
    registry: Registry
    services: Services
    protocol: V2Protocol
    user_id: int

    async def write(self, re: str | int, pending: Pending[Any], describe: Callable[[Any], str], /) -> None:
        """Start a write that is answered from its commit."""

    async def all_answered(self) -> None:
        """Wait until every command on its way has been answered."""


#: Runs a command, given the session, the command's id and its loaded data. An error it raises becomes the answer.
Run = Callable[[Session, str | int, Mapping[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Command:
    """A command: the form of its data and answer, and the function that runs it."""

    form: CommandForm
    run: Run
