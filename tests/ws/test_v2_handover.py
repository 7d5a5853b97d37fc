"""From replay to live while much is being said: each event once, in order, without a gap."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest

from tests.support import Chat, Person
from tests.ws.v2_client import PASSING, Frame, V2Client, connect, live, logged

#: How many messages are sent while clients come, go and sync.
MESSAGES = 300


async def talk(to: Person, senders: list[Person]) -> None:
    """Send many messages, over REST and sockets at once, some of them edited or deleted right away."""

    async def over_rest(person: Person, count: int) -> None:
        for number in range(count):
            await person.send(to, f"r{number}")

    async def over_socket(person: Person, count: int) -> None:
        client = await connect(person)
        for number in range(count):
            sent = await client.send(to, f"s{number}")
            message_id = sent["data"]["message"]["id"]
            if number % 7 == 0:
                await client.ack("edit", message_id=message_id, content="edited")
            if number % 11 == 0:
                await client.ack("delete", message_id=message_id)
        await client.ws.close()

    one, two, three = senders
    third = MESSAGES // 3
    await asyncio.gather(over_rest(one, third), over_socket(two, third), over_socket(three, third))


async def catch_up_strictly(client: V2Client, since: int, limit: int) -> list[Frame]:
    """Sync to the end on a fresh connection, listen for a moment, and return all events that came."""
    events: list[Frame] = []
    cursor, more = since, True
    while more:
        data = {"epoch": client.hello["epoch"], "since": cursor, "limit": limit}
        await client.write({"type": "sync", "id": "s", "data": data})
        while (frame := await client.read())["type"] != "ack":
            if frame["type"] not in PASSING:
                events.append(frame)
        cursor, more = frame["data"]["cursor"], frame["data"]["more"]
    return events + await client.settle()


async def while_talking(chat: Chat, task: Callable[[Person, Callable[[], bool]], Any]) -> tuple[Person, Any]:
    """Run a reader's task while others talk to them; the task is told by a function whether they still do."""
    reader, *senders = await chat.people("reader", "alice", "bobby", "carol")
    talking = asyncio.create_task(talk(reader, senders))
    found = await task(reader, lambda: not talking.done())
    await talking
    return reader, found


@pytest.mark.parametrize("seed", range(3))
async def test_who_connects_again_and_again_has_the_whole_log_exactly(chat: Chat, seed: int) -> None:
    choose = random.Random(seed)

    async def reconnect(reader: Person, is_busy: Callable[[], bool]) -> list[Frame]:
        record: list[Frame] = []
        rounds, last = 0, False
        while not last:
            last = not is_busy()
            client = await connect(reader)
            since = record[-1]["seq"] if record else 0
            record += await catch_up_strictly(client, since, choose.choice((1, 3, 20, 500)))
            for _ in range(choose.randrange(4)):
                record += await client.settle()
            await client.ws.close()
            rounds += 1
        assert rounds > 1
        return record

    reader, record = await while_talking(chat, reconnect)
    log = await logged(chat, reader)
    assert [event["seq"] for event in record] == [event["seq"] for event in log]
    assert [event["type"] for event in record] == [event["type"] for event in log]


@pytest.mark.parametrize("seed", range(3))
async def test_who_syncs_again_and_again_on_one_connection_is_told_exactly_what_follows(chat: Chat, seed: int) -> None:
    choose = random.Random(seed)

    async def sync_again(reader: Person, is_busy: Callable[[], bool]) -> list[tuple[int, list[int]]]:
        client = await connect(reader)
        rounds: list[tuple[int, list[int]]] = []
        cursor, last = 0, False
        while not last:
            last = not is_busy()
            events = await catch_up_strictly(client, cursor, 500 if last else choose.choice((1, 5, 50, 500)))
            seqs = [event["seq"] for event in events]
            rounds.append((cursor, seqs))
            reached = max([cursor, *seqs])
            cursor = choose.choice((reached, reached, choose.randint(0, reached)))
        return rounds

    reader, rounds = await while_talking(chat, sync_again)
    log = [event["seq"] for event in await logged(chat, reader)]
    assert len(rounds) > 1
    live_up_to = 0
    for since, seqs in rounds:
        # What was on its way when the sync was sent, then the replay and what follows it.
        split = next((i for i in range(len(seqs)) if i and seqs[i] <= seqs[i - 1]), 0)
        ahead, replayed = seqs[:split], seqs[split:]
        assert ahead == following(log, live_up_to, len(ahead))
        assert replayed == following(log, since, len(replayed))
        live_up_to = max([live_up_to, since, *replayed])
    assert live_up_to == log[-1]


def following(log: list[int], since: int, count: int) -> list[int]:
    """Return the next few of the log after a place."""
    return [seq for seq in log if seq > since][:count]


@pytest.mark.parametrize("seed", range(2))
async def test_the_acks_of_ones_own_commands_fill_their_place_in_the_stream(chat: Chat, seed: int) -> None:
    choose = random.Random(seed)

    other = await chat.person("david")

    async def take_part(reader: Person, is_busy: Callable[[], bool]) -> list[int]:
        client = await live(reader)
        seqs: list[int] = []
        number = 0
        while is_busy() or not seqs:
            for _ in range(choose.randrange(1, 8)):
                number += 1
                await client.write({"type": "send", "id": number, "data": {"user": other.id, "content": "x"}})
            seqs += [frame["seq"] for frame in await client.settle()]
        return seqs + [frame["seq"] for frame in await client.settle()]

    reader, seqs = await while_talking(chat, take_part)
    log = [event["seq"] for event in await logged(chat, reader)]
    assert seqs == log[log.index(seqs[0]) :]
    own = [event for event in await logged(chat, reader) if event["data"].get("sender_id") == reader.id]
    assert own
