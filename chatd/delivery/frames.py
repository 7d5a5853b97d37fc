"""Frames of a WebSocket, and an event as frames: encoded once per dialect, however many recipients it has."""

import struct

from chatd.events import Change, Event, MessageCreated
from chatd.schemas import classic_new_message
from chatd.schemas.frames import event_frame

_HEAD = struct.Struct("!BB").pack
_LONG_HEAD = struct.Struct("!BBH").pack
_LONGEST_HEAD = struct.Struct("!BBQ").pack


def text_frame(payload: bytes) -> bytes:
    """Return ``payload`` (UTF-8) as an unmasked, unfragmented text frame: RFC 6455, section 5.2."""
    size = len(payload)
    if size < 126:
        return _HEAD(0x81, size) + payload
    if size < 65536:
        return _LONG_HEAD(0x81, 126, size) + payload
    return _LONGEST_HEAD(0x81, 127, size) + payload


def pong_frame(payload: bytes) -> bytes:
    """Return the answer to a ping, whose ``payload`` is at most 125 bytes: RFC 6455, section 5.5."""
    return _HEAD(0x8A, len(payload)) + payload


class Frames:
    """An event as a frame of each dialect, encoded when the first recipient needs it."""

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
