"""What frames of a client must be: masked, and the fragments of a message one after another (RFC 6455, section 5).

aiohttp's reader accepts a frame without a mask, and a new message between the fragments of another if these are empty
so far. Here each frame is found by the lengths alone. Instead of a forbidden frame the reader is given one that it
refuses by itself: with 1002, and after everything that came before it.
"""

from typing import Any, Protocol

#: A frame with reserved bits, which have no meaning yet.
_REFUSED = b"\xf0\x80"

#: How a text begins that is a message in one frame.
_WHOLE_TEXT = 0x81

#: What the seven bits for the length hold, or one more, where the length follows in two bytes, or in eight.
_LONG = 126


class Reader(Protocol):
    """A reader of a socket's bytes."""

    def feed_data(self, data: Any, /) -> tuple[bool, bytes]:
        """Take bytes in, and return whether the socket is over, and what does not belong to it."""

    def feed_eof(self) -> None:
        """Note that no more will come."""


class MaskedReader:
    """A reader of frames in front of another, which is aiohttp's."""

    __slots__ = ("_begun", "_fragmented", "_held", "_left", "_reader")

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._left = 0  # how much of a frame is still to come
        self._held = b""  # the head of one, as far as it has come
        self._fragmented = False  # whether another fragment of a message is to come
        self._begun = False  # whether any of these three holds

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Take bytes in, as the other does."""
        size = len(data)
        # The usual are a whole message in a frame, and nothing else: they are known at less than half the price.
        if not self._begun and size > 5 and data[0] == _WHOLE_TEXT:
            length = data[1] - 0x80
            if length == size - 6 < _LONG or (length == _LONG and (data[2] << 8 | data[3]) == size - 8):
                return self._reader.feed_data(data)
        return self._reader.feed_data(self._checked(self._held + data))

    def feed_eof(self) -> None:
        """Note that no more will come."""
        self._reader.feed_eof()

    def _checked(self, data: bytes) -> bytes:
        """Return what the reader may have of ``data``, which begins where the last that it was given has ended."""
        at, size, fragmented = self._left, len(data), self._fragmented
        while at < size - 1:
            first, second = data[at], data[at + 1]
            if first == _WHOLE_TEXT and 0x80 <= second < 0x80 + _LONG and not fragmented:  # the usual, told first
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
