"""Who may do what: every route and every command, tried by everybody."""

import json
from typing import Any

from aiohttp import WSMsgType

from chatd.api.endpoint import Route
from chatd.api.routes import routes
from chatd.config import Config
from chatd.http.routing import twins
from chatd.ws.commands import COMMANDS
from tests.api.support import table
from tests.attackers.table import REST, SOCKET
from tests.attackers.world import BEFORE, ROLES, SECRET, SIGNED_IN, World, create
from tests.conftest import Start
from tests.support import PATIENCE, Chat
from tests.ws.v2_client import PROTOCOL, V2Client, connect

#: What a request shows: status, headers but the time of day, and body.
Shown = tuple[int, tuple[tuple[bytes, bytes], ...], bytes]


async def ask(world: World, role: str, method: str, path: str, request: dict[str, Any]) -> Shown:
    """Send a request as somebody."""
    token = world.people[role].token if role in world.people else None
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with world.chat.client.request(method, path, headers=headers, **request) as response:
        shown = tuple((name, value) for name, value in response.raw_headers if name != b"Date")
        return response.status, shown, await response.read()


def test_every_route_and_every_command_has_a_row() -> None:
    assert set(REST) == {(route.method, route.path) for route in routes(Config())}
    assert set(SOCKET) == set(COMMANDS)


async def test_nothing_is_served_beside_the_table_of_routes(start: Start) -> None:
    chat = await start(web={"enabled": False})
    served = {(route.method, route.resource.canonical) for route in chat.server.app.router.routes() if route.resource}
    tabled = {(route.method, path) for route in table(chat) for path in twins(route.path)}
    others = {("GET", path) for each in ("/messages/ws", "/openapi.json") for path in twins(each)}
    assert {each for each in served if each[0] != "HEAD"} - tabled == others
    assert {path for method, path in served if method == "HEAD"} == {path for method, path in served if method == "GET"}


def test_the_table_of_routes_calls_public_what_is() -> None:
    def is_public(route: Route) -> bool:
        return any(row.public for row in REST[route.method, route.path])

    assert [route.path for route in routes(Config()) if route.public != is_public(route)] == []


async def test_everybody_is_answered_on_every_route_what_they_may_know(chat: Chat) -> None:
    world = await create(chat)
    answered, expected = {}, {}
    for (method, path), rows in REST.items():
        for number, row in enumerate(rows):
            thing = row.thing(world)
            for role, answer in row.expected(("401", "401")).items():
                shown = await ask(world, role, method, thing, row.request())
                place = (method, path, number, role)
                answered[place], expected[place] = str(shown[0]), answer
                if answer in ("401", "404"):
                    nothing = row.nothing or thing
                    assert shown == await ask(world, role, method, nothing, row.request()), place
                if role not in ("owner", "member", "silenced"):
                    assert SECRET not in shown[2].decode(errors="replace"), place
    assert answered == expected


async def answer(client: V2Client, kind: str, data: dict[str, Any]) -> str:
    """Send a command and return all that is answered, as it came."""
    await client.write({"type": kind, "id": 1, "data": data})
    while True:
        text = await client.read_text()
        if json.loads(text)["type"] in ("ack", "error"):
            return text


def outcome(text: str) -> str:
    """Return "ack" or the code of an error."""
    frame = json.loads(text)
    return str(frame["error"]["code"]) if frame["type"] == "error" else "ack"


async def test_everybody_is_answered_by_every_command_what_they_may_know(chat: Chat) -> None:
    world = await create(chat)
    clients = {role: await connect(world.people[role]) for role in SIGNED_IN}
    answered, expected = {}, {}
    for kind, rows in SOCKET.items():
        for number, row in enumerate(rows):
            data = row.thing(world)
            for role, client in clients.items():
                text = await answer(client, kind, data)
                place = (kind, number, role)
                answered[place], expected[place] = outcome(text), row.expected(("", ""))[role]
                if expected[place] == "not_found":
                    nothing = row.nothing(world) if callable(row.nothing) else row.nothing
                    assert text == await answer(client, kind, nothing), place
    assert answered == expected


async def test_who_may_not_connect_is_told_nothing_of_the_log(chat: Chat) -> None:
    world = await create(chat)
    told: dict[str, str | list[str]] = {}
    for role in ROLES:
        token = world.people[role].token if role in world.people else ""
        protocols = [PROTOCOL, *([f"bearer.{token}"] if token else [])]
        async with chat.client.ws_connect("/messages/ws", protocols=protocols) as ws:
            message = await ws.receive(timeout=PATIENCE)
            if message.type is not WSMsgType.TEXT:
                told[role] = f"closed with {ws.close_code}"
                continue
            await ws.send_json(
                {"type": "sync", "id": 1, "data": {"epoch": message.json()["data"]["epoch"], "since": 0}}
            )
            replayed = ""
            while '"re":1' not in (text := await ws.receive_str(timeout=PATIENCE)):
                replayed += text
            told[role] = [text for text in (BEFORE, SECRET) if text in replayed]
    assert told == {
        "anonymous": "closed with 4001",
        "disabled": "closed with 4003",
        "stranger": [],
        "invited": [],
        "asking": [],
        "former": [BEFORE],
        "kicked": [BEFORE],
        "banned": [BEFORE],
        "silenced": [BEFORE, SECRET],
        "member": [BEFORE, SECRET],
        "owner": [BEFORE, SECRET],
    }
