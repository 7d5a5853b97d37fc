"""The events of the log: named, documented, and saying which request or socket they are about."""

import ast
import contextvars
import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chatd import logs
from chatd.errors import StorageUnavailable
from chatd.http.context import CONFIG, SERVICES
from chatd.services.histories import Histories
from tests.conftest import Start
from tests.raw import connect as connect_raw
from tests.storage.support import keep_no_pages, unreadable
from tests.support import error_of, until
from tests.ws.test_v2_presence import presence
from tests.ws.v2_client import connect, live

ROOT = Path(__file__).resolve().parent.parent

#: What runs at the user's, not in the server.
CLIENTS = {"client", "chat"}

LEVELS = {"debug", "info", "warning", "error", "exception"}

Line = tuple[str, str, tuple[str, ...]]


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Yield each call that writes a line: of a level's method, on what is named like a logger."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS:
            on = node.func.value
            if "log" in (on.id if isinstance(on, ast.Name) else on.attr if isinstance(on, ast.Attribute) else ""):
                yield node


def line_of(call: ast.Call) -> Line:
    """Return the event, the level and the fields of a call, which has to write them out."""
    assert isinstance(call.func, ast.Attribute)
    (extra,) = [each.value for each in call.keywords if each.arg == "extra"]
    assert isinstance(extra, ast.Dict), ast.unparse(call)
    keys = [key.value for key in extra.keys if isinstance(key, ast.Constant)]
    assert len(keys) == len(extra.keys), ast.unparse(call)
    assert keys[0] == "event"
    event = extra.values[0]
    assert isinstance(event, ast.Constant), ast.unparse(call)
    level = {"exception": "error"}.get(call.func.attr, call.func.attr)
    return str(event.value), level, tuple(map(str, keys[1:]))


def written() -> list[Line]:
    """Return every line that the server's code writes."""
    files = [
        each for each in (ROOT / "chatd").rglob("*.py") if each.relative_to(ROOT / "chatd").parts[0] not in CLIENTS
    ]
    return [line_of(call) for file in files for call in calls(ast.parse(file.read_text(encoding="utf-8")))]


def documented() -> list[Line]:
    """Return every row of the page about the log."""
    text = (ROOT / "docs" / "logs.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| ?((?:`\w+` )*)\| [A-Z].*\. \|$", text, re.MULTILINE)
    assert len(rows) == len(re.findall(r"^\| `", text, re.MULTILINE))
    return [(event, level, tuple(re.findall(r"`(\w+)`", fields))) for event, level, fields in rows]


def test_every_event_is_documented_with_its_level_and_fields_and_none_that_is_not() -> None:
    lines = written()
    assert len(lines) > 20
    assert documented() == sorted(set(lines))


def test_an_event_has_one_level_and_the_same_fields_wherever_it_is_written() -> None:
    assert len({event for event, *_ in written()}) == len(set(written()))


def test_the_search_for_events_misses_none() -> None:
    """What writes lines otherwise would be found in no table."""
    for file in (ROOT / "chatd").rglob("*.py"):
        if file.relative_to(ROOT / "chatd").parts[0] in CLIENTS or file.name == "logs.py":
            continue
        text = file.read_text(encoding="utf-8")
        found = re.findall(
            r"^\s*(?:self\.)?(\w+)\.(?:debug|info|warning|error|exception|critical|log)\(", text, re.MULTILINE
        )
        assert set(found) <= {"log", "logger"}, file
        assert not re.search(r"\.(critical|log)\(", re.sub(r"math\.log\(", "", text)), file


def entries(stream: io.StringIO) -> list[dict[str, Any]]:
    """Return the lines that have an event."""
    found = [json.loads(line) for line in stream.getvalue().splitlines()]
    return [entry for entry in found if "event" in entry]


@pytest.fixture
def said(own_log: None) -> io.StringIO:
    """All that is logged, at every level."""
    stream = io.StringIO()
    logs.configure("debug", "json", stream)
    return stream


