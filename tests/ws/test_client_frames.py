"""What a client's frames must be, and with which code a socket ends where they are not."""

import asyncio
import struct
from collections.abc import Callable

import pytest

from tests.conftest import both_ways
from tests.raw import BINARY, CLOSE, PING, PONG, TEXT, Raw, connect, frame
from tests.support import Chat, Person

pytestmark = both_ways

CONTINUATION = 0x0
GET_PONG = b'{"type":"ping"}'
LONG = b" " * 200 + GET_PONG


@pytest.fixture
async def alice(chat: Chat) -> Person:
    return await chat.person("alice")


async def closed(raw: Raw) -> int:
    """Return the code the server closes a socket with; what it says before is passed over."""
    while (received := await raw.receive_frame())[0] != CLOSE:
        pass
    return int(struct.unpack("!H", received[1][:2])[0])


def unmasked(payload: bytes, opcode: int = TEXT, *, final: bool = True) -> bytes:
    """Return a frame as only a server may send it."""
    masked = frame(payload, opcode, final=final)
    head = len(masked) - len(payload) - 4
    return masked[:1] + bytes([masked[1] & 0x7F]) + masked[2:head] + payload


def changed(data: bytes, first: int) -> bytes:
    """Return a frame with another first byte."""
    return bytes([first]) + data[1:]


PING_FRAME = frame(GET_PONG)

#: What breaks the protocol, in the middle of what does not.
BROKEN = {
    "a frame without a mask": unmasked(GET_PONG),
    "a long frame without a mask": unmasked(LONG),
    "a very long frame without a mask": unmasked(b" " * 65536),
    "an empty frame without a mask": unmasked(b""),
    "a ping without a mask": unmasked(b"", PING),
    "a pong without a mask": unmasked(b"hi", PONG),
    "a binary frame without a mask": unmasked(b"hi", BINARY),
    "a fragment without a mask": unmasked(b"{", final=False),
    "a close without a mask": unmasked(struct.pack("!H", 1000), CLOSE),
    "a good frame and one without a mask": PING_FRAME + unmasked(GET_PONG),
    "a last fragment without a mask": frame(b"{", final=False) + unmasked(b"}", CONTINUATION),
    "a message within another": frame(b"{", final=False) + frame(b"{}"),
    "a message within another that is empty so far": frame(b"", final=False) + frame(b"{}"),
    "two beginnings": frame(b"", final=False) + frame(b"", BINARY, final=False),
    "a fragment of nothing": frame(b"{}", CONTINUATION),
    "a fragment behind the last": frame(b"", final=False) + frame(b" ", CONTINUATION) + frame(b"", CONTINUATION),
    "a ping in fragments": frame(b"", PING, final=False),
    "a close in fragments": frame(struct.pack("!H", 1000), CLOSE, final=False),
    "a long ping": frame(b"x" * 126, PING),
    "a long close": frame(struct.pack("!H", 1000) + b"x" * 124, CLOSE),
    "half a close code": frame(b"\x03", CLOSE),
    **{f"reserved bits {bits:x}": changed(PING_FRAME, bits | 0x1) for bits in (0xC0, 0xA0, 0x90, 0xF0)},
    **{f"reserved bits {bits:x} on a ping": changed(frame(b"", PING), bits | 0x9) for bits in (0xC0, 0xA0, 0x90)},
    **{f"opcode {opcode:x}": frame(b"", opcode) for opcode in (*range(3, 8), *range(0xB, 0x10))},
}

Cut = Callable[[bytes], list[bytes]]
CUTS: dict[str, Cut] = {
    "in one piece": lambda data: [data],
    "byte by byte": lambda data: [data[at : at + 1] for at in range(min(len(data), 300))] + [data[300:]],
    "behind a good frame": lambda data: [PING_FRAME + data],
    "in two pieces, behind half a frame": lambda data: [PING_FRAME[:4], PING_FRAME[4:] + data[:1], data[1:]],
}


