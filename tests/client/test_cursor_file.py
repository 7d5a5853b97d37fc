"""The file in which a bot keeps how far it has come."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from chatd.client import Bot, Cursor, Resync
from chatd.client.cursor_file import CursorFile
from tests.client.bots import bot_of, running
from tests.client.support import client_of
from tests.support import Chat, Person, until

#: What a power cut, a full disk, an editor or a wrong path may leave in the file.
BROKEN = [
    b"",
    b"\n",
    b"\0" * 40,
    b"\xff\xfe",
    b"e\0:5",
    b"5",
    b"epoch:",
    b":5",
    b"epoch:5\0\0\0",
    b"epoch:-5",
    b"epoch:5.0",
    b"epoch:9007199254740992",
    b"epoch:" + b"9" * 5000,
    b"epoch:5\nepoch:6\n",
    b"an epoch:5",
    b'{"epoch": "e", "seq": 5}',
    "epoch:٣".encode(),
    "\ufeff".encode(),
]


def listener(person: Person, path: Path, heard: list[str]) -> Bot:
    """Return a bot that notes what it hears."""
    bot = bot_of(person, cursor_file=path)
    bot.on("new_message")(lambda event: heard.append(event.message.content))
    return bot


async def test_a_bot_whose_cursor_file_is_broken_starts_sets_it_aside_and_is_told(
    chat: Chat, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    alice, robot = await chat.people("alice", "robot")
    for number, content in enumerate(BROKEN):
        path = tmp_path / f"{number}.cursor"
        path.write_bytes(content)
        await alice.send(robot, f"missed {number}")
        caplog.clear()
        heard, told = await hear_one(robot, path, alice, f"after {number}")
        assert heard == [f"after {number}"], content
        [resync] = told
        last = resync.conversations.items[0].last_message
        assert last is not None
        assert last.content == f"missed {number}"
        assert (tmp_path / f"{number}.cursor.broken").read_bytes() == content
        assert f"{path} is broken and was renamed to {number}.cursor.broken" in caplog.messages


async def hear_one(robot: Person, path: Path, other: Person, text: str) -> tuple[list[str], list[Resync]]:
    """Run a bot until it was told of a resync and then of a message; return what it heard, and the resyncs."""
    heard: list[str] = []
    told: list[Resync] = []
    bot = listener(robot, path, heard)
    bot.on("resync")(told.append)
    async with running(bot):
        await until(lambda: told)
        await other.send(robot, text)
        await until(lambda: heard and CursorFile(path).read() != told[0].cursor)
    return heard, told


async def test_a_bot_that_does_not_ask_for_resyncs_finds_a_line_in_its_log(
    chat: Chat, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    robot = await chat.person("robot")
    path = tmp_path / "cursor"
    path.touch()
    async with running(listener(robot, path, [])):
        await until(lambda: any("some events are missed" in message for message in caplog.messages))


async def test_what_was_set_aside_before_is_not_overwritten(chat: Chat, tmp_path: Path) -> None:
    robot = await chat.person("robot")
    path = tmp_path / "cursor"
    for content in ("first", "second", "third"):
        path.write_text(content)
        async with running(listener(robot, path, [])):
            await until(path.exists)
    kept = {name.name: name.read_text() for name in tmp_path.glob("cursor.broken*")}
    assert kept == {"cursor.broken": "first", "cursor.broken-2": "second", "cursor.broken-3": "third"}


async def test_a_bot_killed_before_it_was_told_is_told_at_the_next_start(chat: Chat, tmp_path: Path) -> None:
    robot = await chat.person("robot")
    path = tmp_path / "cursor"
    path.touch()
    started = bot_of(robot, cursor_file=path)
    held = started.on("resync")(_Held())
    async with running(started):
        await until(lambda: held.is_called)
    told: list[Resync] = []
    again = bot_of(robot, cursor_file=path)
    again.on("resync")(told.append)
    async with running(again):
        await until(lambda: told)


class _Held:
    """A handler that never ends."""

    is_called = False

    async def __call__(self, _: Resync) -> None:
        self.is_called = True
        await until(lambda: False)


async def test_a_bot_that_cannot_write_the_file_goes_on_and_says_so_once(
    chat: Chat, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    alice, robot = await chat.people("alice", "robot")
    directory = tmp_path / "state"
    directory.mkdir()
    heard: list[str] = []
    async with running(listener(robot, directory / "cursor", heard)), client_of(alice) as client:
        await until((directory / "cursor").exists)
        (directory / "cursor.new").mkdir()  # even root cannot write to that
        for number in range(3):
            await client.send(robot.id, f"{number}")
        await until(lambda: len(heard) == 3)
        (directory / "cursor.new").rmdir()
        await client.send(robot.id, "3")
        await until(lambda: len(heard) == 4)
    assert sum("cannot be saved" in message for message in caplog.messages) == 1


def test_what_an_editor_puts_around_a_cursor_does_no_harm(tmp_path: Path) -> None:
    file = CursorFile(tmp_path / "cursor")
    for content in (b"epoch:5", b"\xef\xbb\xbfepoch:5\r\n", b"  epoch:5\n\n"):
        file.path.write_bytes(content)
        (tmp_path / "cursor.new").write_bytes(b"left behind by a kill")
        assert file.read() == Cursor("epoch", 5)
        file.write(Cursor("epoch", 6))
        assert file.path.read_bytes() == b"epoch:6\n"


def test_the_file_is_on_disk_before_it_has_its_name_and_the_name_after(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from chatd.client.cursor_file import CursorFile; "
        "from chatd.client import Cursor; CursorFile(Path(sys.argv[1])).write(Cursor('e', 5))"
    )
    path = tmp_path / "cursor"
    calls = "trace=openat,fsync,rename,renameat,renameat2"
    done = subprocess.run(
        ["strace", "-f", "-y", "-e", calls, sys.executable, "-c", code, str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    steps = re.findall(r"fsync\(\d+<([^>]+)>\) += 0|(rename)\w*\([^\n]*= 0", done.stderr)
    assert [one or other for one, other in steps][-3:] == [f"{path}.new", "rename", str(tmp_path)]
    assert CursorFile(path).read() == Cursor("e", 5)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["cursor"]
