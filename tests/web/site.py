"""A server that comes and goes under one address, for what a browser keeps and does by itself."""

import asyncio
import contextlib
import re
import shutil
from pathlib import Path
from typing import Any

from playwright.async_api import Error, Page

from chatd.serve import Server
from chatd.web.files import STATIC
from tests.ports import free_port
from tests.support import PATIENCE, settings


class Site:
    """A server that can go and come back at one address, as it was or with another version of the client."""

    def __init__(self, directory: Path) -> None:
        self._data_dir = directory / "data"
        self._static = directory / "static"
        self._server: Server | None = None
        self._port = free_port()
        self.url = ""
        shutil.copytree(STATIC, self._static)

    async def start(self, **sections: Any) -> None:
        """Start, with what ``sections`` of the configuration say."""
        config = settings(self._data_dir, server={"port": self._port}, **sections)
        self._server = Server(config, static=self._static)
        await self._server.start()
        self.url = self._server.url

    async def stop(self) -> None:
        """Stop, if it runs."""
        if self._server is not None:
            await self._server.stop()
            self._server = None

    def release(self) -> None:
        """Put a new version in place: the same client, by other names."""
        for suffix in ("br", "gz"):
            for copy in self._static.rglob(f"*.{suffix}"):
                copy.unlink()
        assets = list((self._static / "assets").iterdir())
        for path in (*assets, self._static / "index.html", self._static / "sw.js"):
            text = path.read_text()
            for asset in assets:
                text = text.replace(asset.name, f"new-{asset.name}")
            path.write_text(re.sub('(?<="version":")', "new-", text))
        for path in assets:
            path.rename(path.with_name(f"new-{path.name}"))

    async def update(self) -> None:
        """Stop, and come back with a new version of the client."""
        await self.stop()
        self.release()
        await self.start()


async def until(page: Page, expression: str, expected: Any = True) -> None:
    """Wait until an expression, which may be a promise, has a value; the page may be another one meanwhile.

    Playwright's own way of waiting for one needs an ``eval``, which the client forbids.
    """
    async with asyncio.timeout(PATIENCE):
        while True:
            with contextlib.suppress(Error):
                if await page.evaluate(expression) == expected:
                    return
            await asyncio.sleep(0.05)


async def kept(page: Page) -> None:
    """Wait until the service worker has all it needs and answers for the page."""
    await until(page, "navigator.serviceWorker.controller?.state === 'activated'")
