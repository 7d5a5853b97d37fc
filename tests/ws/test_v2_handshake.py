"""How a connection of chatd.v2 begins and ends: the subprotocol, the token, hello and restarting."""

import asyncio
import logging
from collections.abc import Sequence

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType

from chatd.http.context import REGISTRY, SERVICES
from chatd.logs import JsonFormatter, TextFormatter
from tests.api.support import disable
from tests.conftest import Start
from tests.storage.support import Gate
from tests.support import PATIENCE, Chat, Person, until
from tests.ws.v2_client import PROTOCOL, V2Client, connect, live


async def offer(chat: Chat, protocols: Sequence[str], token: str = "") -> ClientWebSocketResponse:
    """Connect and offer subprotocols."""
    return await chat.client.ws_connect(f"/messages/ws?token={token}", protocols=protocols)


async def speaks_v2(ws: ClientWebSocketResponse, person: Person) -> None:
    """See that a connection is one of chatd.v2, and the person's."""
    assert ws.protocol == PROTOCOL
    hello = await V2Client(ws).read()
    assert (hello["type"], hello["data"]["user"]) == ("hello", person.brief)
    await ws.close()


async def is_silent(ws: ClientWebSocketResponse) -> None:
    """See that a connection is a classic one, and nothing was said first."""
    assert ws.protocol is None
    client = V2Client(ws)
    await client.write({"type": "ping"})
    assert await client.read_text() == '{"type":"pong"}'
    await ws.close()


@pytest.mark.parametrize("protocols", [[PROTOCOL], ["chatd.v3", PROTOCOL], [PROTOCOL, "chat", "chatd.v1"]])
async def test_a_handshake_that_offers_chatd_v2_selects_it(chat: Chat, protocols: list[str]) -> None:
    alice = await chat.person("alice")
    await speaks_v2(await offer(chat, protocols, alice.token), alice)


@pytest.mark.parametrize("protocols", [[], ["chat"], ["chatd.v1", "chatd.v20"], ["CHATD.V2"], ["bearer.x"]])
async def test_any_other_offer_gets_classic_with_none_selected(chat: Chat, protocols: list[str]) -> None:
    alice = await chat.person("alice")
    await is_silent(await offer(chat, protocols, alice.token))


@pytest.mark.parametrize(
    ("token", "protocols", "code"),
    [
        ("", [PROTOCOL], 4001),
        ("", [PROTOCOL, "bearer."], 4001),
        ("garbage", [PROTOCOL], 4002),
        ("", [PROTOCOL, "bearer.garbage"], 4002),
    ],
)
async def test_chatd_v2_is_selected_where_the_connection_is_then_refused(
    chat: Chat, token: str, protocols: list[str], code: int
) -> None:
    ws = await offer(chat, protocols, token)
    assert ws.protocol == PROTOCOL
    assert (await ws.receive(timeout=PATIENCE)).type is WSMsgType.CLOSE
    assert ws.close_code == code


async def test_chatd_v2_is_selected_for_an_account_that_may_not_connect(chat: Chat) -> None:
    alice = await chat.person("alice")
    disable(chat, alice)
    ws = await offer(chat, [PROTOCOL], alice.token)
    assert ws.protocol == PROTOCOL
    await ws.receive(timeout=PATIENCE)
    assert ws.close_code == 4003


async def test_a_token_may_come_beside_the_subprotocol_in_any_order(chat: Chat) -> None:
    alice = await chat.person("alice")
    await speaks_v2(await offer(chat, [PROTOCOL, f"bearer.{alice.token}"]), alice)
    await speaks_v2(await offer(chat, [f"bearer.{alice.token}", PROTOCOL]), alice)


async def test_a_token_beside_other_subprotocols_is_none(chat: Chat) -> None:
    alice = await chat.person("alice")
    ws = await offer(chat, ["chat", f"bearer.{alice.token}"])
    assert ws.protocol is None
    await ws.receive(timeout=PATIENCE)
    assert ws.close_code == 4001


