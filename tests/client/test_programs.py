"""The examples as programs: whatever is missing or wrong, they end with one line and a status."""

import asyncio
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from chatd.client import NotConfigured, Refused, Rest, Unreachable
from chatd.client.environment import settings
from tests.support import PASSWORD, PATIENCE, Chat

ROOT = Path(__file__).resolve().parent.parent.parent

#: Each example, and what its command line has besides.
EXAMPLES = {"echo_bot": (), "dice_bot": (), "follow_log": ("/dev/null", "alice")}


@pytest.fixture
def nowhere() -> Iterator[str]:
    """An address at which nothing listens."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{closed.getsockname()[1]}"


async def ending(name: str, *arguments: str, **variables: str) -> tuple[int | None, str]:
    """Run an example to its end; return its status, and the one line it says without its name before it."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CHAT_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, f"examples/{name}.py", *arguments),
        cwd=ROOT,
        env={**inherited, "PYTHONPATH": str(ROOT), **variables},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, said = await asyncio.wait_for(process.communicate(), PATIENCE)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert out == b""
    [line] = said.decode().splitlines()
    assert line.startswith(f"{name}.py: "), line
    return process.returncode, line.partition(": ")[2]


@pytest.mark.parametrize("name", EXAMPLES)
async def test_an_example_says_in_one_line_what_is_missing_or_wrong(
    chat: Chat, name: str, nowhere: str, tmp_path: Path
) -> None:
    await chat.people("alice", "robot")
    here = {"CHAT_URL": chat.server.url}
    failures: list[tuple[int, str, dict[str, str]]] = [
        (2, "CHAT_TOKEN is not set", {}),
        (2, "CHAT_PASSWORD is not set", {"CHAT_USERNAME": "robot"}),
        (1, f"{nowhere} cannot be reached", {"CHAT_URL": nowhere, "CHAT_TOKEN": "x"}),
        (1, "the token is invalid", {"CHAT_TOKEN": "x"}),
        (1, "Wrong username or password", {"CHAT_USERNAME": "robot", "CHAT_PASSWORD": "wrong"}),
        (1, "No such file", {"CHAT_USERNAME": "robot", "CHAT_PASSWORD": PASSWORD, "CHAT_CURSOR_FILE": "/no/where"}),
    ]
    if name == "follow_log":
        failures.pop()
    endings = await asyncio.gather(*(ending(name, *EXAMPLES[name], **{**here, **given}) for _, _, given in failures))
    for (status, said, given), (found, line) in zip(failures, endings, strict=True):
        assert (found, said in line) == (status, True), (given, line)


async def test_the_example_without_the_library_does_so_too(chat: Chat, nowhere: str) -> None:
    await chat.person("ada")
    ada = {"CHAT_USERNAME": "ada", "CHAT_PASSWORD": PASSWORD}
    failures: list[tuple[int, str, dict[str, str]]] = [
        (2, "CHAT_PASSWORD is not set", {"CHAT_URL": chat.server.url, "CHAT_USERNAME": "ada"}),
        (1, "Cannot connect", {**ada, "CHAT_URL": nowhere}),
        (1, "URL", {**ada, "CHAT_URL": "chat.example.org"}),
        (1, "Wrong username or password", {**ada, "CHAT_URL": chat.server.url, "CHAT_PASSWORD": "wrong"}),
    ]
    endings = await asyncio.gather(*(ending("plain_client", **given) for _, _, given in failures))
    for (status, said, given), (found, line) in zip(failures, endings, strict=True):
        assert (found, said in line) == (status, True), (given, line)


async def test_lines_cannot_be_sent_to_nobody_nor_followed_in_a_directory(chat: Chat, tmp_path: Path) -> None:
    await chat.people("alice", "logs")
    given = {"CHAT_URL": chat.server.url, "CHAT_USERNAME": "logs", "CHAT_PASSWORD": PASSWORD}
    assert await ending("follow_log", "/dev/null", "nobody", **given) == (
        1,
        "Nobody here is called nobody. (not_found)",
    )
    status, line = await ending("follow_log", str(tmp_path), "alice", **given)
    assert (status, "Is a directory" in line) == (1, True)


