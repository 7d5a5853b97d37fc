"""What happens on a real server, seen in the metrics."""

import asyncio
import threading
import time
from collections import Counter
from pathlib import Path
from typing import get_args

from prometheus_client import CollectorRegistry, generate_latest

from chatd import clock, events
from chatd.app import METRICS
from chatd.delivery.connection import QUIET_LIMIT, STALLED, TOO_MUCH_UNREAD
from chatd.http.context import CONFIG, SERVICES
from chatd.metrics.collector import DIALECTS, SandboxedProcessCollector
from chatd.metrics.watching import KINDS
from chatd.storage import change_log
from chatd.storage.commit import Transaction
from tests.api.support import write
from tests.conftest import Start
from tests.metrics.support import Measured, Scrape, measured
from tests.storage.support import keep_no_pages, unreadable
from tests.storage.test_storage_faults import pages
from tests.support import until
from tests.ws.test_slow_reader import LONG, send_until_dropped, waiting
from tests.ws.test_v2_slow_reader import slow
from tests.ws.v2_client import PROTOCOL, add_group, connect, live


async def test_connections_are_counted_by_dialect_and_users_once(server: Measured) -> None:
    alice, bob = await server.chat.people("alice", "bobby")
    await (await alice.connect()).ping()
    first, second = await live(alice), await live(bob)
    found = await server.scrape()
    assert found.by("chatd_connections", "dialect") == {"classic": 1, PROTOCOL: 2}
    assert found["chatd_users_online"] == 2
    for each in (first, second):
        await each.ws.close()

    async def gone() -> Scrape:
        while (found := await server.scrape()).of("chatd_connections", dialect=PROTOCOL):
            await asyncio.sleep(0.01)
        return found

    found = await gone()
    assert found["chatd_users_online"] == 1
    assert found.by("chatd_connections_opened_total", "dialect") == {"classic": 1, PROTOCOL: 2}


async def test_messages_and_changes_are_counted_by_kind(server: Measured) -> None:
    alice, bob = await server.chat.people("alice", "bobby")
    group = add_group(server.chat, "friends", alice, bob)
    acting = await live(alice)
    for content in ("one", "two", "three"):
        message = (await acting.send(bob, content, client_id=content))["data"]["message"]
    await acting.send(bob, "three", client_id="three")
    await acting.ack("send", group=group, content="all")
    await acting.ack("edit", message_id=message["id"], content="four")
    await acting.ack("react", message_id=message["id"], emoji="👍")
    await acting.ack("unreact", message_id=message["id"], emoji="👍")
    await acting.ack("delete", message_id=message["id"])
    await bob.post(f"/messages/read/{alice.id}")
    async with await alice.request("PUT", "/users/me", json={"bio": "I count."}) as response:
        assert response.status == 200
    found = await server.scrape()
    assert found.by("chatd_messages_total", "kind") == {"private": 3, "group": 1}
    assert found.by("chatd_changes_total", "kind") == {
        "edit": 1,
        "delete": 1,
        "reaction": 2,
        "read": 1,
        "profile": 1,
        "membership": 0,
        "group": 0,
        "group_ended": 0,
        "invitation": 0,
        "join_request": 0,
        "notify": 0,
        "action": 0,
        "moderated": 0,
        "messages_removed": 0,
        "messages_restored": 0,
        "pin": 0,
    }


def test_every_kind_of_change_has_a_name() -> None:
    changes = {each for each in vars(events).values() if isinstance(each, type) and issubclass(each, events.Change)}
    assert set(KINDS) == changes - {events.Change, events.MessageCreated}
    assert set(KINDS.values()) == set(get_args(change_log.Kind))


