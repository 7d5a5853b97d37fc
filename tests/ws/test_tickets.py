"""Tickets: each opens the socket of its session once, soon, and is worth nothing afterwards."""

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import ClientWebSocketResponse

from chatd.errors import NotAuthenticated
from chatd.http.context import SERVICES
from chatd.services import tickets
from chatd.storage import sessions
from tests.api.support import Clock, disable, write
from tests.conftest import Start
from tests.support import Chat, Person, Socket, error_of
from tests.ws.v2_client import PROTOCOL, V2Client


async def ticket(person: Person) -> str:
    """Return a new ticket."""
    answer = await person.post("/auth/tickets", status=201)
    assert set(answer) == {"ticket", "expires_at"}
    return str(answer["ticket"])


async def show(chat: Chat, *items: str, protocol: str = PROTOCOL, query: str = "") -> ClientWebSocketResponse:
    """Ask for a socket with items beside the subprotocol."""
    return await chat.client.ws_connect(f"/messages/ws{query}", protocols=[protocol, *items])


async def opened(socket: ClientWebSocketResponse) -> tuple[int, int]:
    """See that a socket was opened, close it, and return whose it is: the user and the session."""
    assert socket.protocol == PROTOCOL
    hello = (await V2Client(socket).read())["data"]
    await socket.close()
    return hello["user"]["id"], int(hello["session_id"])


async def code(socket: ClientWebSocketResponse) -> int | None:
    """Return what a socket was refused with."""
    return await Socket(socket).closed()


async def session_of(person: Person) -> int:
    """Return the id of the session that a token is of."""
    (current,) = [each["id"] for each in await person.get("/auth/sessions") if each["is_current"]]
    return int(current)


async def test_a_ticket_opens_a_socket_of_the_session_that_asked_for_it(chat: Chat) -> None:
    alice = await chat.person("alice")
    phone = await alice.device()
    for device in (alice, phone):
        socket = await show(chat, f"ticket.{await ticket(device)}")
        assert await opened(socket) == (alice.id, await session_of(device))


async def test_a_ticket_opens_one_socket_and_no_second(chat: Chat) -> None:
    alice = await chat.person("alice")
    secret = await ticket(alice)
    sockets = await asyncio.gather(*(show(chat, f"ticket.{secret}") for _ in range(8)))
    codes = []
    for socket in sockets:
        message = await socket.receive(timeout=30)
        codes.append(socket.close_code if socket.closed else message.type.name)
    assert sorted(map(str, codes)) == ["4002"] * 7 + ["TEXT"]
    assert await code(await show(chat, f"ticket.{secret}")) == 4002


@pytest.mark.parametrize("secret", ["x", "x" * 43, "ticket", "~", "ä", "a" * 4000])
async def test_what_was_never_given_out_opens_nothing(chat: Chat, secret: str) -> None:
    await ticket(await chat.person("alice"))
    assert await code(await show(chat, f"ticket.{secret}")) == 4002


async def test_a_token_is_no_ticket_and_a_ticket_no_token(chat: Chat) -> None:
    alice = await chat.person("alice")
    assert await code(await show(chat, f"ticket.{alice.token}")) == 4002
    secret = await ticket(alice)
    assert await code(await show(chat, f"bearer.{secret}")) == 4002
    assert await code(await show(chat, query=f"?token={secret}")) == 4002
    async with chat.client.get("/auth/me", headers={"Authorization": f"Bearer {secret}"}) as response:
        assert await error_of(response) == (401, "not_authenticated")


async def test_a_ticket_counts_only_beside_the_subprotocol(chat: Chat) -> None:
    alice = await chat.person("alice")
    secret = await ticket(alice)
    assert await code(await show(chat, f"ticket.{secret}", protocol="other")) == 4001
    assert await opened(await show(chat, f"ticket.{secret}")) == (alice.id, await session_of(alice))


