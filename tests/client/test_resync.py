"""A stream that cannot be told what it missed."""

import asyncio

from aiohttp import web

from chatd.client import Client, Resync
from tests.client.support import PeerSocket, fast, peer, take
from tests.support import until


async def test_what_happens_while_a_stream_is_resynced_comes_after_the_resync() -> None:
    asked, told = asyncio.Event(), asyncio.Event()

    async def conversations(_: web.Request) -> web.Response:
        asked.set()
        await told.wait()
        headers = {"Chatd-Epoch": "e", "Chatd-Cursor": "5"}
        return web.json_response({"conversations": [], "more": False}, headers=headers)

    async def script(socket: PeerSocket, number: int) -> None:
        await socket.hello(cursor=5)
        await socket.catch_up(cursor=5)
        await asked.wait()
        await socket.send(type="x", seq=6, data={})
        replay = await socket.receive()
        assert replay["data"] == {"epoch": "e", "since": 5}
        await socket.send(type="x", seq=6, data={})
        await socket.ack(replay, {"cursor": 6, "more": False})
        await socket.wait_closed()

    async with (
        peer(script, web.get("/conversations", conversations)) as url,
        Client(url, token="t", backoff=fast()) as client,
    ):
        good = client.events()
        await until(lambda: good.state.name == "LIVE")
        stranger = client.events("another:1")
        assert [event.type for event in await take(good, 1)] == ["x"]
        told.set()
        first, second = await take(stranger, 2)
        assert isinstance(first, Resync)
        assert (second.type, second.cursor and second.cursor.seq) == ("x", 6)
