"""Who may not see a part of a group tries every way to it with every old id, while others work on it: nothing comes."""

import io
import json
import zipfile
from dataclasses import dataclass
from typing import Any

import pytest

from tests.groups import act, change, code_of, done, let_in, make, say, undo
from tests.support import Chat, Person
from tests.ws.v2_client import V2Client, connect, live

NOWHERE = 999_999_999

#: What is in everything that the others may never see.
SECRET = "the combination is 12345"


@dataclass
class Scene:
    """A private group with a past, and somebody who may see none of that."""

    group: int
    old: list[int]
    owner: Person
    client: V2Client
    #: Somebody whom much is done to, and a message of theirs.
    helper: Person
    theirs: int


async def scene(chat: Chat) -> tuple[Scene, dict[str, Person], dict[str, V2Client]]:
    """Return a group with secrets, and a newcomer, people who have gone or were put out, and a stranger, each with a
    live socket.
    """
    names = ("former", "kicked", "banned", "newcomer", "stranger", "asking")
    owner, *others = await chat.people("owner", *names)
    people = dict(zip(names, others, strict=True))
    former, kicked, banned, newcomer, _, asking = others
    group = await make(owner, "Chess", history="joined")
    await let_in(owner, group, former, kicked, banned)
    await former.post(f"/groups/{group}/leave", status=204)
    await act(owner, group, "kick", kicked)
    await act(owner, group, "ban", banned)
    client = await live(owner)
    old = [
        await say(owner, group, f"{SECRET} {number} @all @newcomer @former @kicked @banned @stranger")
        for number in range(3)
    ]
    old.append(await say(owner, group, f"{SECRET} answered", reply_to=old[0]))
    await client.ack("react", message_id=old[0], emoji="👍")
    helper = await chat.person("helper")
    await let_in(owner, group, helper)
    theirs = await say(helper, group, f"{SECRET} by another")
    await let_in(owner, group, newcomer)
    await change(owner, group, approval=True)
    await asking.post(f"/join/{await code_of(owner, group)}", {"note": "Please"}, 202)
    clients = {name: await live(person) for name, person in people.items()}
    return Scene(group, old, owner, client, helper, theirs), people, clients


async def work_on(it: Scene) -> None:
    """Do to the old messages whatever can be done."""
    first, second, third, fourth = it.old
    await it.client.ack("edit", message_id=first, content=f"{SECRET} edited @newcomer @former @all")
    await it.client.ack("react", message_id=first, emoji="🎉")
    await it.client.ack("unreact", message_id=first, emoji="👍")
    for message in (first, third):
        assert await done(it.owner, "PUT", f"/messages/{message}/pin") == 204
    await it.client.ack("delete", message_id=third)
    helper = it.helper
    await undo(it.owner, it.group, await act(it.owner, it.group, "remove", message_id=it.theirs, reason=SECRET))
    await act(it.owner, it.group, "silence", helper, until="2999-01-01T00:00:00Z", reason=SECRET)
    await act(it.owner, it.group, "ban", helper, remove="all", reason=SECRET)
    await it.client.ack("read", group=it.group, up_to=fourth)
    await say(it.owner, it.group, "public to members", reply_to=second)


def ways(group: int, message: int, user: int) -> list[tuple[str, str, object]]:
    """Return every request that names a group, a message in it or a member of it."""
    return [
        ("GET", f"/groups/{group}", None),
        ("PATCH", f"/groups/{group}", {"name": "x"}),
        ("DELETE", f"/groups/{group}", {"name": "Chess"}),
        ("GET", f"/groups/{group}/members", None),
        ("PUT", f"/groups/{group}/members/{user}", {"role": "member"}),
        ("POST", f"/groups/{group}/join", None),
        ("GET", f"/groups/{group}/requests", None),
        ("POST", f"/groups/{group}/requests/{user}", {"accept": True}),
        ("POST", f"/groups/{group}/invites", {}),
        ("GET", f"/groups/{group}/invites", None),
        ("GET", f"/groups/{group}/reports", None),
        ("POST", f"/groups/{group}/reports/1/resolve", None),
        ("PUT", f"/groups/{group}/me", {"notify": "none"}),
        ("POST", f"/groups/{group}/actions", {"kind": "kick", "user": user}),
        ("POST", f"/groups/{group}/actions", {"kind": "remove", "message_id": message}),
        ("GET", f"/groups/{group}/actions", None),
        ("GET", f"/groups/{group}/actions/1/messages", None),
        ("POST", f"/groups/{group}/actions/1/undo", None),
        ("POST", f"/groups/{group}/actions/1/end", None),
        ("POST", f"/groups/{group}/actions/undo", {"actor": user, "since": "2000-01-01T00:00:00Z"}),
        ("DELETE", f"/groups/{group}/invites/1", None),
        ("POST", f"/groups/{group}/invitations", {"user": user}),
        ("DELETE", f"/groups/{group}/invitations/{user}", None),
        ("POST", f"/groups/{group}/messages", {"content": "x", "reply_to": message}),
        ("POST", f"/groups/{group}/read", {"up_to": message}),
        ("GET", f"/messages?group={group}", None),
        ("GET", f"/messages?group={group}&pinned=1", None),
        ("GET", f"/messages?thread={message}", None),
        *(("GET", f"/messages?group={group}&{side}={message}", None) for side in ("before", "after", "around")),
        *about_message(message),
    ]


