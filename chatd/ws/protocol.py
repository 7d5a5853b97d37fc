"""The protocol of a chatd.v2 session, without any I/O: events and results in, frames out.

It keeps the promise that nothing is missed and nothing comes twice: it knows which changes the client has been sent,
which wait while a sync reads the log, and how many commands are on their way.
"""

from collections.abc import Callable

from chatd import schemas
from chatd.delivery.frames import Frames, text_frame
from chatd.events import Replay, Typing
from chatd.models import LogPosition, User
from chatd.schemas import frames

#: The most writing commands of one connection that may be on their way at once.
WINDOW = 64

#: The size at which a page of a sync ends, in bytes: half of what may wait for a socket.
PAGE_BYTES = 128 * 1024

#: Sends a frame.
Push = Callable[[bytes], None]


class V2Protocol:
    """The state of one chatd.v2 session: what its client has been sent, and what comes next."""

    __slots__ = (
        "_cursor",
        "_gathered",
        "_head",
        "_introduced",
        "_live",
        "_push",
        "_push_if_quiet",
        "greeted",
        "on_way",
    )

    def __init__(self, push: Push, push_if_quiet: Push, head: Callable[[], int]) -> None:
        """Create the protocol of a session whose ``hello`` is still to come.

        :param push: sends a frame after all that were pushed before.
        :param push_if_quiet: sends a frame that may be lost, unless much is waiting already.
        :param head: returns the ``seq`` of the newest published change, whoever received it.
        """
        self._push = push
        self._push_if_quiet = push_if_quiet
        self._head = head
        self._introduced = False
        self._live = False
        self._cursor: int | None = None
        self._gathered: list[Frames] | None = None
        #: Whether the client knows who is online.
        self.greeted = False
        #: How many commands are on their way to the disk.
        self.on_way = 0

    # Events and control frames.

    def hello(
        self, place: LogPosition, user: User, session_id: int, *, heartbeat_ms: int, max_frame_bytes: int
    ) -> None:
        """Send the first frame.

        :param place: the epoch and the head of the change log.
        :param heartbeat_ms: how often the client should ping.
        :param max_frame_bytes: the longest frame it may send.
        """
        self._send(
            frames.hello_frame(
                epoch=place.epoch,
                cursor=place.seq,
                heartbeat_ms=heartbeat_ms,
                max_frame_bytes=max_frame_bytes,
                user=user,
                session_id=session_id,
            )
        )
        self._introduced = True

    def tell(self, frames: Frames) -> None:
        """Send an event in order; while a sync reads the log, keep it until the page has been sent."""
        if frames.seq is None:
            self._tell_passing(frames)
        elif self._gathered is not None:
            self._gathered.append(frames)
        elif self._live:
            self._tell_change(frames)

    def _tell_passing(self, frames: Frames) -> None:
        """Send an event that is not logged: typing may be lost, presence may not."""
        if isinstance(frames.event, Typing):
            if self._live:
                self._push_if_quiet(frames.v2)
        elif self._live:
            self._push(frames.v2)
        else:
            self.greeted = False  # the list after the next sync includes it

    def _tell_change(self, frames: Frames) -> None:
        assert frames.seq is not None
        if self._cursor is None or frames.seq > self._cursor:
            self._cursor = frames.seq
            self._push(frames.v2)

    def warn_of_restart(self, retry_after_ms: int) -> None:
        """Announce that the server is about to stop, and when to come back."""
        if self._introduced:  # hello comes first
            self._send(frames.restarting_frame(retry_after_ms))

    def greet(self, online: list[int]) -> None:
        """Send the list of who is online."""
        self.greeted = True
        self._send(frames.presence_list_frame(online))

    def pong(self) -> None:
        """Answer a ping with the ``seq`` up to which the client has been sent everything.

        It is null until the client has caught up.
        """
        place = None if not self._live or self._cursor is None else max(self._cursor, self._head())
        self._send(frames.pong_frame(place))

    # Commands.

    @property
    def is_full(self) -> bool:
        """Whether no further writing command may be started now."""
        return self.on_way >= WINDOW

    def acknowledge(self, re: str | int, data: str = "{}", seq: int | None = None) -> None:
        """Answer a command that succeeded.

        :param data: the ``data`` of the answer, as JSON.
        :param seq: the change that the command made, whose event this client does not get.
        """
        if not self._live:
            seq = None  # a sync will bring the change
        self._push(text_frame(frames.ack_frame(re, seq, data)))
        if seq is not None:
            self._cursor = seq

    def refuse(self, re: str | int | None, error: Exception) -> None:
        """Answer a command that failed."""
        self._send(frames.error_frame(re, schemas.problem(error)))

    # Syncing.

    def begin_sync(self) -> None:
        """Begin to keep events: the log is being read, and may or may not include them."""
        self._live = False
        self._gathered = []

    def replay(self, re: str | int, page: Replay) -> bool:
        """Send a page of the log, acknowledge the sync, and report whether the client has caught up.

        At the end of the log, the events kept meanwhile follow.
        """
        more, cursor, size = page.more, page.cursor, 0
        told: int | None = None
        for event in page.events:
            if size > PAGE_BYTES:
                more = True
                break
            frame = Frames(event).v2
            size += len(frame)
            told = event.seq
            self._push(frame)
        if more and told is not None:
            cursor = told
        self._cursor = cursor
        self.acknowledge(re, frames.synced(cursor, more))
        gathered, self._gathered = self._gathered, None
        self._live = not more
        if self._live:
            for each in gathered or ():
                self._tell_change(each)
        return self._live

    def end_sync(self) -> None:
        """Drop the events kept for a sync that failed."""
        self._gathered = None

    def _send(self, frame: bytes) -> None:
        self._push(text_frame(frame))
