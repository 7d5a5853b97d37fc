"""Checks what the proxies between people and chatd let through."""

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Iterable

import aiohttp
from aiohttp import ClientWebSocketResponse, WSMessage, WSMsgType
from yarl import URL

from chatd.config import Config
from chatd.doctor.address import health
from chatd.doctor.findings import Finding, change, good

#: Nobody's address, and nobody's page: RFC 5737 and RFC 6761.
SPOOFED = "192.0.2.1"
FOREIGN = "https://doctor.invalid"

#: The codes with which chatd closes a socket without a token, and one with a wrong token.
NO_TOKEN, WRONG_TOKEN = 4001, 4002

SOCKET = "messages/ws"
PROTOCOL = "chatd.v2"


async def look(http: aiohttp.ClientSession, config: Config, url: URL) -> AsyncIterator[Finding]:
    """Check what comes through ``url``, which leads to chatd.

    :raises aiohttp.ClientError, OSError, TimeoutError: it cannot be reached any more.
    """
    yield await _origin(http, url)
    yield await _foreign_origin(http, url)
    yield await _upgrade(http, url)
    yield await _authorization(http, url)
    yield await _address(http, config, url)


async def _handshake(http: aiohttp.ClientSession, url: URL, **headers: str) -> ClientWebSocketResponse | int:
    """Return the socket, or the status of the refusal."""
    try:
        return await http.ws_connect(url / SOCKET, ssl=False, protocols=[PROTOCOL], headers=headers)
    except aiohttp.WSServerHandshakeError as error:
        return error.status


async def _close_code(socket: ClientWebSocketResponse) -> int | None:
    message = await socket.receive(timeout=10)
    await socket.close()
    return code_of(message, socket)


def code_of(message: WSMessage, socket: ClientWebSocketResponse) -> int | None:
    """Return the other side's close code; the socket itself has 1006 if our answer came too late."""
    return int(message.data) if message.type is WSMsgType.CLOSE else socket.close_code


async def _may_connect(http: aiohttp.ClientSession, url: URL, origin: str) -> bool:
    """Report whether chatd lets a page of an origin connect."""
    socket = await _handshake(http, url, Origin=origin)
    if isinstance(socket, ClientWebSocketResponse):
        await socket.close()
    return socket != 403


async def _origin(http: aiohttp.ClientSession, url: URL) -> Finding:
    about = "origin"
    origin = str(url.origin())
    if await _may_connect(http, url, origin):
        return good(about, f"pages of {origin} may connect")
    if url.explicit_port is not None and await _may_connect(http, url, str(url.origin().with_port(None))):
        return change(
            about,
            f"a page of {origin} may not connect, as the Host header comes without the port: have the proxy pass it on "
            "as it is (nginx: proxy_set_header Host $http_host, as $host has no port)",
        )
    return change(
        about,
        f"a page of {origin} may not connect: have the proxy pass the Host header on as it is "
        f'(nginx: proxy_set_header Host $http_host), or set [server] origins = ["{origin}"]',
    )


async def _foreign_origin(http: aiohttp.ClientSession, url: URL) -> Finding:
    about = "foreign origin"
    if await _may_connect(http, url, FOREIGN):
        return change(about, "pages of anybody may connect: have the proxy pass the Origin header on as it is")
    return good(about, "other pages may not")


async def _upgrade(http: aiohttp.ClientSession, url: URL) -> Finding:
    about = "socket"
    socket = await _handshake(http, url)
    if not isinstance(socket, ClientWebSocketResponse):
        return change(
            about,
            f"{url / SOCKET} answers {socket}: have the proxy pass WebSockets on (nginx: proxy_http_version 1.1; "
            "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade)",
        )
    code = await _close_code(socket)
    if socket.protocol != PROTOCOL:
        return change(about, "have the proxy pass the Sec-WebSocket-Protocol header on, in both directions")
    if code != NO_TOKEN:
        return change(about, f"it was closed with {code} and not by chatd: see what the proxy says of it")
    return good(about, "the upgrade works")


async def _authorization(http: aiohttp.ClientSession, url: URL) -> Finding:
    about = "authorization"
    socket = await _handshake(http, url, Authorization="Bearer doctor")
    code = await _close_code(socket) if isinstance(socket, ClientWebSocketResponse) else socket
    if code == NO_TOKEN:
        return change(about, "have the proxy pass the Authorization header on as it is")
    return good(about, "tokens reach chatd")


async def _address(http: aiohttp.ClientSession, config: Config, url: URL) -> Finding:
    _, answer = await health(http, url, **{"X-Forwarded-For": SPOOFED})
    seen = str((answer or {}).get("address", "unknown"))
    _, writer = await asyncio.open_connection(url.host, url.port)
    ours = str(writer.get_extra_info("sockname")[0])
    writer.close()
    proxied = url.scheme == "https" and not config.server.tls_cert
    return judge_address(seen, ours, config.server.trusted_proxies, proxied=proxied)


def judge_address(seen: str, ours: str, trusted: Iterable[str], *, proxied: bool) -> Finding:
    """Check that chatd knows its clients' addresses.

    :param seen: the address that chatd took us for, when we claimed to be :data:`SPOOFED`.
    :param ours: our end of the connection; behind a router, chatd rightly takes us for another.
    :param trusted: ``[server] trusted_proxies``.
    :param proxied: whether there certainly is a proxy.
    """
    about = "client address"
    networks = [ipaddress.ip_network(each) for each in trusted]
    if seen == SPOOFED:
        if _within(ours, networks):  # as we are among those whose word counts
            return good(about, "X-Forwarded-For reaches chatd, and is believed")
        return change(
            about,
            "whoever sends X-Forwarded-For is believed: have the proxy add to it the address it sees (nginx: "
            "proxy_add_x_forwarded_for), and let [server] trusted_proxies name nobody but the proxy",
        )
    if seen != ours and _within(seen, networks):
        return change(
            about, f"chatd sees {seen}, the proxy, as every client: have the proxy send X-Forwarded-For with theirs"
        )
    elsewhere = seen != ours and (_is(seen, "is_loopback") or (_is(seen, "is_private") and _is(ours, "is_global")))
    if elsewhere or (proxied and not networks):
        return change(
            about,
            f'chatd sees {seen}, the proxy, as every client: set [server] trusted_proxies = ["{seen}"], and restart',
        )
    return good(about, f"chatd sees {seen} for this machine")


def _within(address: str, networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    try:
        return any(ipaddress.ip_address(address) in network for network in networks)
    except ValueError:
        return False


def _is(address: str, kind: str) -> bool:
    try:
        return bool(getattr(ipaddress.ip_address(address), kind))
    except ValueError:
        return False
