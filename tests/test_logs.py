"""The log: one line each, for people or for programs, and no secret in any."""

import datetime as dt
import io
import json
import logging
import os
import sys
import warnings
from typing import Any, Literal

import aiohttp
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatd import logs
from tests.conftest import Start
from tests.support import PASSWORD

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3In0.c2lnbmF0dXJl-_A"
FORMATTERS = [logs.TextFormatter(), logs.JsonFormatter()]

both = pytest.mark.parametrize("formatter", FORMATTERS, ids=["text", "json"])
tokens = st.text("abcdefXYZ0189-_.~+/=", min_size=8, max_size=60)


@pytest.fixture(autouse=True)
def _every_test_has_its_own_log(own_log: None) -> None:
    """None changes what is logged elsewhere."""


def record(message: str, *args: Any, **extra: Any) -> logging.LogRecord:
    return logging.getLogger("chatd.test").makeRecord(
        "chatd.test", logging.INFO, "file.py", 1, message, args, None, extra=extra
    )


def lines(stream: io.StringIO) -> list[str]:
    return stream.getvalue().splitlines()


@both
@pytest.mark.parametrize(
    "text",
    [
        JWT,
        f"GET /messages/ws?token={JWT} HTTP/1.1",
        f"GET /messages/ws?a=1&token={JWT}&b=2",
        f"Authorization: Bearer {JWT}",
        f"authorization: bearer {JWT}",
        f"Sec-WebSocket-Protocol: chatd.v2, bearer.{JWT}",
        f"Sec-WebSocket-Protocol: chatd.v2, ticket.{JWT}",
        f'{{"access_token": "{JWT}", "token_type": "bearer"}}',
        f"<Request '{JWT}'>",
    ],
)
def test_a_token_is_in_no_line_whatever_it_comes_in(formatter: logging.Formatter, text: str) -> None:
    def fail() -> BaseException:
        try:
            raise ValueError(text)
        except ValueError as error:
            return error

    error = fail()
    in_exception = record("it failed")
    in_exception.exc_info = (type(error), error, error.__traceback__)
    for each in (record(text), record("got %s", text), record("got it", header=text), in_exception):
        line = formatter.format(each)
        assert "***" in line
        for part in JWT.split("."):
            assert part not in line


@both
@given(token=tokens)
def test_what_is_sent_as_a_token_is_in_no_line_though_it_is_none(formatter: logging.Formatter, token: str) -> None:
    for before, after in (
        ("?token=", "&page=1"),
        ("?token=", " HTTP/1.1"),
        ("Bearer ", ""),
        ("bearer.", ", x"),
        ("ticket.", ", x"),
    ):
        line = formatter.format(record(f"{before}{token}{after}"))
        assert token not in line
        assert f"{before}***{after}" in line


@given(st.text(), st.dictionaries(st.from_regex(r"x_[a-z]+", fullmatch=True), st.text() | st.integers() | st.none()))
def test_a_json_line_is_one_line_and_says_what_was_given(message: str, extra: dict[str, Any]) -> None:
    line = logs.JsonFormatter().format(record("%s", message, **extra))
    assert "\n" not in line
    entry = json.loads(line)
    assert entry.pop("time").endswith("Z")
    assert entry == {
        "level": "info",
        "logger": "chatd.test",
        "message": logs.redacted(message),
        **{name: logs.redacted(value) if isinstance(value, str) else value for name, value in extra.items()},
    }


@given(
    st.lists(st.sampled_from(["token=", "Bearer ", "bearer.", JWT, "abc", '"', "'", "\\", "\n", " ", "é"])).map("".join)
)
@example(f'"GET /messages/ws?token={JWT}"')
@example('"?token=abc"')
def test_taking_a_secret_out_leaves_the_line_json(text: str) -> None:
    line = logs.JsonFormatter().format(record("%s", text, header=text))
    entry = json.loads(line)
    assert set(entry) == {"time", "level", "logger", "message", "header"}
    assert entry["message"] == entry["header"]
    assert JWT not in line


def test_a_json_line_has_the_time_in_utc_and_the_traceback() -> None:
    try:
        raise RuntimeError("broken")
    except RuntimeError:
        each = record("it failed", path=os)
        each.exc_info = sys.exc_info()
    each.created = 1_700_000_000.1234
    entry = json.loads(logs.JsonFormatter().format(each))
    assert entry["time"] == "2023-11-14T22:13:20.123Z"
    assert dt.datetime.fromisoformat(entry["time"]).utcoffset() == dt.timedelta(0)
    assert entry["exception"].startswith("Traceback")
    assert entry["exception"].endswith("RuntimeError: broken")
    assert entry["path"] == str(os)


