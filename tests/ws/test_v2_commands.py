"""The commands of chatd.v2 that are about messages: what is answered, who is told, and what is refused."""

from typing import Any

from tests.support import Chat, Person
from tests.ws.v2_client import Frame, V2Client, add_group, connect, contents, kinds, live, logged

EMOJI = ["👍", "❤️", "👨‍👩‍👧‍👦", "👩🏽‍🚒", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🇨🇭", "1️⃣", "🫨", "x"]
NO_EMOJI = ["", " ", "a b", "\n", "\u200b", "\u202e", "\x00", "\x7f", "x" * 17]


async def everybody(chat: Chat) -> tuple[list[Person], V2Client, list[V2Client], list[V2Client]]:
    """Return two people and a stranger, one's acting connection, all others concerned, and those not concerned.

    The two have spoken, and one message of Alice's is there: number 1.
    """
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    await alice.send(bob, "first")
    acting = await live(alice)
    others = [await live(alice), await live(await alice.device()), await live(bob), await live(await bob.device())]
    return [alice, bob, carol], acting, others, [await live(carol), await connect(bob)]


async def told(answer: Frame, kind: str, data: Any, acting: V2Client, others: list[V2Client]) -> None:
    """See that all others are told, and that the acting connection has its answer only."""
    assert set(answer) == {"type", "re", "seq", "data"}
    for client in others:
        assert await client.settle() == [{"type": kind, "seq": answer["seq"], "data": data}]
    assert await acting.settle() == []


async def nothing(acting: V2Client, others: list[V2Client]) -> None:
    """See that nobody is told anything."""
    for client in [acting, *others]:
        assert await client.settle() == []


async def test_send_answers_the_message_and_every_other_connection_concerned_is_told(chat: Chat) -> None:
    (alice, bob, _), acting, others, strangers = await everybody(chat)
    answer = await acting.send(bob, " hé\n💥", client_id="c-1", reply_to=1)
    message = answer["data"]["message"]
    assert answer["data"] == {"message": message, "duplicate": False}
    assert message.pop("created_at").endswith("Z")
    assert message == {
        "id": 2,
        "sender_id": alice.id,
        "receiver_id": bob.id,
        "group_id": None,
        "content": " hé\n💥",
        "is_read": False,
        "sender": alice.brief,
        "client_id": "c-1",
        "edited_at": None,
        "deleted_at": None,
        "reply_to": 1,
        "reactions": [],
    }
    (event,) = await others[0].settle()
    assert event["data"].pop("created_at")
    assert event == {"type": "new_message", "seq": answer["seq"], "data": message}
    for client in others[1:]:
        (other,) = await client.settle()
        del other["data"]["created_at"]
        assert other == event
    await nothing(acting, strangers)


async def test_a_message_without_a_client_id_says_so(chat: Chat) -> None:
    (_, bob, _), acting, others, _ = await everybody(chat)
    answer = await acting.send(bob, "hi")
    assert answer["data"]["message"]["client_id"] is None
    await told(answer, "new_message", answer["data"]["message"], acting, others)


async def test_what_is_sent_over_rest_is_told_to_all_the_senders_devices_too(chat: Chat) -> None:
    (alice, bob, _), acting, others, strangers = await everybody(chat)
    await alice.send(bob, "over rest", client_id="r-1")
    events = [await client.settle() for client in [acting, *others]]
    assert contents(events[0]) == ["over rest"]
    assert events[0][0]["data"]["client_id"] == "r-1"
    assert all(each == events[0] for each in events)
    await nothing(strangers[0], strangers)


async def test_a_duplicate_send_answers_the_first_message_without_a_seq_and_tells_nobody(chat: Chat) -> None:
    (alice, bob, _), acting, others, _ = await everybody(chat)
    first = await acting.send(bob, "hi", client_id="c-1")
    for client in others:
        await client.settle()
    phone = others[1]
    for client in (acting, phone):
        again = await client.send(bob, "hi", client_id="c-1")
        assert set(again) == {"type", "re", "data"}
        assert again["data"] == {"message": first["data"]["message"], "duplicate": True}
    assert (await alice.send(bob, "hi", client_id="c-1"))["id"] == first["data"]["message"]["id"]
    await nothing(acting, others)


async def test_a_client_id_with_any_difference_is_client_id_reused(chat: Chat) -> None:
    (_, bob, carol), acting, others, _ = await everybody(chat)
    await acting.send(bob, "hi", client_id="c-1")
    assert await acting.error("send", user=bob.id, content="ho", client_id="c-1") == "client_id_reused"
    assert await acting.error("send", user=carol.id, content="hi", client_id="c-1") == "client_id_reused"
    assert await acting.error("send", user=bob.id, content="hi", client_id="c-1", reply_to=1) == "client_id_reused"
    assert kinds(await others[0].settle()) == ["new_message"]
    own = await others[2].send(carol, "hi", client_id="c-1")
    assert own["data"]["duplicate"] is False


async def test_an_edited_message_is_repeated_by_the_content_first_sent_and_by_no_other(chat: Chat) -> None:
    (alice, bob, _), acting, _, _ = await everybody(chat)
    sent = await acting.send(bob, "first", client_id="c-1")
    message_id = sent["data"]["message"]["id"]
    for content in ("second", "third"):
        await acting.ack("edit", message_id=message_id, content=content)
    again = await acting.send(bob, "first", client_id="c-1")
    assert (again["data"]["duplicate"], again["data"]["message"]["content"]) == (True, "third")
    for content in ("second", "third"):
        assert await acting.error("send", user=bob.id, content=content, client_id="c-1") == "client_id_reused"
    async with await alice.request(
        "POST", f"/messages/send/{bob.id}", json={"content": "third", "client_id": "c-1"}
    ) as response:
        assert response.status == 409


async def test_a_deleted_message_is_repeated_without_its_content(chat: Chat) -> None:
    (_, bob, carol), acting, _, _ = await everybody(chat)
    sent = await acting.send(bob, "secret", client_id="c-1")
    await acting.ack("delete", message_id=sent["data"]["message"]["id"])
    again = await acting.send(bob, "secret", client_id="c-1")
    assert again["data"]["duplicate"] is True
    assert again["data"]["message"]["id"] == sent["data"]["message"]["id"]
    assert again["data"]["message"]["content"] == ""
    assert await acting.error("send", user=carol.id, content="secret", client_id="c-1") == "client_id_reused"


async def test_edit_answers_the_message_as_it_is_now_and_all_others_are_told(chat: Chat) -> None:
    (alice, bob, _), acting, others, strangers = await everybody(chat)
    answer = await acting.ack("edit", message_id=1, content="second")
    message = answer["data"]["message"]
    assert set(answer["data"]) == {"message"}
    assert (message["id"], message["content"], message["edited_at"][-1:]) == (1, "second", "Z")
    await told(answer, "message_edited", message, acting, others)
    await nothing(acting, strangers)
    assert (await alice.get(f"/messages/history/{bob.id}"))["items"][0]["content"] == "second"


async def test_the_same_content_again_is_no_edit(chat: Chat) -> None:
    _, acting, others, _ = await everybody(chat)
    answer = await acting.ack("edit", message_id=1, content="first")
    assert "seq" not in answer
    assert answer["data"]["message"]["edited_at"] is None
    await nothing(acting, others)


async def test_delete_takes_the_content_and_the_reactions_and_all_others_are_told(chat: Chat) -> None:
    (alice, bob, _), acting, others, strangers = await everybody(chat)
    await others[2].ack("react", message_id=1, emoji="👍")
    for client in [acting, *others]:
        await client.settle()
    answer = await acting.ack("delete", message_id=1)
    message = answer["data"]["message"]
    assert (message["content"], message["reactions"]) == ("", [])
    data = {"id": 1, "sender_id": alice.id, "receiver_id": bob.id, "group_id": None}
    await told(answer, "message_deleted", {**data, "deleted_at": message["deleted_at"]}, acting, others)
    await nothing(acting, strangers)
    again = await acting.ack("delete", message_id=1)
    assert "seq" not in again
    assert again["data"] == answer["data"]
    await nothing(acting, others)


async def test_a_deleted_messages_content_is_nowhere(chat: Chat) -> None:
    (alice, bob, _), acting, others, _ = await everybody(chat)
    message_id = (await acting.send(bob, "hidden-one"))["data"]["message"]["id"]
    await acting.ack("edit", message_id=message_id, content="hidden-two")
    await others[2].send(alice, "fine", reply_to=message_id)
    later = await acting.send(bob, "hidden-three")
    for each in (message_id, later["data"]["message"]["id"]):
        await acting.ack("delete", message_id=each)
    for person, other in ((alice, bob), (bob, alice)):
        seen: list[Any] = [await logged(chat, person), await (await connect(person)).catch_up()]
        for path in (
            "/messages/conversations",
            f"/messages/history/{other.id}",
            "/conversations",
            f"/messages?user={other.id}",
            f"/messages?user={other.id}&around={message_id}",
        ):
            seen.append(await person.get(path))
        assert "fine" in str(seen)
        assert "hidden" not in str(seen)


async def test_only_its_sender_may_edit_or_delete_a_message(chat: Chat) -> None:
    _, acting, others, strangers = await everybody(chat)
    bob, carol = others[2], strangers[0]
    assert await bob.error("edit", message_id=1, content="mine") == "forbidden"
    assert await bob.error("delete", message_id=1) == "forbidden"
    for command in ({"kind": "edit", "content": "x"}, {"kind": "delete"}, {"kind": "react", "emoji": "👍"}):
        kind, data = command["kind"], {name: value for name, value in command.items() if name != "kind"}
        assert await carol.error(kind, message_id=1, **data) == "not_found"
        assert await acting.error(kind, message_id=99, **data) == "not_found"
    await nothing(acting, others)


async def test_a_deleted_message_is_neither_edited_nor_reacted_to(chat: Chat) -> None:
    _, acting, others, _ = await everybody(chat)
    await acting.ack("delete", message_id=1)
    assert await acting.error("edit", message_id=1, content="again") == "message_deleted"
    for client in (acting, others[2]):
        for kind in ("react", "unreact"):
            assert await client.error(kind, message_id=1, emoji="👍") == "message_deleted"
    assert kinds(await others[0].settle()) == ["message_deleted"]


async def test_react_and_unreact_answer_nothing_more_and_all_others_are_told(chat: Chat) -> None:
    (_, bob, _), _, others, strangers = await everybody(chat)
    acting = others.pop(2)
    others = [*others, await live(bob)]
    for kind, on in (("react", True), ("unreact", False)):
        answer = await acting.ack(kind, message_id=1, emoji="👍")
        assert answer["data"] == {}
        data = {"message_id": 1, "user_id": bob.id, "emoji": "👍", "on": on}
        await told(answer, "reaction", data, acting, others)
        again = await acting.ack(kind, message_id=1, emoji="👍")
        assert "seq" not in again
        await nothing(acting, others + strangers)


async def test_a_message_says_who_reacted_with_what(chat: Chat) -> None:
    (alice, bob, _), acting, others, _ = await everybody(chat)
    for client, emoji in ((acting, "🎉"), (others[2], "🎉"), (others[2], "👍")):
        await client.ack("react", message_id=1, emoji=emoji)
    (message,) = (await bob.get(f"/messages?user={alice.id}"))["items"]
    expected = [
        {"emoji": "🎉", "count": 2, "user_ids": [alice.id, bob.id]},
        {"emoji": "👍", "count": 1, "user_ids": [bob.id]},
    ]
    assert sorted(message["reactions"], key=lambda each: str(each["emoji"])) == expected
    edited = await acting.ack("edit", message_id=1, content="new")
    assert edited["data"]["message"]["reactions"] == message["reactions"]


async def test_any_emoji_will_do(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    await alice.send(bob, "hi")
    client = await live(bob)
    for emoji in EMOJI:
        assert "seq" in await client.ack("react", message_id=1, emoji=emoji)
    (message,) = (await bob.get(f"/messages?user={alice.id}"))["items"]
    assert sorted(each["emoji"] for each in message["reactions"]) == sorted(EMOJI)


async def test_what_cannot_be_seen_is_no_emoji(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    await alice.send(bob, "hi")
    client = await live(bob)
    for emoji in NO_EMOJI:
        assert await client.error("react", message_id=1, emoji=emoji) == "validation_error"


async def test_a_user_has_twenty_reactions_on_a_message_at_the_most(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    await alice.send(bob, "hi")
    client = await live(bob)
    for number in range(20):
        await client.ack("react", message_id=1, emoji=chr(0x1F600 + number))
    assert await client.error("react", message_id=1, emoji="👍") == "too_many_reactions"
    assert "seq" not in await client.ack("react", message_id=1, emoji=chr(0x1F600))
    await client.ack("unreact", message_id=1, emoji=chr(0x1F600))
    assert "seq" in await client.ack("react", message_id=1, emoji="👍")


async def test_a_reply_is_to_a_message_of_the_same_conversation(chat: Chat) -> None:
    (alice, bob, carol), acting, others, _ = await everybody(chat)
    elsewhere = (await alice.send(carol, "elsewhere"))["id"]
    group = add_group(chat, "all", alice, bob)
    for reply_to in (elsewhere, 99):
        assert await acting.error("send", user=bob.id, content="x", reply_to=reply_to) == "not_found"
    assert await acting.error("send", group=group, content="x", reply_to=1) == "not_found"
    unbegun = await live(carol)
    assert await unbegun.error("send", user=bob.id, content="x", reply_to=1) == "not_found"
    assert len((await carol.get("/conversations"))["conversations"]) == 1
    own = await others[2].send(alice, "to hers", reply_to=1)
    assert own["data"]["message"]["reply_to"] == 1
    assert (await acting.send(bob, "to his", reply_to=own["data"]["message"]["id"]))["seq"]
