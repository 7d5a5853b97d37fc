"""Slow mode: a member sends once in some time, and admins whenever they like."""

from typing import Any

from tests.conftest import Start
from tests.groups import act, change, done, let_in, made_with, promote, refused, say, undo
from tests.support import Chat
from tests.ws.v2_client import live

SLOW = (429, "slow_mode")


async def test_a_member_sends_once_in_the_time_and_an_admin_whenever(start: Start) -> None:
    now = [1_800_000_000_000]
    chat = await start(clock=lambda: now[0])
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    group = await made_with(alice, bob, carol)
    assert (await change(alice, group, slow_seconds=30))["slow_seconds"] == 30
    path = f"/groups/{group}/messages"
    client = await live(bob)
    first = await say(bob, group, "first", client_id="c")
    now[0] += 29_000
    async with await bob.request("POST", path, json={"content": "second"}) as response:
        assert (response.status, response.headers["Retry-After"]) == (429, "1")
    answer = await client.command("send", group=group, content="second", client_id="d")
    assert (answer["error"]["code"], answer["error"]["retry_after_ms"]) == ("slow_mode", 1001)
    assert await say(bob, group, "first", client_id="c") == first
    assert await done(bob, "PATCH", f"/messages/{first}", {"content": "edited"}) == 200
    assert await done(bob, "PUT", f"/messages/{first}/reactions/👍") == 200
    await say(carol, group, "another's")
    for number in range(3):
        await say(alice, group, f"owner {number}")
    now[0] += 1_000
    await say(bob, group, "second")
    assert await refused(bob, "POST", path, {"content": "third"}) == SLOW
    await promote(alice, group, bob)
    await say(bob, group, "third")
    await change(alice, group, slow_seconds=0)
    for number in range(2):
        await say(carol, group, f"fast {number}")


async def test_no_way_leads_around_slow_mode(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await made_with(alice, bob, slow_seconds=21_600)
    path, body = f"/groups/{group}/messages", {"content": "more"}
    clients = [await live(await bob.device()) for _ in range(2)]
    frames: list[dict[str, Any]] = [{"type": "send", "id": at, "data": {"group": group, **body}} for at in range(5)]
    for client in clients:
        for frame in frames:
            await client.write(frame)
    outcomes = [(await client.answer(at))["type"] for client in clients for at in range(5)]
    assert outcomes.count("ack") == 1
    await bob.post(f"/groups/{group}/leave", status=204)
    await let_in(alice, group, bob)
    assert await refused(bob, "POST", path, body) == SLOW
    await undo(alice, group, await act(alice, group, "kick", bob))
    assert await refused(bob, "POST", path, body) == SLOW
    assert await refused(bob, "POST", path, {**body, "reply_to": 999}) == (404, "not_found")


async def test_a_group_is_slow_for_so_long_at_most(chat: Chat) -> None:
    alice = await chat.person("alice")
    group = await made_with(alice)
    for seconds in (-1, 21_601, "30"):
        answer = await refused(alice, "PATCH", f"/groups/{group}", {"slow_seconds": seconds})
        assert answer == (422, "validation_error")
