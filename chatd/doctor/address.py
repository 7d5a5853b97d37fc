"""The address that the server listens on."""

import asyncio
import os
from typing import Any

import aiohttp
from yarl import URL

from chatd import __version__
from chatd.config import Config
from chatd.doctor.findings import Finding, change, good

#: How long an answer may take, in seconds.
TIMEOUT = 10.0

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


def local_url(config: Config) -> URL:
    """Return where the server answers on this machine, the first address of several."""
    host = _EVERYWHERE.get(config.server.host[0], config.server.host[0])
    return URL.build(scheme="https" if config.server.tls_cert else "http", host=host, port=config.server.port)


async def look(config: Config) -> Finding:
    """Look whether the server answers, and can store messages."""
    about = "address"
    url = local_url(config)
    if not config.server.port:
        return change(about, "[server] port = 0 is another one at every start: set one, for a proxy to find")
    try:
        async with session() as http:
            status, answer = await health(http, url)
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        return change(about, f"nothing answers at {url} ({reason(error)}): start chatd, or set [server] host and port")
    if status == 503:
        return change(about, f"{url} answers that nothing can be stored: make room on the disk, and see the log")
    if answer is None:
        return change(about, f"it is not chatd that answers at {url}: set another [server] port")
    if answer.get("version", __version__) != __version__:
        return change(about, f"{url} runs version {answer.get('version')}, this is {__version__}: restart chatd")
    return good(about, f"{url} answers, and can store messages")


def session() -> aiohttp.ClientSession:
    """Return a client that goes straight to where it is sent."""
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT))


async def health(
    http: aiohttp.ClientSession, url: URL, *, tls: Any = False, **headers: str
) -> tuple[int, dict[str, Any] | None]:
    """Return the status of ``/health``, and what it says if it is chatd's.

    :param tls: False for any certificate.
    """
    async with http.get(url / "health", ssl=tls, headers=headers, allow_redirects=False) as response:
        try:
            answer = await response.json()
        except (aiohttp.ContentTypeError, ValueError):
            answer = None
        is_chatd = isinstance(answer, dict) and answer.get("status") == "ok" and "address" in answer
        return response.status, answer if is_chatd else None


def reason(error: BaseException) -> str:
    """Return what went wrong on the way to an address, in one line."""
    if isinstance(error, asyncio.TimeoutError):
        return f"no answer in {TIMEOUT:.0f} s"
    if isinstance(error, aiohttp.ClientConnectorError):
        error = error.os_error
    if isinstance(error, OSError) and error.errno and error.errno > 0:  # below: of a name that cannot be looked up
        return os.strerror(error.errno)
    return str(error) or type(error).__name__
