"""``chatd doctor``: checks everything an operator would, with a line for each: ok, or exactly what to change."""

import asyncio
from collections.abc import AsyncIterator

from yarl import URL

from chatd.config import Config
from chatd.doctor import address, data, idle, machine, settings, way
from chatd.doctor.findings import Finding


def run(config: Config, url: URL | None, token: str | None, seconds: float | None) -> int:
    """Print the findings and return the exit status: 1 if anything has to be changed.

    :param url: the address that people use; None to leave it out.
    :param token: the token of a socket to hold open at that address for ``seconds``.
    """
    return asyncio.run(_print(config, url, token, seconds))


async def _print(config: Config, url: URL | None, token: str | None, seconds: float | None) -> int:
    status = 0
    async for finding in _findings(config, url, token, seconds):
        print(finding, flush=True)
        status = status if finding.ok else 1
    return status


async def _findings(
    config: Config, url: URL | None, token: str | None, seconds: float | None
) -> AsyncIterator[Finding]:
    for look in (settings.look, machine.look, data.look):
        for finding in look(config):
            yield finding
    yield await address.look(config)
    if url is not None:
        async for finding in way.look(config, url):
            yield finding
        if token is not None and seconds is not None:
            yield await idle.hold(config, url, token, seconds)