async def test_what_breaks_the_protocol_is_closed_with_1002(chat: Chat, alice: Person) -> None:
    async def code(data: bytes, cut: Cut) -> int:
        async with connect(chat) as raw:
            await raw.upgrade(alice.token)
            for piece in cut(data):
                await raw.send(piece)
            return await closed(raw)

    for name, cut in CUTS.items():
        codes = await asyncio.gather(*(code(data, cut) for data in BROKEN.values()))
        assert dict(zip(BROKEN, codes, strict=True)) == dict.fromkeys(BROKEN, 1002), name


async def test_nothing_behind_a_frame_without_a_mask_is_heard(chat: Chat, alice: Person) -> None:
    async with connect(chat) as raw:
        await raw.upgrade(alice.token)
        await raw.send(unmasked(GET_PONG) + PING_FRAME)
        opcode, payload = await raw.receive_frame()
        assert (opcode, payload[:2]) == (CLOSE, struct.pack("!H", 1002))
        assert await raw.ended() == b""


async def test_masked_frames_and_fragments_are_heard_however_they_are_cut(chat: Chat, alice: Person) -> None:
    whole = [PING_FRAME, frame(LONG), frame(b" " * 65000 + GET_PONG), frame(b"", PONG)]
    parts = [frame(b"", final=False), frame(GET_PONG, CONTINUATION, final=False), frame(b"x", PING)]
    ends = [frame(b"", CONTINUATION), PING_FRAME]
    for cut in CUTS.values():
        pieces = cut(b"".join(whole + parts + ends))
        pongs = b"".join(pieces).count(GET_PONG)
        async with connect(chat) as raw:
            await raw.upgrade(alice.token)
            for piece in pieces:
                await raw.send(piece)
            answers = [await raw.receive_frame() for _ in range(pongs + 1)]
        assert answers.count((TEXT, b'{"type":"pong"}')) == pongs
        assert answers.count((PONG, b"x")) == 1


async def test_a_long_frame_is_heard_whatever_comes_of_it_first(chat: Chat, alice: Person) -> None:
    async with connect(chat) as raw, connect(chat) as other:
        await raw.upgrade(alice.token)
        await other.upgrade(alice.token)
        for long in (frame(LONG), frame(b" " * 65520 + GET_PONG)):
            for size in (*range(1, 16), *range(130, 136)):
                await raw.send(long[:size])
                await other.send(PING_FRAME)  # once this is answered, the first piece has been read
                assert (await other.receive_frame())[0] == TEXT
                await raw.send(long[size:] + frame(b"", PING))
                while (received := await raw.receive_frame())[0] == TEXT:
                    pass
                assert received == (PONG, b""), size


VALID = [1000, 1001, 1002, 1003, *range(1007, 1015), 3000, 3999, 4000, 4999]
INVALID = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 5001, 32768, 65535]


async def test_a_clients_close_is_answered_with_its_own_code_where_there_is_such_a_code(
    chat: Chat, alice: Person
) -> None:
    for code in (*VALID, *INVALID):
        async with connect(chat) as raw:
            await raw.upgrade(alice.token)
            await raw.send_frame(struct.pack("!H", code) + "tschüß".encode(), CLOSE)
            assert await closed(raw) == (code if code in VALID else 1002), code
            assert await raw.ended() == b""


async def test_a_close_without_a_code_is_answered_with_1000(chat: Chat, alice: Person) -> None:
    async with connect(chat) as raw:
        await raw.upgrade(alice.token)
        await raw.send_frame(b"", CLOSE)
        assert await closed(raw) == 1000


async def test_a_close_whose_reason_is_no_text_is_1007(chat: Chat, alice: Person) -> None:
    async with connect(chat) as raw:
        await raw.upgrade(alice.token)
        await raw.send_frame(struct.pack("!H", 1000) + b"\xff", CLOSE)
        assert await closed(raw) == 1007
