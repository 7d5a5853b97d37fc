"""docs/protocol.md and docs/events.md, held to what a server really does."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

from chatd.api.bodies import MAX_BODY, MAX_UPLOAD
from chatd.config import Config
from chatd.delivery import connection, registry
from chatd.http import heads
from chatd.schemas import CLIENT_ID_MAX, CONTENT_MAX, ID_LIMIT, NAME_MAX, PROFILE_MAX, commands, events
from chatd.schemas.incoming import FRAME_ID_MAX
from chatd.schemas.texts import EMOJI_MAX
from chatd.services.editing import REACTIONS_MAX
from chatd.ws import frame_loop
from chatd.ws.commands import COMMANDS
from chatd.ws.handler import MAX_FRAME
from tests.conftest import Start
from tests.groups import act, done, let_in, say, undo
from tests.support import Chat, Person
from tests.ws.v2_client import V2Client, connect, live

DOCS = Path(__file__).resolve().parent.parent / "docs"
PROTOCOL = (DOCS / "protocol.md").read_text(encoding="utf-8")
EVENTS = (DOCS / "events.md").read_text(encoding="utf-8")
ERRORS = (DOCS / "errors.md").read_text(encoding="utf-8")

#: What the library that reads frames closes with, and what a client sees of a line that was cut.
CLOSE_CODES_OF_OTHERS = {1002, 1006, 1007, 1009}


def shown(page: str, kind: str) -> dict[str, Any]:
    """Return the examples of a page by their names."""
    blocks = re.findall(rf"<!-- {kind} ?([a-z_ ]*) -->\n```json\n(.*?)```", page, re.DOTALL)
    return {name: json.loads(text) for name, text in blocks}


def rows(page: str, head: str) -> list[list[str]]:
    """Return the cells of the table with a head."""
    lines = [line for line in page[page.index(head) :].split("\n\n")[0].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def is_like(example: Any, real: Any) -> bool:
    """Report whether two values have the same fields of the same types; null may stand for anything."""
    if example is None or real is None:
        return True
    if isinstance(example, dict) and isinstance(real, dict):
        return list(example) == list(real) and all(is_like(example[name], real[name]) for name in example)
    if isinstance(example, list) and isinstance(real, list):
        return all(is_like(each, other) for each in example for other in real)
    return type(example) is type(real)


class Witness:
    """Somebody who is told everything there is, with what a server sent of each type."""

    def __init__(self) -> None:
        self.seen: dict[str, Any] = {}

    def note(self, *frames: Any) -> None:
        """Note frames; of a type, the last one counts."""
        self.seen |= {frame["type"]: frame for frame in frames}


async def everything(chat: Chat) -> dict[str, Any]:
    """Cause everything that a client can be told, and return a frame of each type."""
    ada, grace, carol = await chat.people("ada", "grace", "carol")
    first = await ada.send(grace, "Are you up?")
    witness = Witness()
    told = await connect(ada)
    witness.note({"type": "hello", "data": told.hello})
    await told.ack("sync")
    acting = await live(grace)
    sent = await acting.send(ada, "Good morning!", client_id="7f9c", reply_to=first["id"])
    message = sent["data"]["message"]["id"]
    await ada.request("PUT", f"/messages/{message}/reactions/👍")
    await acting.ack("typing", user=ada.id)
    await acting.ack("edit", message_id=message, content="Good evening!")
    await (await live(ada)).ack("read", user=grace.id, up_to=message)
    await acting.ack("delete", message_id=message)
    await grace.request("PUT", "/users/me", json={"nickname": "Admiral Grace"})
    witness.note(*await told.settle(passing=True))
    await acting.ws.close()
    witness.note(await told.read_until("presence"))
    group = (await ada.post("/groups", {"name": "Chess"}, 201))["id"]
    assert await done(ada, "PATCH", f"/groups/{group}", {"name": "Go"}) == 200
    assert await done(ada, "PUT", f"/groups/{group}/me", {"notify": "named"}) == 200
    await let_in(ada, group, grace, carol)
    spam = await say(carol, group, "spam")
    assert await done(ada, "PUT", f"/messages/{spam}/pin") == 204
    for kind, whom in (("remove", carol), ("ban", grace)):
        await undo(ada, group, await act(ada, group, kind, whom, remove="all"))
    assert await done(ada, "PUT", f"/groups/{group}/members/{grace.id}", {"role": "owner"}) == 200
    await act(grace, group, "silence", ada, until="2999-01-01T00:00:00Z")
    assert await done(grace, "PUT", f"/groups/{group}/members/{ada.id}", {"role": "owner"}) == 200
    await grace.send(ada, "Are you there?")
    other = (await carol.post("/groups", {"name": "Shogi"}, 201))["id"]
    await carol.post(f"/groups/{other}/invitations", {"user": ada.id}, 202)
    assert await done(ada, "PATCH", f"/groups/{group}", {"approval": True, "public": True}) == 200
    assert await done(await chat.person("dan"), "POST", f"/groups/{group}/join", {"note": "Hello!"}) == 202
    assert await done(ada, "DELETE", f"/groups/{group}", {"name": "Go"}) == 204
    witness.note(*await told.catch_up())
    await told.write({"type": "ping"})
    witness.note(await told.read_until("pong"))
    stop = asyncio.create_task(chat.server.stop())
    assert await told.closed() == registry.RESTARTING
    await stop
    witness.note(await told.read_until("restarting"))
    return witness.seen


async def test_every_frame_is_shown_as_it_is_sent(chat: Chat) -> None:
    examples, real = shown(EVENTS, "frame"), await everything(chat)
    assert examples.keys() == real.keys()
    assert examples.keys() == {*events.LOGGED, *events.PASSING, "hello", "pong", "restarting"}
    for kind, example in examples.items():
        assert example["type"] == kind
        assert is_like(example, real[kind]), (kind, real[kind])


@pytest.mark.parametrize("kind", events.LOGGED)
def test_the_forms_of_the_api_are_the_events_that_are_shown(kind: str) -> None:
    form, example = events.LOGGED[kind](), shown(EVENTS, "frame")[kind]
    assert form.validate(example) == {}
    assert set(form.fields) == set(example)
    of_data = form.fields["data"].schema.fields  # type: ignore[attr-defined]
    assert {name for name, field in of_data.items() if field.required} == set(example["data"])


@pytest.mark.parametrize("kind", events.PASSING)
def test_so_are_the_forms_of_what_passes(kind: str) -> None:
    form, example = events.PASSING[kind](), shown(EVENTS, "frame")[kind]
    assert form.validate(example["data"]) == {}
    assert set(form.fields) == set(example["data"])


def test_every_logged_event_has_a_row_that_says_what_to_do() -> None:
    table = rows(EVENTS, "| type | what has happened |")
    assert [row[0].strip("`") for row in table] == list(events.LOGGED)
    assert all(len(row) == 3 and row[2] for row in table)


async def test_errors_are_shown_as_they_are_sent(start: Start) -> None:
    chat = await start(limits={"messages_per_second": 0.1})
    ada, grace = await chat.people("ada", "grace")
    client = await live(ada)
    async with await ada.request("POST", f"/messages/send/{grace.id}", json={}) as response:
        assert shown(ERRORS, "error")["over rest"] == await response.json()
    await client.send(grace, "one")
    refused = await client.command("send", user=grace.id, content="two")
    assert is_like(shown(ERRORS, "error")["over the socket"], refused)


async def test_every_command_has_a_row_with_its_data_and_its_answer(chat: Chat) -> None:
    ada, grace = await chat.people("ada", "grace")
    client = await live(ada)
    message = (await client.send(grace, "x"))["data"]["message"]["id"]
    said: dict[str, dict[str, Any]] = {
        "sync": {},
        "send": {"user": grace.id, "content": "x"},
        "edit": {"message_id": message, "content": "y"},
        "react": {"message_id": message, "emoji": "👍"},
        "unreact": {"message_id": message, "emoji": "👍"},
        "read": {"user": grace.id, "up_to": message},
        "typing": {"user": grace.id},
        "delete": {"message_id": message},
    }
    table = {row[0].strip("`"): row[1:] for row in rows(PROTOCOL, "| command | data |")}
    assert table.keys() == COMMANDS.keys() == said.keys()
    for kind, data in said.items():
        takes, answers, event = table[kind]
        assert set(re.findall(r"`([a-z_]+)`", takes)) == set(COMMANDS[kind].form.data.fields), kind
        assert set(re.findall(r"`([a-z_]+)`", answers)) == set((await client.ack(kind, **data))["data"]), kind
        assert event == "–" or event.strip("`") in {**events.LOGGED, **events.PASSING}, kind


async def again(client: V2Client, kind: str, data: dict[str, Any]) -> tuple[Any, Any]:
    """Send a command twice; return both answers."""
    return await client.ack(kind, **data), await client.ack(kind, **data)


async def test_every_command_may_be_repeated_as_the_page_says(chat: Chat) -> None:
    ada, grace = await chat.people("ada", "grace")
    client, other = await live(ada), await live(grace)
    theirs = (await other.send(ada, "hello"))["data"]["message"]["id"]
    first, second = await again(client, "send", {"user": grace.id, "content": "once", "client_id": "c"})
    message = first["data"]["message"]["id"]
    assert (second["data"]["message"]["id"], second["data"]["duplicate"]) == (message, True)
    assert await client.error("send", user=grace.id, content="another", client_id="c") == "client_id_reused"
    for kind, data in (
        ("edit", {"message_id": message, "content": "twice"}),
        ("react", {"message_id": message, "emoji": "👍"}),
        ("unreact", {"message_id": message, "emoji": "👍"}),
        ("read", {"user": grace.id, "up_to": theirs}),
        ("delete", {"message_id": message}),
    ):
        first, second = await again(client, kind, data)
        assert ("seq" in first, "seq" in second) == (True, False), kind
        assert first["data"].keys() == second["data"].keys()


async def test_since_without_an_epoch_is_answered_resync(chat: Chat) -> None:
    client = await connect(await chat.person("ada"))
    assert await client.error("sync", since=0) == "resync"


async def begin(person: Person, limit: int) -> tuple[set[int], str, int]:
    """Load all conversations as the page says; return with whom they are, and the first epoch and cursor."""
    found: list[dict[str, Any]] = []
    place: tuple[str, int] | None = None
    before, more = "", True
    while more:
        async with await person.request("GET", f"/conversations?limit={limit}{before}") as response:
            page = await response.json()
            place = place or (response.headers["Chatd-Epoch"], int(response.headers["Chatd-Cursor"]))
        found += page["conversations"]
        before, more = f"&before={page['conversations'][-1]['last_message']['id']}", page["more"]
    assert place is not None
    return {each["user"]["id"] for each in found}, *place


async def test_an_empty_client_begins_as_the_page_says(chat: Chat) -> None:
    ada, *others = await chat.people("ada", "grace", "carol", "erin", "frank")
    for other in others:
        await other.send(ada, "hello")
    known, epoch, cursor = await begin(ada, 3)
    assert known == {other.id for other in others}
    await others[0].send(ada, "news")
    client = await connect(ada)
    await client.ack("sync", epoch=epoch, since=cursor)
    assert (await client.read_until("new_message"))["data"]["content"] == "news"


def test_every_close_code_has_a_row() -> None:
    table = rows(PROTOCOL, "| code | meaning | what to do |")
    ours = {
        registry.NO_TOKEN,
        registry.ACCOUNT_UNAVAILABLE,
        registry.TOO_MANY,
        registry.RESTARTING,
        connection.NOT_AUTHENTICATED,
        frame_loop.UNSUPPORTED_DATA,
        frame_loop.POLICY_VIOLATION,
        frame_loop.TRY_AGAIN_LATER,
    }
    assert {int(code) for row in table for code in row[0].split(", ")} == ours | CLOSE_CODES_OF_OTHERS
    assert all(len(row) == 3 and row[2] for row in table)


def test_the_limits_are_those_that_hold() -> None:
    limits = Config().limits
    assert MAX_FRAME == MAX_BODY
    assert f"1 to {FRAME_ID_MAX} characters" in PROTOCOL
    text = {
        "a frame, a body over REST": f"{MAX_FRAME:,} bytes",
        "a picture": f"{MAX_UPLOAD:,} bytes",
        "a request's headers": (
            f"{heads.MAX_HEADERS:,} bytes together, {heads.MAX_FIELD:,} each, {heads.MAX_FIELDS} of them"
        ),
        "a request's address": f"{heads.MAX_TARGET:,} bytes",
        "an id": f"1 to {ID_LIMIT - 1:,}",
        "`content`": f"1 to {CONTENT_MAX:,}",
        "`client_id`": f"1 to {CLIENT_ID_MAX}",
        "`emoji`": f"1 to {EMOJI_MAX}",
        "reactions of one user to a message": f"{REACTIONS_MAX}",
        "a nickname": f"1 to {NAME_MAX}",
        "a profile's text": f"{PROFILE_MAX}",
        "`limit` of `sync`": f"1 to {commands.SYNC_MAX}; {commands.SYNC_DEFAULT} if left out; a page may have fewer",
        "`limit` of `GET /conversations` and `GET /messages`": "1 to 100; 50 if left out",
        "`timeout` of `GET /messages/events`": f"0 to {events.POLL_MAX} s; {events.POLL_DEFAULT} if left out",
        "frames of one user": f"{limits.commands_per_second:g} a second, {5 * limits.commands_per_second:g} at once*",
        "requests of one user": f"{limits.requests_per_second:g} a second, {5 * limits.requests_per_second:g} at once*",
        "messages of one user": f"{limits.messages_per_second:g} a second, {5 * limits.messages_per_second:g} at once*",
        "connections of one user": f"{limits.connections_per_user}*",
        "unread bytes on a connection": (
            f"{connection.OUTBOX_LIMIT:,}, or {connection.SocketTimeouts().stall:g} s without reading"
        ),
    }
    assert dict(rows(PROTOCOL, "| what | limit |")) == text


def test_every_page_that_is_named_is_there() -> None:
    for page in (PROTOCOL, EVENTS, ERRORS):
        for name, anchor in re.findall(r"\]\(([a-z./_]*)(?:#([a-z0-9-]+))?\)", page):
            path = DOCS / name if name else None
            assert path is None or path.exists(), name
            text = page if path is None else path.read_text(encoding="utf-8")
            heads = {
                re.sub(r"[^a-z0-9 -]", "", head.lower()).replace(" ", "-")
                for head in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
            }
            assert not anchor or anchor in heads, (name, anchor)