def test_what_the_environment_says_is_what_a_client_is_made_of(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("abc.def\n")
    assert settings({"CHAT_TOKEN": "abc"}) == {"url": "http://127.0.0.1:8000", "token": "abc"}
    assert settings({"CHAT_URL": "https://a.example/chat", "CHAT_TOKEN_FILE": str(file), "CHAT_TOKEN": ""}) == {
        "url": "https://a.example/chat",
        "token": "abc.def",
    }
    person = {"CHAT_USERNAME": "ada", "CHAT_PASSWORD": " engine no. 1 "}
    assert settings(person) == {
        "url": "http://127.0.0.1:8000",
        "username": "ada",
        "password": " engine no. 1 ",
    }


def test_what_the_environment_says_wrongly_is_named(tmp_path: Path) -> None:
    for name, content in (("empty", b""), ("binary", b"\xff"), ("lines", b"a\nb"), ("words", b"a b")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(NotConfigured, match="CHAT_TOKEN_FILE"):
            settings({"CHAT_TOKEN_FILE": str(tmp_path / name)})
    for given, named in (
        ({"CHAT_TOKEN_FILE": str(tmp_path)}, "CHAT_TOKEN_FILE"),
        ({"CHAT_TOKEN_FILE": "a\0b"}, "CHAT_TOKEN_FILE"),
        ({"CHAT_TOKEN": "a\r\nX: b"}, "CHAT_TOKEN"),
        ({"CHAT_TOKEN": "tökèn"}, "CHAT_TOKEN"),
        ({"CHAT_PASSWORD": "x"}, "CHAT_USERNAME"),
        ({"CHAT_USERNAME": "x"}, "CHAT_PASSWORD"),
        ({"CHAT_USERNAME": "x", "CHAT_PASSWORD": os.fsdecode(b"caf\xe9")}, "CHAT_PASSWORD"),
        ({"CHAT_USERNAME": os.fsdecode(b"\xff"), "CHAT_PASSWORD": "x"}, "CHAT_USERNAME"),
        ({}, "CHAT_TOKEN"),
    ):
        with pytest.raises(NotConfigured, match=f"^{named} "):
            settings(given)


@pytest.mark.parametrize(
    "url",
    [
        *("", "h:80", "ws://h", "chat.example.org", "http://", "http:///x", "http://:80", "http://[::1"),
        *("http://h:99999", "http://h:0", "http://a b", "http://h\r\nX: y", "http://.", "http://h/\n"),
        *("http://" + "a" * 70, "https://ex\udcffample", "http://\x00", "javascript:alert(1)"),
    ],
)
def test_an_address_that_never_can_be_reached_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError, match="not an http:// or https:// address"):
        Rest(url)
    with pytest.raises(NotConfigured, match="CHAT_URL is not an http"):
        settings({"CHAT_URL": url or "-", "CHAT_TOKEN": "x"})


@pytest.mark.parametrize(
    "url", ["http://[::1]:8000/chat/", "HTTPS://Ä.example", "http://localhost.", "https://日本.jp/x"]
)
def test_an_address_that_can_is_kept_but_for_its_last_slash(url: str) -> None:
    assert Rest(url).url == url.rstrip("/")


@pytest.mark.parametrize("answer", [{}, [], {"status": 1}, "text", {"conversations": 5}, [{"id": 1}]])
async def test_something_else_at_the_address_is_told_from_a_chatd(answer: Any) -> None:
    async def say(_: web.Request) -> web.Response:
        return web.json_response(answer)

    app = web.Application()
    app.router.add_get("/{path:.*}", say)
    async with TestServer(app) as server, Rest(str(server.make_url("/")), token="t") as rest:
        with pytest.raises(Unreachable, match="is not a chatd server"):
            await rest.check_server()
        for call in (rest.me, rest.conversations, rest.unread_count):
            with pytest.raises(Refused, match="does not answer as a chatd server"):
                await call()


async def test_an_address_that_sends_on_to_another_is_not_followed_but_named() -> None:
    asked: list[str] = []

    async def send_on(request: web.Request) -> web.Response:
        asked.append(f"{request.method} {request.path}")
        raise web.HTTPMovedPermanently(f"https://chat.example.org{request.path}")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", send_on)
    async with TestServer(app) as server, Rest(str(server.make_url("/")), username="ada", password="x") as rest:
        with pytest.raises(Unreachable, match=r"sends on to https://chat\.example\.org/health"):
            await rest.check_server()
        with pytest.raises(Refused, match=r"sends on to https://chat\.example\.org/auth/login"):
            await rest.me()
    assert asked == ["GET /health", "POST /auth/login"]
