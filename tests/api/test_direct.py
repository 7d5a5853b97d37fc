"""Sends that are answered inside aiohttp's reader: like their route answers them, and the connection goes on."""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web

from chatd import versions
from chatd.http import protocol
from chatd.http.context import REGISTRY, SERVICES
from chatd.schemas.requests import CONTENT_MAX
from tests.api.support import Clock
from tests.conftest import Start
from tests.loop_time import LoopTime
from tests.raw import Raw, connect
from tests.storage.support import Gate, hold
from tests.support import Chat, Person, until

#: More requests than aiohttp lets wait on a connection, which is 32.
MANY = 100


class Routes:
    """Counts the requests that came by a route."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        handle = web.Application._handle

        async def counted(app: web.Application, request: web.Request) -> web.StreamResponse:
            self.count += 1
            return await handle(app, request)

        monkeypatch.setattr(web.Application, "_handle", counted)


@pytest.fixture
def routes(monkeypatch: pytest.MonkeyPatch) -> Routes:
    """Who counts the requests that aiohttp brings to the application."""
    return Routes(monkeypatch)


@pytest.fixture
async def chat(routes: Routes, start: Start) -> Chat:
    """A server whose routes are watched."""
    return await start()


def head(sender: Person, receiver_id: int | str, *lines: str, version: str = "1.1") -> str:
    """Return the head of a send, without its end."""
    path = f"/messages/send/{receiver_id}"
    token = f"Authorization: Bearer {sender.token}"
    return "\r\n".join((f"POST {path} HTTP/{version}", "Host: a", token, *lines, ""))


def send(sender: Person, receiver_id: int | str, body: Any, *lines: str, version: str = "1.1") -> bytes:
    """Return a whole send; a body that is no text is made JSON."""
    data = body if isinstance(body, str) else json.dumps(body)
    return f"{head(sender, receiver_id, *lines, version=version)}Content-Length: {len(data)}\r\n\r\n{data}".encode()


@contextlib.asynccontextmanager
async def resting(chat: Chat) -> AsyncIterator[Raw]:
    """Connect, and ask for something else first: then the server waits for the next request."""
    async with connect(chat) as raw:
        await raw.send("GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (await raw.answer())[0] == 200
        await asyncio.sleep(0.01)
        yield raw


async def held(chat: Chat, raw: Raw, request: bytes) -> Callable[[], Any]:
    """Send a request and have its commit wait; return what lets it go on."""
    database = chat.server.app[SERVICES].database
    gate, holding = await hold(database)
    await raw.send(request)
    await until(lambda: database.queue_length)

    async def go_on(gate: Gate = gate) -> None:
        gate.open()
        await holding
        await database.write(lambda _: None)

    return go_on


@pytest.fixture
async def people(chat: Chat) -> tuple[Person, Person]:
    """Two people whose tokens have been seen."""
    alice, bob = await chat.people("alice", "bobby")
    for each in (alice, bob):
        await each.get("/auth/me")
    return alice, bob


async def test_an_ordinary_send_comes_by_no_route(chat: Chat, people: tuple[Person, Person], routes: Routes) -> None:
    alice, bob = people
    device = await bob.connect()
    async with resting(chat) as raw:
        before = routes.count
        assert before > 0
        for number in range(MANY):
            await raw.send(send(alice, bob.id, {"content": f"message {number}", "client_id": f"c{number}"}))
            status, headers, body = await raw.answer()
            assert (status, headers["Content-Type"]) == (200, "application/json; charset=utf-8")
            message = json.loads(body)
            assert (message["content"], message["receiver_id"]) == (f"message {number}", bob.id)
            assert (await device.receive())["data"]["id"] == message["id"]
        assert routes.count == before
        await raw.send(send(alice, bob.id, {"content": "hi"}) * 3)
        assert [(await raw.answer())[0] for _ in range(3)] == [200] * 3


def unusual(alice: Person, bob: Person) -> dict[str, bytes]:
    """Return sends that their route has to answer, by what is unusual about them."""
    hi = {"content": "hi"}
    whole = json.dumps(hi)
    chunked = head(alice, bob.id, "Transfer-Encoding: chunked") + "\r\n"
    return {
        "a query": send(alice, f"{bob.id}?x=1", hi),
        "an id with a sign": send(alice, f"+{bob.id}", hi),
        "an id with a zero before it": send(alice, f"0{bob.id}", hi),
        "an id beyond all": send(alice, 10**18, hi),
        "no id": send(alice, "", hi),
        "an unknown field": send(alice, bob.id, {**hi, "unknown": 1}),
        "nothing to say": send(alice, bob.id, {"content": ""}),
        "too much to say": send(alice, bob.id, {"content": "x" * 20_000}),
        "no JSON": send(alice, bob.id, "hi"),
        "no body": send(alice, bob.id, ""),
        "a body beyond all": send(alice, bob.id, whole + " " * 70_000),
        "chunks": f"{chunked}{len(whole):x}\r\n{whole}\r\n0\r\n\r\n".encode(),
        "a coding": send(alice, bob.id, hi, "Content-Encoding: gzip"),
        "no coding": send(alice, bob.id, hi, "Content-Encoding: identity"),
        "an expectation": send(alice, bob.id, hi, "Expect: something"),
        "the end of the connection": send(alice, bob.id, hi, "Connection: close"),
        "HTTP/1.0": send(alice, bob.id, hi, "Connection: keep-alive", version="1.0"),
        "an upgrade": send(alice, bob.id, hi, "Connection: Upgrade", "Upgrade: websocket"),
        "no token": send(alice, bob.id, hi).replace(b"Bearer", b"Basic"),
        "an unknown token": send(alice, bob.id, hi).replace(b"Bearer ", b"Bearer x"),
    }


@pytest.mark.parametrize("what", unusual(Person(None, 1, "", "", ""), Person(None, 2, "", "", "")))  # type: ignore[arg-type]
async def test_an_unusual_send_comes_by_its_route(
    chat: Chat, people: tuple[Person, Person], routes: Routes, what: str
) -> None:
    async with resting(chat) as raw:
        before = routes.count
        await raw.send(unusual(*people)[what])
        assert (await raw.answer())[0] in (200, 400, 401, 404, 413, 415, 417, 422)
        assert routes.count == before + 1


async def test_a_send_in_two_pieces_comes_by_its_route(
    chat: Chat, people: tuple[Person, Person], routes: Routes
) -> None:
    whole = send(*people[:1], people[1].id, {"content": "hi"})
    async with resting(chat) as raw:
        for place in (10, len(whole) - 3):
            before = routes.count
            await raw.send(whole[:place])
            await asyncio.sleep(0.02)
            await raw.send(whole[place:])
            assert (await raw.answer())[0] == 200
            assert routes.count - before <= 1


async def test_every_answer_is_the_one_of_the_route(
    chat: Chat, monkeypatch: pytest.MonkeyPatch, routes: Routes
) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    await alice.get("/auth/me")
    async with await carol.request("PUT", f"/users/{alice.id}/block") as response:
        assert response.status < 300
    await alice.send(bob, "first", client_id="used")
    asked = [
        (bob.id, {"content": "first", "client_id": "used"}, 200),
        (bob.id, {"content": "another", "client_id": "used"}, 409),
        (alice.id, {"content": "to me"}, 400),
        (987_654, {"content": "to nobody"}, 404),
        (carol.id, {"content": "to who blocks me"}, 200),
    ]
    async with resting(chat) as direct:
        monkeypatch.setattr(versions, "KNOWN_VERSIONS", ("none",))
        async with resting(chat) as routed:
            for receiver_id, body, expected in asked:
                before = routes.count
                answers = []
                for raw in (direct, routed):
                    await raw.send(send(alice, receiver_id, body))
                    status, headers, text = await raw.answer()
                    told = json.loads(text)
                    if "client_id" not in body:
                        told = {name: value for name, value in told.items() if name not in ("id", "created_at")}
                        headers.pop("Content-Length")
                    headers.pop("Date")
                    answers.append((status, sorted(headers.items()), told))
                assert answers[0] == answers[1]
                assert answers[0][0] == expected
                assert routes.count == before + 1


@pytest.mark.parametrize("limit", ["requests_per_second", "messages_per_second"])
async def test_who_sends_too_fast_is_told_when_to_go_on(routes: Routes, start: Start, limit: str) -> None:
    chat = await start(limits={limit: 1})
    alice, bob = await chat.people("alice", "bobby")
    await alice.get("/auth/me")
    async with resting(chat) as raw:
        before = routes.count
        statuses = []
        for _ in range(8):
            await raw.send(send(alice, bob.id, {"content": "hi"}))
            status, headers, body = await raw.answer()
            statuses.append(status)
        assert statuses == sorted(statuses)
        assert {*statuses} == {200, 429}
        assert int(headers["Retry-After"]) >= 1
        assert json.loads(body)["code"] == "rate_limited"
        assert routes.count == before


async def test_an_expired_token_is_refused(clock: Clock, start: Start) -> None:
    chat = await start(accounts={"token_days": 1})
    alice, bob = await chat.people("alice", "bobby")
    await alice.get("/auth/me")
    async with resting(chat) as raw:
        for later, expected in ((0, 200), (86_400, 401)):
            clock.advance(seconds=later)
            await raw.send(send(alice, bob.id, {"content": "hi"}))
            assert (await raw.answer())[0] == expected


async def test_a_session_that_was_ended_sends_no_more(chat: Chat, people: tuple[Person, Person]) -> None:
    alice, bob = people
    async with resting(chat) as raw:
        await raw.send(send(alice, bob.id, {"content": "hi"}))
        assert (await raw.answer())[0] == 200
        await alice.post("/auth/logout", status=204)
        await raw.send(send(alice, bob.id, {"content": "still here"}))
        assert (await raw.answer())[0] == 401


async def test_what_comes_while_a_send_waits_is_answered_after_it(chat: Chat, people: tuple[Person, Person]) -> None:
    alice, bob = people
    async with resting(chat) as raw:
        go_on = await held(chat, raw, send(alice, bob.id, {"content": "first"}))
        await raw.send(send(alice, bob.id, {"content": "second"}) + b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n")
        await asyncio.sleep(0.05)
        await go_on()
        for content in ("first", "second"):
            assert json.loads((await raw.answer())[2])["content"] == content
        assert (await raw.answer())[0] == 404
        await raw.send(send(alice, bob.id, {"content": "third"}))
        assert json.loads((await raw.answer())[2])["content"] == "third"


async def test_who_does_not_read_the_answers_is_not_heard_for_ever(chat: Chat, people: tuple[Person, Person]) -> None:
    alice, bob = people
    registry = chat.server.app[REGISTRY]
    sent = 0

    async def is_heard(since: int) -> bool:
        for _ in range(1000):
            await asyncio.sleep(0.002)
            if registry.head > since:
                return True
        return False

    async with connect(chat, receive_buffer=4096) as raw:
        while sent < 2000:
            before = registry.head
            await raw.send(send(alice, bob.id, {"content": "x" * CONTENT_MAX}))
            if not await is_heard(before):
                break
            sent += 1
    assert 10 < sent < 2000


@pytest.mark.parametrize("is_first", [True, False])
async def test_a_connection_waits_for_a_commit_longer_than_it_would_rest(
    start: Start, loop_time: LoopTime, monkeypatch: pytest.MonkeyPatch, is_first: bool
) -> None:
    monkeypatch.setattr(protocol, "KEEPALIVE_TIMEOUT", 20.0)
    chat = await start()
    alice, bob = await chat.people("alice", "bobby")
    await alice.get("/auth/me")
    async with connect(chat) if is_first else resting(chat) as raw:
        await asyncio.sleep(0.05)  # until the server waits for a request
        go_on = await held(chat, raw, send(alice, bob.id, {"content": "hi"}))
        await loop_time.forward(60)
        await go_on()
        assert (await raw.answer())[0] == 200
        assert await loop_time.fly(raw.ended()) == b""


async def test_half_a_head_behind_a_send_that_waits_is_late_only_after_its_answer(
    chat: Chat, people: tuple[Person, Person], loop_time: LoopTime
) -> None:
    alice, bob = people
    async with resting(chat) as raw:
        go_on = await held(chat, raw, send(alice, bob.id, {"content": "hi"}))
        await raw.send("GET /health HTTP/1.1\r\n")
        await asyncio.sleep(0.05)
        await loop_time.forward(3 * protocol.HEAD_TIMEOUT)
        await go_on()
        assert (await raw.answer())[0] == 200
        assert (await loop_time.fly(raw.answer()))[0] == 408


async def test_who_leaves_while_a_send_waits_raises_no_alarm(
    chat: Chat, people: tuple[Person, Person], caplog: pytest.LogCaptureFixture
) -> None:
    alice, bob = people
    tasks = len(asyncio.all_tasks())
    async with resting(chat) as raw:
        go_on = await held(chat, raw, send(alice, bob.id, {"content": "hi"}))
    await asyncio.sleep(0.05)  # until the server knows
    await go_on()
    assert [each["content"] for each in (await bob.get(f"/messages/history/{alice.id}"))["items"]] == ["hi"]
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    await until(lambda: len(asyncio.all_tasks()) <= tasks)


async def test_a_server_that_stops_answers_first(
    chat: Chat, people: tuple[Person, Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat.server._runner, "_shutdown_timeout", 3600)
    alice, bob = people
    async with resting(chat) as raw:
        go_on = await held(chat, raw, send(alice, bob.id, {"content": "hi"}))
        stopping = asyncio.create_task(chat.client.close())
        await asyncio.sleep(0.2)
        await go_on()
        assert (await raw.answer())[0] == 200
        assert await raw.ended() == b""
        await stopping


async def test_where_pages_of_other_origins_may_ask_each_answer_says_so(start: Start) -> None:
    chat = await start(server={"origins": ["https://chat.example.org"]})
    alice, bob = await chat.people("alice", "bobby")
    await alice.get("/auth/me")
    async with resting(chat) as raw:
        await raw.send(send(alice, bob.id, {"content": "hi"}, "Origin: https://chat.example.org"))
        status, headers, _ = await raw.answer()
        assert status == 200
        assert headers["Access-Control-Allow-Origin"] == "https://chat.example.org"
        assert headers["Vary"] == "Origin"


async def test_a_send_that_fails_by_a_bug_is_a_500_and_an_alarm(
    chat: Chat, people: tuple[Person, Person], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    alice, bob = people
    services = chat.server.app[SERVICES]
    async with resting(chat) as raw:
        with monkeypatch.context() as broken:
            broken.delattr(type(services.messages), "posting")
            await raw.send(send(alice, bob.id, {"content": "hi"}))
            status, _, body = await raw.answer()
            assert (status, json.loads(body)["code"]) == (500, "internal_error")
        (record,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
        assert record.__dict__["event"] == "request_failed"
        await raw.send(send(alice, bob.id, {"content": "hi"}))
        assert (await raw.answer())[0] == 200
