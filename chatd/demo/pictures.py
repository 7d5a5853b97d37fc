"""Pictures of people who are none: coloured squares, alike on both sides."""

import random
import struct
import zlib

#: Squares on a side, and pixels on a side of each.
SQUARES, PIXELS = 5, 40


def portrait(chance: random.Random) -> bytes:
    """Return a PNG: https://www.w3.org/TR/png-3/"""
    ink = bytes(chance.randrange(40, 200) for _ in range(3))
    paper = bytes(255 - each // 5 for each in ink)
    rows = []
    for _ in range(SQUARES):
        half = [chance.random() < 0.5 for _ in range(SQUARES // 2 + 1)]
        row = b"".join((ink if on else paper) * PIXELS for on in (*half, *half[-2::-1]))
        rows.append((b"\0" + row) * PIXELS)  # each line of pixels begins with its filter, 0
    side = SQUARES * PIXELS
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)  # 8 bits for each of red, green and blue
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in parts)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
