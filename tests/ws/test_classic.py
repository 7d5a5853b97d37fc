"""The classic dialect, to the byte: what existing clients see, and nothing they do not know."""

import asyncio

import pytest

from chatd.http.context import REGISTRY
from tests.raw import CLOSE, PING, PONG, TEXT, connect
from tests.support import PASSWORD, Chat, Socket, until

MEANINGLESS = [
    "",
    " ",
    "ping",
    "null",
    "true",
    "0",
    "[]",
    "{}",
    '"ping"',
    '["ping"]',
    '[{"type":"ping"}]',
    '{"type":"ping"',
    '{"type":"ping"}}',
    '{"type":"ping"}{"type":"ping"}',
    "{'type':'ping'}",
    '{"type":"PING"}',
    '{"type":" ping"}',
    '{"type":null}',
    '{"type":["ping"]}',
    '{"type":{"type":"ping"}}',
    '{"Type":"ping"}',
    '{"type":"pong"}',
    '{"type":"hello"}',
    '{"type":"sync","id":1}',
    '{"type":"typing","data":{"user":1}}',
    '{"type":"send","id":1,"data":{"user":1,"content":"x"}}',
    '{"type":"new_message","data":{}}',
    '{"type":"ping","n":NaN}',
    '{"type":"ping","n":-Infinity}',
    '{"type":"ping","n":' + "9" * 5000 + "}",
    '{"type":' + "9" * 5000 + "}",
    "1e999999",
    "[" * 20_000,
    "[" * 20_000 + "]" * 20_000,
    '{"type":' * 5_000 + "1" + "}" * 5_000,
    '{"type":"ping","deep":' + "[" * 20_000 + "]" * 20_000 + "}",
    "\ufeff" + '{"type":"ping"}',
    '{"type":"ping"}\0',
    '{"type":"\\ud800"}',
    "\0" * 100,
    "💥" * 1000,
    "x" * 60_000,
]


async def test_a_pong_is_these_bytes(chat: Chat) -> None:
    alice = await chat.person("alice")
    async with connect(chat) as raw:
        await raw.upgrade(alice.token)
        await raw.send_frame(b'{"type":"ping"}')
        assert await raw.receive_frame() == (TEXT, b'{"type":"pong"}')


@pytest.mark.parametrize("ping", ['{"type":"ping"}', ' {\n"type" : "p\\u0069ng" } ', '{"data":1,"type":"ping"}'])
async def test_a_ping_may_be_written_in_any_way_json_has(chat: Chat, ping: str) -> None:
    alice = await chat.person("alice")
    socket = await alice.connect()
    await socket.send(ping)
    assert await socket.receive() == {"type": "pong"}


