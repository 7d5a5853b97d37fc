"""What a connection's dialect has to do, and what is shared by all: each fact is encoded once for each form."""

from typing import Protocol

from chatd.events import Change, Event, MessageCreated
from chatd.schemas import classic_new_message
from chatd.schemas.v2_frames import event_frame
from chatd.ws.connection import Connection, text_frame


class Frames:
    """A fact in the forms its recipients read, each made when the first of them needs it."""

    __slots__ = ("_classic", "_v2", "event", "seq")

    def __init__(self, event: Event) -> None:
        self.event = event
        #: Its place in the change log; None for what is never logged.
        self.seq = event.seq if isinstance(event, Change) else None
        self._classic: bytes | None = None
        self._v2: bytes | None = None

    @property
    def classic(self) -> bytes:
        """The frame of the classic dialect, which knows new messages only."""
        if self._classic is None:
            assert isinstance(self.event, MessageCreated)
            self._classic = text_frame(classic_new_message(self.event.message))
        return self._classic

    @property
    def v2(self) -> bytes:
        """The frame of chatd.v2."""
        if self._v2 is None:
            self._v2 = text_frame(event_frame(self.event))
        return self._v2


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
