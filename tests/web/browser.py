"""Chromium as the tests, the pictures and the measurements start it, and the devices people hold in it."""

import json
import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

from aiohttp import ClientSession
from playwright.async_api import (
    Browser,
    BrowserContext,
    BrowserType,
    ConsoleMessage,
    Dialog,
    Page,
    WebError,
    async_playwright,
    expect,
)

from tests.support import Person
from tests.web.pages import Chat, ConversationList, Entrance, Groups, Navigation, Settings

#: How long a browser may take to show what it should, in milliseconds: only a broken client needs it.
PATIENCE = 30_000

#: No sandbox inside a container, no graphics card, and nothing that calls home.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)

DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}

#: What a browser says by itself when a server is gone.
LINE_LOST = (r"WebSocket connection to .* failed", r"net::ERR_")

#: What Chromium says of a page that signs out before its socket is open.
SOCKET_GIVEN_UP = "WebSocket is closed before the connection is established"

expect.set_options(timeout=PATIENCE)


def executable(chromium: BrowserType, *, whole: bool) -> str | None:
    """Return the path of the browser; None is the headless shell that Playwright has fetched.

    :param whole: with all that a person's browser has. The headless shell has no notifications and no preferences of
        its owner, and takes half the time.
    :raises AssertionError: there is none; the text says how to get it.
    """
    if found := os.environ.get("CHROMIUM") or (shutil.which("chromium-headless-shell") if not whole else None):
        return found
    found = shutil.which("chromium")
    own = chromium.executable_path
    assert found or Path(own).exists(), (
        "there is no Chromium: install Debian's packages (apt-get install chromium chromium-headless-shell) or "
        "Playwright's (playwright install --with-deps chromium), or set CHROMIUM to the path of one"
    )
    return found or (own if whole else None)


@asynccontextmanager
async def chromium(*arguments: str, whole: bool = False) -> AsyncIterator[Browser]:
    """Run a browser.

    :param arguments: further options of Chromium.
    :param whole: see :func:`executable`.
    """
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=executable(playwright.chromium, whole=whole), args=[*ARGUMENTS, *arguments]
        )
        try:
            yield browser
        finally:
            await browser.close()


class Device:
    """A browser of somebody's own, with nothing in it from anybody else's, and its first page."""

    def __init__(self, context: BrowserContext, page: Page) -> None:
        self.context = context
        self.page = page
        self.complaints: list[str] = []
        #: The texts of the notifications there were, where a test watches them.
        self.shown: set[str] = set()
        self._allowed: list[str] = []
        context.on("console", self._hear)
        context.on("weberror", self._catch)
        context.on("dialog", self._dismiss)
        self.use(page)

    def use(self, page: Page) -> None:
        """Turn to a page: what follows is about it."""
        self.page = page
        self.entrance = Entrance(page)
        self.navigation = Navigation(page)
        self.conversations = ConversationList(page)
        self.chat = Chat(page)
        self.settings = Settings(page)
        self.groups = Groups(page)

    async def open(self, path: str) -> None:
        """Go to an address of the client."""
        await self.page.goto(path)

    def allow(self, *patterns: str) -> None:
        """Expect the browser to complain, now or earlier, of what these regular expressions say."""
        self._allowed.extend(patterns)

    @property
    def unexpected(self) -> list[str]:
        """The errors, failed assertions and dialogs there were that nobody expected."""
        return [text for text in self.complaints if not any(re.search(pattern, text) for pattern in self._allowed)]

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "assert", "warning"):
            self.complaints.append(f"{message.type}: {message.text} ({message.location.get('url')})")

    def _catch(self, error: WebError) -> None:
        self.complaints.append(f"uncaught: {error.error.message}\n{error.error.stack}")

    async def _dismiss(self, dialog: Dialog) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        await dialog.dismiss()


class Devices:
    """The devices of one test."""

    def __init__(self, browser: Browser, url: str) -> None:
        """Create none yet.

        :param url: where the server is.
        """
        self._browser = browser
        self._url = url
        self.all: list[Device] = []

    async def desk(self, person: Person | None = None, **options: Any) -> Device:
        """Return a computer, with ``person`` signed in; see :meth:`device`."""
        return await self.device(person, **DESK, **options)

    async def phone(self, person: Person | None = None, **options: Any) -> Device:
        """Return a phone, with ``person`` signed in; see :meth:`device`."""
        return await self.device(person, **PHONE, **options)

    async def device(
        self,
        person: Person | None = None,
        *,
        token: str | None = None,
        locale: str = "en-US",
        color_scheme: Literal["light", "dark"] = "light",
        **options: Any,
    ) -> Device:
        """Return a new browser.

        :param person: who is signed in; nobody's devices share a session.
        :param token: what the browser has instead of the person's token.
        :param options: see ``Browser.new_context``.
        """
        state = None if person is None else await self._signed_in(person, token)
        context = await self._browser.new_context(
            base_url=self._url,
            locale=locale,
            color_scheme=color_scheme,
            storage_state=state,  # type: ignore[arg-type]  # a plain dict is one
            **options,
        )
        context.set_default_timeout(PATIENCE)
        device = Device(context, await context.new_page())
        self.all.append(device)
        return device

    async def refusing(self, directory: Path, **options: Any) -> Device:
        """Return a browser whose owner forbids pages to store anything, cookies or other; see :meth:`owned`."""
        return await self.owned(directory, {"profile": {"default_content_setting_values": {"cookies": 2}}}, **options)

    async def owned(self, directory: Path, preferences: dict[str, Any], **options: Any) -> Device:
        """Return a browser that its owner has set up.

        :param directory: where it may put what it needs itself.
        :param preferences: Chromium's own, by their names.
        :param options: see ``BrowserType.launch_persistent_context``.
        """
        settings = directory / "Default" / "Preferences"
        settings.parent.mkdir(parents=True)
        settings.write_text(json.dumps(preferences))
        kind = self._browser.browser_type
        context = await kind.launch_persistent_context(
            directory,
            executable_path=executable(kind, whole=True),
            args=[*ARGUMENTS],
            base_url=self._url,
            locale="en-US",
            **options,
        )
        context.set_default_timeout(PATIENCE)
        device = Device(context, context.pages[0])
        self.all.append(device)
        return device

    async def sign_in(self, device: Device, person: Person) -> None:
        """Sign somebody in on a browser that is there already."""
        state = await self._signed_in(person, None)
        ((kept,),) = (origin["localStorage"] for origin in state["origins"])
        await device.open("/login")
        await device.page.evaluate("({ name, value }) => localStorage.setItem(name, value)", kept)

    async def close(self) -> None:
        """Close them all."""
        for device in self.all:
            await device.context.close()

    async def _signed_in(self, person: Person, token: str | None) -> dict[str, Any]:
        """Return what the browser of somebody signed in keeps."""
        headers = {"Authorization": f"Bearer {person.token}"}
        async with ClientSession(self._url, headers=headers) as session, session.get("/users/me") as response:
            auth = {"token": token or person.token, "user": await response.json()}
        kept = {"name": "chatd.auth", "value": json.dumps(auth)}
        return {"cookies": [], "origins": [{"origin": self._url, "localStorage": [kept]}]}