def about_message(message: int) -> list[tuple[str, str, object]]:
    """Return every request that names a message alone."""
    return [
        ("PATCH", f"/messages/{message}", {"content": "x"}),
        ("DELETE", f"/messages/{message}", None),
        ("PUT", f"/messages/{message}/reactions/👍", None),
        ("DELETE", f"/messages/{message}/reactions/👍", None),
        ("GET", f"/messages/{message}/reactions/👍", None),
        ("POST", f"/messages/{message}/report", {"reason": "spam"}),
        ("GET", f"/messages/{message}/readers", None),
        ("PUT", f"/messages/{message}/pin", None),
        ("DELETE", f"/messages/{message}/pin", None),
    ]


async def answer(person: Person, way: tuple[str, str, object]) -> tuple[int, tuple[tuple[bytes, bytes], ...], bytes]:
    """Return all that is answered."""
    method, path, body = way
    async with await person.request(method, path, json=body) as response:
        headers = tuple(each for each in response.raw_headers if each[0] != b"Date")
        return response.status, headers, await response.read()


async def all_there_is(person: Person, client: V2Client) -> str:
    """Return everything that somebody can load, and everything that was told them live and is told again."""
    texts = [
        json.dumps(await person.get(path))
        for path in (
            "/groups?limit=100",
            "/conversations",
            "/invitations",
            "/mentions",
            "/unread",
            "/messages/conversations",
            "/messages/unread_count",
        )
    ]
    texts.append(json.dumps(await client.settle(passing=True)))
    again = await connect(person)
    texts.append(json.dumps(await again.catch_up()))
    texts.append(json.dumps(await person.get(f"/messages/events?epoch={again.hello['epoch']}&since=0&timeout=0")))
    await again.ws.close()
    async with await person.request("GET", "/users/me/export") as response:
        assert response.status == 200
        archive = zipfile.ZipFile(io.BytesIO(await response.read()))
        texts += [archive.read(name).decode() for name in archive.namelist()]
    return "\n".join(texts)


@pytest.mark.parametrize("name", ["stranger", "asking", "former", "kicked", "banned"])
async def test_a_private_group_is_answered_as_one_that_is_not_there(chat: Chat, name: str) -> None:
    it, people, clients = await scene(chat)
    person, client = people[name], clients[name]
    user = it.owner.id
    for message in it.old:
        here, nowhere = ways(it.group, message, user), ways(NOWHERE, NOWHERE, user)
        for way, other in zip(here, nowhere, strict=True):
            shown = await answer(person, way)
            assert shown == await answer(person, other), way
            assert shown[0] == 404, way
        commands: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
            ("send", {"group": it.group, "content": "x"}, {"group": NOWHERE, "content": "x"}),
            ("typing", {"group": it.group}, {"group": NOWHERE}),
            ("read", {"group": it.group, "up_to": message}, {"group": NOWHERE, "up_to": message}),
            ("edit", {"message_id": message, "content": "x"}, {"message_id": NOWHERE, "content": "x"}),
            ("delete", {"message_id": message}, {"message_id": NOWHERE}),
            ("react", {"message_id": message, "emoji": "👍"}, {"message_id": NOWHERE, "emoji": "👍"}),
        ]
        for kind, data, other_data in commands:
            first, second = await client.command(kind, **data), await client.command(kind, **other_data)
            assert (first["type"], first["error"]) == ("error", second["error"])
            assert first["error"]["code"] == "not_found"
    await work_on(it)
    if name != "asking":  # who asks sees what anybody with a code sees
        await change(it.owner, it.group, name=SECRET)
    found = await all_there_is(person, client)
    assert SECRET not in found
    assert "public to members" not in found


async def test_a_newcomer_sees_nothing_of_what_was_before_whatever_becomes_of_it(chat: Chat) -> None:
    it, people, clients = await scene(chat)
    person, client = people["newcomer"], clients["newcomer"]
    await work_on(it)
    for message in it.old:
        for way, other in zip(about_message(message), about_message(NOWHERE), strict=True):
            assert await answer(person, way) == await answer(person, other), way
        for way in ways(it.group, message, it.owner.id)[23:]:
            assert SECRET not in (await answer(person, way))[2].decode()
        replying = {"content": "x", "reply_to": message}
        assert (await answer(person, ("POST", f"/groups/{it.group}/messages", replying)))[0] == 404
        assert (await answer(person, ("GET", f"/messages?group={it.group}&around={message}", None)))[0] == 404
        for side in ("before", "after"):
            page = json.loads((await answer(person, ("GET", f"/messages?group={it.group}&{side}={message}", None)))[2])
            assert page["more_before"] is False
        tries: list[tuple[str, dict[str, Any]]] = [
            ("edit", {"content": "x"}),
            ("react", {"emoji": "👍"}),
            ("delete", {}),
        ]
        for kind, data in tries:
            assert await client.error(kind, message_id=message, **data) == "not_found"
    found = await all_there_is(person, client)
    assert SECRET not in found
    assert "public to members" in found
    told = [each for each in await (await connect(person)).catch_up() if each["type"] == "new_message"]
    assert told[0]["data"]["reply_to"] == it.old[1]


async def test_a_code_made_for_one_group_leads_to_no_other(chat: Chat) -> None:
    it, people, _ = await scene(chat)
    other = await make(people["stranger"], "Go")
    code = await code_of(it.owner, it.group)
    invite = (await it.owner.get(f"/groups/{it.group}/invites"))[-1]["id"]
    path = f"/groups/{other}/invites/{invite}"
    nowhere = f"/groups/{other}/invites/{NOWHERE}"
    stranger = people["stranger"]
    assert await answer(stranger, ("DELETE", path, None)) == await answer(stranger, ("DELETE", nowhere, None))
    await stranger.post(f"/join/{code}", status=202)