async def test_the_query_beats_the_header_which_beats_the_subprotocol(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    headers = {"Authorization": f"Bearer {bob.token}"}
    protocols = [PROTOCOL, f"bearer.{carol.token}"]
    for query, expected in ((f"?token={alice.token}", alice), ("?token=", bob)):
        path = f"/messages/ws{query}"
        await speaks_v2(await chat.client.ws_connect(path, headers=headers, protocols=protocols), expected)
    empty = {"Authorization": "Bearer "}
    await speaks_v2(await chat.client.ws_connect("/messages/ws", headers=empty, protocols=protocols), carol)


@pytest.mark.parametrize("formatter", [TextFormatter, JsonFormatter])
async def test_a_token_among_the_offers_is_never_logged(
    chat: Chat, caplog: pytest.LogCaptureFixture, formatter: type[logging.Formatter]
) -> None:
    alice = await chat.person("alice")
    caplog.set_level(logging.INFO)
    caplog.handler.setFormatter(formatter())
    for protocols in ([PROTOCOL, f"bearer.{alice.token}"], [f"bearer.{alice.token}"], ["x", f"bearer.{alice.token}"]):
        ws = await offer(chat, protocols)
        await ws.close()
    await until(lambda: not chat.server.app[REGISTRY].all())
    assert "disconnected" in caplog.text
    assert alice.token.rpartition(".")[2] not in caplog.text


async def test_hello_comes_first_and_says_where_everything_stands(start: Start) -> None:
    chat = await start(server={"heartbeat_seconds": 12.5})
    alice, bob = await chat.people("alice", "bobby")
    first = await connect(alice)
    session = next(each["id"] for each in await alice.get("/auth/sessions") if each["is_current"])
    epoch = first.hello.pop("epoch")
    assert isinstance(epoch, str)
    assert epoch
    assert first.hello == {
        "protocol": 2,
        "cursor": 0,
        "heartbeat_ms": 12500,
        "max_frame_bytes": 65536,
        "user": alice.brief,
        "session_id": session,
    }
    await alice.send(bob, "hi")
    second = await connect(bob)
    assert (second.hello["epoch"], second.hello["cursor"]) == (epoch, 1)
    assert second.hello["session_id"] != session


async def test_the_heartbeat_is_30_seconds_if_nothing_else_is_said(chat: Chat) -> None:
    assert (await connect(await chat.person("alice"))).hello["heartbeat_ms"] == 30_000


async def test_a_command_may_be_sent_before_the_hello_is_read_and_is_answered_after_it(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    client = V2Client(await offer(chat, [PROTOCOL], alice.token))
    await client.write({"type": "send", "id": "x", "data": {"user": bob.id, "content": "hi"}})
    assert [(await client.read())["type"] for _ in range(2)] == ["hello", "ack"]


async def test_the_epoch_stays_over_a_restart_and_the_cursor_too(start: Start) -> None:
    chat = await start()
    alice, bob = await chat.people("alice", "bobby")
    await alice.send(bob, "hi")
    before = (await connect(alice)).hello
    await chat.client.close()
    again = await start()
    alice.client = again.client
    after = (await connect(alice)).hello
    assert (after["epoch"], after["cursor"]) == (before["epoch"], before["cursor"])


async def test_connections_of_both_dialects_count_together_and_the_oldest_goes(start: Start) -> None:
    chat = await start(limits={"connections_per_user": 3})
    alice = await chat.person("alice")
    first = await connect(alice)
    classic = await alice.connect()
    await classic.ping()
    second, third = await connect(alice), await connect(alice)
    assert await first.closed() == 4009
    fourth = await connect(alice)
    assert await classic.closed() == 4009
    for client in (second, third, fourth):
        assert await client.settle() == []


async def test_signing_out_closes_the_sessions_connections_with_4002(chat: Chat) -> None:
    alice = await chat.person("alice")
    phone = await alice.device()
    stays, ready, waiting = await live(alice), await live(phone), await connect(phone)
    await phone.post("/auth/logout", status=204)
    assert [await ready.closed(), await waiting.closed()] == [4002, 4002]
    assert await stays.settle() == []


async def test_a_planned_stop_is_announced_with_another_delay_for_each_and_closes_with_1012(chat: Chat) -> None:
    people = await chat.people("alice", "bobby", "carol")
    clients = [await connect(person) for person in people for _ in range(2)]
    clients += [await live(person) for person in people for _ in range(2)]
    stop = asyncio.create_task(chat.server.stop())
    assert await asyncio.gather(*(client.closed() for client in clients)) == [1012] * 12
    await stop
    delays = []
    for client in clients:
        frame = await client.read_until("restarting")
        assert set(frame) == {"type", "data"}
        delays.append(frame["data"].pop("retry_after_ms"))
        assert frame["data"] == {}
    assert all(type(delay) is int and delay > 0 for delay in delays)
    assert len(set(delays)) > 6


async def test_what_was_committed_before_a_stop_is_told_before_the_warning(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    client = await live(bob)
    await alice.send(bob, "last words")
    stop = asyncio.create_task(chat.server.stop())
    assert await client.closed() == 1012
    await stop
    assert (await client.read_until("new_message"))["data"]["content"] == "last words"
    assert (await client.read_until("restarting"))["data"]["retry_after_ms"]


async def test_who_has_not_been_said_hello_to_is_not_warned_of_a_stop_either(chat: Chat) -> None:
    alice = await chat.person("alice")
    await alice.get("/auth/me")  # so that the handshake has no need of the readers
    gates = [Gate() for _ in range(2)]
    reading = [asyncio.create_task(chat.server.app[SERVICES].database.read(gate.read)) for gate in gates]
    for gate in gates:
        await gate.entered()
    ws = await offer(chat, [PROTOCOL], alice.token)
    await until(lambda: chat.server.app[REGISTRY].of(alice.id))
    stop = asyncio.create_task(chat.server.stop())
    message = await ws.receive(timeout=PATIENCE)
    for gate in gates:
        gate.open()
    await asyncio.gather(stop, *reading)
    assert (message.type, message.data) == (WSMsgType.CLOSE, 1012)
