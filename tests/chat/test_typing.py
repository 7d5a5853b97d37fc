"""What is typed and pasted reaches the message as it is, in every script."""

import asyncio
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual import events

from chatd.chat.entry import LineEntry, is_text, last_length, pasted, typed
from chatd.chat.tokens import Tokens
from chatd.chat.widgets import Composer
from chatd.client import Client, Rest
from tests.chat.support import terminal
from tests.chat.tty import Tty, surroundings
from tests.process import ServerProcess, chatd
from tests.support import PASSWORD, PATIENCE, Chat, until

#: How people write, by what their keyboards and input methods send.
TEXTS = [
    "你好　世界",  # an ideographic space
    "می‌خواهم",  # a zero width non-joiner
    "क्‍ष",  # a zero width joiner between letters
    "👩‍🚀 👨‍👩‍👧‍👦",
    "❤️ 1️⃣ ☎︎",  # variation selectors
    "🏴󠁧󠁢󠁥󠁮󠁧󠁿",  # tags
    "葛󠄀城",  # an ideographic variation
    "עברית ‏‎ ‪x‬ ⁦y⁩",  # marks of direction
    "no break space\u2009thin\u200bzero\u2060joiner\ufeff.",
    "soft­hyphen",
    "ᠮᠣᠩᠭᠣᠯ᠎ᠠ",  # a Mongolian vowel separator
    "한국어 각",
    "ＦＵＬＬ ﾊﾝｶｸ",
    "\U0001fac6 \ue000 \U000f0000",  # newer than Python's table, and of private use
    "e\u0301 ก็ ཨོཾ ඞ ੴ",
    "ԱՋ ქ ⴰⵣⵓⵍ ᚠ 𐍈 𒀀 ⠓",
]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    """A server with Ada and Grace on it."""
    with ServerProcess(tmp_path / "data") as server:
        for name, nickname in (("ada", "Ada"), ("grace", "می‌خواهم گل")):
            options = ("user", "add", name, "--nickname", nickname, "--password-stdin")
            added = chatd(tmp_path / "data", *options, stdin=f"{PASSWORD}\n")
            assert added.returncode == 0, added.stderr
        yield server


async def sent(rest: Rest, user_id: int, count: int) -> list[str]:
    """Return what was said to somebody, once it is so many messages."""
    async with asyncio.timeout(PATIENCE):
        while len(items := (await rest.messages(user_id)).items) < count:
            pass
        return [message.content for message in items]


async def test_what_is_typed_or_pasted_in_a_terminal_is_what_is_sent(tmp_path: Path, server: ServerProcess) -> None:
    async with Rest(server.url, username="ada", password=PASSWORD) as rest:
        [grace] = await rest.users("grace")
        Tokens(Path(surroundings(tmp_path)["XDG_CONFIG_HOME"]) / "chatd" / "chat.json").keep(
            server.url, "ada", await rest.login("ada", PASSWORD)
        )
        with Tty(tmp_path, server.url) as tty:
            tty.wait_for("Nobody yet")
            tty.enter("\x0e")
            tty.wait_for("(@grace)")
            tty.enter("می‌خو")
            tty.wait_for("می")
            tty.enter("\r")
            tty.wait_for("  @grace")
            for text in TEXTS:
                tty.enter(f"{text}\r")
            assert await sent(rest, grace.id, len(TEXTS)) == TEXTS
            for text in TEXTS:
                tty.enter(f"\x1b[200~{text}\x07\x9b\x00\r\nnext\x1b[201~\r")
            pastes = (await sent(rest, grace.id, min(2 * len(TEXTS), 50)))[len(TEXTS) :]
            assert pastes == [f"{text}\nnext" for text in TEXTS]


def test_a_key_is_text_for_textual_or_for_us_and_never_for_both() -> None:
    for code in [*range(0x3400), *range(0xD7A0, 0x10000), *range(0x1F000, 0x20000), *range(0xE0000, 0xE01F0)]:
        event = events.Key("x", chr(code))
        is_control = unicodedata.category(chr(code)) in ("Cc", "Cs")
        assert is_text(chr(code)) is not is_control, hex(code)
        assert (bool(typed(event)) + event.is_printable) == (not is_control), hex(code)


