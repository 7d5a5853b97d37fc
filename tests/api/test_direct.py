"""Sends that are answered inside aiohttp's reader: which ones are, and that each is answered like its route does."""

import json
import logging
from typing import Any, cast

import pytest
from aiohttp import web

from chatd.fastpath.protocol import FastProtocol
from chatd.http.context import DIRECTLY
from tests.api.sends import head, newest, resting, send, server_of
from tests.api.support import Clock
from tests.conftest import Start
from tests.support import Chat, Person, until

pytestmark = pytest.mark.parametrize("fast", [True])

#: More requests than aiohttp lets wait on a connection, which is 32.
MANY = 100


class Routes:
    """Counts the requests that came by a route."""

    def __init__(self, chat: Chat) -> None:
        """Watch the requests that aiohttp hands to the application, on every connection from now on."""
        self.count = 0
        server = server_of(chat)
        handle = server.request_handler

        async def counted(request: web.BaseRequest) -> web.StreamResponse:
            self.count += 1
            return await handle(request)

        server.request_handler = counted


@pytest.fixture
def routes(chat: Chat) -> Routes:
    """The counter of requests that come by a route."""
    return Routes(chat)


async def test_an_ordinary_send_comes_by_no_route(chat: Chat, people: tuple[Person, Person], routes: Routes) -> None:
    alice, bob = people
    device = await bob.connect()
    async with resting(chat) as raw:
        before = routes.count
        assert before > 0
        for number in range(MANY):
            await raw.send(send(alice.token, bob.id, {"content": f"message {number}", "client_id": f"c{number}"}))
            status, headers, body = await raw.answer()
            assert (status, headers["Content-Type"]) == (200, "application/json; charset=utf-8")
            message = json.loads(body)
            assert (message["content"], message["receiver_id"]) == (f"message {number}", bob.id)
            assert (await device.receive())["data"]["id"] == message["id"]
        assert routes.count == before
        await raw.send(send(alice.token, bob.id, {"content": "hi"}) * 3)
        assert [(await raw.answer())[0] for _ in range(3)] == [200] * 3


def unusual(token: str, receiver_id: int) -> dict[str, bytes]:
    """Return sends that their route has to answer, by what is unusual about them."""
    hi = {"content": "hi"}
    whole = json.dumps(hi)
    chunked = head(token, receiver_id, "Transfer-Encoding: chunked") + "\r\n"
    return {
        "a query": send(token, f"{receiver_id}?x=1", hi),
        "an id with a sign": send(token, f"+{receiver_id}", hi),
        "an id with a zero before it": send(token, f"0{receiver_id}", hi),
        "an id beyond all": send(token, 10**18, hi),
        "no id": send(token, "", hi),
        "an unknown field": send(token, receiver_id, {**hi, "unknown": 1}),
        "nothing to say": send(token, receiver_id, {"content": ""}),
        "too much to say": send(token, receiver_id, {"content": "x" * 20_000}),
        "no JSON": send(token, receiver_id, "hi"),
        "no body": send(token, receiver_id, ""),
        "a body beyond all": send(token, receiver_id, whole + " " * 70_000),
        "chunks": f"{chunked}{len(whole):x}\r\n{whole}\r\n0\r\n\r\n".encode(),
        "a coding": send(token, receiver_id, hi, "Content-Encoding: gzip"),
        "no coding": send(token, receiver_id, hi, "Content-Encoding: identity"),
        "an expectation": send(token, receiver_id, hi, "Expect: something"),
        "the end of the connection": send(token, receiver_id, hi, "Connection: close"),
        "HTTP/1.0": send(token, receiver_id, hi, "Connection: keep-alive", version="1.0"),
        "an upgrade": send(token, receiver_id, hi, "Connection: Upgrade", "Upgrade: websocket"),
        "no token": send(token, receiver_id, hi).replace(b"Bearer", b"Basic"),
        "an unknown token": send(token, receiver_id, hi).replace(b"Bearer ", b"Bearer x"),
    }


@pytest.mark.parametrize("what", unusual("", 1))
async def test_an_unusual_send_comes_by_its_route(
    chat: Chat, people: tuple[Person, Person], routes: Routes, what: str
) -> None:
    async with resting(chat) as raw:
        before = routes.count
        await raw.send(unusual(people[0].token, people[1].id)[what])
        assert (await raw.answer())[0] in (200, 400, 401, 404, 413, 415, 417, 422)
        assert routes.count == before + 1


