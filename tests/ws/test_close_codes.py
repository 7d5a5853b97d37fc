"""The codes the server closes a socket with because of who is, or is no longer, at the other end."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Collection

import jwt
import pytest

from chatd.delivery.connection import SocketTimeouts
from chatd.errors import StorageUnavailable
from chatd.events import Event
from chatd.http.context import CONFIG, REGISTRY, SERVICES
from chatd.http.timeouts import Timeouts
from chatd.models import Session
from chatd.services import accounts, keys, sessions
from chatd.services.tokens import Tokens
from chatd.storage.commit import write_once
from tests.conftest import Start
from tests.loop_time import LoopTime
from tests.support import PASSWORD, Chat, Person, Socket, until, watch_often


async def code(chat: Chat, token: str) -> int | None:
    """Connect with a token and return the code the server closes with."""
    return await Socket(await chat.client.ws_connect("/messages/ws", params={"token": token})).closed()


def key(chat: Chat) -> bytes:
    """Return what the server signs tokens with."""
    return keys.signing_key(chat.server.app[CONFIG])


def signed(chat: Chat, **claims: object) -> str:
    """Return a token that the server has signed, whatever it claims."""
    return jwt.encode({"sub": "1", "sid": 1, "iat": 0, "exp": 2**33, **claims}, key(chat), "HS256")


def new_session(chat: Chat, person: Person, lifetime_ms: int = 60_000) -> tuple[Session, str]:
    """Start a session whose lifetime is cut to the full second, and return it with its token."""
    now = time.time_ns() // 1_000_000
    session = write_once(
        chat.server.app[CONFIG].store,
        lambda tx: sessions.start(tx, person.id, device="", address="", now=now, lifetime_ms=lifetime_ms),
    )
    return session, Tokens(key(chat)).issue(session)


async def chatd(chat: Chat, *arguments: str) -> None:
    """Run a command beside the server, in another process."""
    settings = chat.server.app[CONFIG]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "chatd", *arguments, "--data-dir", str(settings.data_dir)),
        stdout=asyncio.subprocess.DEVNULL,
        env={**os.environ, "CHATD_DATABASE_URL": settings.database.url},
    )
    assert await process.wait() == 0


async def test_no_token_is_4001(chat: Chat) -> None:
    assert await code(chat, "") == 4001


@pytest.mark.parametrize("token", ["garbage", "a.b.c", "токен", "...", "eyJhbGciOiJub25lIn0.e30.", "x" * 5000])
async def test_what_is_no_token_is_4002(chat: Chat, token: str) -> None:
    assert await code(chat, token) == 4002


async def test_a_token_that_the_server_has_not_signed_is_4002(chat: Chat) -> None:
    await chat.person("alice")
    claims = {"sub": "1", "sid": 1, "iat": 0, "exp": 2**33}
    assert await code(chat, jwt.encode(claims, "k" * 32, "HS256")) == 4002
    assert await code(chat, jwt.encode(claims, "", "none")) == 4002


async def test_a_token_with_a_missing_or_odd_claim_is_4002(chat: Chat) -> None:
    alice = await chat.person("alice")
    session = (await alice.get("/auth/sessions"))[0]["id"]
    odd: list[dict[str, object]] = [
        {"sid": None},
        {"sid": "1"},
        {"sid": session + 1},
        {"sub": "x"},
        {"exp": 1},
        {"exp": "2"},
        {"exp": None},
    ]
    for claims in odd:
        assert await code(chat, signed(chat, **{"sub": str(alice.id), "sid": session, **claims})) == 4002, claims


async def test_an_expired_token_is_4002(chat: Chat) -> None:
    alice = await chat.person("alice")
    session = (await alice.get("/auth/sessions"))[0]["id"]
    claims = {"sub": str(alice.id), "sid": session, "exp": int(time.time()) - 1}
    assert await code(chat, signed(chat, **claims)) == 4002


async def test_the_token_of_an_ended_session_is_4002(chat: Chat) -> None:
    alice = await chat.person("alice")
    await alice.post("/auth/logout", status=204)
    assert await code(chat, alice.token) == 4002


async def test_logging_out_closes_the_sockets_of_that_session_and_no_others(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    phone = await alice.device()
    ending = [await alice.connect(), await alice.connect()]
    staying = [await phone.connect(), await bob.connect()]
    await alice.post("/auth/logout", status=204)
    assert [await socket.closed() for socket in ending] == [4002, 4002]
    for socket in staying:
        await socket.ping()


async def test_ending_another_session_closes_its_sockets(chat: Chat) -> None:
    alice = await chat.person("alice")
    phone = await alice.device()
    mine, theirs = await alice.connect(), await phone.connect()
    (other,) = [each["id"] for each in await alice.get("/auth/sessions") if not each["is_current"]]
    async with await alice.request("DELETE", f"/auth/sessions/{other}") as response:
        assert response.status == 204
    assert await theirs.closed() == 4002
    await mine.ping()


async def test_a_new_password_closes_the_sockets_of_all_other_sessions(chat: Chat) -> None:
    alice = await chat.person("alice")
    phone = await alice.device()
    mine, theirs = await alice.connect(), await phone.connect()
    passwords = {"old_password": PASSWORD, "new_password": "battery staple"}
    await alice.post("/users/me/password", passwords, status=204)
    assert await theirs.closed() == 4002
    await mine.ping()


async def test_a_token_that_expires_closes_its_socket_at_that_moment(chat: Chat, loop_time: LoopTime) -> None:
    alice = await chat.person("alice")
    session, token = new_session(chat, alice, 25_000)
    staying = await alice.connect()
    expiring = Socket(await chat.client.ws_connect(f"/messages/ws?token={token}"))
    await expiring.ping()
    left = session.expires_at / 1000 - time.time()
    await loop_time.forward(left - 10)
    await expiring.ping()
    await loop_time.forward(10)
    assert await expiring.closed() == 4002
    await staying.ping()


async def test_a_user_who_does_not_exist_is_4003(chat: Chat) -> None:
    assert await code(chat, signed(chat, sub="12345")) == 4003


async def test_disabling_a_user_in_another_process_closes_their_sockets_and_keeps_them_out(
    chat: Chat,
) -> None:
    watch_often(chat)
    alice, bob = await chat.people("alice", "bobby")
    sockets = [await alice.connect(), await alice.connect()]
    other = await bob.connect()
    await chatd(chat, "user", "disable", "alice")
    assert [await socket.closed() for socket in sockets] == [4003, 4003]
    await other.ping()
    assert await code(chat, alice.token) == 4003


async def test_a_session_ended_by_another_process_is_looked_for_until_that_succeeds(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch_often(chat)
    alice = await chat.person("alice")
    socket = await alice.connect()
    await socket.ping()
    found = chat.server.app[SERVICES].sessions
    look, tries = found.find_ended, 0

    async def fail_at_first(connected: Collection[tuple[int, int]]) -> list[Event]:
        nonlocal tries
        tries += 1
        if tries <= 2:
            raise StorageUnavailable
        return await look(connected)

    monkeypatch.setattr(found, "find_ended", fail_at_first)
    write_once(chat.server.app[CONFIG].store, lambda tx: accounts.set_password(tx, alice.id, "another hash"))
    assert await socket.closed() == 4002
    assert tries == 3


async def test_a_password_set_beside_the_server_closes_the_users_sockets(
    chat: Chat,
) -> None:
    watch_often(chat)
    alice, bob = await chat.people("alice", "bobby")
    socket, other = await alice.connect(), await bob.connect()
    write_once(chat.server.app[CONFIG].store, lambda tx: accounts.set_password(tx, alice.id, "another hash"))
    assert await socket.closed() == 4002
    await other.ping()


async def test_a_stop_closes_every_socket_with_1012(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    sockets = [await alice.connect(), await alice.connect(), await bob.connect()]
    for socket in sockets:
        await socket.ping()
    *codes, _ = await asyncio.gather(*(socket.closed() for socket in sockets), chat.client.server.close())
    assert codes == [1012, 1012, 1012]


async def test_a_stop_closes_sockets_with_1012_that_have_only_just_connected(chat: Chat) -> None:
    alice = await chat.person("alice")
    tokens = [new_session(chat, alice)[1] for _ in range(20)]
    paths = [f"/messages/ws?token={token}" for token in tokens]
    opened = await asyncio.gather(*(chat.client.ws_connect(path) for path in paths))
    closing = [Socket(ws).closed() for ws in opened]
    *codes, _ = await asyncio.gather(*closing, chat.client.server.close())
    assert codes == [1012] * 20


async def test_a_stop_closes_a_socket_with_1012_after_the_messages_that_were_stored(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    socket = await bob.connect()
    sends = [asyncio.create_task(alice.send(bob, f"{number}")) for number in range(20)]
    await asyncio.gather(*sends)
    stop = asyncio.create_task(chat.client.server.close())
    contents = [(await socket.receive())["data"]["content"] for _ in range(20)]
    assert sorted(contents, key=int) == [str(number) for number in range(20)]
    assert await socket.closed() == 1012
    await stop


async def test_a_client_that_ignores_a_close_is_gone_all_the_same(start: Start) -> None:
    chat = await start(timeouts=Timeouts(sockets=SocketTimeouts(close=0.1)))
    alice = await chat.person("alice")
    ws = await chat.client.ws_connect(f"/messages/ws?token={alice.token}", autoclose=False)
    await ws.send_str(json.dumps({"type": "ping"}))
    registry = chat.server.app[REGISTRY]
    await until(lambda: registry.of(alice.id))
    await alice.post("/auth/logout", status=204)
    await until(lambda: not registry.of(alice.id))
    await ws.close()
