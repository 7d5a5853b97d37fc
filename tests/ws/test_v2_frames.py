"""The frames of chatd.v2: what is well formed, that each is answered once and in order, and how often they may come."""

import json
import random
from typing import Any

import pytest

from tests.conftest import Start
from tests.support import Chat
from tests.ws.v2_client import V2Client, add_group, connect, contents, live

NO_FRAME = [
    "",
    "x",
    "null",
    "1",
    "[]",
    '"ping"',
    "{",
    '{"type":"typing","id":1}}',
    '{"type":"typing","id":NaN}',
    "[" * 20_000,
    '{"type":"typing","id":' + "9" * 5000 + "}",
]
NO_ID: list[Any] = [None, True, 1.5, 1.0, "", "x" * 65, [], {}, 2**53, -(2**53), "\ud800"]
IDS: list[Any] = [0, 1, -1, 2**53 - 1, "x", "x" * 64, "😀" * 64, "1", " ", "\x00"]
NO_COMMAND: list[Any] = ["", "x", "SEND", "hello", "new_message", "ack", "pong", "__class__", None, 1, [], {}]
NO_DATA: list[tuple[str, Any]] = [
    ("send", None),
    ("send", []),
    ("send", "x"),
    ("send", {}),
    ("send", {"content": "x"}),
    ("send", {"user": 2}),
    ("send", {"user": 2, "content": ""}),
    ("send", {"user": 2, "content": "x" * 2001}),
    ("send", {"user": 2, "content": 5}),
    ("send", {"user": 2, "content": "a\0"}),
    ("send", {"user": 2, "content": "\ud800"}),
    ("send", {"user": 2, "group": 1, "content": "x"}),
    ("send", {"user": "2", "content": "x"}),
    ("send", {"user": 2.0, "content": "x"}),
    ("send", {"user": True, "content": "x"}),
    ("send", {"user": 0, "content": "x"}),
    ("send", {"user": 2**53, "content": "x"}),
    ("send", {"user": 2, "content": "x", "client_id": ""}),
    ("send", {"user": 2, "content": "x", "client_id": "x" * 65}),
    ("send", {"user": 2, "content": "x", "reply_to": 0}),
    ("edit", {"message_id": 1}),
    ("edit", {"message_id": 1, "content": ""}),
    ("edit", {"message_id": "1", "content": "x"}),
    ("delete", {}),
    ("delete", {"message_id": -1}),
    ("react", {"message_id": 1}),
    ("unreact", {"message_id": 1, "emoji": " "}),
    ("read", {"user": 2}),
    ("read", {"user": 2, "up_to": 0}),
    ("read", {"up_to": 1}),
    ("typing", {}),
    ("typing", {"user": 2, "group": 1}),
    ("sync", {"since": -1, "epoch": "x"}),
    ("sync", {"since": "1", "epoch": "x"}),
    ("sync", {"limit": 0}),
    ("sync", {"limit": 501}),
    ("sync", {"limit": "5"}),
]


async def error_next(client: V2Client) -> tuple[Any, str]:
    """Return what the next frame, an error, is about, and its code."""
    frame = await client.read()
    assert frame["type"] == "error", frame
    return frame["re"], frame["error"]["code"]


