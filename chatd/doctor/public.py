"""The address that people use: what lies between them and chatd, and lets things through or does not."""

import asyncio
import ipaddress
import ssl
import time
from collections.abc import AsyncIterator, Iterable

import aiohttp
from aiohttp import ClientWebSocketResponse, WSMessage, WSMsgType
from yarl import URL

from chatd.config import Config
from chatd.doctor.address import health, local_url, reason, session
from chatd.doctor.findings import Finding, change, good
from chatd.http.proxies import is_loopback

#: How many days before its end a certificate should have been renewed, in days.
RENEWED = 14

#: Nobody's address, and nobody's page: RFC 5737 and RFC 6761.
SPOOFED = "192.0.2.1"
FOREIGN = "https://doctor.invalid"

#: What chatd closes a socket with that brings no token, and one that brings a wrong one.
NO_TOKEN, WRONG_TOKEN = 4001, 4002

_SOCKET = "messages/ws"
_PROTOCOL = "chatd.v2"


async def look(config: Config, url: URL) -> AsyncIterator[Finding]:
    """Look at the way through ``url``, from its certificate to chatd."""
    try:
        certificate = await _certificate(url)
        yield certificate
        async with session() as http:
            status, answer = await health(http, url)
            if answer is None:
                local = local_url(config)
                yield change("way", f"{url} answers {status}, and not as chatd: have it pass everything on to {local}")
                return
            yield good("way", f"{url} leads to chatd")
            yield await _origin(http, url)
            yield await _foreign_origin(http, url)
            yield await _upgrade(http, url)
            yield await _authorization(http, url)
            yield await _address(http, config, url)
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        yield change("way", f"{url} cannot be reached: {reason(error)}")


async def _certificate(url: URL) -> Finding:
    about = "TLS"
    if url.scheme != "https":
        if is_loopback(url.host or ""):
            return good(about, "not needed on this machine's own address")
        return change(about, f"{url} has none: use an https:// address, or passwords can be read on their way")
    context = ssl.create_default_context()
    try:
        async with asyncio.timeout(10):
            _, writer = await asyncio.open_connection(url.host, url.port, ssl=context)
    except ssl.SSLCertVerificationError as error:
        return change(about, f"browsers will refuse the certificate: {error.verify_message}")
    certificate = writer.get_extra_info("peercert")
    writer.close()
    days = (ssl.cert_time_to_seconds(certificate["notAfter"]) - time.time()) / 86400
    if days < RENEWED:
        return change(about, f"the certificate ends in {days:.1f} days: renew it, and see why that did not happen")
    return good(about, f"the certificate is good for {days:.0f} days")


async def _handshake(http: aiohttp.ClientSession, url: URL, **headers: str) -> ClientWebSocketResponse | int:
    """Return the socket, or the status of the refusal."""
    try:
        return await http.ws_connect(url / _SOCKET, ssl=False, protocols=[_PROTOCOL], headers=headers)
    except aiohttp.WSServerHandshakeError as error:
        return error.status


async def _close_code(socket: ClientWebSocketResponse) -> int | None:
    message = await socket.receive(timeout=10)
    await socket.close()
    return _code(message, socket)


def _code(message: WSMessage, socket: ClientWebSocketResponse) -> int | None:
    """Return what the other side closed with; the socket itself says 1006 where our answer to it came too late."""
    return int(message.data) if message.type is WSMsgType.CLOSE else socket.close_code


async def _origin(http: aiohttp.ClientSession, url: URL) -> Finding:
    about = "origin"
    socket = await _handshake(http, url, Origin=str(url.origin()))
    if isinstance(socket, ClientWebSocketResponse):
        await socket.close()
    elif socket == 403:
        return change(
            about,
            f"a page of {url.origin()} may not connect: have the proxy pass the Host header on "
            f'(nginx: proxy_set_header Host $host), or set [server] origins = ["{url.origin()}"]',
        )
    return good(about, f"pages of {url.origin()} may connect")


async def _foreign_origin(http: aiohttp.ClientSession, url: URL) -> Finding:
    about = "foreign origin"
    socket = await _handshake(http, url, Origin=FOREIGN)
    if isinstance(socket, ClientWebSocketResponse):
        await socket.close()
        return change(about, "pages of anybody may connect: have the proxy pass the Origin header on as it is")
    return good(about, "other pages may not")


async def _upgrade(http: aiohttp.ClientSession, url: URL) -> Finding:
    about = "socket"
    socket = await _handshake(http, url)
    if not isinstance(socket, ClientWebSocketResponse):
        return change(
            about,
            f"{url / _SOCKET} answers {socket}: have the proxy pass WebSockets on (nginx: proxy_http_version 1.1; "
            "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade)",
        )
    code = await _close_code(socket)
    if socket.protocol != _PROTOCOL:
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
    """Return whether chatd knows who is speaking.

    :param seen: the address that chatd took us for, when we claimed to be :data:`SPOOFED`.
    :param ours: our end of the connection; behind a router, chatd rightly takes us for another.
    :param trusted: ``[server] trusted_proxies``.
    :param proxied: whether there is a proxy for certain.
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


async def hold(config: Config, url: URL, token: str, seconds: float) -> Finding:
    """Hold a socket open in silence, as a device does whose owner is away, and see whether it stays.

    :param token: the token of an account, best a bot's.
    :param seconds: for how long; only what is longer than a heartbeat says whether a proxy waits that long.
    """
    about = "idle timeout"
    beat = config.server.heartbeat_seconds
    pings = 0
    began = time.monotonic()
    try:
        async with (
            session() as http,
            http.ws_connect(
                url / _SOCKET,
                protocols=[_PROTOCOL],
                headers={"Authorization": f"Bearer {token}"},
                autoping=False,
            ) as socket,
        ):
            while (left := began + seconds - time.monotonic()) > 0:
                try:
                    message = await socket.receive(timeout=left)
                except TimeoutError:
                    break
                if message.type is WSMsgType.PING:
                    pings += 1
                    await socket.pong(message.data)
                elif message.type is not WSMsgType.TEXT:
                    return _closed(about, _code(message, socket), time.monotonic() - began, beat)
    except (aiohttp.ClientError, OSError) as error:
        return change(about, f"a socket cannot be had: {reason(error)}")
    if not pings and seconds > 2 * beat:
        return change(about, f"no ping came through in {seconds:.0f} s: have the proxy pass WebSocket's pings on")
    if not pings:
        return good(
            about, f"none in {seconds:.0f} s; only more than a heartbeat, {beat:g} s, says something of a proxy"
        )
    return good(about, f"none in {seconds:.0f} s; the heartbeat of {beat:g} s keeps a silent socket open")


def _closed(about: str, code: int | None, after: float, beat: float) -> Finding:
    if code in (NO_TOKEN, WRONG_TOKEN, 4003, 4009):
        return change(about, f"chatd refused the token ({code}): make one with chatd user add NAME --bot")
    return change(
        about,
        f"a silent socket was closed after {after:.1f} s: have the proxy wait for more than twice the heartbeat, "
        f"{2 * beat:g} s (nginx: proxy_read_timeout), or set [server] heartbeat_seconds below {after:.0f}",
    )