async def test_a_new_message_is_these_bytes(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    async with connect(chat) as raw:
        await raw.upgrade(bob.token)
        await until(lambda: chat.server.app[REGISTRY].of(bob.id))
        message = await alice.send(bob, 'tab\t "é" 💥 \\ </script>', client_id="c-1")
        opcode, payload = await raw.receive_frame()
    assert opcode == TEXT
    assert payload.decode() == (
        '{"type":"new_message","data":{"id":1,"sender_id":1,"receiver_id":2,"group_id":null,'
        '"content":"tab\\t \\"é\\" 💥 \\\\ </script>","is_read":false,'
        f'"created_at":"{message["created_at"]}",'
        '"sender":{"id":1,"username":"alice","nickname":"Alice","avatar_path":null,"is_ai":false}}}'
    )


async def test_a_new_message_is_the_same_as_the_answer_to_its_sender(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    async with await alice.request("PUT", "/users/me", json={"avatar_path": "/a.png", "bio": "b"}) as response:
        assert response.status == 200
    socket = await bob.connect()
    await socket.ping()
    message = await alice.send(bob, "hello")
    assert message["sender"]["avatar_path"] == "/a.png"
    assert await socket.receive() == {"type": "new_message", "data": message}


async def test_a_message_reaches_every_device_of_the_receiver_and_none_of_the_sender(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    phone = await bob.device()
    receiving = [await bob.connect(), await bob.connect(), await phone.connect()]
    silent = [await alice.connect(), await (await alice.device()).connect(), await carol.connect()]
    for socket in receiving + silent:
        await socket.ping()
    message = await alice.send(bob, "hello")
    for socket in receiving:
        assert await socket.receive() == {"type": "new_message", "data": message}
    for socket in receiving + silent:
        await socket.ping()


async def test_a_repeated_send_reaches_nobody_a_second_time(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    socket = await bob.connect()
    await socket.ping()
    message = await alice.send(bob, "hello", client_id="c-1")
    assert await alice.send(bob, "hello", client_id="c-1") == message
    assert await socket.receive() == {"type": "new_message", "data": message}
    await socket.ping()


async def test_two_hundred_sends_at_once_arrive_once_each_in_the_order_of_their_ids(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    sockets = [await bob.connect(), await (await bob.device()).connect()]
    for socket in sockets:
        await socket.ping()
    senders = [alice, carol] * 100
    sent = await asyncio.gather(*(sender.send(bob, f"{n}") for n, sender in enumerate(senders)))
    expected = sorted(sent, key=lambda message: int(message["id"]))
    for socket in sockets:
        assert [(await socket.receive())["data"] for _ in sent] == expected
        await socket.ping()


async def test_anything_else_a_client_sends_is_ignored(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    alice, bob = await chat.people("alice", "bobby")
    socket = await alice.connect()
    for text in MEANINGLESS:
        await socket.send(text)
        try:
            await socket.ping()
        except AssertionError as error:
            raise AssertionError(f"not ignored: {text[:60]!r}") from error
    message = await bob.send(alice, "still here")
    assert await socket.receive() == {"type": "new_message", "data": message}
    assert not [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]


async def test_pings_and_pongs_of_the_protocol_are_no_frames_of_the_dialect(chat: Chat) -> None:
    alice = await chat.person("alice")
    async with connect(chat) as raw:
        await raw.upgrade(alice.token)
        await raw.send_frame(b"unasked", PONG)
        await raw.send_frame(b"are you there?", PING)
        assert await raw.receive_frame() == (PONG, b"are you there?")
        await raw.send_frame(b'{"type":"ping"}')
        assert await raw.receive_frame() == (TEXT, b'{"type":"pong"}')


async def test_a_client_that_says_goodbye_is_answered(chat: Chat) -> None:
    alice = await chat.person("alice")
    async with connect(chat) as raw:
        await raw.upgrade(alice.token)
        await raw.send_frame(b"\x03\xe8", CLOSE)
        assert await raw.receive_frame() == (CLOSE, b"\x03\xe8")
        assert await raw.ended() == b""


async def test_nothing_else_that_happens_is_told(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    await alice.send(bob, "one")
    await bob.send(alice, "two")
    sockets = [await alice.connect(), await bob.connect()]
    for socket in sockets:
        await socket.ping()
    await bob.post(f"/messages/read/{alice.id}")
    await alice.post(f"/messages/read/{bob.id}")
    await bob.get("/messages/conversations")
    await bob.get(f"/messages/history/{alice.id}")
    async with await alice.request("PUT", "/users/me", json={"nickname": "Al", "bio": "new"}) as response:
        assert response.status == 200
    phone = await alice.device()
    passwords = {"old_password": PASSWORD, "new_password": "battery staple"}
    await alice.post("/users/me/password", passwords, status=204)
    assert phone.token != alice.token
    carol = await chat.person("carol")
    await (await carol.connect()).close()
    for socket in sockets:
        await socket.ping()


async def test_no_compression_is_negotiated_even_if_offered(chat: Chat) -> None:
    alice = await chat.person("alice")
    async with connect(chat) as raw:
        offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
        headers = await raw.upgrade(alice.token, offer)
        assert "Sec-WebSocket-Extensions" not in headers
        await raw.send_frame(b'{"type":"ping"}')
        assert await raw.receive_frame() == (TEXT, b'{"type":"pong"}')
    ws = await chat.client.ws_connect(f"/messages/ws?token={alice.token}", compress=15)
    assert not ws.compress
    await Socket(ws).ping()
