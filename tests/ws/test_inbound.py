"""Frames that are heard inside aiohttp's reader, and by the public way."""

import json
from typing import Any

from chatd import fastpath
from tests import raw
from tests.conftest import Start, both_ways
from tests.support import Chat
from tests.ws.v2_client import V2Client, live

#: A frame of each kind: what is heard at once, what has to wait, and what is refused, in turn.
ROUND = ("send", "ping", "send", "send", "typing", "send", "nonsense", "send", "sync", "send")


def frame(kind: str, number: int, to: int) -> dict[str, Any]:
    """Return a client's frame whose id is ``number``."""
    data: dict[str, Any] = {}
    if kind == "send":
        data = {"user": to, "content": f"message {number}", "client_id": f"c{number}"}
    elif kind == "typing":
        data = {"user": to}
    return {"type": kind, "id": number, "data": data}


async def answers(client: V2Client, count: int) -> list[tuple[str, Any]]:
    """Return the next answers: their kinds, and what they are about."""
    found: list[tuple[str, Any]] = []
    while len(found) < count:
        answer = await client.read_until("ack", "error", "pong")
        found.append((answer["type"], answer.get("re")))
    return found


def test_the_installed_aiohttp_has_all_that_the_fast_path_needs() -> None:
    assert fastpath.MISSING == ()


@both_ways
async def test_every_frame_is_answered_in_the_order_sent(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    sender, receiver = await live(alice), await live(bob)
    kinds = [kind for _ in range(12) for kind in ROUND]
    for number, kind in enumerate(kinds):
        await sender.write(frame(kind, number, bob.id))
    expected = [
        ("pong", None) if kind == "ping" else ("error" if kind == "nonsense" else "ack", number)
        for number, kind in enumerate(kinds)
    ]
    assert await answers(sender, len(kinds)) == expected
    sent = [number for number, kind in enumerate(kinds) if kind == "send"]
    for number in sent:
        event = await receiver.read_until("new_message")
        assert (event["data"]["content"], event["data"]["client_id"]) == (f"message {number}", f"c{number}")


@both_ways
async def test_a_frame_beyond_the_limit_is_refused_in_its_turn(start: Start) -> None:
    chat = await start(limits={"commands_per_second": 2})
    alice, bob = await chat.people("alice", "bobby")
    sender = await live(alice)
    for number in range(12):
        await sender.write(frame("send", number, bob.id))
    found = await answers(sender, 12)
    assert [re for _, re in found] == list(range(12))
    assert {kind for kind, _ in found[:5]} == {"ack"}
    assert ("error", 11) in found


@both_ways
async def test_the_same_send_again_in_one_breath_is_one_message(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    sender = await live(alice)
    said = json.dumps(frame("send", 1, bob.id))
    for _ in range(20):
        await sender.write(said)
    acks = [await sender.read_until("ack") for _ in range(20)]
    assert [ack["data"]["duplicate"] for ack in acks] == [False] + [True] * 19
    assert len({ack["data"]["message"]["id"] for ack in acks}) == 1


@both_ways
async def test_frames_that_come_with_the_handshake_are_heard(chat: Chat) -> None:
    alice = await chat.person("alice")
    ping = raw.frame(b'{"type":"ping"}')
    async with raw.connect(chat) as connection:
        await connection.send(raw.upgrade_head(alice.token).encode() + ping * 2 + ping[:9])
        assert (await connection.answer())[0] == 101
        await connection.send(ping[9:])
        for _ in range(3):
            assert await connection.receive_frame() == (raw.TEXT, b'{"type":"pong"}')
