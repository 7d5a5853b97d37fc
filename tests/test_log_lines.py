"""What a client sends stays inside its line of the log: it ends none, begins none and steers no terminal."""

import io
import json
import logging
import sys
import unicodedata
from typing import Any, Literal
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatd import logs
from tests.conftest import Start
from tests.raw import connect

#: Each ends a line somewhere, steers a terminal, or turns the direction of writing.
FORGED = [
    "x\n12:00:00 INFO    signed in  user_id=1",
    "x\r12:00:00 INFO    signed in",
    "x\x0b12:00:00 INFO    signed in",
    "x\x8512:00:00 INFO    signed in",
    "x\u202812:00:00 INFO    signed in",
    "x\u202912:00:00 INFO    signed in",
    "\x1b[2J\x1b]0;title\x07",
    "\x9b2J",
    "\x7f\x08\x08",
    "\u202egnp.exe\u2066\u200f",
    "\ud800\udfff",
    "\u00ad\ufeff\U000e0041",
]

#: What is neither seen nor a space.
UNSEEN = st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn"])
WORDS = st.text(UNSEEN | st.characters() | st.sampled_from("  =\\\"'"))


@pytest.fixture(autouse=True)
def _every_test_has_its_own_log(own_log: None) -> None:
    """None changes what is logged elsewhere."""


def record(message: str, *args: Any, **extra: Any) -> logging.LogRecord:
    return logging.getLogger("chatd.test").makeRecord(
        "chatd.test", logging.INFO, "file.py", 1, message, args, None, extra=extra
    )


def is_seen(text: str) -> bool:
    """Report whether a text holds nothing but what shows, and spaces."""
    return not any(unicodedata.category(each) in ("Cc", "Cf", "Cs", "Zl", "Zp") for each in text)


@given(WORDS, WORDS)
@example("", "  event=forged")
def test_a_text_line_is_one_line_with_the_fields_it_was_given(message: str, value: str) -> None:
    line = logs.TextFormatter().format(record("%s", message, path=value))
    assert is_seen(line)
    assert len(line.splitlines()) == 1
    assert line[17:].count("  ") == line.count("  path=") == 1


@given(WORDS, st.dictionaries(st.from_regex(r"x_[a-z]+", fullmatch=True), WORDS))
def test_a_json_line_says_what_was_given_and_shows_all_of_it(message: str, extra: dict[str, str]) -> None:
    line = logs.JsonFormatter().format(record("%s", message, **extra))
    assert is_seen(line)
    said = json.loads(line)
    assert said["message"] == logs.redacted(message)
    assert {name: said[name] for name in extra} == {name: logs.redacted(value) for name, value in extra.items()}


@pytest.mark.parametrize("forged", FORGED)
def test_a_traceback_is_no_line_of_the_log(forged: str) -> None:
    each = record("it failed")
    try:
        raise ValueError(forged)
    except ValueError:
        each.exc_info = sys.exc_info()
    first, *others = logs.TextFormatter().format(each).split("\n")
    assert is_seen(first)
    for line in others:
        assert is_seen(line)
        assert line.startswith("  ")


def test_what_people_write_is_written_as_it_is() -> None:
    for text in ("grüß dich", "你好", "привет", "שלום", "👍🏽", 'a "quoted" \\ path'):
        assert text in logs.TextFormatter().format(record("%s", text))


@pytest.mark.parametrize("form", ["text", "json"])
async def test_what_a_client_sends_begins_no_line_of_a_servers_log(start: Start, form: Literal["text", "json"]) -> None:
    stream = io.StringIO()
    logs.configure("debug", form, stream)
    chat = await start(server={"trusted_proxies": ["127.0.0.1"]})
    stream.seek(0)
    stream.truncate()
    for forged in FORGED:
        raw = forged.encode("utf-8", "surrogatepass")
        async with connect(chat) as line:
            head = [f"GET /{quote(raw)} HTTP/1.1", "Host: a", f"X-Forwarded-For: ::1%{quote(raw)}", "Connection: close"]
            header = b"User-Agent: " + raw.replace(b"\n", b"").replace(b"\r", b"")
            await line.send("\r\n".join(head).encode() + b"\r\n" + header + b"\r\n\r\n")
            await line.ended()
    for number in [*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029]:
        async with chat.client.get(f"/{quote(chr(number))}x") as response:
            await response.read()
    await chat.server.stop()
    said = stream.getvalue().splitlines()
    assert sum("GET /" in each for each in said) >= 67
    for each in said:
        assert is_seen(each)
        if form == "json":
            assert json.loads(each)["event"]
        else:
            assert each[2:9].count(":") == 2
            assert each[9:16].strip() in ("DEBUG", "INFO", "WARNING", "ERROR")
