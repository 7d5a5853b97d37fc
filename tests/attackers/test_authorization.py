"""Who may do what: every route and every command, tried by everybody.

Longer than 300 lines: it is one table, and reads best whole.
"""

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import WSMsgType

from chatd.api.endpoint import Route
from chatd.api.routes import routes
from chatd.config import Config
from chatd.http.routing import twins
from chatd.ws.commands import COMMANDS
from tests.api.support import table
from tests.attackers.world import BEFORE, NOWHERE, ROLES, SECRET, SIGNED_IN, World, create, picture
from tests.conftest import Start
from tests.support import PASSWORD, PATIENCE, Chat
from tests.ws.v2_client import PROTOCOL, V2Client, connect

#: What a request shows: status, headers but the time of day, and body.
Shown = tuple[int, tuple[tuple[bytes, bytes], ...], bytes]

NAMES = (f"newcomer{number}" for number in itertools.count(1))


@dataclass(frozen=True)
class Row:
    """What everybody is answered on one route.

    :param answers: the statuses for a stranger, a former member, a member and the owner.
    :param thing: returns the path, or the data of a command, that names something there is.
    :param nothing: the same for something there is not, or a function that returns it; None where nothing is named.
    """

    answers: str
    thing: Callable[[World], Any]
    nothing: Any = None
    request: Callable[[], dict[str, Any]] = dict
    public: bool = False

    def expected(self, shut_out: tuple[str, str]) -> dict[str, str]:
        """Return the answers by role; who is not signed in is shut out of all that is not public."""
        anonymous, disabled = (self.answers.split()[0],) * 2 if self.public else shut_out
        return dict(zip(ROLES, (anonymous, disabled, *self.answers.split()), strict=True))


def everybody(answer: str, path: str, **request: Any) -> Row:
    """Return the row of what anybody may ask."""
    return Row(" ".join([answer] * 4), lambda _: path, request=lambda: request, public=True)


def ones_own(answer: str, path: str, **request: Any) -> Row:
    """Return the row of what concerns nobody but who asks."""
    return Row(" ".join([answer] * 4), lambda _: path, request=lambda: request)


def of_a_person(path: str, **request: Any) -> Row:
    """Return the row of what anybody signed in may do to anybody: look at them, and write to them."""
    return Row("200 200 200 200", lambda w: path.format(w.bystander.id), path.format(NOWHERE), lambda: request)


def of_a_message(answers: str, path: str, **request: Any) -> Row:
    """Return the row of what is done to a message of the owner's."""
    return Row(answers, lambda w: path.format(w.message()), path.format(NOWHERE), lambda: request)


def of_a_private_message(answers: str, path: str, **request: Any) -> Row:
    """Return the row of what is done to a private message from the owner to the member."""
    return Row(answers, lambda w: path.format(w.private()), path.format(NOWHERE), lambda: request)


def of_the_group(answers: str, path: str, **request: Any) -> Row:
    """Return the row of what is done to the group."""
    return Row(answers, lambda w: path.format(w.group), path.format(NOWHERE), lambda: request)


