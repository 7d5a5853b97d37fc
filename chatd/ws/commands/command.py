"""What a command is, and what it needs of the session that hears it."""

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
    """The session that a command came by."""

    connection: Connection
    registry: Registry
    services: Services
    protocol: V2Protocol
    user_id: int

    async def write(self, re: str | int, pending: Pending[Any], describe: Callable[[Any], str], /) -> None:
        """Start a write, which is answered from its commit."""

    async def all_answered(self) -> None:
        """Wait until every command that is on its way has its answer."""


#: Carries a command out: takes the session, the command's id and its loaded data. What it raises is the answer.
Run = Callable[[Session, str | int, Mapping[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Command:
    """A command: the form of its data and answer, and the function that carries it out."""

    form: CommandForm
    run: Run
