"""The address that the server listens on."""

import asyncio
import os
import ssl
from pathlib import Path
from typing import Any

import aiohttp
from yarl import URL

from chatd import __version__
from chatd.config import Config
from chatd.data_dir import named_pid
from chatd.doctor.findings import Finding, change, good

#: The longest time an answer may take, in seconds.
TIMEOUT = 10.0

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


def local_urls(config: Config) -> list[URL]:
    """Return the addresses at which the server should answer on this machine."""
    scheme = "https" if config.server.tls_cert else "http"
    hosts = dict.fromkeys(_EVERYWHERE.get(host, host) for host in config.server.host)
    return [URL.build(scheme=scheme, host=host, port=config.server.port) for host in hosts]


async def look(config: Config) -> Finding:
    """Check that the server answers at all its addresses and can store messages."""
    about = "address"
    if not config.server.port:
        return change(about, "[server] port = 0 is another one at every start: set one, for a proxy to find")
    urls = local_urls(config)
    for url in urls:
        if problem := await _problem(config, url):
            return change(about, problem)
    return good(about, f"{' and '.join(map(str, urls))} answers, and can store messages")


async def _problem(config: Config, url: URL) -> str | None:
    """Return what is wrong with one address, and what to change."""
    try:
        async with session() as http:
            status, answer = await health(http, url)
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        return f"nothing answers at {url} ({reason(error)}): start chatd, or set [server] host and port"
    if status == 503:
        return f"{url} answers that nothing can be stored: make room on the disk, and see the log"
    if answer is None:
        return f"it is not chatd that answers at {url}: set another [server] port"
    pid = answer.get("pid")  # given only to programs on the same machine
    if pid is not None and _is_another(config.data_dir, pid):
        return (
            f"another chatd (process {pid}) answers at {url}, not the one that serves from {config.data_dir}: stop it, "
            "set another [server] port, or name its directory with --data-dir"
        )
    version = answer.get("version", __version__)
    if version != __version__:
        return f"{url} runs version {version}, this is {__version__}: restart chatd"
    return None


def _is_another(data_dir: Path, pid: object) -> bool:
    """Report whether a process certainly does not hold a data directory."""
    try:
        return named_pid(data_dir) != pid
    except OSError:  # it cannot be known, which is said elsewhere
        return False


def session() -> aiohttp.ClientSession:
    """Return a client that uses no proxy of the environment."""
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT))


async def health(
    http: aiohttp.ClientSession, url: URL, *, tls: Any = False, **headers: str
) -> tuple[int, dict[str, Any] | None]:
    """Return the status of ``/health``, and its content if it is chatd's.

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
    if isinstance(error, ssl.SSLError):
        return f"TLS does not work there ({str(error.reason or error).replace('_', ' ').lower()})"
    if isinstance(error, OSError) and error.errno and error.errno > 0:  # below: of a name that cannot be looked up
        return os.strerror(error.errno)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
