"""Checks whether a silent socket stays open."""

import time

import aiohttp
from aiohttp import WSMsgType
from yarl import URL

from chatd.config import Config
from chatd.doctor.address import reason, session
from chatd.doctor.findings import Finding, change, good
from chatd.doctor.public import NO_TOKEN, PROTOCOL, SOCKET, WRONG_TOKEN, code_of


async def hold(config: Config, url: URL, token: str, seconds: float) -> Finding:
    """Hold a silent socket open, like a device whose owner is away, and check that it stays open.

    :param token: the token of an account, preferably a bot's.
    :param seconds: for how long; only a time longer than a heartbeat shows whether a proxy waits that long.
    """
    about = "idle timeout"
    beat = config.server.heartbeat_seconds
    pings = 0
    began = time.monotonic()
    try:
        async with (
            session() as http,
            http.ws_connect(
                url / SOCKET,
                protocols=[PROTOCOL],
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
                    return _closed(about, code_of(message, socket), time.monotonic() - began, beat)
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
