"""A real server in this process, and people who use it."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import ClientResponse, ClientWebSocketResponse, WSMsgType
from aiohttp.test_utils import BaseTestServer, TestClient
from yarl import URL

from chatd import config
from chatd.http.context import CONFIG, SERVICES
from chatd.serve import Server
from chatd.storage.engine.sqlite.engine import Sqlite
from chatd.storage.stores import snapshot

PASSWORD = "correct horse"

#: How long anything may take, in seconds, on however slow a machine: only what is broken needs it.
PATIENCE = 30

#: The change log as one table: a message's own row is its row there.
LOG = """(
    SELECT seq, kind, conversation_id, user_id, message_id, data FROM change_log
    UNION ALL
    SELECT id, 'message', conversation_id, sender_id, id, NULL FROM messages
)"""

#: Limits off, so that a test meets only the one it is about.
NO_LIMITS = {
    "requests_per_second": 0,
    "commands_per_second": 0,
    "messages_per_second": 0,
    "logins_per_minute": 0,
    "registrations_per_hour": 0,
    "reports_per_hour": 0,
    "exports_per_hour": 0,
    "joins_per_minute": 0,
    "invitations_per_hour": 0,
    "actions_per_minute": 0,
    "connections_per_user": 0,
    "connections_per_address": 0,
    "connections": 0,
    "tcp_connections_per_address": 0,
}


def settings(data_dir: Path, **sections: Mapping[str, Any]) -> config.Config:
    """Return a configuration for a test: port 0, no limits, and what ``sections`` say."""
    given: dict[str, Mapping[str, Any]] = {
        "server": {"port": 0, "data_dir": str(data_dir)},
        "limits": NO_LIMITS,
    }
    for section, values in sections.items():
        given[section] = {**given.get(section, {}), **values}
    options = {f"{section}.{name}": value for section, values in given.items() for name, value in values.items()}
    return config.load(options=options, environment={}, search=())


class RealServer(BaseTestServer):
    """The server as ``chatd serve`` runs it, for aiohttp's test client."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self.server = server

    async def start_server(self, loop: object = None, **kwargs: Any) -> None:
        """Start on a free port."""
        await self.server.start()
        self._root = URL(self.server.url)
        self.scheme, self.host, self.port = self._root.scheme, self._root.host or "", self._root.port

    async def close(self) -> None:
        """Stop as SIGTERM does."""
        if not self._closed:
            self._closed = True
            await self.server.stop()

    async def _make_runner(self, **kwargs: Any) -> Any:
        raise NotImplementedError


class Socket:
    """A classic connection as a client sees it."""

    def __init__(self, ws: ClientWebSocketResponse) -> None:
        self.ws = ws

    async def send(self, frame: Any) -> None:
        """Send a frame: text as it is, anything else as JSON."""
        await self.ws.send_str(frame if isinstance(frame, str) else json.dumps(frame))

    async def receive(self) -> Any:
        """Return the next frame's JSON."""
        message = await self.ws.receive(timeout=PATIENCE)
        assert message.type is WSMsgType.TEXT, message
        return json.loads(message.data)

    async def ping(self) -> None:
        """Send a ping and expect its pong next: whatever was to come before it would have come."""
        await self.send({"type": "ping"})
        assert await self.receive() == {"type": "pong"}

    async def closed(self) -> int | None:
        """Wait for the server to close, and return the code."""
        message = await self.ws.receive(timeout=PATIENCE)
        assert message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING, WSMsgType.ERROR), message
        return self.ws.close_code

    async def close(self) -> None:
        """Close from this side."""
        await self.ws.close()