async def test_what_waits_for_a_commit_is_seen_and_then_how_long_it_has_waited(server: Measured) -> None:
    alice, bob = await server.chat.people("alice", "bobby")
    before = await server.scrape()
    database = server.chat.server.app[SERVICES].database
    began, gate = threading.Event(), threading.Event()

    def hold(_: Transaction) -> None:
        began.set()
        gate.wait()

    holding = asyncio.create_task(database.write(hold))
    await until(began.is_set)
    sending = [asyncio.create_task(alice.send(bob, str(number))) for number in range(5)]
    await until(lambda: database.queue_length == 5)
    assert (await server.scrape())["chatd_write_queue_length"] == 5
    await asyncio.sleep(0.06)
    gate.set()
    await asyncio.gather(holding, *sending)

    found = await server.scrape()
    assert found["chatd_write_queue_length"] == 0

    def grown(name: str, up_to: float) -> float:
        return dict(found.buckets(name))[up_to] - dict(before.buckets(name))[up_to]

    everything = float("inf")
    assert grown("chatd_commit_batch_writes", everything) == grown("chatd_commit_duration_seconds", everything) == 2
    assert [grown("chatd_commit_batch_writes", size) for size in (1, 4, 8)] == [1, 1, 2]
    assert found["chatd_commit_batch_writes_sum"] - before["chatd_commit_batch_writes_sum"] == 6
    for name, count in (("chatd_ack_latency_seconds", 6), ("chatd_delivery_latency_seconds", 5)):
        assert (grown(name, everything), grown(name, 0.05)) == (count, 0)
        assert found[f"{name}_sum"] - before[f"{name}_sum"] >= count * 0.06
    assert grown("chatd_commit_duration_seconds", 0.05) <= 1


async def test_a_commit_that_fails_is_counted_and_the_server_still_scraped(server: Measured) -> None:
    alice, bob = await server.chat.people("alice", "bobby")
    database = server.chat.server.app[SERVICES].database
    await database.write(pages())
    before = await server.scrape()
    refused = 0
    while not refused:
        async with await alice.request("POST", f"/messages/send/{bob.id}", json={"content": LONG}) as response:
            refused = response.status == 503
    found = await server.scrape()
    assert found["chatd_commits_failed_total"] == 1
    assert found.of("chatd_http_responses_total", status="503") == 1
    stored = found["chatd_change_log_head_seq"] - before["chatd_change_log_head_seq"]
    assert found["chatd_ack_latency_seconds_count"] - before["chatd_ack_latency_seconds_count"] == stored


async def test_slow_clients_and_what_they_miss_are_counted(server: Measured) -> None:
    chat = server.chat
    alice, bob = await chat.people("alice", "bobby")
    await alice.send(bob, "hi")
    acting = await live(alice)
    async with slow(chat, bob) as (_, connection):
        while waiting(connection) <= 2 * QUIET_LIMIT:  # also when the kernel takes a little more
            await acting.send(bob, LONG)
        before = await server.scrape()
        assert before.by("chatd_connections_aborted_total", "reason") == {TOO_MUCH_UNREAD: 0, STALLED: 0}
        for _ in range(5):
            await acting.ack("typing", user=bob.id)
        found = await server.scrape()
        name = "chatd_outbox_dropped_frames_total"
        assert found[name] - before[name] == 5
        await send_until_dropped(chat, alice, bob, connection, [])
    found = await server.scrape()
    assert found.by("chatd_connections_aborted_total", "reason") == {TOO_MUCH_UNREAD: 1, STALLED: 0}


async def test_clients_who_have_to_load_everything_anew_are_counted(server: Measured) -> None:
    alice = await server.chat.person("alice")
    client = await connect(alice)
    assert await client.error("sync", epoch="another", since=0) == "resync"
    assert (await server.scrape())["chatd_resyncs_total"] == 1
    async with await alice.request("GET", "/messages/events?epoch=another&since=0&timeout=0") as response:
        assert response.status == 409
    assert (await server.scrape())["chatd_resyncs_total"] == 2


async def test_a_loop_that_stands_still_lags(server: Measured) -> None:
    before = dict((await server.scrape()).buckets("chatd_event_loop_lag_seconds"))
    time.sleep(0.6)
    await asyncio.sleep(0)
    found = dict((await server.scrape()).buckets("chatd_event_loop_lag_seconds"))
    late = {bound: found[bound] - before[bound] for bound in found}
    assert late[float("inf")] - late[0.25] >= 1


