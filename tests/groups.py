"""Groups as people make and use them, for tests."""

from typing import Any

from chatd.http.context import SERVICES
from chatd.services import joining
from chatd.storage import groups
from chatd.storage.commit import Transaction
from tests.storage.support import add_account
from tests.support import Chat, Person, error_of
from tests.ws.v2_client import V2Client, connect


async def make(owner: Person, name: str = "Chess", **said: Any) -> int:
    """Make a group and return its id."""
    return int((await owner.post("/groups", {"name": name, **said}, 201))["id"])


async def code_of(member: Person, group: int, **said: Any) -> str:
    """Make a code and return it."""
    return str((await member.post(f"/groups/{group}/invites", said, 201))["code"])


async def let_in(owner: Person, group: int, *people: Person) -> None:
    """Let people join by a code."""
    code = await code_of(owner, group)
    for person in people:
        await person.post(f"/join/{code}")


async def made_with(owner: Person, *people: Person, **said: Any) -> int:
    """Make a group that some people are in, and return its id."""
    group = await make(owner, **said)
    await let_in(owner, group, *people)
    return group


async def fill(chat: Chat, group: int, count: int, *, named: str = "guest") -> list[int]:
    """Let people into a group who have no password, and return their ids: to register them would take minutes."""

    def come(tx: Transaction) -> list[int]:
        ids = []
        for number in range(count):
            user_id = add_account(tx, f"{named}{number}")
            found = groups.find(tx.db, group)
            assert found is not None
            joining.enter(tx, found, user_id, now=1, members_max=10_000, per_user=1)
            ids.append(user_id)
        return ids

    return await chat.server.app[SERVICES].database.write(come)


async def empty(chat: Chat, group: int, ids: list[int]) -> None:
    """Let people leave a group who cannot sign in."""

    def go(tx: Transaction) -> None:
        for user_id in ids:
            joining.leave(tx, joining.require(tx.db, group, user_id)[1], how="left", now=1)

    await chat.server.app[SERVICES].database.write(go)


async def leave(person: Person, group: int) -> None:
    """Leave a group."""
    await person.post(f"/groups/{group}/leave", status=204)


async def change(person: Person, group: int, **said: Any) -> dict[str, Any]:
    """Change a group and return it."""
    async with await person.request("PATCH", f"/groups/{group}", json=said) as response:
        assert response.status == 200, await response.text()
        changed: dict[str, Any] = await response.json()
        return changed


async def refused(person: Person, method: str, path: str, body: Any = None) -> tuple[int, str]:
    """Send a request that fails, and return its status and code."""
    async with await person.request(method, path, json=body) as response:
        return await error_of(response)


async def done(person: Person, method: str, path: str, body: Any = None) -> int:
    """Send a request and return its status."""
    async with await person.request(method, path, json=body) as response:
        return response.status


async def roles(person: Person, group: int) -> dict[int, str]:
    """Return who is in a group, as what."""
    page = await person.get(f"/groups/{group}/members")
    return {each["user"]["id"]: each["role"] for each in page["members"]}


async def say(person: Person, group: int, content: str, **data: Any) -> int:
    """Send a message over REST and return its id."""
    answer = await person.post(f"/groups/{group}/messages", {"content": content, **data})
    return int(answer["message"]["id"])


async def shown(person: Person, group: int) -> list[str]:
    """Return what somebody sees of a group's messages."""
    return [each["content"] for each in (await person.get(f"/messages?group={group}&limit=100"))["items"]]


async def replayed(person: Person) -> list[dict[str, Any]]:
    """Return the whole log as somebody sees it over the socket."""
    client: V2Client = await connect(person)
    found = await client.catch_up()
    await client.ws.close()
    return found


async def act(person: Person, group: int, kind: str, *whom: Person, **said: Any) -> dict[str, Any]:
    """Do something to somebody in a group, or to several people, and return the first action."""
    people = {"user": whom[0].id} if len(whom) == 1 else {"users": [each.id for each in whom]} if whom else {}
    answer = await person.post(f"/groups/{group}/actions", {"kind": kind, **people, **said}, 201)
    found: dict[str, Any] = answer["actions"][0]
    return found


async def undo(person: Person, group: int, action: dict[str, Any]) -> dict[str, Any]:
    """Undo an action and return it."""
    undone: dict[str, Any] = await person.post(f"/groups/{group}/actions/{action['id']}/undo")
    return undone


async def promote(owner: Person, group: int, person: Person) -> None:
    """Make somebody an admin."""
    assert await done(owner, "PUT", f"/groups/{group}/members/{person.id}", {"role": "admin"}) == 200
