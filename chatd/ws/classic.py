"""The classic dialect: it pushes new messages to their receiver and answers pings."""

from chatd.delivery.connection import Connection
from chatd.delivery.frames import Frames, text_frame
from chatd.events import MessageCreated
from chatd.places import UserPlace
from chatd.schemas import CLASSIC_PONG, is_ping

_PONG = text_frame(CLASSIC_PONG)


class Classic:
    """A client of the original web front end."""

    def __init__(self, connection: Connection, since: int = 0) -> None:
        """Create a client.

        :param since: what was stored up to this ``seq`` is no news, though it may be told just now.
        """
        self.connection = connection
        self._since = since
        self._inbox = UserPlace(connection.identity.user_id)

    async def start(self) -> None:
        """Do nothing: this dialect has no greeting."""

    def hear_at_once(self, text: str) -> bool:
        """Answer a ping and ignore anything else."""
        if is_ping(text):
            self.connection.push(_PONG)
        return True

    async def hear(self, text: str) -> None:
        """Answer a ping and ignore anything else."""
        self.hear_at_once(text)

    async def hear_too_much(self, text: str, retry_after: float) -> None:
        """Ignore a frame over the limit."""

    def receive(self, frames: Frames) -> None:
        """Push a new message to its receiver."""
        event = frames.event
        if isinstance(event, MessageCreated) and event.message.to == self._inbox and event.seq > self._since:
            self.connection.push(frames.classic)

    def warn_of_restart(self) -> None:
        """Do nothing: the close code is the only warning."""