@pytest.mark.parametrize(("parted_at", "by_its_route"), [(10, False), (-3, True)])
async def test_a_send_whose_body_is_late_comes_by_its_route(
    chat: Chat, people: tuple[Person, Person], routes: Routes, parted_at: int, by_its_route: bool
) -> None:
    whole = send(people[0].token, people[1].id, {"content": "hi"})
    async with resting(chat) as raw:
        before = routes.count
        await raw.send(whole[:parted_at])
        await until(lambda: cast(FastProtocol, newest(chat))._head_begun or routes.count > before)
        await raw.send(whole[parted_at:])
        assert (await raw.answer())[0] == 200
        assert routes.count - before == by_its_route


ORIGINS = ["https://chat.example.org"]


@pytest.mark.parametrize("origins", [[], ORIGINS])
async def test_every_answer_is_the_one_of_the_route(start: Start, origins: list[str]) -> None:
    chat = await start(server={"origins": origins})
    routes = Routes(chat)
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
    async with resting(chat) as raw:
        for receiver_id, body, expected in asked:
            before = routes.count
            answers = []
            for path in (f"{receiver_id}", f"{receiver_id}/"):  # only a route takes the second one
                await raw.send(send(alice.token, path, body))
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
async def test_who_sends_too_fast_is_told_when_to_go_on(start: Start, limit: str) -> None:
    chat = await start(limits={limit: 1})
    routes = Routes(chat)
    alice, bob = await chat.people("alice", "bobby")
    await alice.get("/auth/me")
    async with resting(chat) as raw:
        before = routes.count
        statuses = []
        for _ in range(8):
            await raw.send(send(alice.token, bob.id, {"content": "hi"}))
            status, headers, body = await raw.answer()
            statuses.append(status)
        assert statuses == sorted(statuses)
        assert {*statuses} == {200, 429}
        assert int(headers["Retry-After"]) >= 1
        assert json.loads(body)["code"] == "rate_limited"
        assert routes.count == before


async def test_an_expired_token_is_refused(clock: Clock, start: Start) -> None:
    chat = await start(clock=clock, accounts={"token_days": 1})
    alice, bob = await chat.people("alice", "bobby")
    await alice.get("/auth/me")
    async with resting(chat) as raw:
        for later, expected in ((0, 200), (86_400, 401)):
            clock.advance(seconds=later)
            await raw.send(send(alice.token, bob.id, {"content": "hi"}))
            assert (await raw.answer())[0] == expected


async def test_a_session_that_was_ended_sends_no_more(chat: Chat, people: tuple[Person, Person]) -> None:
    alice, bob = people
    async with resting(chat) as raw:
        await raw.send(send(alice.token, bob.id, {"content": "hi"}))
        assert (await raw.answer())[0] == 200
        await alice.post("/auth/logout", status=204)
        await raw.send(send(alice.token, bob.id, {"content": "still here"}))
        assert (await raw.answer())[0] == 401


async def test_where_pages_of_other_origins_may_ask_each_answer_says_so(start: Start) -> None:
    chat = await start(server={"origins": ORIGINS})
    alice, bob = await chat.people("alice", "bobby")
    await alice.get("/auth/me")
    async with resting(chat) as raw:
        await raw.send(send(alice.token, bob.id, {"content": "hi"}, "Origin: https://chat.example.org"))
        status, headers, _ = await raw.answer()
        assert status == 200
        assert headers["Access-Control-Allow-Origin"] == "https://chat.example.org"
        assert headers["Vary"] == "Origin"


async def test_a_send_that_fails_by_a_bug_is_a_500_and_an_alarm(
    chat: Chat, people: tuple[Person, Person], caplog: pytest.LogCaptureFixture
) -> None:
    alice, bob = people
    direct: Any = chat.server.app[DIRECTLY]
    async with resting(chat) as raw:
        limiter, direct._requests = direct._requests, None
        await raw.send(send(alice.token, bob.id, {"content": "hi"}))
        status, _, body = await raw.answer()
        assert (status, json.loads(body)["code"]) == (500, "internal_error")
        direct._requests = limiter
        (record,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
        assert record.__dict__["event"] == "request_failed"
        await raw.send(send(alice.token, bob.id, {"content": "hi"}))
        assert (await raw.answer())[0] == 200
