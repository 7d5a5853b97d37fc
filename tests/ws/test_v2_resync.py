"""Syncs that cannot be answered, and the log's pruning: then only a fresh start is left."""

from chatd.http.context import SERVICES
from tests.api.support import Clock
from tests.conftest import Start
from tests.support import Chat, rows, until
from tests.ws.v2_client import V2Client, busy, connect, contents, prune


async def says_resync(client: V2Client, **data: object) -> None:
    """Sync in vain, and see that nothing was replayed and nothing flows."""
    assert await client.error("sync", **data) == "resync"
    assert await client.settle() == []
    assert await client.cursor() is None


async def test_another_epoch_or_a_place_beyond_the_head_is_resync(chat: Chat) -> None:
    _, bob, events = await busy(chat)
    client = await connect(bob)
    epoch = client.hello["epoch"]
    await says_resync(client, epoch="other", since=0)
    await says_resync(client, epoch=epoch.upper() + "x", since=13)
    await says_resync(client, since=0)
    await says_resync(client, epoch=epoch, since=14)
    await says_resync(client, epoch=epoch, since=2**53 - 1)
    assert await client.catch_up(since=12) == events[12:]


async def test_a_place_the_log_no_longer_reaches_back_to_is_resync(chat: Chat) -> None:
    alice, bob, events = await busy(chat)
    await prune(chat, 5)
    client = await connect(bob)
    epoch = client.hello["epoch"]
    for since in (0, 4):
        await says_resync(client, epoch=epoch, since=since)
    assert await client.catch_up(since=5) == events[5:]
    await prune(chat, 100)
    await says_resync(client, epoch=epoch, since=12)
    assert await client.catch_up(since=13) == []
    assert (await connect(bob)).hello["cursor"] == 13
    await alice.send(bob, "after")
    assert [event["seq"] for event in await client.settle()] == [14]


async def test_after_resync_the_conversations_say_where_to_sync_from(chat: Chat) -> None:
    alice, bob, _ = await busy(chat)
    await prune(chat, 100)
    client = await connect(bob)
    await says_resync(client, epoch=client.hello["epoch"], since=0)
    async with await bob.request("GET", "/conversations") as response:
        epoch, cursor = response.headers["Chatd-Epoch"], int(response.headers["Chatd-Cursor"])
    await alice.send(bob, "meanwhile")
    answer = await client.ack("sync", epoch=epoch, since=cursor)
    assert answer["data"] == {"cursor": cursor + 1, "more": False}
    assert contents(await client.settle()) == ["meanwhile"]


async def test_the_log_reaches_back_as_many_days_as_it_should(start: Start) -> None:
    clock = Clock()
    chat = await start(clock=clock, server={"change_log_days": 40}, accounts={"token_days": 100})
    alice, bob = await chat.people("alice", "bobby")
    await alice.send(bob, "day 0")
    clock.advance(seconds=39 * 86400)
    await alice.send(bob, "day 39")
    await chat.server.app[SERVICES].sync.prune()
    client = await connect(bob)
    assert contents(await client.catch_up()) == ["day 0", "day 39"]
    clock.advance(seconds=1.1 * 86400)
    await chat.server.app[SERVICES].sync.prune()
    await says_resync(client, epoch=client.hello["epoch"], since=0)
    assert contents(await client.catch_up(since=1)) == ["day 39"]


async def test_a_running_server_prunes_by_itself(start: Start) -> None:
    clock = Clock()
    chat = await start(clock=clock, accounts={"token_days": 100}, housekeeping_interval=0.01)
    alice, bob = await chat.people("alice", "bobby")
    for number in range(5):
        await alice.send(bob, f"n{number}")
    clock.advance(seconds=31 * 86400)
    pruned = "SELECT pruned_seq FROM change_log_state"
    await until(lambda: rows(chat, pruned) == [(5,)])  # a step counts when it is committed
    client = await connect(bob)
    await says_resync(client, epoch=client.hello["epoch"], since=4)
    assert await client.catch_up(since=5) == []
