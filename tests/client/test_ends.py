"""When a client comes back, and when it does not."""

import asyncio
import random
from typing import Any

import pytest

from chatd.client import (
    Backoff,
    ChatError,
    Client,
    Disconnected,
    NotAllowed,
    ProtocolError,
    Refused,
    SessionEnded,
    TokenMissing,
    TooManyConnections,
)
from tests.client.support import PeerSocket, Script, client_of, fast, peer
from tests.conftest import Start
from tests.loop_time import LoopTime
from tests.support import PASSWORD, PATIENCE, Chat, until


class Highest(random.Random):
    """A random number generator that always gives the highest."""

    def uniform(self, a: float, b: float) -> float:
        return b


class Waits:
    """A sleep that notes how long it should be, and is over at once."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await asyncio.sleep(0)


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


async def test_any_other_end_is_a_reason_to_come_back() -> None:
    codes = [1000, 1001, 1006, 1008, 1011, 1012, 1013, 4008]
    done = asyncio.Event()

    async def script(socket: PeerSocket, number: int) -> None:
        if number <= len(codes):
            await socket.hello()
            await socket.catch_up()
            transport = socket.request.transport
            assert transport is not None
            code = codes[number - 1]
            transport.abort() if code == 1006 else await socket.socket.close(code=code)
        else:
            await socket.hello()
            await socket.catch_up()
            done.set()
            await socket.wait_closed()

    async with peer(script) as url, client_at(url, sleep=Waits()):
        await asyncio.wait_for(done.wait(), PATIENCE)


async def test_it_waits_longer_each_time_and_begins_anew_once_it_has_caught_up() -> None:
    waits = Waits()
    done = asyncio.Event()

    async def script(socket: PeerSocket, number: int) -> None:
        if number in (4, 7):
            await socket.hello()
            await socket.catch_up()
        if number == 7:
            done.set()
            await socket.wait_closed()

    async with peer(script) as url, client_at(url, sleep=waits, backoff=Backoff(random=Highest())):
        await asyncio.wait_for(done.wait(), PATIENCE)
    assert waits.seconds == [3, 6, 12, 3, 6, 12]


async def test_who_was_thrown_out_for_flooding_waits_the_longest() -> None:
    waits = Waits()
    done = asyncio.Event()

    async def script(socket: PeerSocket, number: int) -> None:
        await socket.hello()
        await socket.catch_up()
        if number == 2:
            done.set()
            await socket.wait_closed()
        await socket.socket.close(code=1008)

    async with peer(script) as url, client_at(url, sleep=waits, backoff=Backoff(random=Highest())):
        await asyncio.wait_for(done.wait(), PATIENCE)
    assert waits.seconds == [30]


async def test_who_is_told_when_to_come_back_comes_then() -> None:
    waits = Waits()
    done = asyncio.Event()

    async def script(socket: PeerSocket, number: int) -> None:
        await socket.hello()
        await socket.catch_up()
        if number == 2:
            done.set()
            await socket.wait_closed()
        await socket.send(type="restarting", data={"retry_after_ms": 4321})
        await socket.socket.close(code=1012)

    async with peer(script) as url, client_at(url, sleep=waits):
        await asyncio.wait_for(done.wait(), PATIENCE)
    assert waits.seconds == [4.321]


async def test_a_silent_line_is_dead_after_two_beats(loop_time: LoopTime) -> None:
    heard: list[Any] = []
    done = asyncio.Event()

    async def script(socket: PeerSocket, number: int) -> None:
        await socket.hello()
        await socket.catch_up()
        if number == 2:
            done.set()
            return
        async for message in socket.socket:
            heard.append(message.data)

    async with peer(script) as url, client_at(url):
        await loop_time.fly(done.wait())
    assert set(heard) == {'{"type":"ping"}'}


async def test_a_quiet_line_that_answers_pings_lives(loop_time: LoopTime) -> None:
    pings = 0
    enough = asyncio.Event()

    async def script(socket: PeerSocket, number: int) -> None:
        nonlocal pings
        assert number == 1
        await socket.hello()
        await socket.catch_up()
        async for message in socket.socket:
            assert message.json() == {"type": "ping"}
            pings += 1
            await socket.send(type="pong", data={"cursor": 40 + pings})
            if pings == 3:
                enough.set()

    async with peer(script) as url, client_at(url) as client:
        await loop_time.fly(enough.wait())
        await until(lambda: client.cursor is not None and client.cursor.seq >= 43)


async def test_a_server_that_is_not_there_yet_is_waited_for() -> None:
    async def script(socket: PeerSocket, number: int) -> None:
        await socket.hello()
        await socket.catch_up()
        await socket.wait_closed()

    waits = Waits()
    async with peer(script) as url:
        pass
    client = client_at(url, sleep=waits)
    connecting = asyncio.create_task(client.connect())
    await until(lambda: len(waits.seconds) > 3)
    assert not connecting.done()
    await client.close()
    with pytest.raises(Disconnected):
        await connecting


async def test_who_is_not_connected_is_told_so() -> None:
    client = Client("http://localhost:1", token="t")
    assert not client.is_connected
    with pytest.raises(Disconnected):
        await client.send(2, "hi")
    with pytest.raises(Disconnected):
        await client.wait_ended()
    await client.close()
