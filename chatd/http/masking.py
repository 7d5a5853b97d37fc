"""Enforces that a client's frames are masked, and that messages do not mix their fragments (RFC 6455, section 5).

aiohttp's reader accepts a frame without a mask, and a new message between the fragments of another if these are empty
so far. Here frames are only found by their lengths. In place of a forbidden frame the reader gets one that it refuses
itself, with 1002 and after everything that came before it.
"""

from typing import Any, Protocol

#: A frame with reserved bits set, which have no meaning yet.
_REFUSED = b"\xf0\x80"

#: The first byte of a text message in a single frame.
_WHOLE_TEXT = 0x81

#: The seven bits of the length hold this if two bytes of length follow, and one more if eight do.
_LONG = 126


class Reader(Protocol):
    """A reader of a socket's bytes."""

    def feed_data(self, data: Any, /) -> tuple[bool, bytes]:
        """Take bytes, and return whether the socket is over, and the bytes behind it."""

    def feed_eof(self) -> None:
        """Note that no more will come."""


class MaskedReader:
    """A reader in front of aiohttp's."""

    __slots__ = ("_begun", "_fragmented", "_held", "_left", "_reader")

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._left = 0  # how many bytes of a frame are still to come
        self._held = b""  # a head that has come in part
        self._fragmented = False  # whether another fragment of a message is to come
        self._begun = False  # whether any of these three holds

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Check bytes and hand them on."""
        size = len(data)
        # Usually this is one message in one frame and nothing else, which takes less than half as long to check.
        if not self._begun and size > 5 and data[0] == _WHOLE_TEXT:
            length = data[1] - 0x80
            if length == size - 6 < _LONG or (length == _LONG and (data[2] << 8 | data[3]) == size - 8):
                return self._reader.feed_data(data)
        return self._reader.feed_data(self._checked(self._held + data))

    def feed_eof(self) -> None:
        """Note that no more will come."""
        self._reader.feed_eof()

    def _checked(self, data: bytes) -> bytes:
        """Return what the reader may have of ``data``, which continues what it was given last."""
        at, size, fragmented = self._left, len(data), self._fragmented
        while at < size - 1:
            first, second = data[at], data[at + 1]
            if first == _WHOLE_TEXT and 0x80 <= second < 0x80 + _LONG and not fragmented:  # the usual case
                at += second - 0x80 + 6
                continue
            opcode, length = first & 0x0F, second & 0x7F
            if second < 0x80 or (fragmented and 0 < opcode < 8):
                return data[:at] + _REFUSED
            if length < _LONG:
                end = at + 6 + length
            elif length == _LONG:
                if at + 4 > size:
                    break
                end = at + 8 + (data[at + 2] << 8 | data[at + 3])
            else:
                if at + 10 > size:
                    break
                end = at + 14 + int.from_bytes(data[at + 2 : at + 10])
            if opcode < 8:
                fragmented = first < 0x80
            at = end
        self._fragmented = fragmented
        self._held, self._left = data[at:], max(at - size, 0)
        self._begun = bool(self._held or self._left or self._fragmented)
        return data[:at] if self._held else data