async def test_bytes_that_are_not_utf_8_end_nothing(tmp_path: Path, server: ServerProcess) -> None:
    async with Rest(server.url, username="ada", password=PASSWORD) as rest:
        [grace] = await rest.users("grace")
        async with Client(server.url, username="grace", password=PASSWORD) as client:
            await client.send(1, "hello")
        Tokens(Path(surroundings(tmp_path)["XDG_CONFIG_HOME"]) / "chatd" / "chat.json").keep(
            server.url, "ada", await rest.login("ada", PASSWORD)
        )
        with Tty(tmp_path, server.url) as tty:
            tty.wait_for("گل")
            tty.enter("\r")
            tty.wait_for("  @grace")
            for bad in (b"\xe9 ", b"\xff\xfe", b"caf\xe9 \xc3\x28", b"\xed\xa0\x80"):
                tty.enter(bad)
                tty.wait_for("\x07")  # a bell says that it was lost
            tty.enter("and on\r")
            assert (await sent(rest, grace.id, 2))[1].endswith("and on")


@pytest.mark.parametrize("emoji", ["🚀", "👩‍🚀", "👨‍👩‍👧‍👦", "❤️", "1️⃣", "🇨🇳", "👍🏽", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "\U0001fae8"])
def test_backspace_takes_a_whole_emoji(emoji: str) -> None:
    assert last_length(emoji) == last_length(f"x{emoji}") == last_length(f"🚀{emoji}") == len(emoji)


@pytest.mark.parametrize("text", ["", "a", "e\u0301", "क्‍ष", "می‌خواهم", "ก็", "각", "葛󠄀", "　", "#", "1"])
def test_backspace_takes_anything_else_apart(text: str) -> None:
    assert last_length(text) == 1


async def test_backspace_does_so_in_the_box_and_in_the_field(chat: Chat) -> None:
    ada, grace = await chat.people("ada", "grace")
    await grace.send(ada, "hello")
    async with terminal(ada) as screen:
        await screen.press("enter")
        await screen.sees("hello")
        box = screen.app.query_one(Composer)
        box.put("a\nb 👩‍🚀c")
        await screen.press("left", "backspace")
        assert screen.composer == "a\nb c"
        await screen.press("backspace", "backspace", "backspace", "backspace", "backspace")
        assert screen.composer == "c"
        await screen.press("ctrl+n")
        await until(lambda: screen.app.screen.query(LineEntry))
        field = screen.app.screen.query_one(LineEntry)
        field.value = "x👩‍🚀y"
        field.cursor_position = 4
        await screen.press("backspace", "backspace", "backspace")
        assert field.value == "y"


def test_a_paste_keeps_its_lines_and_tabs_and_no_other_control_character() -> None:
    assert pasted("a\r\nb\rc\nd\te") == "a\nb\nc\nd\te"
    controls = "".join(chr(code) for code in [*range(0x20), *range(0x7F, 0xA0)] if chr(code) not in "\t\n\r")
    assert pasted(f"a{controls}b") == "ab"
    assert pasted("\ud800x") == "x"


async def test_what_was_typed_before_a_chat_is_left_goes_there(tmp_path: Path, server: ServerProcess) -> None:
    added = chatd(tmp_path / "data", "user", "add", "linus", "--password-stdin", stdin=f"{PASSWORD}\n")
    assert added.returncode == 0
    async with Rest(server.url, username="ada", password=PASSWORD) as rest:
        [grace], [linus] = await rest.users("grace"), await rest.users("linus")
        for name in ("grace", "linus"):
            async with Client(server.url, username=name, password=PASSWORD) as client:
                await client.send(1, "hello")
        Tokens(Path(surroundings(tmp_path)["XDG_CONFIG_HOME"]) / "chatd" / "chat.json").keep(
            server.url, "ada", await rest.login("ada", PASSWORD)
        )
        with Tty(tmp_path, server.url) as tty:
            tty.wait_for("linus")
            tty.enter("\r")
            tty.wait_for("  @linus")
            said = {name: [f"to {name} {number}" for number in range(10)] for name in ("linus", "grace")}
            down = "\x1b[1;5B"
            tty.enter("".join(f"{text}\r" for text in said["linus"]) + down)
            tty.enter("".join(f"{text}\r" for text in said["grace"]))
            for person, name in ((grace, "grace"), (linus, "linus")):
                assert await sent(rest, person.id, 11) == ["hello", *said[name]]