async def test_the_lines_of_a_request_have_its_number(said: io.StringIO, start: Start) -> None:
    chat = await start()
    await chat.person("alice")
    done = [entry for entry in entries(said) if entry["event"] in ("registered", "signed_in", "request")]
    assert [entry["event"] for entry in done] == ["registered", "request", "signed_in", "request"]
    first, first_done, second, second_done = (entry["request"] for entry in done)
    assert first == first_done < second == second_done
    assert all("connection" not in entry for entry in done)


async def test_requests_on_one_connection_have_numbers_of_their_own(said: io.StringIO, start: Start) -> None:
    chat = await start()
    async with connect_raw(chat) as raw:
        for head, status in (("GET /nowhere HTTP/1.1", 404), ("GET /other HTTP/1.1", 404), ("nonsense", 400)):
            await raw.send(f"{head}\r\nHost: chat.example.org\r\n\r\n")
            assert (await raw.answer())[0] == status
    first, second, bad, bad_done = [(entry["event"], entry["request"]) for entry in entries(said)[-4:]]
    assert first[1] < second[1] < bad[1] == bad_done[1]
    assert [first[0], second[0], bad[0], bad_done[0]] == ["request", "request", "not_http", "request"]


async def test_the_lines_of_a_socket_have_its_number_and_its_handshake_both(said: io.StringIO, start: Start) -> None:
    chat = await start()
    alice = await chat.person("alice")
    for _ in range(2):
        client = await connect(alice)
        await client.ws.close()
        await until(lambda: entries(said)[-1]["event"] != "connected")
    lines = [entry for entry in entries(said) if entry["event"] in ("connected", "disconnected")]
    first, gone, second, gone_too = lines
    assert first["connection"] == gone["connection"] < second["connection"] == gone_too["connection"]
    assert first["request"] < second["request"]
    assert "request" not in gone
    assert {"user_id", "address", "dialect"} < set(first)


async def test_what_fails_while_a_socket_is_heard_has_its_number(said: io.StringIO, start: Start) -> None:
    chat = await start()
    alice, bob = await chat.people("alice", "bobby")
    await alice.send(bob, "hi")
    watching = await live(bob)
    client = await connect(alice)
    await presence(watching, alice, online=True)  # which is read from the database, too
    app = chat.server.app
    await keep_no_pages(app[SERVICES].database)
    with unreadable(app[CONFIG].database_file):
        await client.error("typing", user=bob.id)
        async with await alice.request("GET", f"/users/{bob.id}") as response:
            assert await error_of(response) == (503, StorageUnavailable.code)
    on_socket, on_request = [entry for entry in entries(said) if entry["event"] == "database_unreadable"]
    *_, connected = [entry for entry in entries(said) if entry["event"] == "connected"]
    assert on_socket["connection"] == connected["connection"]
    assert "request" not in on_socket
    assert on_request["request"] > connected["request"]


async def test_a_request_that_fails_by_a_bug_has_its_number(
    said: io.StringIO, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = await start()
    alice = await chat.person("alice")
    monkeypatch.delattr(Histories, "unread_count")
    async with await alice.request("GET", "/messages/unread_count") as response:
        assert await error_of(response) == (500, "internal_error")
    failed, done = entries(said)[-2:]
    assert (failed["event"], done["event"]) == ("request_failed", "request")
    assert failed["request"] == done["request"]
    assert "AttributeError" in failed["exception"]


def test_on_a_terminal_the_name_of_an_event_is_left_out_and_its_number_is_not(own_log: None) -> None:
    stream = io.StringIO()
    logs.configure("info", "text", stream)

    def task() -> None:
        logs.about("request", 7)
        logging.getLogger("chatd.test").info("signed in", extra={"event": "signed_in", "user_id": 2})

    contextvars.copy_context().run(task)
    logging.getLogger("chatd.test").info("stopping", extra={"event": "stopping"})
    first, second = stream.getvalue().splitlines()
    assert first[8:] == " INFO    signed in  user_id=2  request=7"
    assert second[8:] == " INFO    stopping"
