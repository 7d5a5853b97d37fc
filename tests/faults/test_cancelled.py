"""Handlers cancelled at every single await, and clients gone in the middle of a request: nothing half-done stays.

Longer than 300 lines: what cancels and what is looked at afterwards belong together.
"""

import asyncio
import contextlib
import io
import itertools
import json
import socket
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Generator
from functools import partial
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest
from aiohttp import web
from PIL import Image

from chatd.fastpath.protocol import FastProtocol
from chatd.http.context import CONFIG, REGISTRY
from tests.api.sends import server_of
from tests.faults.proxy import ABRUPT
from tests.raw import connect, frame, upgrade_head
from tests.support import LOG, PASSWORD, Chat, Person, register, until

#: A request with this header is cancelled where its handler waits for the nth time.
CANCEL_AT = "Cancel-At"

#: A request with this header comes by its route: what is answered directly has nothing that could be cancelled.
BY_ITS_ROUTE = {"Sec-Fetch-Site": "same-origin"}

#: A client leaves after so many parts of a request.
PARTS = 12

#: No handler waits so often.
MANY = 100


#: What runs a request.
Handling = Coroutine[Any, Any, Any]


class CancelledAt(Awaitable[Any]):
    """A handler whose task is cancelled at one of its waits, as by :meth:`asyncio.Task.cancel`."""

    def __init__(self, handling: Handling, place: int) -> None:
        self._handling = handling
        self._place = place
        #: How many waits are left before that.
        self.left = place
        #: Whether it came so far.
        self.was_reached = False

    def __await__(self) -> Generator[Any, Any, Any]:
        go_on: Callable[[Any], Any] = self._handling.send
        value: Any = None
        for number in itertools.count(1):
            try:
                awaited = go_on(value)
            except StopIteration as end:
                return end.value
            self.left = self._place - number
            if number == self._place:
                self.was_reached = True
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
            try:
                value = yield awaited
                go_on = self._handling.send
            except BaseException as error:
                value, go_on = error, self._handling.throw
        raise AssertionError


class Canceller:
    """Cancels requests that ask for it."""

    def __init__(self, chat: Chat) -> None:
        """Stand between aiohttp and the application, middlewares and all, and before what outlives a request."""
        self.last: CancelledAt | None = None
        server = server_of(chat)
        handle = server.request_handler

        async def cancelled(request: web.BaseRequest) -> web.StreamResponse:
            if CANCEL_AT not in request.headers:
                return await handle(request)
            self.last = CancelledAt(cast(Handling, handle(request)), int(request.headers[CANCEL_AT]))
            response = cast(web.StreamResponse, await self.last)
            protocol = request.protocol
            if isinstance(protocol, FastProtocol) and protocol._converse is not None:
                protocol._converse = partial(self._converse, protocol._converse)
            return response

        server.request_handler = cancelled

    async def _converse(self, converse: Callable[[], Awaitable[None]]) -> None:
        """Let a socket go on that outlives its request, and cancel it where the request was not."""
        assert self.last is not None
        self.last = CancelledAt(cast(Handling, converse()), self.last.left)
        await self.last


@pytest.fixture
def canceller(chat: Chat) -> Canceller:
    """What cancels the handlers of requests that ask for it."""
    return Canceller(chat)


#: Makes a request of a place; all that it does may be half-done when it is cancelled.
Request = Callable[[Chat, Person, Person, dict[str, str]], Awaitable[None]]


async def ask(person: Person, method: str, path: str, headers: dict[str, str], **kwargs: Any) -> None:
    """Send a request that may be cut off."""
    with contextlib.suppress(aiohttp.ClientError, ConnectionError):
        async with await person.request(method, path, headers=headers, **kwargs) as response:
            await response.read()
            assert response.status < 500, await response.text()


async def register_somebody(chat: Chat, alice: Person, bob: Person, headers: dict[str, str]) -> None:
    body = {"username": f"user{headers[CANCEL_AT]}", "password": PASSWORD, "nickname": "x"}
    await ask(alice, "POST", "/auth/register", headers, json=body)


async def log_in(chat: Chat, alice: Person, bob: Person, headers: dict[str, str]) -> None:
    await ask(alice, "POST", "/auth/login", headers, data={"username": "alice", "password": PASSWORD})


async def log_out(chat: Chat, alice: Person, bob: Person, headers: dict[str, str]) -> None:
    await ask(await alice.device(), "POST", "/auth/logout", headers)


async def change_the_password(chat: Chat, alice: Person, bob: Person, headers: dict[str, str]) -> None:
    body = {"old_password": PASSWORD, "new_password": PASSWORD}
    await ask(alice, "POST", "/users/me/password", headers, json=body)


async def change_the_profile(chat: Chat, alice: Person, bob: Person, headers: dict[str, str]) -> None:
    await ask(alice, "PUT", "/users/me", headers, json={"nickname": f"Alice {headers[CANCEL_AT]}"})


