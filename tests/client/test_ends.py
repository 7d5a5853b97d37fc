"""Ends after which a client does not come back."""

import asyncio
from typing import Any

import pytest

from chatd.client import (
    ChatError,
    Client,
    NotAllowed,
    ProtocolError,
    Refused,
    SessionEnded,
    TokenMissing,
    TooManyConnections,
)
from tests.client.support import PeerSocket, Script, client_of, fast, peer
from tests.conftest import Start
from tests.support import PASSWORD, PATIENCE, Chat


def client_at(url: str, **options: Any) -> Client:
    """Return a client that is quick to come back."""
    return Client(url, **{"token": "t", "backoff": fast(), **options})


async def stay(client: Client) -> None:
    """Connect, and stay as long as it goes."""
    await client.connect()
    await client.wait_ended()


async def wait_until_stopped(client: Client) -> ChatError:
    """Wait until the server has ended the connection for good, and return why."""
    with pytest.raises(ChatError) as ending:
        await asyncio.wait_for(client.wait_ended(), PATIENCE)
    return ending.value


async def test_without_a_token_it_stops(chat: Chat) -> None:
    with pytest.raises(TokenMissing, match="no token") as ending:
        await client_at(chat.server.url, token=None).__aenter__()
    assert ending.value.close_code == 4001


async def test_with_a_bad_token_it_stops(chat: Chat) -> None:
    with pytest.raises(SessionEnded, match="sign in again") as ending:
        await client_at(chat.server.url, token="nonsense").__aenter__()
    assert ending.value.close_code == 4002


async def test_it_stops_when_its_session_ends(chat: Chat) -> None:
    alice = await chat.person("alice")
    async with client_of(alice) as client:
        assert client.is_connected
        await alice.post("/auth/logout", status=204)
        assert isinstance(await wait_until_stopped(client), SessionEnded)
        assert not client.is_connected
        with pytest.raises(SessionEnded):
            await client.send(2, "hi")


async def test_who_knows_the_password_may_connect_again_after_the_session_has_ended(chat: Chat) -> None:
    await chat.person("alice")
    client = client_at(chat.server.url, token=None, username="alice", password=PASSWORD)
    async with client:
        await client.logout()
        assert isinstance(await wait_until_stopped(client), SessionEnded)
        with pytest.raises(SessionEnded):
            await client.connect()
        await client.disconnect()
        await client.connect()
        assert client.is_connected
        (current,) = [session for session in await client.sessions() if session.is_current]
        await client.end_session(current.id)
        assert isinstance(await wait_until_stopped(client), SessionEnded)
        await client.disconnect()
        await client.connect()
        assert client.is_connected


async def test_it_stops_when_the_user_has_too_many_connections(start: Start) -> None:
    chat = await start(limits={"connections_per_user": 1})
    alice = await chat.person("alice")
    async with client_of(alice) as first, client_of(alice) as second:
        ending = await wait_until_stopped(first)
        assert isinstance(ending, TooManyConnections)
        assert ending.close_code == 4009
        assert second.is_connected


async def test_it_stops_when_the_sign_in_is_refused(chat: Chat) -> None:
    with pytest.raises(Refused) as refusal:
        await client_at(chat.server.url, token=None, username="alice", password=PASSWORD).__aenter__()
    assert refusal.value.status == 401


async def test_it_signs_in_by_itself(chat: Chat) -> None:
    alice = await chat.person("alice")
    async with client_at(chat.server.url, token=None, username="alice", password=PASSWORD) as client:
        assert client.myself.id == alice.id


def closing(code: int, after_hello: bool = True) -> Script:
    """Return a script that closes with a code."""

    async def script(socket: PeerSocket, number: int) -> None:
        if after_hello:
            await socket.hello()
            await socket.catch_up()
        await socket.socket.close(code=code)

    return script


@pytest.mark.parametrize("after_hello", [False, True])
@pytest.mark.parametrize(
    ("code", "kind"), [(4003, NotAllowed), (1002, ProtocolError), (1003, ProtocolError), (1009, ProtocolError)]
)
async def test_a_final_close_code_is_final(code: int, kind: type[Exception], after_hello: bool) -> None:
    async with peer(closing(code, after_hello)) as url:
        client = client_at(url)
        with pytest.raises(kind):
            await stay(client)
        await client.close()


async def test_it_says_so_where_there_is_no_chatd() -> None:
    async def nothing(*_: object) -> None:
        raise AssertionError("nobody connects here")

    async with peer(nothing) as url:
        with pytest.raises(ProtocolError, match="404"):
            await client_at(url + "elsewhere").__aenter__()


async def test_it_says_so_where_another_dialect_is_spoken() -> None:
    async def classic(socket: PeerSocket, number: int) -> None:
        await socket.send(type="pong")

    async with peer(classic) as url:
        with pytest.raises(ProtocolError, match="does not speak"):
            await client_at(url).__aenter__()


async def test_garbage_ends_it() -> None:
    async def garbage(socket: PeerSocket, number: int) -> None:
        await socket.hello()
        await socket.catch_up()
        await socket.socket.send_str("]")
        await socket.wait_closed()

    async with peer(garbage) as url, client_at(url) as client:
        assert isinstance(await wait_until_stopped(client), ProtocolError)
