"""Classic clients among those of chatd.v2 see what they always saw, and nothing else."""

import asyncio

from aiohttp import WSMsgType

from tests.support import PATIENCE, Chat, Person, Socket
from tests.ws.v2_client import V2Client, add_group, connect, live

MESSAGE_KEYS = ["id", "sender_id", "receiver_id", "group_id", "content", "is_read", "created_at", "sender"]
BRIEF_KEYS = ["id", "username", "nickname", "avatar_path", "is_ai"]


async def company(chat: Chat) -> tuple[Person, Person, V2Client, V2Client, list[Socket]]:
    """Return two people who have spoken, a connection of chatd.v2 of each, and classic ones of both."""
    alice, bob = await chat.people("alice", "bobby")
    await alice.send(bob, "first")
    one, two = await live(alice), await live(bob)
    sockets = [await alice.connect(), await bob.connect(), await (await bob.device()).connect()]
    for socket in sockets:
        await socket.ping()
    return alice, bob, one, two, sockets


async def test_a_pong_is_the_classic_one(chat: Chat) -> None:
    _, _, _, _, (socket, *_) = await company(chat)
    await socket.send({"type": "ping", "id": 1})
    assert (await socket.ws.receive(timeout=PATIENCE)).data == '{"type":"pong"}'


async def test_a_message_sent_with_everything_arrives_with_exactly_the_classic_keys(chat: Chat) -> None:
    _, bob, one, two, (own, *sockets) = await company(chat)
    answer = await one.send(bob, "hello", client_id="c-1", reply_to=1)
    message = answer["data"]["message"]
    for socket in sockets:
        frame = await socket.receive()
        assert list(frame) == ["type", "data"]
        assert frame["type"] == "new_message"
        assert list(frame["data"]) == MESSAGE_KEYS
        assert list(frame["data"]["sender"]) == BRIEF_KEYS
        assert frame["data"] == {key: message[key] for key in MESSAGE_KEYS}
    for socket in (own, *sockets):
        await socket.ping()
    (event,) = await two.settle()
    assert {key: event["data"][key] for key in MESSAGE_KEYS} == frame["data"]


async def test_the_bytes_of_a_new_message_are_the_same_whoever_else_is_there(chat: Chat) -> None:
    _, bob, one, _, (_, socket, _) = await company(chat)
    answer = await one.send(bob, "hello", client_id="c-1")
    created_at = answer["data"]["message"]["created_at"]
    assert (await socket.ws.receive(timeout=PATIENCE)).data == (
        '{"type":"new_message","data":{"id":2,"sender_id":1,"receiver_id":2,"group_id":null,"content":"hello",'
        f'"is_read":false,"created_at":"{created_at}",'
        '"sender":{"id":1,"username":"alice","nickname":"Alice","avatar_path":null,"is_ai":false}}}'
    )


async def test_nothing_else_that_chatd_v2_knows_is_told(chat: Chat) -> None:
    alice, bob, one, two, sockets = await company(chat)
    group = add_group(chat, "friends", alice, bob)
    await one.ack("edit", message_id=1, content="second")
    await two.ack("react", message_id=1, emoji="👍")
    await two.ack("unreact", message_id=1, emoji="👍")
    await two.ack("read", user=alice.id, up_to=1)
    await one.ack("typing", user=bob.id)
    await two.ack("typing", user=alice.id)
    await one.ack("send", group=group, content="to all")
    await one.ack("typing", group=group)
    await one.ack("delete", message_id=1)
    async with await alice.request("PUT", "/users/me", json={"nickname": "Al"}) as response:
        assert response.status == 200
    carol = await chat.person("carol")
    add_group(chat, "more", alice, bob, carol)
    stranger = await connect(carol)
    await one.read_until("presence")
    await stranger.ws.close()
    while (await one.read_until("presence"))["data"]["user_id"] != carol.id:
        pass
    for socket in sockets:
        await socket.ping()


async def test_commands_of_chatd_v2_mean_nothing_on_a_classic_connection(chat: Chat) -> None:
    _, bob, one, two, (own, socket, _) = await company(chat)
    for frame in (
        {"type": "sync", "id": 1},
        {"type": "send", "id": 2, "data": {"user": bob.id, "content": "x"}},
        {"type": "delete", "id": 3, "data": {"message_id": 1}},
        {"type": "typing", "id": 4, "data": {"user": bob.id}},
        "no frame",
    ):
        await own.send(frame)
        await own.ping()
    await socket.ping()
    assert await two.settle() == await one.settle() == []


async def test_a_planned_stop_is_told_by_its_code_alone(chat: Chat) -> None:
    _, _, one, _, sockets = await company(chat)
    stop = asyncio.create_task(chat.server.stop())
    for socket in sockets:
        message = await socket.ws.receive(timeout=PATIENCE)
        assert message.type is WSMsgType.CLOSE
        assert socket.ws.close_code == 1012
    assert await one.closed() == 1012
    await stop
    await one.read_until("restarting")


async def test_the_classic_calls_show_edits_and_the_empty_content_of_a_deleted_message_but_preview_none(
    chat: Chat,
) -> None:
    alice, bob, one, _, _ = await company(chat)
    await one.send(bob, "to be deleted")
    await one.ack("edit", message_id=1, content="edited")
    await one.ack("delete", message_id=2)
    history = await bob.get(f"/messages/history/{alice.id}")
    assert [message["content"] for message in history["items"]] == ["edited", ""]
    assert all(list(message) == MESSAGE_KEYS for message in history["items"])
    assert history["total"] == 2
    ((overview),) = (await bob.get("/messages/conversations"))["conversations"]
    assert list(overview["last_message"]) == ["id", "content", "created_at", "is_mine"]
    assert (overview["last_message"]["id"], overview["last_message"]["content"]) == (1, "edited")
    assert overview["unread_count"] == 1


async def test_groups_are_in_no_classic_list_or_count(chat: Chat) -> None:
    alice, bob, one, _, _ = await company(chat)
    group = add_group(chat, "friends", alice, bob)
    await one.ack("send", group=group, content="to all")
    overviews = (await bob.get("/messages/conversations"))["conversations"]
    assert [overview["user"]["id"] for overview in overviews] == [alice.id]
    assert (await bob.get("/messages/unread_count")) == {"unread_count": 1}
