"""What the registry asks of a connection's dialect."""

from typing import Protocol

from chatd.delivery.connection import Connection
from chatd.delivery.frames import Frames


class Dialect(Protocol):
    """One connection's way to be told things, and to say them."""

    @property
    def connection(self) -> Connection:
        """The connection it is spoken on."""

    async def start(self) -> None:
        """Say what comes first."""

    def hear_at_once(self, text: str) -> bool:
        """Take a frame in if nothing has to be waited for; else change nothing and return False."""

    async def hear(self, text: str) -> None:
        """Take a frame in."""

    async def hear_too_much(self, text: str, retry_after: float) -> None:
        """Take a frame in that is one too many.

        :param retry_after: seconds until the next will be heard.
        """

    def receive(self, frames: Frames) -> None:
        """Tell the client a fact that concerns its user, if its dialect has a word for it."""

    def warn_of_restart(self) -> None:
        """Tell the client that the server is about to stop, if its dialect has a word for it."""
