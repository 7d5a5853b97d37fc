"""One order for all: everybody concerned is told the same bytes in the order of the log."""

import asyncio

from tests.support import Chat, Person
from tests.ws.v2_client import V2Client, add_group, connect, live, logged

SENDS = 200


async def texts(client: V2Client, count: int) -> list[str]:
    """Return the next new messages, as the text they came in."""
    found: list[str] = []
    while len(found) < count:
        text = await client.read_text()
        if text.startswith('{"type":"new_message"'):
            found.append(text)
    return found


async def send_many(people: list[Person], where: dict[str, int], to: Person | None) -> None:
    """Send many messages at once, each person over two sockets and, in private, over REST."""

    async def over_socket(person: Person, count: int) -> None:
        client = await connect(person)
        for number in range(count):
            await client.write({"type": "send", "id": number, "data": {**where, "content": f"s{number}"}})
        for number in range(count):
            assert (await client.answer(number))["type"] == "ack"

    async def over_rest(person: Person) -> None:
        assert to is not None
        await person.send(to, "over rest")

    share = SENDS // len(people)
    if to is None:
        await asyncio.gather(*(over_socket(person, share // 2) for person in people * 2))
    else:
        sockets = [over_socket(person, share // 4) for person in people * 2]
        await asyncio.gather(*sockets, *(over_rest(person) for person in people * (share // 2)))


async def test_private_messages_reach_all_devices_in_the_order_of_seq_and_in_the_same_bytes(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    receiving = [await live(bob), await live(await bob.device())]
    others = [await live(alice), await live(await alice.device())]
    await send_many([alice, carol], {"user": bob.id}, bob)
    first, second = [await texts(client, SENDS) for client in receiving]
    assert first == second
    log = await logged(chat, bob)
    assert [text.partition('"seq":')[2].partition(",")[0] for text in first] == [str(event["seq"]) for event in log]
    assert [event["data"]["id"] for event in log] == sorted(event["data"]["id"] for event in log)
    own = [text for text in first if f'"sender_id":{alice.id},' in text]
    assert len(own) == SENDS // 2
    for client in others:
        assert await texts(client, len(own)) == own
    assert await receiving[0].settle() == await others[0].settle() == []


async def test_one_client_id_sent_from_everywhere_at_once_is_one_message(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    watching, receiving = await live(alice), await live(bob)
    clients = [await live(alice) for _ in range(5)]
    data = {"user": bob.id, "content": "once", "client_id": "c"}
    rest = asyncio.gather(*(alice.send(bob, "once", client_id="c") for _ in range(10)))
    for client in clients:
        for number in range(4):
            await client.write({"type": "send", "id": number, "data": data})
    ids = {message["id"] for message in await rest}
    duplicates, seqs = [], []
    for client in clients:
        for frame in await client.settle():
            if frame["type"] == "ack":
                ids.add(frame["data"]["message"]["id"])
                duplicates.append(frame["data"]["duplicate"])
            if "seq" in frame:
                seqs.append(frame["seq"])
    assert (ids, len(duplicates)) == ({1}, 20)
    assert duplicates.count(False) <= 1
    assert seqs == [1] * 5
    for client in (watching, receiving):
        assert [event["seq"] for event in await client.settle()] == [1]


async def test_a_groups_messages_reach_all_its_members_in_the_same_bytes(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    group = add_group(chat, "friends", alice, bob, carol)
    clients = [await live(person) for person in (alice, bob, carol, carol)]
    await send_many([alice, bob], {"group": group}, None)
    streams = [await texts(client, SENDS) for client in clients]
    assert all(stream == streams[0] for stream in streams)
    assert len(set(streams[0])) == SENDS


async def test_the_acks_of_one_connection_are_in_the_order_of_what_the_others_are_told(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    acting, other = await live(alice), await live(bob)
    rest = asyncio.gather(*(bob.send(alice, "over rest") for _ in range(SENDS // 2)))
    for number in range(SENDS // 2):
        await acting.write({"type": "send", "id": number, "data": {"user": bob.id, "content": f"s{number}"}})
    await rest
    seqs = [frame["seq"] for frame in await acting.settle()]
    assert seqs == list(range(1, SENDS + 1))
    assert [event["seq"] for event in await other.settle()] == seqs
