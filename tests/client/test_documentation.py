"""The page about the library: its lines run as they are printed, and its tables are what the objects are."""

import asyncio
import contextlib
import os
import re
import signal
import sys
import types
import typing
from collections.abc import AsyncIterator, Iterator
from dataclasses import fields, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import chatd.client
from chatd.client import Bot, Brief, ChatError, Client, Conversation, Event, Groups, Message, MyGroup, Rest
from tests.client.support import fast, take_contents
from tests.client.test_examples import answer, wake
from tests.process import ServerProcess, environment
from tests.process import chatd as command
from tests.support import PASSWORD, PATIENCE

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "docs" / "client.md").read_text(encoding="utf-8")

#: The blocks of the page, by the name in the comment above each.
BLOCKS = re.findall(r"(?:<!-- (\w+) -->\n)?```(\w+)\n(.*?)```", PAGE, re.DOTALL)


def block(name: str) -> str:
    """Return what a block of the page says; several of one name are one text."""
    return "".join(text for each, _, text in BLOCKS if each == name)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    """A server with its data where a command finds it without being told, and a person on it, who is its first."""
    with ServerProcess(tmp_path / "chatd") as server:
        for name in ("ada", "grace"):
            command(tmp_path / "chatd", "user", "add", name, "--password-stdin", stdin=f"{PASSWORD}\n")
        yield server


def surroundings(tmp_path: Path, server: ServerProcess, **variables: str) -> dict[str, str]:
    """Return the environment of somebody who follows the page."""
    mine = environment(tmp_path / "chatd", CHAT_URL=server.url, PYTHONPATH=str(ROOT), **variables)
    return {**mine, "PATH": f"{Path(sys.executable).parent}:{mine['PATH']}"}