async def test_a_token_goes_before_a_ticket_and_leaves_it_unused(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    secret = await ticket(alice)
    ways = (
        {"query": f"?token={bob.token}", "items": ["bearer.garbage"]},
        {"items": [f"bearer.{bob.token}"]},
        {"items": ["bearer.", f"bearer.{bob.token}", "ticket."]},
    )
    for way in ways:
        for items in ([*way["items"], f"ticket.{secret}"], [f"ticket.{secret}", *way["items"]]):
            socket = await show(chat, *items, query=str(way.get("query", "")))
            assert (await opened(socket))[0] == bob.id
    header = {"Authorization": "Bearer garbage"}
    protocols = [PROTOCOL, f"ticket.{secret}"]
    assert await code(await chat.client.ws_connect("/messages/ws", protocols=protocols, headers=header)) == 4002
    assert (await opened(await show(chat, "ticket.", "bearer.", f"ticket.{secret}", query="?token=")))[0] == alice.id
    assert await code(await show(chat, "ticket.")) == 4001


async def test_a_ticket_is_good_for_thirty_seconds(start: Start, clock: Clock) -> None:
    chat = await start(clock=clock)
    alice = await chat.person("alice")
    answer = await alice.post("/auth/tickets", status=201)
    assert dt.datetime.fromisoformat(answer["expires_at"]).timestamp() * 1000 == clock.now + 30_000
    late = await ticket(alice)
    clock.advance(seconds=29.999)
    assert (await opened(await show(chat, f"ticket.{answer['ticket']}")))[0] == alice.id
    clock.advance(seconds=0.001)
    assert await code(await show(chat, f"ticket.{late}")) == 4002


async def test_a_clock_that_is_put_back_makes_no_ticket_last_longer(start: Start, clock: Clock) -> None:
    chat = await start(clock=clock)
    secret = await ticket(await chat.person("alice"))
    clock.advance(seconds=-3600)
    assert await code(await show(chat, f"ticket.{secret}")) == 4002


async def test_a_ticket_ends_with_the_token_it_stands_for(start: Start, clock: Clock) -> None:
    chat = await start(clock=clock, accounts={"token_days": 1})
    alice = await chat.person("alice")
    clock.advance(seconds=86_400 - 10)
    answer = await alice.post("/auth/tickets", status=201)
    left = dt.datetime.fromisoformat(answer["expires_at"]).timestamp() - clock.now / 1000
    assert 8 < left <= 10
    clock.advance(seconds=left)
    assert await code(await show(chat, f"ticket.{answer['ticket']}")) == 4002


async def by_signing_out(_: Chat, person: Person) -> None:
    await person.post("/auth/logout", status=204)


async def from_another_device(_: Chat, person: Person) -> None:
    session, other = await session_of(person), await person.device()
    async with await other.request("DELETE", f"/auth/sessions/{session}") as response:
        assert response.status == 204


async def by_another_process(chat: Chat, person: Person) -> None:
    session = await session_of(person)
    write(chat, lambda tx: sessions.delete(tx.db, session, person.id))


async def by_disabling_the_account(chat: Chat, person: Person) -> None:
    disable(chat, person)


@pytest.mark.parametrize(
    ("end", "refusal"),
    [
        (by_signing_out, 4002),
        (from_another_device, 4002),
        (by_another_process, 4002),
        (by_disabling_the_account, 4003),
    ],
)
async def test_a_ticket_is_worth_nothing_once_its_session_has_ended(
    chat: Chat, end: Callable[[Chat, Person], Awaitable[None]], refusal: int
) -> None:
    alice = await chat.person("alice")
    secret = await ticket(alice)
    await end(chat, alice)
    assert await code(await show(chat, f"ticket.{secret}")) == refusal


async def test_a_socket_opened_by_a_ticket_ends_with_its_session(chat: Chat) -> None:
    alice = await chat.person("alice")
    client = V2Client(await show(chat, f"ticket.{await ticket(alice)}"))
    assert (await client.read())["type"] == "hello"
    await alice.post("/auth/logout", status=204)
    assert await client.closed() == 4002


async def test_a_session_has_only_so_many_and_the_oldest_gives_way(chat: Chat) -> None:
    alice = await chat.person("alice")
    phone = await alice.device()
    at_the_phone = await ticket(phone)
    secrets = [await ticket(alice) for _ in range(tickets._MOST_OF_SESSION + 1)]
    assert await code(await show(chat, f"ticket.{secrets[0]}")) == 4002
    for secret in (secrets[1], secrets[-1], at_the_phone):
        assert (await opened(await show(chat, f"ticket.{secret}")))[0] == alice.id


async def test_there_are_only_so_many_in_all_and_what_has_expired_is_forgotten(chat: Chat, clock: Clock) -> None:
    sessions = chat.server.app[SERVICES].sessions
    people = [await sessions.authenticate(each.token) for each in await chat.people("alice", "bobby", "carol", "david")]
    kept = tickets.OwnTickets(sessions, clock, at_most=3)
    first, *_ = [(await kept.issue(each)).secret for each in people]
    with pytest.raises(NotAuthenticated):
        await kept.redeem(first)
    assert len(kept._issued) == len(kept._of_session) == 3
    clock.advance(seconds=60)
    await kept.issue(people[0])
    assert len(kept._issued) == len(kept._of_session) == 1


async def test_how_often_somebody_asks_for_a_ticket_is_limited(start: Start) -> None:
    chat = await start(limits={"requests_per_second": 0.4})
    alice = await chat.person("alice")
    for _ in range(2):
        await ticket(alice)
    async with await alice.request("POST", "/auth/tickets") as response:
        assert await error_of(response) == (429, "rate_limited")
        assert response.headers["Retry-After"].isdigit()


async def test_a_ticket_is_for_who_is_signed_in(chat: Chat) -> None:
    assert await chat.error("POST", "/auth/tickets") == (401, "not_authenticated")
