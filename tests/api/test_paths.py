"""How every route is reached: by HEAD where GET is, with its last slash and without; and what may keep its answer."""

import json
from typing import Any

import pytest
from multidict import CIMultiDict

from chatd.api.bodies import FormBody, JsonBody
from chatd.api.endpoint import Route
from tests.api.sends import resting, send
from tests.api.support import path_to, table
from tests.api.test_avatars import picture, upload
from tests.conftest import Start
from tests.raw import Raw, connect
from tests.support import PASSWORD, Chat, Person

#: What answers GET and is in no table.
OTHERS = ["/openapi.json", "/metrics", "/messages/ws", "/nothing"]

TOKEN = "0123456789abcdef"


@pytest.fixture(params=[True, False], ids=["fast", "public"])
def fast(request: pytest.FixtureRequest) -> bool:
    """Both ways through aiohttp."""
    return bool(request.param)


@pytest.fixture
async def chat(start: Start) -> Chat:
    """A server with metrics."""
    return await start(metrics={"token": TOKEN})


def query_of(route: Route) -> str:
    """Return what a route has to be asked, and that it is not to wait."""
    named = set() if route.query is None else set(route.query.fields)
    values = {"user": "2", "since": "0", "timeout": "0"}
    return "&".join(f"{name}={value}" for name, value in values.items() if name in named)


