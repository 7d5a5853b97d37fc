"""A client written from docs/protocol.md, docs/events.md and docs/errors.md alone: nothing in it is chatd's own.

It shows a user's messages, one JSON text a line, and sends the lines of its input: ``2 Good morning!`` goes to user 2.

CHAT_URL=http://localhost:8000 CHAT_USERNAME=ada CHAT_PASSWORD=… python examples/plain_client.py
"""

import asyncio
import contextlib
import json
import os
import random
import sys
import uuid
from typing import Any

import aiohttp

STOP = (1002, 1003, 1007, 1009, 4001, 4002, 4003, 4009)
AGAIN = ("rate_limited", "storage_unavailable", "internal_error")


class Chat:
    """What one user sees, and what they have yet to say."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self.http, self.beat, self.wait, self.rest = http, 30.0, 3.0, 0.0
        self.place: dict[str, Any] = {}  # epoch and cursor; empty while nothing is known
        self.messages: dict[int, dict[str, Any]] = {}
        self.unsent: dict[str, dict[str, Any]] = {}  # by client_id

    async def run(self) -> None:
        """Stay connected, until the server says that it is of no use."""
        while True:
            code = None
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with self.http.ws_connect("/messages/ws", protocols=["chatd.v2"]) as self.socket:
                    pinging = asyncio.create_task(self.ping())
                    try:
                        while (frame := await self.socket.receive(2 * self.beat)).type is aiohttp.WSMsgType.TEXT:
                            await self.take(frame.json())
                    finally:
                        pinging.cancel()
                    code = self.socket.close_code
            if code in STOP:
                sys.exit(f"the server closed with {code}")
            await asyncio.sleep(self.rest or random.uniform(0, self.wait))  # noqa: S311
            self.wait, self.rest = min(2 * self.wait, 30.0), 0.0

    async def ping(self) -> None:
        """Ping as often as the server asks for."""
        with contextlib.suppress(aiohttp.ClientError):
            while await asyncio.sleep(self.beat, True):
                await self.socket.send_json({"type": "ping"})

    async def begin(self) -> None:
        """Load what there is, if nothing is known, and sync."""
        if not self.place:
            async with self.http.get("/conversations", raise_for_status=True) as answer:
                self.place = {"epoch": answer.headers["Chatd-Epoch"], "since": int(answer.headers["Chatd-Cursor"])}
                for conversation in (await answer.json())["conversations"]:
                    self.show(conversation["last_message"])
        await self.socket.send_json({"type": "sync", "id": "sync", "data": self.place})

    async def take(self, frame: dict[str, Any]) -> None:
        """Do what a frame says, and then move the cursor."""
        data, re, error = frame.get("data", {}), frame.get("re"), frame.get("error", {})
        match frame["type"]:
            case "hello":
                self.beat, self.wait = data["heartbeat_ms"] / 1000, 3.0
                await self.begin()
            case "ack" if re == "sync":
                self.place["since"] = data["cursor"]
                await (self.begin() if data["more"] else self.send(*self.unsent.values()))
            case "ack":
                self.unsent.pop(str(re), None)
                self.show(data["message"])
            case "error" if error["code"] == "resync":
                self.place = {}
                await self.begin()
            case "error" if error["code"] in AGAIN:
                await asyncio.sleep(error.get("retry_after_ms", 5000) / 1000)
                await (self.begin() if re == "sync" else self.send(self.unsent[str(re)]))
            case "error":
                print(error["detail"], self.unsent.pop(str(re), None), file=sys.stderr)  # noqa: T201
            case "new_message" | "message_edited":
                self.show(data)
            case "message_deleted":
                self.show({**self.messages.get(data["id"], {}), "content": "", **data})
            case "restarting":
                self.rest = data["retry_after_ms"] / 1000
        if cursor := frame.get("seq") or (frame["type"] == "pong" and data["cursor"]):
            self.place["since"] = cursor

    def show(self, message: dict[str, Any] | None) -> None:
        """Show a message, unless it is known as it is."""
        if message and self.messages.get(message["id"]) != message:
            self.messages[message["id"]] = message
            print(json.dumps(message), flush=True)  # noqa: T201

    async def send(self, *messages: dict[str, Any]) -> None:
        """Send messages, or send them again."""
        for data in messages:
            await self.socket.send_json({"type": "send", "id": data["client_id"], "data": data})


async def type_in(chat: Chat) -> None:
    """Send what is typed."""
    lines, loop = asyncio.StreamReader(), asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := (await lines.readline()).decode():
        to, _, content = line.strip().partition(" ")
        if to.isdecimal():
            client_id = uuid.uuid4().hex
            chat.unsent[client_id] = {"user": int(to), "content": content, "client_id": client_id}
            with contextlib.suppress(aiohttp.ClientError, AttributeError):  # else it goes after the next sync
                await chat.send(chat.unsent[client_id])


async def main() -> None:
    """Sign in and chat."""
    url, username, password = (os.environ.get(f"CHAT_{name}", "") for name in ("URL", "USERNAME", "PASSWORD"))
    if not (username and password):
        sys.stderr.write("plain_client.py: CHAT_USERNAME or CHAT_PASSWORD is not set\n")
        sys.exit(2)
    async with aiohttp.ClientSession(url or "http://localhost:8000") as http:
        async with http.post("/auth/login", data={"username": username, "password": password}) as answer:
            said = await answer.json()
        if not answer.ok:
            sys.exit(f"plain_client.py: {said['detail']}")
        http.headers["Authorization"] = f"Bearer {said['access_token']}"
        chat = Chat(http)
        await asyncio.gather(chat.run(), type_in(chat))


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except (aiohttp.ClientError, OSError, ValueError) as error:  # the last is an address that is none
        sys.exit(f"plain_client.py: {error}")
    except KeyboardInterrupt:
        pass
