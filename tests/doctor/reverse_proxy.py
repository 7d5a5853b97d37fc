"""A small reverse proxy that is set up well, or wrong in one way."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

import aiohttp
from aiohttp import WSMsgType, web
from yarl import URL

#: Headers about one connection, which a proxy does not pass on, and those of the handshake, which it makes itself.
OWN = {"connection", "upgrade", "host", "sec-websocket-key", "sec-websocket-version", "sec-websocket-protocol"}


@dataclass
class ReverseProxy:
    """What it does; by default, what it should."""

    target: URL
    #: Whether it passes on the Host header, and whether that has its port.
    host: bool = True
    port: bool = True
    upgrade: bool = True
    protocol: bool = True
    #: Headers it swallows.
    without: tuple[str, ...] = ()
    #: Whether it adds the client's address to X-Forwarded-For, passes on what is there, or sends none.
    forwarded_for: str = "add"
    #: What it answers instead of passing anything on.
    answer: int | None = None
    #: Where it sends everybody instead.
    location: str | None = None
    #: Where single paths are passed on to instead.
    also: Mapping[str, URL] = field(default_factory=dict)
    #: The path below which everything is passed on, and nothing else.
    below: str = ""
    #: After how long a silent socket is closed, in seconds.
    idle: float | None = None
    #: The address it comes to chatd from.
    source: str = "127.0.0.1"

    @contextlib.asynccontextmanager
    async def running(self, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
        """Run it, and yield its address."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        try:
            port = runner.addresses[0][1]
            yield f"{'https' if tls else 'http'}://127.0.0.1:{port}"
        finally:
            await runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if self.answer is not None:
            return web.Response(status=self.answer)
        if self.location is not None:
            return web.Response(status=301, headers={"Location": self.location})
        if not request.path.startswith(f"{self.below}/"):
            return web.Response(status=404)
        headers = {name: value for name, value in request.headers.items() if name.lower() not in (*OWN, *self.without)}
        if self.host:
            headers["Host"] = request.host if self.port else request.host.partition(":")[0]
        if self.forwarded_for != "pass":
            chain = headers.pop("X-Forwarded-For", None)
            if self.forwarded_for == "add":
                headers["X-Forwarded-For"] = ", ".join(filter(None, (chain, request.remote)))
        url = self.also.get(request.path, self.target).join(
            URL(str(request.rel_url).removeprefix(self.below), encoded=True)
        )
        connector = aiohttp.TCPConnector(local_addr=(self.source, 0))
        async with aiohttp.ClientSession(connector=connector) as http:
            if self.upgrade and "Upgrade" in request.headers:
                return await self._pass_on(request, http, url, headers)
            async with http.request(request.method, url, headers=headers) as answer:
                return web.Response(status=answer.status, body=await answer.read(), content_type=answer.content_type)

    async def _pass_on(
        self, request: web.Request, http: aiohttp.ClientSession, url: URL, headers: dict[str, str]
    ) -> web.StreamResponse:
        protocols = [request.headers["Sec-WebSocket-Protocol"]] if self.protocol else []
        try:
            inner = await http.ws_connect(
                url,
                headers=headers,
                protocols=protocols,
                autoping=False,
                autoclose=False,
                timeout=aiohttp.ClientWSTimeout(ws_close=0.1),
            )
        except aiohttp.WSServerHandshakeError as error:
            return web.Response(status=error.status)
        outer = web.WebSocketResponse(protocols=protocols, autoping=False, autoclose=False)
        await outer.prepare(request)
        flows = {asyncio.create_task(self._flow(inner, outer)), asyncio.create_task(self._flow(outer, inner))}
        ended, _ = await asyncio.wait(flows, return_when=asyncio.FIRST_COMPLETED)
        if isinstance(ended.pop().exception(), ConnectionResetError):  # and not tired of waiting: the other sees it too
            await asyncio.wait(flows, timeout=1)
        for flow in flows:
            flow.cancel()
        await asyncio.gather(*flows, return_exceptions=True)
        await inner.close()
        if request.transport is not None:
            request.transport.close()
        return outer

    async def _flow(
        self,
        source: aiohttp.ClientWebSocketResponse | web.WebSocketResponse,
        sink: aiohttp.ClientWebSocketResponse | web.WebSocketResponse,
    ) -> None:
        while True:
            message = await source.receive(timeout=self.idle)
            if message.type is WSMsgType.TEXT:
                await sink.send_str(message.data)
            elif message.type is WSMsgType.PING:
                await sink.ping(message.data)
            elif message.type is WSMsgType.PONG:
                await sink.pong(message.data)
            else:
                if message.type is WSMsgType.CLOSE:
                    await sink.close(code=message.data, message=str(message.extra).encode())
                raise ConnectionResetError
