"""Reactions of many people: how many they are, who of them is named, and who they all are."""

from chatd.http.context import SERVICES
from chatd.storage import reactions
from chatd.storage.commit import Transaction
from tests.groups import act, done, fill, let_in, made_with, refused, say
from tests.support import Chat


async def test_of_many_only_some_are_named_oneself_among_them_and_all_come_in_pages(chat: Chat) -> None:
    alice, *_ = await chat.people("alice")
    group = await made_with(alice)
    message = await say(alice, group, "well?")
    ids = await fill(chat, group, 70)
    zoe, yan = await chat.people("zoe", "yannick")
    await let_in(alice, group, zoe, yan)

    def react(tx: Transaction) -> None:
        for user_id in ids:
            reactions.add(tx.db, message, user_id, "👍", hidden=None)

    await chat.server.app[SERVICES].database.write(react)
    assert await done(zoe, "PUT", f"/messages/{message}/reactions/👍") == 200
    assert await done(zoe, "PUT", f"/messages/{message}/reactions/🎉") == 200
    for person, named in ((zoe, [*ids[:49], zoe.id]), (yan, ids[:50])):
        (shown,) = (await person.get(f"/messages?group={group}"))["items"]
        found = {each["emoji"]: (each["count"], each["user_ids"]) for each in shown["reactions"]}
        assert found == {"👍": (71, named), "🎉": (1, [zoe.id])}
    path = f"/messages/{message}/reactions/👍"
    page = await yan.get(f"{path}?limit=60")
    assert page == {"user_ids": ids[:60], "more": True}
    assert await yan.get(f"{path}?after={ids[59]}") == {"user_ids": [*ids[60:], zoe.id], "more": False}
    assert await yan.get(f"/messages/{message}/reactions/😀") == {"user_ids": [], "more": False}
    await yan.post(f"/groups/{group}/leave", status=204)
    assert await refused(yan, "GET", path) == (404, "not_found")


async def test_nobody_is_named_below_a_message_that_is_removed(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    group = await made_with(alice, bob)
    message = await say(bob, group, "well?")
    assert await done(alice, "PUT", f"/messages/{message}/reactions/👍") == 200
    await act(alice, group, "remove", message_id=message)
    assert (await bob.get(f"/messages/{message}/reactions/👍"))["user_ids"] == []
