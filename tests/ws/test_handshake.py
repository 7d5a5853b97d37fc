"""The handshake of the socket: what it needs, whose token counts, whose pages may connect."""

import asyncio
import itertools
from collections.abc import Mapping

import pytest
from aiohttp import ClientWebSocketResponse

from chatd.http.context import REGISTRY, SERVICES
from tests.conftest import Start
from tests.raw import KEY, connect, upgrade_head
from tests.storage.support import Gate
from tests.support import Chat, Person, Socket, error_of, until

UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": KEY,
}
SITE = "https://chat.example.org"


async def refused(chat: Chat, headers: Mapping[str, str]) -> tuple[int, str]:
    """Ask for a socket, get an error instead of a handshake, and return its status and code."""
    async with chat.client.get("/messages/ws", headers=headers) as response:
        assert "Sec-WebSocket-Accept" not in response.headers
        return await error_of(response)


async def connects(chat: Chat, person: Person, ws: ClientWebSocketResponse) -> None:
    """See the socket become one of the person's, then close it."""
    registry = chat.server.app[REGISTRY]
    await until(lambda: registry.of(person.id))
    await ws.close()
    await until(lambda: not registry.of(person.id))


async def test_without_upgrade_the_answer_is_426_and_says_what_to_upgrade_to(chat: Chat) -> None:
    async with chat.client.get("/messages/ws") as response:
        assert await error_of(response) == (426, "upgrade_required")
        assert response.headers["Upgrade"] == "websocket"


@pytest.mark.parametrize("version", ["8", "12", "14", "x", ""])
async def test_another_version_of_websocket_is_told_the_right_one(chat: Chat, version: str) -> None:
    headers = {**UPGRADE, "Sec-WebSocket-Version": version}
    async with chat.client.get("/messages/ws", headers=headers) as response:
        assert await error_of(response) == (426, "upgrade_required")
        assert response.headers["Sec-WebSocket-Version"] == "13"


@pytest.mark.parametrize("key", [None, "", "c2hvcnQ=", "***", "dGhlIHNhbXBsZSBub25jZQ", "ключ"])
async def test_a_bad_key_is_a_bad_request(chat: Chat, key: str | None, caplog: pytest.LogCaptureFixture) -> None:
    lines = [f"{name}: {value}" for name, value in UPGRADE.items() if name != "Sec-WebSocket-Key"]
    lines += [] if key is None else [f"Sec-WebSocket-Key: {key}"]
    async with connect(chat) as raw:
        await raw.send("\r\n".join(["GET /messages/ws HTTP/1.1", "Host: a", *lines]) + "\r\n\r\n")
        status, _, body = await raw.answer()
        assert (status, b'"bad_request"' in body) == (400, True)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_an_upgrade_that_the_connection_header_does_not_name_is_a_bad_request(chat: Chat) -> None:
    assert await refused(chat, {**UPGRADE, "Connection": "keep-alive"}) == (400, "bad_request")


@pytest.mark.parametrize(
    "lines",
    [
        ["Upgrade: websocket, foo"],
        ["Upgrade: foo, websocket"],
        ["Upgrade: foo,websocket,bar"],
        ["Upgrade: WebSocket"],
        ["Upgrade: h2c, WEBSOCKET"],
        ["Upgrade: foo", "Upgrade: websocket"],
        ["Upgrade: websocket", "upgrade: foo"],
        ["Upgrade: ,, websocket ,"],
        ["Upgrade: \twebsocket\t"],
    ],
)
@pytest.mark.parametrize("connection", ["Upgrade", "keep-alive, upgrade", "UPGRADE"])
async def test_an_offer_of_websocket_may_stand_among_others(chat: Chat, lines: list[str], connection: str) -> None:
    alice = await chat.person("alice")
    rest = [f"{name}: {value}" for name, value in UPGRADE.items() if name.startswith("Sec-")]
    protocols = ["Sec-WebSocket-Protocol: other, chatd.v2", f"Sec-WebSocket-Protocol: bearer.{alice.token}"]
    head = ["GET /messages/ws HTTP/1.1", "Host: a", f"Connection: {connection}", *lines, *rest, *protocols]
    async with connect(chat) as raw:
        await raw.send("\r\n".join(head) + "\r\n\r\n")
        status, headers, _ = await raw.answer()
        assert (status, headers["Upgrade"], headers["Sec-WebSocket-Protocol"]) == (101, "websocket", "chatd.v2")
        assert b'"hello"' in (await raw.receive_frame())[1]
        await raw.send_frame(b'{"type":"ping"}')
        assert b'"pong"' in (await raw.receive_frame())[1]


