"""Reporting a message to the administrator."""

from chatd import clock
from chatd.models import Report
from chatd.services import reports as service
from chatd.storage import reports
from tests.api.support import write
from tests.conftest import Start
from tests.groups import done, let_in, made_with, refused
from tests.support import Chat, Person, error_of, rows
from tests.ws.v2_client import live

SPAM = {"reason": "spam"}


def stored(chat: Chat) -> list[Report]:
    """Return every report there is."""
    return write(chat, lambda tx: reports.all_reports(tx.db))


async def refusal(person: Person, message_id: int) -> tuple[int, str]:
    """Return the status and code of a report that is refused."""
    async with await person.request("POST", f"/messages/{message_id}/report", json=SPAM) as response:
        return await error_of(response)


async def test_a_report_keeps_the_message_as_it_was_seen(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    message = await bob.send(alice, "buy <b>this</b>")
    answer = await alice.post(f"/messages/{message['id']}/report", SPAM, status=201)
    assert answer == {
        "id": 1,
        "message_id": message["id"],
        "sender": bob.brief,
        "reason": "spam",
        "content": "buy <b>this</b>",
        "created_at": answer["created_at"],
        "resolved_at": None,
    }
    async with await bob.request("PATCH", f"/messages/{message['id']}", json={"content": "hello"}) as response:
        assert response.status == 200
    async with await bob.request("DELETE", f"/messages/{message['id']}") as response:
        assert response.status == 200
    (kept,) = stored(chat)
    assert (kept.content, kept.reason, kept.reporter.id, kept.sender.id) == (
        "buy <b>this</b>",
        "spam",
        alice.id,
        bob.id,
    )
    assert await refusal(alice, message["id"]) == (409, "message_deleted")


async def test_the_same_report_twice_is_one_until_it_is_resolved(chat: Chat) -> None:
    alice, bob = await chat.people("alice", "bobby")
    path = f"/messages/{(await bob.send(alice, 'spam'))['id']}/report"
    first = await alice.post(path, SPAM, status=201)
    assert await alice.post(path, SPAM, status=201) == first
    await alice.post(path, {"reason": "and rude"}, status=201)
    assert [each.reason for each in stored(chat)] == ["spam", "and rude"]
    write(chat, lambda tx: service.resolve(tx, first["id"], now=clock.now()))
    (resolved, _) = stored(chat)
    assert (resolved.resolved_at is None, resolved.content, resolved.reason) == (False, "", "spam")
    assert (await alice.post(path, SPAM, status=201))["id"] == 3


async def test_only_what_one_sees_of_others_can_be_reported(chat: Chat) -> None:
    alice, bob, carol = await chat.people("alice", "bobby", "carol")
    message_id = (await bob.send(alice, "hi"))["id"]
    assert await refusal(bob, message_id) == (400, "cannot_report_own")
    assert await refusal(carol, message_id) == await refusal(alice, 99) == (404, "not_found")
    async with await alice.request("PUT", f"/users/{bob.id}/block") as response:
        assert response.status == 204
    assert await refusal(alice, (await bob.send(alice, "hidden"))["id"]) == (404, "not_found")
    assert stored(chat) == []


async def test_reports_are_limited(start: Start) -> None:
    chat = await start(limits={"reports_per_hour": 2})
    alice, bob = await chat.people("alice", "bobby")
    path = f"/messages/{(await bob.send(alice, 'spam'))['id']}/report"
    for reason in ("one", "two"):
        await alice.post(path, {"reason": reason}, status=201)
    async with await alice.request("POST", path, json=SPAM) as response:
        assert await error_of(response) == (429, "rate_limited")
        assert int(response.headers["Retry-After"]) > 600


async def test_what_is_reported_in_a_group_is_for_its_admins_without_who_did(chat: Chat) -> None:
    alice, bob, carol, dave = await chat.people("alice", "bobby", "carol", "david")
    group = await made_with(alice, bob, carol, history="joined")
    client = await live(bob)
    message = (await client.ack("send", group=group, content="buy now"))["data"]["message"]["id"]
    await carol.post(f"/messages/{message}/report", {"reason": "spam"}, status=201)
    path = f"/groups/{group}/reports"
    (found,) = await alice.get(path)
    assert found.pop("created_at")
    assert found == {"id": 1, "sender": bob.brief, "message_id": message, "reason": "spam", "content": "buy now"}
    await let_in(alice, group, dave)
    assert await done(alice, "PUT", f"/groups/{group}/members/{dave.id}", {"role": "admin"}) == 200
    assert await dave.get(path) == []  # who does not see the message
    assert await refused(dave, "POST", f"{path}/1/resolve") == (404, "not_found")
    assert await refused(carol, "GET", path) == (403, "forbidden")
    assert await done(alice, "POST", f"{path}/1/resolve") == 204
    assert await alice.get(path) == []
    assert await refused(alice, "POST", f"{path}/1/resolve") == (404, "not_found")
    assert rows(chat, "SELECT content FROM reports") == [("",)]
