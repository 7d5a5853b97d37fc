"""Two processes are one server: what happens at one, clients of the other see, and see once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.cluster.support import Processes, running
from tests.process import chatd
from tests.support import PASSWORD, error_of, until, until_true
from tests.ws.v2_client import PROTOCOL, V2Client, connect, contents, kinds, live


@pytest.fixture
async def two(database_url: str, tmp_path: Path) -> AsyncIterator[Processes]:
    """Two processes on an empty database."""
    async with running(database_url, tmp_path, 2) as processes:
        yield processes


async def test_a_message_reaches_every_kind_of_client_at_the_other_process(two: Processes) -> None:
    alice, bob = await two.people("alice", "bobby")
    there, here = two.at(1, bob), two.at(0, bob)
    classic, new, mine = await there.connect(), await live(there), await live(two.at(1, alice))
    position = await here.get("/messages/events")
    poll = asyncio.create_task(
        there.get(f"/messages/events?epoch={new.hello['epoch']}&since={position['cursor']}&timeout=20")
    )
    await new.settle()
    sent = await two.at(0, alice).send(bob, "hello")
    assert (await classic.receive())["data"] == sent
    for client in (new, mine):
        event = await client.read_until("new_message")
        assert (event["seq"], event["data"]["content"]) == (sent["id"], "hello")
    assert contents((await poll)["events"]) == ["hello"]


async def test_changes_of_every_kind_are_told_in_one_order(two: Processes) -> None:
    alice, bob = await two.people("alice", "bobby")
    one, other = await live(two.at(0, alice)), await live(two.at(1, bob))
    watching = [await live(two.at(number, person)) for person in (alice, bob) for number in (0, 1)]
    message = (await one.send(bob, "hello"))["data"]["message"]["id"]
    await other.ack("react", message_id=message, emoji="👍")
    await one.ack("edit", message_id=message, content="hello!")
    await other.ack("read", user=alice.id, up_to=message)
    await other.ack("unreact", message_id=message, emoji="👍")
    async with await two.at(1, bob).request("PUT", "/users/me", json={"nickname": "Bob"}) as response:
        assert response.status == 200
    last = (await one.ack("delete", message_id=message))["seq"]
    for client in watching:
        seen: list[dict[str, Any]] = []
        while not seen or seen[-1]["seq"] != last:
            frame = await client.read()
            if "seq" in frame:
                seen.append(frame)
        assert kinds(seen) == [
            "new_message",
            "reaction",
            "message_edited",
            "read",
            "reaction",
            "profile",
            "message_deleted",
        ]
        assert [frame["seq"] for frame in seen] == sorted(frame["seq"] for frame in seen)


async def test_a_token_and_a_ticket_are_good_at_the_other_process(two: Processes) -> None:
    (alice,) = await two.people("alice")
    here, there = two.everywhere(alice)
    assert (await there.get("/auth/me"))["id"] == alice.id
    secret = (await here.post("/auth/tickets", status=201))["ticket"]
    client = V2Client(await there.client.ws_connect("/messages/ws", protocols=[PROTOCOL, f"ticket.{secret}"]))
    assert (await client.read())["data"]["user"]["id"] == alice.id
    again = V2Client(await here.client.ws_connect("/messages/ws", protocols=[PROTOCOL, f"ticket.{secret}"]))
    assert await again.closed() == 4002


async def test_a_session_that_is_ended_at_one_process_ends_at_the_other(two: Processes) -> None:
    (alice,) = await two.people("alice")
    here, there = two.everywhere(alice)
    socket, stays = await live(there), await live(await there.device())
    await there.get("/auth/me")  # its token is remembered now
    await here.post("/auth/logout", status=204)
    assert await socket.closed() == 4002
    async with await there.request("GET", "/auth/me") as response:
        assert await error_of(response) == (401, "not_authenticated")
    assert await stays.settle() == []


async def test_an_account_that_a_command_disables_is_closed_at_both_processes(two: Processes, tmp_path: Path) -> None:
    alice, bob = await two.people("alice", "bobby")
    sockets = [await live(each) for each in two.everywhere(alice)]
    stays = [await live(each) for each in two.everywhere(bob)]
    done = await asyncio.to_thread(chatd, tmp_path / "0", "user", "disable", "alice", CHATD_DATABASE_URL=two.url)
    assert done.returncode == 0, done.stderr
    assert [await each.closed() for each in sockets] == [4003, 4003]
    assert [await each.settle() for each in stays] == [[], []]


async def test_somebody_is_online_until_their_last_device_anywhere_has_gone(two: Processes) -> None:
    alice, bob = await two.people("alice", "bobby")
    await two.at(0, alice).send(bob, "hello")
    watching = [await live(each) for each in two.everywhere(bob)]
    for each in watching:
        await each.read_until("presence_list")
    devices = [await live(each) for each in two.everywhere(alice)]
    for each in watching:
        assert (await each.read_until("presence"))["data"]["online"] is True
    third = await live(two.at(1, bob))
    assert set((await third.read_until("presence_list"))["data"]["online"]) == {alice.id}
    await devices[0].ws.close()
    # What comes next is of the second device: that one has gone was no news.
    await devices[1].ack("typing", user=bob.id)
    for each in (*watching, third):
        assert (await each.read_until("presence", "typing"))["type"] == "typing"
    await devices[1].ws.close()
    for each in (*watching, third):
        assert (await each.read_until("presence"))["data"]["online"] is False


async def test_who_writes_is_told_to_the_clients_of_the_other_process(two: Processes) -> None:
    alice, bob = await two.people("alice", "bobby")
    here, there = await live(two.at(0, alice)), await live(two.at(1, bob))
    await here.ack("typing", user=bob.id)
    assert (await there.read_until("typing"))["data"] == {"user_id": alice.id, "group_id": None}


async def test_a_block_at_one_process_holds_at_the_other_at_once(two: Processes) -> None:
    alice, bob = await two.people("alice", "bobby")
    await two.at(0, alice).send(bob, "before")
    await two.at(1, alice).send(bob, "before")  # both processes remember that nobody blocks anybody
    socket = await live(two.at(0, bob))
    async with await two.at(1, bob).request("PUT", f"/users/{alice.id}/block") as response:
        assert response.status == 204
    await two.at(0, alice).send(bob, "hidden")
    async with await two.at(1, bob).request("DELETE", f"/users/{alice.id}/block") as response:
        assert response.status == 204
    await two.at(0, alice).send(bob, "after")
    assert contents([await socket.read_until("new_message")]) == ["after"]


async def test_a_changed_name_stands_beside_the_next_message_at_the_other_process(two: Processes) -> None:
    alice, bob = await two.people("alice", "bobby")
    await two.at(0, alice).send(bob, "one")
    async with await two.at(1, alice).request("PUT", "/users/me", json={"nickname": "Ally"}) as response:
        assert response.status == 200
    assert (await two.at(0, alice).send(bob, "two"))["sender"]["nickname"] == "Ally"


async def test_both_are_well_and_say_how_many_they_are(two: Processes) -> None:
    for client in two.clients:
        async with client.get("/health") as response:
            assert (response.status, (await response.json())["status"]) == (200, "ok")


async def test_a_process_that_joins_later_knows_who_is_online(two: Processes) -> None:
    alice, bob = await two.people("alice", "bobby")
    await two.at(0, alice).send(bob, "hello")
    await live(two.at(0, alice))
    await two.start()
    watching = await live(two.at(2, bob))
    seen: set[int] = set()
    while alice.id not in seen:  # on the list, or told right after it
        frame = await watching.read_until("presence_list", "presence")
        seen |= set(frame["data"]["online"]) if frame["type"] == "presence_list" else {frame["data"]["user_id"]}


async def test_an_invitation_is_used_once_at_whichever_process(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path, 2, CHATD_ACCOUNTS_REGISTRATION="invite") as processes:
        code = chatd(tmp_path / "0", "invite", CHATD_DATABASE_URL=database_url).stdout.split()[0].rpartition("/")[2]

        async def register(number: int) -> int:
            body = {"username": f"user{number}", "password": "correct horse", "nickname": "U", "invite": code}
            async with processes.clients[number % 2].post("/auth/register", json=body) as response:
                return response.status

        statuses = await asyncio.gather(*map(register, range(6)))
        assert sorted(statuses) == [201, 403, 403, 403, 403, 403]


async def test_attempts_to_sign_in_are_counted_over_all_processes(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path, 3, CHATD_LIMITS_LOGINS_PER_MINUTE="6") as processes:
        await processes.people("alice")  # which signs in once

        async def attempt(number: int) -> int:
            data = {"username": "alice", "password": "wrong horse"}
            async with processes.clients[number % 3].post("/auth/login", data=data) as response:
                return response.status

        statuses = Counter([await attempt(number) for number in range(30)])
        assert statuses == {401: 5, 429: 25}


async def test_one_socket_too_many_closes_the_oldest_wherever_it_is(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path, 2, CHATD_LIMITS_CONNECTIONS_PER_USER="4") as processes:
        (alice,) = await processes.people("alice")
        sockets = [await live(processes.at(number % 2, alice)) for number in range(4)]
        newest = await live(processes.at(1, alice))
        assert await sockets[0].closed() == 4009
        again = await live(processes.at(1, alice))
        assert await sockets[1].closed() == 4009
        for each in (*sockets[2:], newest, again):
            assert await each.settle() == []


async def test_a_process_that_stops_sends_its_clients_to_the_other(two: Processes) -> None:
    alice, bob = await two.people("alice", "bobby")
    leaving, staying = await live(two.at(0, bob)), await live(two.at(1, bob))
    status, code = await asyncio.gather(asyncio.to_thread(two.servers[0].stop), leaving.closed())
    assert (status, code) == (0, 1012)
    sent = await two.at(1, alice).send(bob, "still here")
    assert (await staying.read_until("new_message"))["seq"] == sent["id"]
    back = await connect(two.at(1, bob))
    assert contents(await back.catch_up()) == ["still here"]


async def test_a_log_that_is_another_one_sends_everybody_away_to_load_anew(two: Processes) -> None:
    alice, bob = await two.people("alice", "bobby")
    await two.at(0, alice).send(bob, "hello")
    sockets = [await live(each) for each in two.everywhere(bob)]
    with psycopg.connect(two.url, autocommit=True) as db:  # as after a restore to an earlier time
        db.execute("DELETE FROM commits")
        db.execute("UPDATE change_log_state SET epoch = 'another'")
    assert [await each.closed() for each in sockets] == [1012, 1012]
    back = await connect(two.at(1, bob))
    assert back.hello["epoch"] == "another"
    assert await back.error("sync", epoch=sockets[0].hello["epoch"], since=0) == "resync"
    await back.ack("sync")
    await two.at(0, alice).send(bob, "again")
    assert contents([await back.read_until("new_message")]) == ["again"]


async def test_a_deleted_account_is_erased_by_one_process_only(two: Processes) -> None:
    alice, bob = await two.people("alice", "bobby")
    for number in range(3):
        await two.at(0, alice).send(bob, f"n{number}")
    since = (await live(two.at(1, bob))).hello["cursor"]
    async with await two.at(1, alice).request("DELETE", "/users/me", json={"password": PASSWORD}) as response:
        assert response.status == 204
    await until(lambda: any('"account_erased"' in server.log for server in two.servers))
    told = await (await connect(two.at(0, bob))).catch_up(since)
    assert Counter(kinds(told)) == {"profile": 1, "message_deleted": 3}


async def test_what_the_community_is_called_and_whom_it_lets_in_is_known_to_the_other_process(two: Processes) -> None:
    (admin,) = await two.people("admin")
    choice = {"name": "Chess", "registration": "closed"}
    async with await two.at(0, admin).request("PATCH", "/admin/community", json=choice) as response:
        assert response.status == 200
    client = two.at(1, admin).client
    body = {"username": "guest", "password": PASSWORD, "nickname": "Guest"}
    async with client.post("/auth/register", json=body) as response:
        assert await error_of(response) == (403, "registration_closed")

    async def follows() -> bool:
        async with client.get("/config.json") as response:
            facts = await response.json()
            return bool((facts["name"], facts["registration"]) == ("Chess", "closed"))

    await until_true(follows)
