"""The dialects: their names, and what the registry and a session need of one."""

from typing import Protocol

from chatd.delivery.connection import Connection
from chatd.delivery.frames import Frames

#: The names of the dialects; that of chatd.v2 is also its WebSocket subprotocol.
CLASSIC = "classic"
V2 = "chatd.v2"


class Dialect(Protocol):
    """The protocol spoken on one connection."""

    @property
    def connection(self) -> Connection:
        """The connection it is spoken on."""

    async def start(self) -> None:
        """Send what a connection begins with."""

    def hear_at_once(self, text: str) -> bool:
        """Handle a frame if that needs no waiting; otherwise change nothing and return False."""

    async def hear(self, text: str) -> None:
        """Handle a frame."""

    async def hear_too_much(self, text: str, retry_after: float) -> None:
        """Refuse a frame that comes too soon.

        :param retry_after: seconds until the next one will be handled.
        """

    def receive(self, frames: Frames) -> None:
        """Send the client an event, if its dialect has a frame for it."""

    def warn_of_restart(self) -> None:
        """Tell the client that the server is stopping, if its dialect has a frame for it."""