async def test_what_is_no_frame_is_a_bad_frame_about_nothing_and_the_connection_stays(
    chat: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    client = await live(await chat.person("alice"))
    for text in NO_FRAME:
        await client.write(text)
        while (frame := await client.read())["type"] == "presence_list":
            pass
        assert (frame["type"], frame["re"], frame["error"]["code"]) == ("error", None, "bad_frame"), text[:50]
        assert await client.settle() == []
    assert not [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]


async def test_an_id_is_a_string_of_1_to_64_characters_or_an_integer(chat: Chat) -> None:
    client = await connect(await chat.person("alice"))
    for re in NO_ID:
        await client.write({"type": "sync", "id": re})
        assert await error_next(client) == (None, "bad_frame"), re
    await client.write({"type": "sync"})
    assert await error_next(client) == (None, "bad_frame")
    for re in IDS:
        await client.write({"type": "sync", "id": re})
        answer = await client.answer(re)
        assert (answer["type"], type(answer["re"]), answer["re"]) == ("ack", type(re), re)


async def test_ids_may_come_again_and_are_answered_each_time(chat: Chat) -> None:
    client = await connect(await chat.person("alice"))
    for _ in range(3):
        await client.write({"type": "sync", "id": 1})
        assert (await client.answer(1))["type"] == "ack"


async def test_an_unknown_command_is_an_unknown_type(chat: Chat) -> None:
    client = await connect(await chat.person("alice"))
    for kind in NO_COMMAND:
        await client.write({"type": kind, "id": "u"})
        assert await error_next(client) == ("u", "unknown_type"), kind
    await client.write({"id": 7})
    assert await error_next(client) == (7, "unknown_type")


async def test_data_that_is_not_well_formed_is_a_validation_error(chat: Chat) -> None:
    alice, _ = await chat.people("alice", "bobby")
    client = await connect(alice)
    for kind, data in NO_DATA:
        await client.write({"type": kind, "id": 5, "data": data})
        assert await error_next(client) == (5, "validation_error"), (kind, data)
    assert (await alice.get("/conversations"))["conversations"] == []


async def test_fields_nobody_knows_are_ignored(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    client = await connect(alice)
    data = {"user": bob.id, "content": "hi", "colour": "red", "sender_id": bob.id}
    await client.write({"type": "send", "id": 1, "data": data, "v": 3, "seq": 9})
    assert (await client.answer(1))["data"]["message"]["sender_id"] == alice.id


async def test_a_ping_needs_no_id_and_its_pong_none_either(chat: Chat) -> None:
    client = await connect(await chat.person("alice"))
    for ping in ({"type": "ping"}, {"type": "ping", "id": 3}, {"type": "ping", "id": {}, "data": 1}):
        await client.write(ping)
        assert await client.read() == {"type": "pong", "data": {"cursor": None}}


async def test_a_pong_tells_a_cursor_once_the_connection_has_caught_up(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    client, quiet, others = await live(alice), await live(carol), await live(bob)
    assert await client.cursor() == 0
    answer = await client.send(bob, "hi")
    assert await client.cursor() == answer["seq"]
    await others.settle()
    assert await others.cursor() == answer["seq"]
    assert await quiet.cursor() == answer["seq"]
    await client.error("sync", epoch="other", since=0)
    assert await client.cursor() is None


async def test_a_pong_stands_in_its_place_in_the_stream(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    client = await live(alice)
    await client.settle()
    for number in range(20):
        await client.write({"type": "send", "id": number, "data": {"user": bob.id, "content": "x"}})
        await client.write({"type": "ping"})
    for number in range(20):
        answer, pong = await client.read(), await client.read()
        assert (answer["re"], pong) == (number, {"type": "pong", "data": {"cursor": answer["seq"]}})


@pytest.mark.parametrize("seed", range(3))
async def test_a_hundred_commands_at_once_good_and_bad_are_answered_once_each_and_in_order(
    chat: Chat, seed: int
) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = add_group(chat, "friends", alice, bob)
    first = (await alice.send(bob, "first"))["id"]
    acting, other = await live(alice), await live(bob)
    choose = random.Random(seed)
    menu: list[tuple[str, dict[str, Any], str | None]] = [
        ("send", {"user": bob.id, "content": "x"}, None),
        ("send", {"group": group, "content": "x"}, None),
        ("send", {"user": bob.id, "content": "once", "client_id": "c"}, None),
        ("send", {"user": 99, "content": "x"}, "not_found"),
        ("send", {"user": alice.id, "content": "x"}, "cannot_message_self"),
        ("send", {"user": bob.id, "content": ""}, "validation_error"),
        ("edit", {"message_id": first, "content": "first"}, None),
        ("edit", {"message_id": 99_999, "content": "x"}, "not_found"),
        ("react", {"message_id": first, "emoji": "👍"}, None),
        ("unreact", {"message_id": first, "emoji": "👍"}, None),
        ("read", {"user": bob.id, "up_to": first}, None),
        ("read", {"group": 99, "up_to": 1}, "not_found"),
        ("typing", {"user": bob.id}, None),
        ("nonsense", {}, "unknown_type"),
        ("sync", {"epoch": "other", "since": 0}, "resync"),
        ("sync", {"limit": 0}, "validation_error"),
        ("sync", {}, None),
    ]
    expected: list[tuple[Any, str | None]] = []
    sends = 0
    for number in range(100):
        if choose.random() < 0.05:
            await acting.write("no frame")
            expected.append((None, "bad_frame"))
            continue
        kind, data, code = choose.choice(menu)
        if (kind, code, data.get("content")) == ("send", None, "x"):
            sends += 1
            data = {**data, "content": f"n{number}"}
        re = number if number % 2 else f"n{number}"
        await acting.write({"type": kind, "id": re, "data": data})
        expected.append((re, code))
    answers = [frame for frame in await acting.settle() if frame["type"] in ("ack", "error")]
    assert [(each["re"], each.get("error", {}).get("code")) for each in answers] == expected
    told = [each for each in contents(await other.settle()) if each != "once"]
    assert (len(told), told) == (sends, sorted(told, key=lambda each: int(each[1:])))


async def test_a_frame_may_have_64_kib(chat: Chat) -> None:
    client = await connect(await chat.person("alice"))
    empty = json.dumps({"type": "ping", "x": ""})
    await client.write(json.dumps({"type": "ping", "x": "x" * (65536 - len(empty))}))
    assert (await client.read())["type"] == "pong"
    await client.write(json.dumps({"type": "ping", "x": "x" * (65537 - len(empty))}))
    assert await client.closed() == 1009


async def test_a_command_too_many_is_rate_limited_and_says_how_long_to_wait(start: Start) -> None:
    chat = await start(limits={"commands_per_second": 1})
    client = await connect(await chat.person("alice"))
    for number in range(8):
        await client.write({"type": "sync", "id": number})
    await client.write("no frame")
    codes = []
    for re in (*range(8), None):
        answer = await client.answer(re)
        codes.append(answer.get("error", {}).get("code"))
        if answer["type"] == "error":
            assert set(answer["error"]) == {"code", "detail", "retry_after_ms"}
            assert type(answer["error"]["retry_after_ms"]) is int
            assert 0 < answer["error"]["retry_after_ms"] <= 5000
    assert codes[:5] == [None] * 5
    assert "rate_limited" in codes


async def test_all_connections_of_a_user_have_one_limit_and_others_their_own(start: Start) -> None:
    chat = await start(limits={"commands_per_second": 0.1})
    alice, bob = await chat.people("alice", "bobby")
    one, two, other = await connect(alice), await connect(await alice.device()), await connect(bob)
    assert (await one.command("sync"))["type"] == "ack"
    assert (await two.command("sync"))["error"]["code"] == "rate_limited"
    assert (await other.command("sync"))["type"] == "ack"


async def test_who_goes_on_regardless_is_closed_with_1008_and_nobody_else(start: Start) -> None:
    chat = await start(limits={"commands_per_second": 1})
    alice, bob = await chat.people("alice", "bobby")
    client, other = await connect(alice), await connect(bob)
    for number in range(60):
        await client.write({"type": "sync", "id": number})
    assert await client.closed() == 1008
    assert [(await client.read_until("ack", "error"))["re"] for _ in range(20)] == list(range(20))
    assert await other.settle() == []


async def test_messages_are_limited_apart_from_commands(start: Start) -> None:
    chat = await start(limits={"messages_per_second": 0.1})
    alice, bob = await chat.people("alice", "bobby")
    client = await live(alice)
    await client.send(bob, "one")
    answer = await client.command("send", user=bob.id, content="two")
    assert answer["error"]["code"] == "rate_limited"
    assert 0 < answer["error"]["retry_after_ms"] <= 10_001
    assert (await client.ack("typing", user=bob.id))["data"] == {}
    async with await alice.request("POST", f"/messages/send/{bob.id}", json={"content": "three"}) as response:
        assert (response.status, int(response.headers["Retry-After"]) > 0) == (429, True)


async def test_a_client_that_leaves_while_its_commands_are_on_their_way_loses_none(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    client, other = await connect(alice), await live(bob)
    for number in range(50):
        await client.write({"type": "send", "id": number, "data": {"user": bob.id, "content": f"n{number}"}})
    await client.ws.close()
    told: list[str] = []
    while len(told) < 50:
        told.append((await other.read_until("new_message"))["data"]["content"])
    assert told == [f"n{number}" for number in range(50)]