async def test_the_change_log_and_the_files_are_measured(start: Start) -> None:
    server = await measured(start, server={"change_log_days": 40})
    found = await server.scrape()
    assert found["chatd_change_log_head_seq"] == found["chatd_change_log_pruned_seq"] == 0
    assert "chatd_change_log_oldest_timestamp_seconds" not in found
    alice, bob = await server.chat.people("alice", "bobby")
    began = time.time()
    for number in range(3):
        await alice.send(bob, str(number))
    found = await server.scrape()
    assert found["chatd_change_log_head_seq"] == 3
    assert began - 1 < found["chatd_change_log_oldest_timestamp_seconds"] < time.time() + 1
    assert found["chatd_change_log_retention_seconds"] == 40 * 86_400
    path = server.chat.server.app[CONFIG].database_file
    assert found["chatd_database_size_bytes"] == path.stat().st_size > 0
    assert found["chatd_database_wal_size_bytes"] == path.with_name("chatd.db-wal").stat().st_size > 0

    write(server.chat, lambda tx: change_log.prune(tx.db, before=clock.now() + 1000, limit=2))
    found = await server.scrape()
    assert (found["chatd_change_log_head_seq"], found["chatd_change_log_pruned_seq"]) == (3, 2)


async def test_answers_are_counted_by_their_status(server: Measured) -> None:
    alice = await server.chat.person("alice")
    before = await server.scrape()
    await alice.get("/auth/me")
    for _ in range(2):
        await server.chat.error("GET", "/nowhere")
    await (await alice.connect()).ping()
    found = await server.scrape()
    counts = {
        status: count - before.by("chatd_http_responses_total", "status").get(status, 0)
        for status, count in found.by("chatd_http_responses_total", "status").items()
    }
    assert {status: count for status, count in counts.items() if count} == {"200": 1, "404": 2, "101": 1}


async def test_sends_that_are_answered_directly_are_counted_by_their_status(start: Start) -> None:
    server = await measured(start, limits={"messages_per_second": 1})
    alice, bob = await server.chat.people("alice", "bobby")
    before = await server.scrape()
    statuses: Counter[str] = Counter()
    for number in range(8):
        body = {"content": "hi", "client_id": f"{number}"}
        async with await alice.request("POST", f"/messages/send/{bob.id}", json=body) as response:
            statuses[f"{response.status}"] += 1
    found = await server.scrape()
    assert {*statuses} == {"200", "429"}
    for status, count in statuses.items():
        name = "chatd_http_responses_total"
        assert found.of(name, status=status) - before.by(name, "status").get(status, 0) == count


async def test_a_database_that_cannot_be_read_is_no_reason_to_be_silent(server: Measured) -> None:
    app = server.chat.server.app
    await keep_no_pages(app[SERVICES].database)
    with unreadable(app[CONFIG].database_file):
        found = await server.scrape()
    assert "chatd_change_log_head_seq" not in found
    assert "chatd_users_online" in found
    assert "chatd_change_log_head_seq" in await server.scrape()


async def test_the_last_proven_backup_is_there_once_somebody_tells_of_one(server: Measured) -> None:
    name = "chatd_backup_last_proven_timestamp_seconds"
    assert name not in await server.scrape()
    proven: list[int] = []
    server.chat.server.app[METRICS].sources.backup_proven_at = lambda: proven[-1] if proven else None
    assert name not in await server.scrape()
    proven.append(1_700_000_000_123)
    assert (await server.scrape())[name] == 1_700_000_000.123


def test_a_process_that_may_not_see_the_machine_still_describes_itself(tmp_path: Path) -> None:
    # As under systemd's ProcSubset=pid: no /proc/stat.
    (tmp_path / "self").symlink_to("/proc/self")
    registry = CollectorRegistry()
    SandboxedProcessCollector(proc=str(tmp_path), registry=registry)
    found = Scrape(generate_latest(registry).decode())
    assert time.time() - 86_400 < found["process_start_time_seconds"] <= time.time() + 1
    assert found["process_open_fds"] > 0


def test_both_dialects_are_named() -> None:
    assert DIALECTS == ("classic", PROTOCOL)