def test_a_text_line_is_for_people() -> None:
    try:
        raise RuntimeError("broken")
    except RuntimeError:
        each = record("it %s", "failed", user_id=7)
        each.exc_info = sys.exc_info()
    first, second, *_, last = logs.TextFormatter().format(each).splitlines()
    assert first[8:] == " INFO    it failed  user_id=7"
    assert second.startswith("  Traceback")
    assert last == "  RuntimeError: broken"


@pytest.mark.parametrize(("form", "is_json"), [("auto", False), ("text", False), ("json", True)])
def test_on_a_terminal_the_log_is_text_unless_json_is_asked_for(
    form: Literal["auto", "text", "json"], is_json: bool
) -> None:
    keyboard, screen = os.openpty()
    with os.fdopen(keyboard, "rb") as seen, os.fdopen(screen, "w") as stream:
        logs.configure("info", form, stream)
        logging.getLogger("chatd.test").info("hello")
        line = seen.readline().decode().strip()
    assert line.startswith("{") == is_json
    assert "hello" in line


@pytest.mark.parametrize(("form", "is_json"), [("auto", True), ("text", False), ("json", True)])
def test_elsewhere_the_log_is_json_unless_text_is_asked_for(
    form: Literal["auto", "text", "json"], is_json: bool
) -> None:
    stream = io.StringIO()
    logs.configure("info", form, stream)
    logging.getLogger("chatd.test").info("hello")
    (line,) = lines(stream)
    assert line.startswith("{") == is_json


@pytest.mark.parametrize(
    ("level", "said"),
    [
        ("debug", ["debug", "info", "warning", "error"]),
        ("info", ["info", "warning", "error"]),
        ("warning", ["warning", "error"]),
        ("error", ["error"]),
    ],
)
def test_the_level_is_the_least_important_line(level: str, said: list[str]) -> None:
    stream = io.StringIO()
    logs.configure(level, "json", stream)
    for each in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
        logging.getLogger("chatd.test").log(each, "hello")
        logging.getLogger("aiosqlite").log(min(each, logging.INFO), "every statement there is")
    assert [json.loads(line)["level"] for line in lines(stream)] == said


def test_configuring_again_does_not_say_everything_twice() -> None:
    first, second = io.StringIO(), io.StringIO()
    logs.configure("info", "json", first)
    logs.configure("info", "json", second)
    logging.getLogger("chatd.test").info("hello")
    assert lines(first) == []
    assert len(lines(second)) == 1


def test_warnings_of_python_are_lines_of_the_log() -> None:
    stream = io.StringIO()
    logs.configure("info", "json", stream)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(False)
        logging.captureWarnings(True)
        warnings.warn("this will change", UserWarning, stacklevel=1)
        logging.captureWarnings(False)
    (line,) = lines(stream)
    assert "this will change" in json.loads(line)["message"]


@pytest.mark.parametrize("form", ["text", "json"])
async def test_a_server_never_logs_a_token_or_a_password(start: Start, form: Literal["text", "json"]) -> None:
    stream = io.StringIO()
    logs.configure("debug", form, stream)
    chat = await start()
    alice, bob = await chat.people("alice", "bobby")
    socket = await bob.connect()
    await alice.send(bob, "hello")
    await socket.receive()
    await socket.close()
    other = f"{PASSWORD} again"
    await alice.post("/users/me/password", {"old_password": PASSWORD, "new_password": other}, 204)
    wrong = f"{PASSWORD} wrong"
    form_body = {"username": "alice", "password": wrong}
    assert await chat.error("POST", "/auth/login", data=form_body) == (401, "wrong_credentials")
    assert await chat.error("GET", f"/nowhere?token={alice.token}") == (404, "not_found")
    header = {"Authorization": f"Bearer {alice.token}x"}
    assert await chat.error("GET", "/auth/me", headers=header) == (401, "not_authenticated")
    async with chat.client.ws_connect("/messages/ws", protocols=[f"bearer.{alice.token}"]) as offered:
        assert (await offered.receive()).type is aiohttp.WSMsgType.CLOSE
    await chat.server.stop()

    said = stream.getvalue()
    assert "signed in" in said
    assert "password changed" in said
    for secret in (PASSWORD, alice.token, bob.token, *alice.token.split("."), *bob.token.split(".")):
        assert secret not in said
    if form == "json":
        assert all(json.loads(line) for line in said.splitlines())