#: Every route; one that has several rows has them under further names. What ends sessions comes last.
REST: dict[tuple[str, str], list[Row]] = {
    ("POST", "/auth/register"): [
        Row(
            "201 201 201 201",
            lambda _: "/auth/register",
            request=lambda: {"json": {"username": next(NAMES), "password": PASSWORD, "nickname": "x"}},
            public=True,
        )
    ],
    ("POST", "/auth/login"): [
        everybody("200", "/auth/login", data={"username": "bystander", "password": PASSWORD}),
    ],
    ("GET", "/health"): [everybody("200", "/health")],
    ("GET", "/files/avatars/{filename}"): [
        Row("200 200 200 200", lambda w: f"/files/avatars/{w.filename}", "/files/avatars/x.webp", public=True)
    ],
    ("GET", "/auth/me"): [ones_own("200", "/auth/me")],
    ("POST", "/auth/tickets"): [ones_own("201", "/auth/tickets")],
    ("GET", "/auth/sessions"): [ones_own("200", "/auth/sessions")],
    ("DELETE", "/auth/sessions/{id}"): [
        Row("404 404 404 204", lambda w: f"/auth/sessions/{w.session()}", f"/auth/sessions/{NOWHERE}")
    ],
    ("POST", "/invites"): [ones_own("403", "/invites", json={})],
    ("GET", "/users/"): [ones_own("200", "/users/?limit=100")],
    ("GET", "/users/me"): [ones_own("200", "/users/me")],
    ("PUT", "/users/me"): [ones_own("200", "/users/me", json={"bio": "x"})],
    ("GET", "/users/{id}"): [of_a_person("/users/{}")],
    ("PUT", "/users/{id}/block"): [
        Row("204 204 204 204", lambda w: f"/users/{w.bystander.id}/block", f"/users/{NOWHERE}/block")
    ],
    ("GET", "/users/me/blocks"): [ones_own("200", "/users/me/blocks")],
    ("DELETE", "/users/{id}/block"): [
        Row("204 204 204 204", lambda w: f"/users/{w.bystander.id}/block", f"/users/{NOWHERE}/block")
    ],
    ("GET", "/users/me/export"): [ones_own("200", "/users/me/export")],
    ("DELETE", "/users/me"): [ones_own("400", "/users/me", json={"password": "not it"})],
    ("POST", "/files/upload/avatar"): [
        Row("200 200 200 200", lambda _: "/files/upload/avatar", request=lambda: {"data": picture()})
    ],
    ("GET", "/messages/conversations"): [ones_own("200", "/messages/conversations")],
    ("GET", "/messages/history/{id}"): [of_a_person("/messages/history/{}")],
    ("POST", "/messages/send/{id}"): [of_a_person("/messages/send/{}", json={"content": "hello"})],
    ("POST", "/messages/read/{id}"): [of_a_person("/messages/read/{}")],
    ("GET", "/messages/unread_count"): [ones_own("200", "/messages/unread_count")],
    ("GET", "/conversations"): [ones_own("200", "/conversations")],
    ("GET", "/messages"): [
        of_a_person("/messages?user={}"),
        Row("404 404 200 200", lambda w: f"/messages?group={w.group}", f"/messages?group={NOWHERE}"),
        Row(
            "404 404 200 200",
            lambda w: f"/messages?group={w.group}&around={w.message()}",
            f"/messages?group={NOWHERE}&around=1",
        ),
    ],
    ("GET", "/messages/events"): [ones_own("200", "/messages/events")],
    ("POST", "/messages/{id}/report"): [
        of_a_message("404 404 201 400", "/messages/{}/report", json={"reason": "spam"}),
        of_a_private_message("404 404 201 400", "/messages/{}/report", json={"reason": "spam"}),
    ],
    ("PATCH", "/messages/{id}"): [
        of_a_message("404 404 403 200", "/messages/{}", json={"content": "other"}),
        of_a_private_message("404 404 403 200", "/messages/{}", json={"content": "other"}),
    ],
    ("DELETE", "/messages/{id}"): [
        of_a_message("404 404 403 200", "/messages/{}"),
        of_a_private_message("404 404 403 200", "/messages/{}"),
    ],
    ("PUT", "/messages/{id}/reactions/{emoji}"): [
        of_a_message("404 404 200 200", "/messages/{}/reactions/👍"),
        of_a_private_message("404 404 200 200", "/messages/{}/reactions/👍"),
    ],
    ("DELETE", "/messages/{id}/reactions/{emoji}"): [
        of_a_message("404 404 200 200", "/messages/{}/reactions/👍"),
        of_a_private_message("404 404 200 200", "/messages/{}/reactions/👍"),
    ],
    ("POST", "/groups"): [ones_own("201", "/groups", json={"name": "Chess"})],
    ("GET", "/groups"): [ones_own("200", "/groups")],
    ("GET", "/groups/{id}"): [of_the_group("404 404 200 200", "/groups/{}")],
    ("PATCH", "/groups/{id}"): [of_the_group("404 404 403 200", "/groups/{}", json={"description": "x"})],
    ("DELETE", "/groups/{id}"): [of_the_group("404 404 403 409", "/groups/{}", json={"name": "another"})],
    ("GET", "/groups/{id}/members"): [
        of_the_group("404 404 200 200", "/groups/{}/members"),
        of_the_group("404 404 403 200", "/groups/{}/members?via=1"),
    ],
    ("PUT", "/groups/{id}/members/{user}"): [
        Row(
            "404 404 403 200",
            lambda w: f"/groups/{w.group}/members/{w.people['member'].id}",
            f"/groups/{NOWHERE}/members/1",
            request=lambda: {"json": {"role": "member"}},
        )
    ],
    ("PUT", "/groups/{id}/me"): [of_the_group("404 404 200 200", "/groups/{}/me", json={"notify": "named"})],
    ("POST", "/groups/{id}/messages"): [of_the_group("404 404 200 200", "/groups/{}/messages", json={"content": "x"})],
    ("POST", "/groups/{id}/read"): [of_the_group("404 404 200 200", "/groups/{}/read", json={"up_to": 1})],
    ("POST", "/groups/{id}/join"): [of_the_group("404 404 200 200", "/groups/{}/join")],
    ("GET", "/join/{code}"): [Row("404 404 404 404", lambda w: "/join/guessed", "/join/another")],
    ("POST", "/join/{code}"): [Row("404 404 404 404", lambda w: "/join/guessed", "/join/another")],
    ("POST", "/groups/{id}/invites"): [of_the_group("404 404 201 201", "/groups/{}/invites", json={})],
    ("GET", "/groups/{id}/invites"): [of_the_group("404 404 200 200", "/groups/{}/invites")],
    ("DELETE", "/groups/{id}/invites/{invite}"): [
        Row("404 404 204 204", lambda w: f"/groups/{w.group}/invites/1", f"/groups/{NOWHERE}/invites/1")
    ],
    ("POST", "/groups/{id}/invitations"): [
        of_the_group("404 404 202 202", "/groups/{}/invitations", json={"user": 1}),
    ],
    ("DELETE", "/groups/{id}/invitations/{user}"): [
        Row("404 404 204 204", lambda w: f"/groups/{w.group}/invitations/1", f"/groups/{NOWHERE}/invitations/1")
    ],
    ("GET", "/groups/{id}/reports"): [of_the_group("404 404 403 200", "/groups/{}/reports")],
    ("POST", "/groups/{id}/reports/{report}/resolve"): [
        Row(
            "404 404 403 204",
            lambda w: f"/groups/{w.group}/reports/1/resolve",  # what the member has reported above
            f"/groups/{NOWHERE}/reports/1/resolve",
        )
    ],
    ("GET", "/unread"): [ones_own("200", "/unread")],
    ("GET", "/mentions"): [ones_own("200", "/mentions")],
    ("GET", "/messages/{id}/readers"): [
        of_a_message("404 404 403 200", "/messages/{}/readers"),
        of_a_private_message("404 404 404 404", "/messages/{}/readers"),
    ],
    ("GET", "/invitations"): [ones_own("200", "/invitations")],
    ("DELETE", "/invitations/{id}"): [of_the_group("204 204 204 204", "/invitations/{}")],
    ("POST", "/groups/{id}/leave"): [of_the_group("404 204 204 204", "/groups/{}/leave")],
    ("POST", "/users/me/password"): [
        ones_own("204", "/users/me/password", json={"old_password": PASSWORD, "new_password": PASSWORD})
    ],
    ("POST", "/auth/logout"): [ones_own("204", "/auth/logout")],
}