async def ask(raw: Raw, method: str, target: str, token: str, *lines: str) -> tuple[int, CIMultiDict[str]]:
    """Send a request without a body, and return the status and headers of the answer; its own body stays."""
    head = (f"{method} {target} HTTP/1.1", "Host: a", f"Authorization: Bearer {token}", *lines, "", "")
    await raw.send("\r\n".join(head))
    lines_back = (await raw.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = CIMultiDict((line.partition(": ")[0], line.partition(": ")[2]) for line in lines_back[1:-2])
    return int(lines_back[0].split()[1]), headers


async def whole(raw: Raw, target: str, token: str) -> tuple[int, CIMultiDict[str], bytes]:
    """Send a GET, and return the answer."""
    status, headers = await ask(raw, "GET", target, token)
    return status, headers, await raw.reader.readexactly(int(headers["Content-Length"]))


async def some(chat: Chat) -> tuple[Person, str]:
    """Make something for every route to find; return who finds it, and the name of a picture."""
    alice, bob = await chat.people("alice", "bobby")
    await alice.send(bob, "hello")
    return alice, (await upload(alice, picture("PNG", (9, 9))))["filename"]


def targets(chat: Chat, filename: str) -> list[str]:
    """Return a good and a bad target of everything that answers GET, but what is made for each request."""
    found = []
    for route in table(chat):
        if route.method == "GET" and not route.path.endswith("/export"):
            path = path_to(route, filename if "filename" in route.path else "2")
            found += [f"{path}?{query_of(route)}", f"{path}?limit=%zz", path_to(route, "%00")]
    assert len(found) > 30
    return found + OTHERS


def lasting(headers: CIMultiDict[str]) -> dict[str, str]:
    """Return the headers that do not depend on the moment."""
    return {name: value for name, value in headers.items() if name != "Date"}


async def test_head_answers_as_get_does_without_the_body(chat: Chat) -> None:
    alice, filename = await some(chat)
    async with connect(chat) as raw:
        for target in targets(chat, filename):
            token = TOKEN if target == "/metrics" else alice.token
            status, headers, body = await whole(raw, target, token)
            again, others = await ask(raw, "HEAD", target, token)  # the next answer shows that no body came
            assert (status, again) == (status, status), target
            if "/health" not in target and target != "/metrics":  # which tell of the moment
                assert lasting(headers) == lasting(others), target
            assert int(others["Content-Length"]) > 0
            assert body


async def test_head_of_a_long_poll_does_not_wait(chat: Chat) -> None:
    alice, _ = await some(chat)
    async with await alice.request("GET", "/conversations") as response:
        epoch, since = response.headers["Chatd-Epoch"], response.headers["Chatd-Cursor"]
    async with connect(chat) as raw:
        since = f"epoch={epoch}&since={since}&timeout=60"
        assert (await ask(raw, "HEAD", f"/messages/events?{since}", alice.token))[0] == 200
        assert (await whole(raw, "/health", alice.token))[0] == 200


async def test_head_of_an_export_makes_none(start: Start) -> None:
    chat = await start(limits={"exports_per_hour": 1})
    alice = await chat.person("alice")
    async with connect(chat) as raw:
        for _ in range(3):
            status, headers = await ask(raw, "HEAD", "/users/me/export", alice.token)
            assert (status, headers["Content-Type"]) == (200, "application/zip")
            assert "Content-Length" not in headers
            assert "Transfer-Encoding" not in headers
        status, headers, _ = await whole(raw, "/users/me/export", alice.token)
        assert (status, headers["Cache-Control"]) == (200, "no-store")


async def test_head_needs_a_token_where_get_does(chat: Chat) -> None:
    async with connect(chat) as raw:
        for route in table(chat):
            if route.method == "GET" and not (route.public or route.anonymous):
                assert (await ask(raw, "HEAD", path_to(route), ""))[0] == 401, route.path


async def test_a_handshake_by_head_opens_no_socket(chat: Chat) -> None:
    alice = await chat.person("alice")
    upgrade = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13")
    async with connect(chat) as raw:
        key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
        assert (await ask(raw, "HEAD", "/messages/ws", alice.token, *upgrade, key))[0] == 426


def twin(path: str) -> str:
    """Return a path with its last slash, or without it."""
    return path.rstrip("/") if path.endswith("/") else f"{path}/"


async def test_every_path_is_found_with_its_last_slash_and_without(chat: Chat) -> None:
    alice, filename = await some(chat)
    async with connect(chat) as raw:
        for target in targets(chat, filename):
            if target == "/nothing":
                continue
            token = TOKEN if target == "/metrics" else alice.token
            path, mark, query = target.partition("?")
            status, headers, body = await whole(raw, target, token)
            again, others, same = await whole(raw, twin(path) + mark + query, token)
            assert status == again, target
            if "/health" not in target and target != "/metrics":
                assert (lasting(headers), body) == (lasting(others), same), target


async def test_what_changes_something_does_so_by_both_paths(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    for number, slash in enumerate(("", "/")):
        account = {"username": f"carol{number}", "password": PASSWORD, "nickname": "C"}
        asked: list[tuple[int, str, str, dict[str, Any]]] = [
            (201, "POST", "/auth/register", {"json": account}),
            (200, "POST", "/auth/login", {"data": {"username": "alice", "password": PASSWORD}}),
            (200, "POST", f"/messages/send/{bob.id}", {"json": {"content": f"hi{slash}"}}),
            (200, "PUT", "/users/me", {"json": {"nickname": f"Alice{slash}"}}),
        ]
        for status, method, path, options in asked:
            async with await alice.request(method, path + slash, allow_redirects=False, **options) as response:
                assert response.status == status, path + slash
    assert [item["content"] for item in (await alice.get(f"/messages?user={bob.id}"))["items"]] == ["hi", "hi/"]
    async with await alice.request("POST", "/auth/logout/") as response:
        assert response.status == 204


async def test_another_method_is_405_by_both_paths(chat: Chat) -> None:
    for path in ("/auth/me/", "/users", "/messages/ws/", "/messages/conversations/", "/health/"):
        async with chat.client.request("DELETE", path) as response:
            assert (response.status, set(response.headers["Allow"].split(","))) == (405, {"GET", "HEAD"}), path


async def test_nobody_keeps_an_answer_but_that_of_a_picture(chat: Chat) -> None:
    alice, filename = await some(chat)
    for route in table(chat):
        for name in (filename, "%00", "x" * 99):
            data = "{" if isinstance(route.body, JsonBody) else "x" if isinstance(route.body, FormBody) else None
            target = f"{path_to(route, name)}?{query_of(route)}"
            async with await alice.request(route.method, target, data=data) as response:
                kept = response.headers["Cache-Control"]
                is_picture = response.content_type == "image/webp"
                assert kept == ("public, max-age=31536000, immutable" if is_picture else "no-store"), target
    for path in ("/nothing", "/auth/login", "/openapi.json"):
        async with chat.client.get(path) as response:
            assert response.headers["Cache-Control"] == "no-store", path


async def test_nobody_keeps_the_answer_to_a_send(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    await alice.get("/auth/me")
    async with resting(chat) as raw:
        for receiver_id, expected in ((bob.id, 200), (alice.id, 400), (99, 404)):
            await raw.send(send(alice.token, receiver_id, {"content": "hi"}))
            status, headers, body = await raw.answer()
            assert (status, headers["Cache-Control"]) == (expected, "no-store")
            assert json.loads(body)