@pytest.mark.parametrize(
    "upgrade", ["websockets", "web, socket", "websocket;q=1", "websocket foo", "h2c", "", "wébsocket"]
)
async def test_another_offer_is_told_what_to_upgrade_to(chat: Chat, upgrade: str) -> None:
    async with connect(chat) as raw:
        head = f"GET /messages/ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: {upgrade}\r\n"
        await raw.send(f"{head}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n")
        status, headers, body = await raw.answer()
        assert (status, headers["Upgrade"], b"upgrade_required" in body) == (426, "websocket", True)


async def test_an_offer_in_http_1_0_is_none(chat: Chat) -> None:
    lines = [f"{name}: {value}" for name, value in UPGRADE.items()]
    async with connect(chat) as raw:
        await raw.send("\r\n".join(["GET /messages/ws HTTP/1.0", "Host: a", *lines]) + "\r\n\r\n")
        assert (await raw.answer())[0] == 426


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "OPTIONS"])
async def test_only_get_opens_a_socket(chat: Chat, method: str) -> None:
    async with chat.client.request(method, "/messages/ws", headers=UPGRADE) as response:
        assert response.status in (405, 426)


@pytest.mark.parametrize(
    "body", ["Content-Length: 5\r\n\r\n", "Content-Length: 2\r\n\r\nhi", "Transfer-Encoding: chunked\r\n\r\n"]
)
async def test_a_handshake_has_no_body(chat: Chat, body: str) -> None:
    lines = [f"{name}: {value}" for name, value in UPGRADE.items()]
    async with connect(chat) as raw:
        await raw.send("\r\n".join(["GET /messages/ws HTTP/1.1", "Host: a", *lines, body]))
        assert (await raw.answer())[0] == 400