@dataclass
class Person:
    """Somebody with an account and a token."""

    client: "TestClient[Any, Any]"
    id: int
    username: str
    nickname: str
    token: str = field(repr=False)

    @property
    def brief(self) -> dict[str, Any]:
        """The person as others see them beside a message."""
        return {
            "id": self.id,
            "username": self.username,
            "nickname": self.nickname,
            "avatar_path": None,
            "is_ai": False,
        }

    async def request(self, method: str, path: str, **kwargs: Any) -> ClientResponse:
        """Send a request with the token."""
        headers = {"Authorization": f"Bearer {self.token}", **kwargs.pop("headers", {})}
        return await self.client.request(method, path, headers=headers, **kwargs)

    async def get(self, path: str, **kwargs: Any) -> Any:
        """GET, expect 200, and return the JSON."""
        async with await self.request("GET", path, **kwargs) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def post(self, path: str, body: Any = None, status: int = 200) -> Any:
        """POST JSON, expect ``status``, and return the JSON, if there is any."""
        async with await self.request("POST", path, json=body) as response:
            assert response.status == status, await response.text()
            return await response.json() if response.content_type == "application/json" else None

    async def send(self, to: "Person", content: str, client_id: str | None = None) -> dict[str, Any]:
        """Send a private message and return it."""
        body = {"content": content} if client_id is None else {"content": content, "client_id": client_id}
        message: dict[str, Any] = await self.post(f"/messages/send/{to.id}", body)
        return message

    async def connect(self) -> Socket:
        """Open a classic socket."""
        return Socket(await self.client.ws_connect(f"/messages/ws?token={self.token}"))

    async def device(self) -> "Person":
        """Sign in once more, as another device."""
        token = await sign_in(self.client, self.username)
        return Person(self.client, self.id, self.username, self.nickname, token)


class Chat:
    """A running server and the people on it."""

    def __init__(self, client: "TestClient[Any, Any]", server: Server) -> None:
        self.client = client
        self.server = server

    async def person(self, username: str) -> Person:
        """Register somebody, sign them in, and return them."""
        return await register(self.client, username)

    async def people(self, *usernames: str) -> list[Person]:
        """Register several."""
        return [await self.person(username) for username in usernames]

    async def error(self, method: str, path: str, **kwargs: Any) -> tuple[int, str]:
        """Send a request that fails, and return its status and code; its form is checked."""
        async with self.client.request(method, path, **kwargs) as response:
            return await error_of(response)


async def register(client: "TestClient[Any, Any]", username: str) -> Person:
    """Register somebody, sign them in, and return them."""
    nickname = username.capitalize()
    body = {"username": username, "password": PASSWORD, "nickname": nickname}
    async with client.post("/auth/register", json=body) as response:
        assert response.status == 201, await response.text()
        user = await response.json()
    return Person(client, user["id"], username, nickname, await sign_in(client, username))


async def sign_in(client: "TestClient[Any, Any]", username: str, password: str = PASSWORD) -> str:
    """Sign in and return the token."""
    async with client.post("/auth/login", data={"username": username, "password": password}) as response:
        assert response.status == 200, await response.text()
        token: str = (await response.json())["access_token"]
        return token


async def error_of(response: ClientResponse) -> tuple[int, str]:
    """Return an error's status and code, and check the form every error has."""
    body = await response.json()
    assert response.content_type == "application/json"
    more = {422: {"errors"}}.get(response.status, {"until"} if body["code"] == "silenced" else set())
    expected = {"detail", "code"} | more
    assert set(body) == expected, body
    assert isinstance(body["detail"], str)
    assert body["detail"]
    return response.status, body["code"]


async def until(condition: Callable[[], object]) -> None:
    """Wait until ``condition`` holds; it is asked again and again, for as long as there is patience."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.005)


async def until_true(question: Callable[[], Awaitable[object]]) -> None:
    """Wait until the answer to a question is yes; it is asked again and again, for as long as there is patience."""
    async with asyncio.timeout(PATIENCE):
        while not await question():
            await asyncio.sleep(0.05)


def watch_often(chat: Chat) -> None:
    """Let a server look for commits of other processes every 50 ms, after the second it is waiting already.

    PostgreSQL tells of them by itself.
    """
    engine = chat.server.app[SERVICES].database.engine
    if isinstance(engine, Sqlite):
        engine.watch_interval = 0.05


def rows(chat: Chat, query: str, **values: Any) -> list[tuple[Any, ...]]:
    """Return what a query finds in the database of a server."""
    with snapshot(chat.server.app[CONFIG].store) as db:
        return [tuple(row) for row in db.execute(query, values)]
