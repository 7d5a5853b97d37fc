"""Long polling: the very same events as the socket tells."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from chatd.http.context import REGISTRY, SERVICES
from chatd.storage import change_log
from tests.conftest import Start
from tests.raw import connect as connect_raw
from tests.support import Chat, Person, error_of, until
from tests.ws.v2_client import connect, contents, live


async def poll(person: Person, **query: Any) -> tuple[dict[str, Any], Mapping[str, str]]:
    """Ask for events, and return the answer with its headers."""
    async with await person.request("GET", "/messages/events", params=query) as response:
        assert response.status == 200, await response.text()
        body = await response.json()
        assert set(body) == {"events", "cursor", "more"}
        return body, response.headers


async def epoch_of(person: Person) -> str:
    """Return the name of the log."""
    return (await poll(person))[1]["Chatd-Epoch"]


async def waiting(chat: Chat, person: Person, **query: Any) -> "asyncio.Task[tuple[dict[str, Any], Mapping[str, str]]]":
    """Begin a poll that finds nothing yet, and return it once the server waits."""
    task = asyncio.create_task(poll(person, **query))
    await until(lambda: chat.server.app[REGISTRY]._waiting.get(person.id))
    return task


async def test_without_a_place_the_answer_is_where_the_log_is(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    await alice.send(bob, "hi")
    body, headers = await poll(bob)
    assert body == {"events": [], "cursor": 1, "more": False}
    assert (headers["Chatd-Epoch"], headers["Chatd-Cursor"]) == ((await connect(bob)).hello["epoch"], "1")


async def test_the_events_are_the_very_same_as_the_sockets(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    listening, acting = await live(bob), await live(alice)
    sent = await acting.send(bob, "hi", client_id="c")
    message_id = sent["data"]["message"]["id"]
    epoch = await epoch_of(bob)
    first = (await poll(bob, epoch=epoch, since=0, timeout=0))[0]["events"]
    assert await listening.settle() == first
    await acting.ack("edit", message_id=message_id, content="ho")
    await acting.ack("react", message_id=message_id, emoji="👍")
    await acting.ack("delete", message_id=message_id)
    async with await alice.request("PUT", "/users/me", json={"nickname": "Al"}) as response:
        assert response.status == 200
    everything = (await poll(bob, epoch=epoch, since=0, timeout=0))[0]
    assert everything["events"] == await (await connect(bob)).catch_up()
    assert everything["cursor"] == 5
    live_ones = await listening.settle()
    assert [each["seq"] for each in everything["events"]] == [1, *(each["seq"] for each in live_ones)]
    assert everything["events"][2:] == live_ones[1:]


async def test_a_poll_waits_and_is_woken_by_what_concerns_the_caller(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    epoch = await epoch_of(bob)
    task = await waiting(chat, bob, epoch=epoch, since=0, timeout=60)
    await alice.send(carol, "not for bob")
    client = await live(alice)
    await client.ack("typing", user=bob.id)
    assert not task.done()
    await alice.send(bob, "for bob")
    body, headers = await task
    assert (contents(body["events"]), body["cursor"], body["more"]) == (["for bob"], 2, False)
    assert headers["Chatd-Cursor"] == "2"
    assert chat.server.app[REGISTRY]._waiting == {}


async def test_ones_own_messages_wake_all_ones_polls_too(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    epoch = await epoch_of(alice)
    polls = [asyncio.create_task(poll(alice, epoch=epoch, since=0, timeout=60)) for _ in range(2)]
    await until(lambda: len(chat.server.app[REGISTRY]._waiting.get(alice.id, ())) == 2)
    client = await connect(alice)
    await client.send(bob, "from another device")
    for body, _ in await asyncio.gather(*polls):
        assert contents(body["events"]) == ["from another device"]


async def test_a_poll_that_times_out_is_empty_and_its_cursor_moves_on(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    await alice.send(carol, "not for bob")
    epoch = await epoch_of(bob)
    assert (await poll(bob, epoch=epoch, since=0, timeout=0))[0] == {"events": [], "cursor": 1, "more": False}
    task = await waiting(chat, bob, epoch=epoch, since=0, timeout=1)
    assert (await task)[0] == {"events": [], "cursor": 1, "more": False}


async def test_many_events_come_page_by_page(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    await asyncio.gather(*(alice.send(bob, "x") for _ in range(250)))
    epoch = await epoch_of(bob)
    first = (await poll(bob, epoch=epoch, since=0))[0]
    assert (len(first["events"]), first["more"]) == (200, True)
    second = (await poll(bob, epoch=epoch, since=first["cursor"]))[0]
    assert (len(second["events"]), second["more"], second["cursor"]) == (50, False, 250)
    seqs = [event["seq"] for event in first["events"] + second["events"]]
    assert seqs == list(range(1, 251))


async def test_polling_while_much_is_said_misses_nothing_and_repeats_nothing(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    epoch = await epoch_of(bob)
    sending = asyncio.gather(*(sender.send(bob, "x") for sender in [alice, carol] * 100))
    seqs: list[int] = []
    cursor = 0
    while len(seqs) < 200:
        page = (await poll(bob, epoch=epoch, since=cursor, timeout=60))[0]
        seqs += [event["seq"] for event in page["events"]]
        cursor = page["cursor"]
    await sending
    assert seqs == list(range(1, 201))
    assert cursor == 200


async def test_a_place_that_is_not_in_the_log_is_409_resync(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    for _ in range(3):
        await alice.send(bob, "x")
    epoch = await epoch_of(bob)
    await chat.server.app[SERVICES].database.write(lambda tx: change_log.prune(tx.db, before=2**60, limit=2))
    for query in (f"epoch={epoch}&since=1", f"epoch={epoch}&since=4", "epoch=other&since=3", "since=3"):
        async with await bob.request("GET", f"/messages/events?{query}&timeout=0") as response:
            assert await error_of(response) == (409, "resync"), query
    assert len((await poll(bob, epoch=epoch, since=2))[0]["events"]) == 1


@pytest.mark.parametrize("query", ["since=-1", "since=x", f"since={2**53}", "timeout=61", "timeout=-1", "timeout=x"])
async def test_a_query_for_events_that_makes_no_sense_is_422(chat: Chat, query: str) -> None:
    alice = await chat.person("alice")
    async with await alice.request("GET", f"/messages/events?{query}") as response:
        assert await error_of(response) == (422, "validation_error")


async def test_a_poll_ends_when_the_server_stops(chat: Chat) -> None:
    alice = await chat.person("alice")
    task = await waiting(chat, alice, epoch=await epoch_of(alice), since=0, timeout=60)
    await chat.server.stop()
    assert (await task)[0] == {"events": [], "cursor": 0, "more": False}


async def test_a_poll_tells_nothing_more_once_its_session_has_ended(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    phone = await bob.device()
    epoch = await epoch_of(bob)

    async def refused() -> tuple[int, str]:
        params = {"epoch": epoch, "since": 0, "timeout": 60}
        async with await phone.request("GET", "/messages/events", params=params) as response:
            return await error_of(response)

    task = asyncio.create_task(refused())
    await until(lambda: chat.server.app[REGISTRY]._waiting.get(bob.id))
    await phone.post("/auth/logout", status=204)
    await alice.send(bob, "secret")
    assert await task == (401, "not_authenticated")


async def test_a_user_may_have_as_many_polls_waiting_as_connections(start: Start) -> None:
    chat = await start(limits={"connections_per_user": 2})
    alice, bob = await chat.people("alice", "bobby")
    epoch = await epoch_of(bob)
    registry = chat.server.app[REGISTRY]
    polls = [asyncio.create_task(poll(bob, epoch=epoch, since=0)) for _ in range(2)]
    await until(lambda: len(registry._waiting.get(bob.id, ())) == 2)
    async with await bob.request("GET", "/messages/events", params={"epoch": epoch, "since": 0}) as response:
        assert await error_of(response) == (429, "rate_limited")
    await alice.send(bob, "hi")
    for body, _ in await asyncio.gather(*polls):
        assert contents(body["events"]) == ["hi"]


async def test_the_poll_of_a_client_that_has_gone_ends(start: Start) -> None:
    chat = await start(poll_check_interval=0.05)
    bob = await chat.person("bobby")
    epoch = await epoch_of(bob)
    registry = chat.server.app[REGISTRY]
    request = (
        f"GET /messages/events?epoch={epoch}&since=0&timeout=60 HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {bob.token}\r\n\r\n"
    )
    async with connect_raw(chat) as raw:
        await raw.send(request)
        await until(lambda: registry._waiting.get(bob.id))
    await until(lambda: not registry._waiting)