@contextlib.asynccontextmanager
async def shell(lines: str, directory: Path, variables: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run lines in a shell until the end, when Ctrl-C is pressed."""
    process = await asyncio.create_subprocess_exec(
        *("bash", "-ec", lines),
        cwd=directory,
        env=variables,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield process
        os.killpg(process.pid, signal.SIGINT)
        await asyncio.wait_for(process.wait(), PATIENCE)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.communicate()


async def test_the_lines_about_a_bot_run_as_printed_and_make_no_administrator(
    tmp_path: Path, server: ServerProcess
) -> None:
    assert sum(bool(line) for line in block("bot").splitlines()) <= 10
    (tmp_path / "parrot.py").write_text(block("bot"), encoding="utf-8")
    ada = Client(server.url, username="ada", password=PASSWORD, backoff=fast())
    async with shell(block("run"), tmp_path, surroundings(tmp_path, server)), ada:
        events = ada.events()
        async with asyncio.timeout(PATIENCE):
            while not await ada.users("parrot"):
                await asyncio.sleep(0.05)
        parrot = await ada.user_named("parrot")
        assert parrot.is_ai
        await wake(ada, events, parrot.id)
        await ada.send(parrot, "hello")
        assert await answer(events, parrot.id, "hello") == "hello"
    rows = [line.split("\t")[1:3] for line in command(tmp_path / "chatd", "user", "list").stdout.splitlines()]
    assert rows == [["ada", "admin"], ["grace", "member"], ["parrot", "bot"]]
    assert "assword" not in block("bot") + block("run")


async def test_the_lines_about_a_service_give_a_bot_all_it_needs(tmp_path: Path, server: ServerProcess) -> None:
    (tmp_path / "parrot.py").write_text(block("bot"), encoding="utf-8")
    line = command(tmp_path / "chatd", "user", "add", "parrot", "--bot").stdout
    for name in ("credentials", "state/parrot"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "credentials" / "token").write_text(line.split()[2])
    assert "LoadCredential=token:" in block("service")
    assert "StateDirectory=parrot\n" in block("service")
    [given] = re.findall(r"^Environment=(.*)$", block("service"), re.MULTILINE)
    text = given.replace("%d", str(tmp_path / "credentials")).replace("%S", str(tmp_path / "state"))
    variables = dict(each.split("=", 1) for each in text.split())
    assert variables.pop("CHAT_URL").startswith("https://")
    async with shell("python parrot.py", tmp_path, surroundings(tmp_path, server, **variables)):
        async with asyncio.timeout(PATIENCE):
            while not (tmp_path / "state" / "parrot" / "cursor").exists():
                await asyncio.sleep(0.05)


async def test_the_lines_about_a_client_run_as_printed(tmp_path: Path, server: ServerProcess) -> None:
    (tmp_path / "client.py").write_text(block("client"), encoding="utf-8")
    variables = surroundings(tmp_path, server, CHAT_USERNAME="ada", CHAT_PASSWORD=PASSWORD)
    async with Client(server.url, username="grace", password=PASSWORD, backoff=fast()) as grace:
        events = grace.events()
        async with shell("python client.py", tmp_path, variables) as process:
            assert await take_contents(events, 1) == ["Good morning!"]
            ada = await grace.user_named("ada")
            async with asyncio.timeout(PATIENCE):
                while (await grace.messages(ada)).items[0].reactions == ():
                    await asyncio.sleep(0.05)
            stop = asyncio.Event()
            assert process.stdout is not None
            telling = asyncio.create_task(_tell(grace, ada.id, stop))
            async with asyncio.timeout(PATIENCE):
                assert await process.stdout.readline() == b"grace And to you!\n"
            stop.set()
            await telling


async def _tell(client: Client, user_id: int, stop: asyncio.Event) -> None:
    """Say something again and again, for it is not known when the other begins to listen."""
    while not stop.is_set():
        await client.send(user_id, "And to you!")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), 0.1)


def test_there_are_no_other_lines_on_the_page() -> None:
    assert [(name, language) for name, language, _ in BLOCKS] == [
        ("run", "sh"), ("bot", "python"), ("run", "sh"), ("service", "ini"), ("client", "python"),
    ]  # fmt: skip


def section(beginning: str, end: str) -> str:
    """Return what stands between two headings."""
    return PAGE[PAGE.index(beginning) : PAGE.index(end)]


def described(kind: Any) -> str:
    """Return a type as the page calls it."""
    if isinstance(kind, types.UnionType):
        return " or ".join("None" if each is types.NoneType else described(each) for each in kind.__args__)
    origin, items = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple:
        return f"tuple of {described(items[0])}"
    if origin is frozenset:
        return f"set of {described(items[0])}"
    return "mapping" if origin is not None else str(kind.__name__)


def attributes(module: str, shared: type | None = None) -> dict[str, str]:
    """Return the attributes of all objects of a module and their types, but for those that ``shared`` has."""
    kinds = [each for each in vars(chatd.client).values() if isinstance(each, type) and each.__module__ == module]
    common = {field.name for field in fields(shared)} if shared is not None else set()
    return {
        f"{kind.__name__}.{field.name}": described(typing.get_type_hints(kind)[field.name])
        for kind in kinds
        if is_dataclass(kind)
        for field in fields(kind)
        if kind is shared or field.name not in common
    }


def test_every_attribute_of_an_answer_is_named_with_its_type() -> None:
    rows = re.findall(r"^\| (`.*`) \| (.*) \| .* \|$", section("## What is in an answer", "## Events"), re.MULTILINE)
    named = {name: text for names, text in rows for name in re.findall(r"`(\w+\.\w+)`", names)}
    modules = {each.__module__ for each in (Brief, Message, Conversation, MyGroup)}
    expected = {name: kind for module in modules for name, kind in attributes(module).items()}
    brief = {name: "as in `Brief`" for name in expected if name.replace("User.", "Brief.") in expected}
    assert named == {**expected, **{name: text for name, text in brief.items() if name.startswith("User.")}}
    assert described(datetime) == "datetime"


def test_every_attribute_of_an_event_is_named_with_its_type() -> None:
    text = section("## Events", "### The cursor")
    rows = re.findall(r"\| `(\w+\.\w+)` \| ([^|]*) \|", text)
    of_events = {
        name: kind
        for each in (Event, chatd.client.Read, chatd.client.Membership)
        for name, kind in attributes(each.__module__, Event).items()
    }
    assert dict(rows) == {**of_events, "Event.actor_id": "int or None"}
    kinds = dict(re.findall(r"^\| `(\w+)` \| `(\w+)\.\w+`", text, re.MULTILINE))
    assert kinds.keys() - {"resync"} == chatd.client.events._KINDS.keys()
    for kind, name in kinds.items():
        assert kind == "resync" or chatd.client.events._KINDS[kind][0].__name__ == name


def test_every_error_and_what_it_has_is_named() -> None:
    text = section("It does not come back", "## What is in an answer")
    rows = re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
    errors = {
        name for name, each in vars(chatd.client).items() if isinstance(each, type) and issubclass(each, ChatError)
    }
    assert set(rows) == errors
    for error in (chatd.client.RateLimited("Too much.", 1.0), chatd.client.Stopped("Gone.", 4003)):
        assert [name for name in [*vars(error), "is_final"] if f"`{name}`" not in text] == []


def test_every_method_that_is_named_is_there_and_the_other_way_round() -> None:
    named = set(re.findall(r"`([a-z_]+)[`(]", section("| method |", "Messages are given as such")))
    methods = {
        name
        for name in dir(Client)
        if not name.startswith("_") and callable(getattr(Client, name)) and name not in ("from_environment", "close")
    }
    assert named - {"to"} == methods - {"connect", "disconnect"}
    for name in ("connect", "disconnect", "is_connected", "cursor", "myself"):
        assert hasattr(Client, name)
    of_groups = set(re.findall(r"[`·] ?`?groups\.([a-z_]+)\(", section("### Groups", "### When the line breaks")))
    assert of_groups == {name for name in dir(Groups) if not name.startswith("_")}
    classes = re.findall(r"`([A-Z][A-Za-z]+)`", PAGE)
    assert [name for name in classes if not hasattr(chatd.client, name)] == []
    public = {name for name in dir(Bot) if not name.startswith("_")}
    assert {name for name in public if f"bot.{name}" not in PAGE and f"Bot.{name}" not in PAGE} == set()
    assert issubclass(Client, Rest)