async def upload(chat: Chat, alice: Person, bob: Person, headers: dict[str, str]) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "PNG")
    form = aiohttp.FormData()
    form.add_field("file", picture.getvalue(), filename="x.png")
    await ask(alice, "POST", "/files/upload/avatar", headers, data=form)


async def send(chat: Chat, alice: Person, bob: Person, headers: dict[str, str]) -> None:
    body = {"content": "hello", "client_id": f"id {headers[CANCEL_AT]}"}
    await ask(alice, "POST", f"/messages/send/{bob.id}", headers, json=body)


async def send_to_a_stranger(chat: Chat, alice: Person, bob: Person, headers: dict[str, str]) -> None:
    stranger = await register(chat.client, f"stranger{headers[CANCEL_AT]}")
    await ask(alice, "POST", f"/messages/send/{stranger.id}", headers, json={"content": "hello"})


async def mark_as_read(chat: Chat, alice: Person, bob: Person, headers: dict[str, str]) -> None:
    await bob.send(alice, "read this")
    await ask(alice, "POST", f"/messages/read/{bob.id}", headers)


async def edit(chat: Chat, alice: Person, bob: Person, headers: dict[str, str]) -> None:
    message = await alice.send(bob, "to be edited")
    await ask(alice, "PATCH", f"/messages/{message['id']}", headers, json={"content": "edited"})


async def delete(chat: Chat, alice: Person, bob: Person, headers: dict[str, str]) -> None:
    message = await alice.send(bob, "to be deleted")
    await ask(alice, "DELETE", f"/messages/{message['id']}", headers)


async def react(chat: Chat, alice: Person, bob: Person, headers: dict[str, str]) -> None:
    message = await alice.send(bob, "to be liked")
    await ask(bob, "PUT", f"/messages/{message['id']}/reactions/👍", headers)


async def now(person: Person) -> str:
    """Return the place where the log is, as a query has it."""
    async with await person.request("GET", "/conversations") as response:
        return f"epoch={response.headers['Chatd-Epoch']}&since={response.headers['Chatd-Cursor']}"


async def wait_for_events(chat: Chat, alice: Person, bob: Person, headers: dict[str, str]) -> None:
    path = f"/messages/events?{await now(alice)}&timeout=10"
    asking = asyncio.create_task(ask(alice, "GET", path, headers))
    registry = chat.server.app[REGISTRY]
    await until(lambda: asking.done() or registry._waiting)
    await asyncio.gather(asking, bob.send(alice, "an event"))


async def look(chat: Chat, alice: Person, bob: Person, headers: dict[str, str]) -> None:
    for path in (
        "/conversations",
        f"/messages?user={bob.id}",
        f"/messages/history/{bob.id}",
        "/auth/sessions",
        "/health",
    ):
        await ask(alice, "GET", path, headers)


async def converse(chat: Chat, alice: Person, bob: Person, headers: dict[str, str]) -> None:
    """Connect, do a bit of everything, and leave."""
    said: list[tuple[str, dict[str, Any]]] = [
        ("sync", {}),
        ("send", {"user": bob.id, "content": "hello", "client_id": f"ws {headers[CANCEL_AT]}"}),
        ("send", {"user": bob.id, "content": "hello again"}),
        ("read", {"user": bob.id, "up_to": 1}),
        ("typing", {"user": bob.id}),
        ("sync", {}),
    ]
    headers = {**headers, "Authorization": f"Bearer {alice.token}"}
    with contextlib.suppress(aiohttp.ClientError, ConnectionError):
        async with chat.client.ws_connect("/messages/ws", headers=headers, protocols=["chatd.v2"]) as ws:
            for number, (kind, data) in enumerate(said):
                await ws.send_str(json.dumps({"type": kind, "id": number, "data": data}))
                async for message in ws:
                    if message.json()["type"] == "ack":
                        break


async def listen(chat: Chat, alice: Person, bob: Person, headers: dict[str, str]) -> None:
    """Connect as a classic client, be told something, and leave."""
    with contextlib.suppress(aiohttp.ClientError, ConnectionError):
        async with chat.client.ws_connect(f"/messages/ws?token={alice.token}", headers=headers) as ws:
            await ws.send_str('{"type":"ping"}')
            await ws.receive()
            await bob.send(alice, "listen")
            await ws.receive()


REQUESTS = (
    register_somebody,
    log_in,
    log_out,
    change_the_password,
    change_the_profile,
    upload,
    send,
    send_to_a_stranger,
    mark_as_read,
    edit,
    delete,
    react,
    wait_for_events,
    look,
    converse,
    listen,
)


def tasks() -> list["asyncio.Task[Any]"]:
    """Return all tasks but those that serve a connection: clients keep those open for a while."""
    return [task for task in asyncio.all_tasks() if getattr(task.get_coro(), "__name__", "") != "start"]