async def test_the_accept_header_is_the_one_of_the_standard(chat: Chat) -> None:
    async with connect(chat) as raw:
        headers = await raw.upgrade("none")
    assert headers["Sec-WebSocket-Accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


async def test_the_token_may_come_in_the_query(chat: Chat) -> None:
    alice = await chat.person("alice")
    socket = Socket(await chat.client.ws_connect(f"/messages/ws?token={alice.token}"))
    await socket.ping()
    await socket.close()


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
async def test_the_token_may_come_in_a_header(chat: Chat, scheme: str) -> None:
    alice = await chat.person("alice")
    headers = {"Authorization": f"{scheme} {alice.token}"}
    socket = Socket(await chat.client.ws_connect("/messages/ws", headers=headers))
    await socket.ping()
    await socket.close()


async def test_the_token_may_come_as_an_item_beside_the_subprotocol(chat: Chat) -> None:
    alice = await chat.person("alice")
    protocols = ("chatd.v2", f"bearer.{alice.token}")
    await connects(chat, alice, await chat.client.ws_connect("/messages/ws", protocols=protocols))


async def test_an_item_with_a_token_counts_only_beside_the_subprotocol(chat: Chat) -> None:
    alice = await chat.person("alice")
    protocols = ("other", f"bearer.{alice.token}")
    assert await Socket(await chat.client.ws_connect("/messages/ws", protocols=protocols)).closed() == 4001


async def test_query_goes_before_header_before_item_and_an_empty_one_is_none(chat: Chat) -> None:
    alice = await chat.person("alice")
    values = {None: None, "": "", "good": alice.token, "bad": "garbage"}
    for query, header, item in itertools.product(values, repeat=3):
        path = "/messages/ws" if query is None else f"/messages/ws?token={values[query]}"
        headers = {} if header is None else {"Authorization": f"Bearer {values[header]}"}
        protocols = ["chatd.v2"] if item is None else ["chatd.v2", f"bearer.{values[item]}"]
        ws = await chat.client.ws_connect(path, headers=headers, protocols=protocols)
        decisive = query or header or item
        if decisive == "good":
            await connects(chat, alice, ws)
        else:
            assert await Socket(ws).closed() == (4002 if decisive else 4001), (query, header, item)


async def test_other_subprotocols_get_the_classic_dialect_with_none_selected(chat: Chat) -> None:
    alice = await chat.person("alice")
    ws = await chat.client.ws_connect(f"/messages/ws?token={alice.token}", protocols=("graphql-ws", "chatd.v1"))
    assert ws.protocol is None
    await Socket(ws).ping()
    await ws.close()


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        (None, None),
        (None, SITE),
        ("chat.home", "https://chat.home"),
        ("chat.home", "http://chat.home"),
        ("chat.home:8443", "https://chat.home:8443"),
        ("chat.home:8443", "http://chat.home:8443"),
        ("chat.home:443", "https://chat.home"),
        ("chat.home:80", "http://chat.home"),
        ("Chat.Home", "https://chat.home"),
        ("[::1]:8000", "http://[::1]:8000"),
    ],
)
async def test_programs_own_pages_and_configured_origins_may_connect(
    start: Start, host: str | None, origin: str | None
) -> None:
    chat = await start(server={"origins": [SITE]})
    headers = {name: value for name, value in (("Host", host), ("Origin", origin)) if value is not None}
    assert await Socket(await chat.client.ws_connect("/messages/ws", headers=headers)).closed() == 4001


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example.org",
        "http://chat.example.org",
        "https://chat.example.org:8443",
        "https://chat.example.org.evil.org",
        "https://chat.home:8443",
        "https://www.chat.home",
        "ftp://chat.home",
        "null",
    ],
)
async def test_pages_of_foreign_origins_get_403_and_no_handshake(start: Start, origin: str) -> None:
    chat = await start(server={"origins": [SITE]})
    assert await refused(chat, {**UPGRADE, "Host": "chat.home", "Origin": origin}) == (403, "forbidden")


@pytest.mark.parametrize(
    "origin", ["https://", "https://[", "https://[::1", "://chat.home", "chat.home", "*", "https:chat.home", "ÿ"]
)
async def test_a_malformed_origin_is_foreign(chat: Chat, origin: str) -> None:
    assert await refused(chat, {**UPGRADE, "Host": "chat.home", "Origin": origin}) == (403, "forbidden")


async def test_a_foreign_page_is_refused_whatever_token_it_has(chat: Chat) -> None:
    alice = await chat.person("alice")
    headers = {**UPGRADE, "Origin": "https://evil.example.org", "Authorization": f"Bearer {alice.token}"}
    assert await refused(chat, headers) == (403, "forbidden")


async def test_the_handshake_is_done_only_when_it_is_known_who_comes_so_that_they_miss_nothing(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    await alice.send(bob, "before")
    gates = [Gate() for _ in range(8)]  # more than there are readers
    reads = [asyncio.create_task(chat.server.app[SERVICES].database.read(gate.read)) for gate in gates]
    connecting = asyncio.create_task(bob.connect())
    await gates[0].entered()
    for number in range(5):
        await alice.send(bob, f"{number}")
    assert not connecting.done()
    for gate in gates:
        gate.open()
    socket = await connecting
    await alice.send(bob, "after")
    assert (await socket.receive())["data"]["content"] == "after"
    await asyncio.gather(*reads)


async def test_a_client_that_leaves_before_it_is_known_is_no_error(
    chat: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    alice, bob = await chat.people("alice", "bobby")
    await alice.send(bob, "before")
    gates = [Gate() for _ in range(8)]
    reads = [asyncio.create_task(chat.server.app[SERVICES].database.read(gate.read)) for gate in gates]
    await gates[0].entered()
    registry = chat.server.app[REGISTRY]
    async with connect(chat) as raw:
        await raw.send(upgrade_head(bob.token))
        await until(lambda: registry._admitted)
    await alice.send(bob, "meanwhile")
    for gate in gates:
        gate.open()
    await asyncio.gather(*reads)
    await until(lambda: not registry._admitted)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