#: Every command of chatd.v2.
SOCKET: dict[str, list[Row]] = {
    "sync": [Row("ack ack ack ack", lambda _: {})],
    "send": [
        Row("ack ack ack ack", lambda w: {"user": w.bystander.id, "content": "x"}, {"user": NOWHERE, "content": "x"}),
        Row(
            "not_found not_found ack ack",
            lambda w: {"group": w.group, "content": "x"},
            {"group": NOWHERE, "content": "x"},
        ),
        Row(
            "not_found not_found not_found not_found",
            lambda w: {"user": w.bystander.id, "content": "x", "reply_to": w.message()},
            lambda w: {"user": w.bystander.id, "content": "x", "reply_to": NOWHERE},
        ),
    ],
    "edit": [
        Row(
            "not_found not_found forbidden ack",
            lambda w: {"message_id": w.message(), "content": "other"},
            {"message_id": NOWHERE, "content": "other"},
        )
    ],
    "delete": [
        Row("not_found not_found forbidden ack", lambda w: {"message_id": w.message()}, {"message_id": NOWHERE})
    ],
    "react": [
        Row(
            "not_found not_found ack ack",
            lambda w: {"message_id": w.message(), "emoji": "👍"},
            {"message_id": NOWHERE, "emoji": "👍"},
        )
    ],
    "unreact": [
        Row(
            "not_found not_found ack ack",
            lambda w: {"message_id": w.private(), "emoji": "👍"},
            {"message_id": NOWHERE, "emoji": "👍"},
        )
    ],
    "read": [
        Row("not_found not_found ack ack", lambda w: {"group": w.group, "up_to": 1}, {"group": NOWHERE, "up_to": 1}),
    ],
    "typing": [
        Row("ack ack ack ack", lambda w: {"user": w.bystander.id}, {"user": NOWHERE}),
        Row("not_found not_found ack ack", lambda w: {"group": w.group}, {"group": NOWHERE}),
    ],
}


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
                if role not in ("owner", "member"):
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
        "former": [BEFORE],
        "member": [BEFORE, SECRET],
        "owner": [BEFORE, SECRET],
    }