async def require_nothing_half_done(chat: Chat, alice: Person, bob: Person, before: int) -> None:
    """See that the next write works, that no transaction is open, and that nothing is left over."""
    message = await alice.send(bob, "the next write")
    assert (await bob.get(f"/messages/history/{alice.id}?page_size=1"))["items"][0]["id"] == message["id"]
    registry = chat.server.app[REGISTRY]
    await until(lambda: not registry.all() and not registry._admitted and not registry._waiting)
    await until(
        lambda: not any(each._request_in_progress for each in server_of(chat).connections) and len(tasks()) <= before
    )
    await asyncio.to_thread(require_whole, chat.server.app[CONFIG].database_file)


#: Each finds what belongs to nothing, or a count that is wrong.
ORPHANS = (
    "PRAGMA foreign_key_check",
    """SELECT id FROM conversations
        WHERE message_count != (SELECT count(*) FROM messages WHERE conversation_id = conversations.id)""",
    "SELECT id FROM conversations WHERE message_count = 0",
    """SELECT id FROM conversations
        WHERE last_message_id != (SELECT max(id) FROM messages WHERE conversation_id = conversations.id)""",
    """SELECT id FROM conversations
        WHERE (SELECT count(*) FROM memberships WHERE conversation_id = conversations.id) != 2""",
    """SELECT user_id FROM memberships WHERE sent_count != (SELECT count(*) FROM messages
        WHERE conversation_id = memberships.conversation_id AND sender_id = memberships.user_id)""",
    f"SELECT seq FROM {LOG} GROUP BY seq HAVING count(*) != 1",
    "SELECT seq FROM change_log WHERE kind = 'message'",
    """SELECT id FROM messages WHERE (edited_at IS NOT NULL)
        != (SELECT count(*) FROM change_log WHERE kind = 'edit' AND message_id = messages.id)""",
    """SELECT id FROM messages WHERE (deleted_at IS NOT NULL)
        != (SELECT count(*) FROM change_log WHERE kind = 'delete' AND message_id = messages.id)""",
    """SELECT message_id FROM reactions
        WHERE NOT EXISTS (SELECT 1 FROM change_log WHERE kind = 'reaction' AND message_id = reactions.message_id)""",
)


def require_whole(path: Path) -> None:
    """Look from outside, and write: nobody may hold the lock."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=5)) as db:
        db.execute("BEGIN IMMEDIATE")
        for orphans in ORPHANS:
            assert db.execute(orphans).fetchall() == [], orphans
        assert db.execute(f"SELECT max(seq) - min(seq) + 1 - count(*) FROM {LOG}").fetchone() == (0,)
        db.execute("ROLLBACK")


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda each: each.__name__)
async def test_a_handler_cancelled_at_any_await_leaves_nothing_half_done(
    chat: Chat, canceller: Canceller, request_: Request, caplog: pytest.LogCaptureFixture
) -> None:
    alice, bob = await chat.people("alice", "bobby")
    await alice.send(bob, "hello")
    await bob.send(alice, "hello")
    before = len(tasks())
    for place in range(1, MANY):
        canceller.last = None
        await request_(chat, alice, bob, {CANCEL_AT: str(place), **BY_ITS_ROUTE})
        await require_nothing_half_done(chat, alice, bob, before)
        assert canceller.last is not None
        if not canceller.last.was_reached:
            break
    assert 1 < place < MANY - 1
    assert not [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")]


def wholes(alice: Person, bob: Person, place: str) -> list[bytes]:
    """Return requests that a client may leave at any byte."""
    body = b'{"content": "hello", "client_id": "gone"}'
    lines = [
        f"POST /messages/send/{bob.id} HTTP/1.1",
        "Host: x",
        f"Authorization: Bearer {alice.token}",
        f"Content-Length: {len(body)}",
    ]
    command = {"type": "send", "id": 1, "data": {"user": bob.id, "content": "hello", "client_id": "gone too"}}
    frames = frame(b'{"type":"sync","id":0}') + frame(json.dumps(command).encode())
    return [
        "\r\n".join(lines).encode() + b"\r\n\r\n" + body,
        upgrade_head(alice.token, "Sec-WebSocket-Protocol: chatd.v2").encode() + frames,
        f"GET /messages/events?{place}&timeout=30 HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer {alice.token}\r\n\r\n".encode(),
    ]


@pytest.mark.parametrize("number", range(3), ids=["request", "socket", "long poll"])
@pytest.mark.parametrize("abruptly", [True, False], ids=["reset", "closed"])
async def test_a_client_gone_in_the_middle_of_a_request_leaves_nothing_half_done(
    chat: Chat, number: int, abruptly: bool
) -> None:
    alice, bob = await chat.people("alice", "bobby")
    await alice.send(bob, "hello")
    before = len(tasks())
    for part in range(PARTS + 1):
        async with connect(chat) as raw:
            whole = wholes(alice, bob, await now(alice))[number]
            await raw.send(whole[: len(whole) * part // PARTS])
            if abruptly:
                raw.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABRUPT)
            else:
                raw.writer.close()
        await require_nothing_half_done(chat, alice, bob, before)
    stored = [each["content"] for each in (await bob.get(f"/messages/history/{alice.id}"))["items"]]
    assert stored.count("hello") <= 2
