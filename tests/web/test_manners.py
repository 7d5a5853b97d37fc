"""What the client does at its edges: without a network, with a new version, in the tab's title, in notifications."""

import asyncio
import contextlib
import json
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio
from playwright.async_api import Error, Page, Worker, expect
from yarl import URL

from chatd.serve import Server
from chatd.web.files import STATIC
from tests.support import PATIENCE, Person, settings
from tests.web.browser import LINE_LOST, Device, Devices

#: The script that a page was started by.
ENTRY = "new URL(document.querySelector('script[type=module]').src).pathname"

#: The notifications that are shown.
NOTIFICATIONS = """
    navigator.serviceWorker.ready
        .then((registration) => registration.getNotifications())
        .then((all) => all.map(({ title, body, tag, icon }) => ({ title, body, tag, icon: new URL(icon).pathname })))
"""

#: What is kept of what came over HTTP, by the names of the caches.
KEPT = """
    caches.keys().then((names) => Promise.all(names.map(async (name) => {
        const requests = await (await caches.open(name)).keys()
        return [name, requests.map(({ url }) => new URL(url).pathname)]
    }))).then(Object.fromEntries)
"""

#: The names of what the page has kept of conversations.
SNAPSHOTS = """
    new Promise((resolve, reject) => {
        const opening = indexedDB.open('chatd')
        opening.onerror = () => reject(opening.error)
        opening.onsuccess = () => {
            const keys = opening.result.transaction('snapshots').objectStore('snapshots').getAllKeys()
            keys.onsuccess = () => resolve(keys.result)
            keys.onerror = () => reject(keys.error)
        }
    })
"""

#: A click on the only notification there is, as the browser would tell the worker of it.
CLICK = """
    async () => {
        const [notification] = await self.registration.getNotifications()
        const click = new NotificationEvent('notificationclick', { notification })
        const done = new Promise((resolve) => { click.waitUntil = resolve })
        self.dispatchEvent(click)
        // Only a person's click may bring a window to the front.
        await done.catch((error) => { if (error.name !== 'InvalidAccessError') throw error })
    }
"""


class Site:
    """A server that can go and come back at one address, as it was or with another version of the client."""

    def __init__(self, directory: Path) -> None:
        self._data_dir = directory / "data"
        self._static = directory / "static"
        self._server: Server | None = None
        self.url = ""
        shutil.copytree(STATIC, self._static)

    async def start(self, **sections: Any) -> None:
        """Start, with what ``sections`` of the configuration say."""
        address = {"port": URL(self.url).port} if self.url else {}
        config = settings(self._data_dir, server=address, **sections)
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


@pytest_asyncio.fixture(loop_scope="session")
async def server(built: None, tmp_path: Path) -> AsyncIterator[Site]:
    """A server for each test, in this process."""
    site = Site(tmp_path)
    await site.start()
    yield site
    await site.stop()


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


async def entry(page: Page) -> str:
    """Return the script that a page was started by."""
    path: str = await page.evaluate(ENTRY)
    return path


async def worker_of(device: Device) -> Worker:
    """Return the only service worker of a browser."""
    [worker] = device.context.service_workers
    return worker


async def test_the_client_and_the_last_conversations_open_without_the_server(
    devices: Devices, server: Site, alice: Person, bob: Person
) -> None:
    await bob.send(alice, "See you at noon")
    phone = await devices.phone(alice)
    phone.allow(*LINE_LOST)
    await phone.open(f"/messages/{bob.id}")
    await expect(phone.chat.message("See you at noon")).to_be_visible()
    await kept(phone.page)
    await until(phone.page, SNAPSHOTS, [f"{alice.id}.chats", f"{alice.id}.conversations"])
    await server.stop()
    await phone.open("/messages")
    await expect(phone.conversations.of(bob.nickname)).to_contain_text("See you at noon")
    await expect(phone.navigation.reconnecting).to_be_visible()
    await phone.conversations.of(bob.nickname).click()
    await expect(phone.chat.message("See you at noon")).to_be_visible()
    await phone.open("/settings")
    await expect(phone.settings.heading).to_be_visible()


async def test_only_the_built_client_is_kept_by_the_service_worker(
    devices: Devices, server: Site, alice: Person, bob: Person
) -> None:
    await bob.send(alice, "for her eyes only")
    desk = await devices.desk(alice)
    await desk.open(f"/messages/{bob.id}")
    await kept(desk.page)
    await desk.page.reload()
    await expect(desk.chat.message("for her eyes only")).to_be_visible()
    [(name, paths)] = (await desk.page.evaluate(KEPT)).items()
    assert name.startswith("chatd-shell-")
    assert "/index.html" in paths
    assert "/config.json" in paths
    assert [path for path in paths if not path.startswith("/assets/")] == [
        *("/favicon-unread.svg", "/favicon.svg", "/index.html", "/manifest.webmanifest", "/config.json")
    ]


async def test_a_new_version_waits_until_somebody_asks_for_it(devices: Devices, server: Site, alice: Person) -> None:
    desk = await devices.desk(alice)
    desk.allow(*LINE_LOST)
    await desk.open("/messages")
    await kept(desk.page)
    before = await entry(desk.page)
    loads: list[Page] = []
    desk.page.on("load", lambda page: loads.append(page))
    await server.update()
    offer = desk.page.get_by_role("status").filter(has_text="A new version is ready")
    await expect(offer).to_be_visible()
    assert await entry(desk.page) == before
    assert not loads
    await offer.get_by_role("button", name="Reload").click()
    await until(desk.page, ENTRY, before.replace("/assets/", "/assets/new-"))
    await kept(desk.page)
    await expect(offer).to_have_count(0)
    assert len(loads) == 1
    [name] = await desk.page.evaluate(KEPT)
    assert name.startswith("chatd-shell-new-")


async def test_a_page_that_is_new_already_is_not_asked_to_reload(devices: Devices, server: Site, alice: Person) -> None:
    desk = await devices.desk(alice)
    desk.allow(*LINE_LOST)
    await desk.open("/messages")
    await kept(desk.page)
    await desk.open("about:blank")
    await server.update()
    await desk.open("/messages")
    await expect(desk.navigation.messages).to_be_visible()
    assert "/new-" in await entry(desk.page)
    await until(desk.page, "caches.keys().then((names) => names.every((name) => name.includes('-new-')))")
    await expect(desk.page.get_by_text("A new version is ready")).to_have_count(0)
    assert "/new-" in await entry(desk.page)


async def test_one_reload_brings_every_tab_to_the_new_version(devices: Devices, server: Site, alice: Person) -> None:
    desk = await devices.desk(alice)
    desk.allow(*LINE_LOST)
    await desk.open("/messages")
    await kept(desk.page)
    other = await desk.context.new_page()
    await other.goto("/settings")
    await kept(other)
    await server.update()
    await expect(other.get_by_text("A new version is ready")).to_be_visible()
    await desk.page.get_by_role("button", name="Reload").click()
    for page in (desk.page, other):
        await until(page, f"({ENTRY}).includes('/new-')")
    await expect(other.get_by_role("heading", name="Settings")).to_be_visible()


async def test_where_there_is_no_client_any_more_the_worker_goes_too(
    devices: Devices, server: Site, alice: Person
) -> None:
    desk = await devices.desk(alice)
    desk.allow(*LINE_LOST, "404")
    await desk.open("/messages")
    await kept(desk.page)
    await server.stop()
    await server.start(web={"enabled": False})
    response = await desk.page.goto("/login")
    assert response is not None
    assert response.status == 404
    await until(desk.page, "navigator.serviceWorker.getRegistration().then((found) => found === undefined)")
    assert await desk.page.evaluate("caches.keys()") == []
    await desk.page.goto("/login")
    await expect(desk.page.get_by_text("not_found")).to_be_visible()


async def test_the_client_can_be_installed(devices: Devices, server: Site) -> None:
    phone = await devices.phone()
    await phone.open("/login")
    session = await phone.context.new_cdp_session(phone.page)
    answer = await session.send("Page.getAppManifest")
    assert answer["errors"] == []
    icons = json.loads(answer["data"])["icons"]
    for icon in icons:
        size = await phone.page.evaluate(
            "(src) => new Promise((resolve, reject) => {"
            "  const image = new Image(); image.onerror = reject; image.src = src;"
            "  image.onload = () => resolve(`${image.naturalWidth}x${image.naturalHeight}`)"
            "})",
            icon["src"],
        )
        assert icon["sizes"] in (size, "any")
    errors = (await session.send("Page.getInstallabilityErrors"))["installabilityErrors"]
    # A context of a test is an incognito window, where nothing is installed.
    assert [error["errorId"] for error in errors if error["errorId"] != "in-incognito"] == []


async def test_what_is_unread_is_shown_in_the_title_the_icon_and_the_badge(
    devices: Devices, server: Site, alice: Person, bob: Person
) -> None:
    desk = await devices.desk(alice)
    await desk.context.add_init_script(
        "window.badge = null;"
        "navigator.setAppBadge = (count) => { window.badge = count; return Promise.resolve() };"
        "navigator.clearAppBadge = () => { window.badge = 0; return Promise.reject(new Error('not allowed')) }"
    )
    await desk.open("/settings")
    icon = desk.page.locator('link[rel="icon"]')
    await expect(desk.page).to_have_title("Settings · chatd")
    await expect(icon).to_have_attribute("href", "/favicon.svg")
    await bob.send(alice, "one")
    await bob.send(alice, "two")
    await expect(desk.page).to_have_title("(2) Settings · chatd")
    await expect(icon).to_have_attribute("href", "/favicon-unread.svg")
    assert await desk.page.evaluate("window.badge") == 2
    await desk.navigation.messages.click()
    await desk.conversations.of(bob.nickname).click()
    await expect(desk.page).to_have_title(f"{bob.nickname} · chatd")
    await expect(icon).to_have_attribute("href", "/favicon.svg")
    assert await desk.page.evaluate("window.badge") == 0


async def with_notifications(devices: Devices, person: Person) -> Device:
    """Return a computer of somebody who has turned notifications on, and looks at the settings."""
    desk = await devices.desk(person, permissions=["notifications"])
    await desk.open("/messages")
    await kept(desk.page)
    # Whatever is sent before the conversations are there is no news.
    await expect(desk.page.get_by_text("No conversations yet")).to_be_visible()
    await desk.navigation.settings.click()
    await desk.settings.notifications.click()
    await expect(desk.settings.notifications).to_be_checked()
    return desk


async def told(page: Page, *bodies: str) -> list[dict[str, str]]:
    """Wait until exactly these notifications are shown, and return them."""
    await until(page, f"{NOTIFICATIONS}.then((all) => all.map(({{ body }}) => body).sort())", sorted(bodies))
    notifications: list[dict[str, str]] = await page.evaluate(NOTIFICATIONS)
    return notifications


async def test_a_message_is_told_of_while_another_page_is_shown(
    devices: Devices, server: Site, alice: Person, bob: Person
) -> None:
    desk = await with_notifications(devices, alice)
    await bob.send(alice, "<b>Lunch</b>?")
    [notification] = await told(desk.page, "<b>Lunch</b>?")
    assert notification == {
        "title": bob.nickname,
        "body": "<b>Lunch</b>?",
        "tag": f"chat-{bob.id}",
        "icon": "/icons/icon-192.png",
    }
    await bob.send(alice, "At noon?")
    await told(desk.page, "At noon?")


async def test_nothing_is_told_before_somebody_has_turned_it_on(
    devices: Devices, server: Site, alice: Person, bob: Person
) -> None:
    desk = await devices.desk(alice, permissions=["notifications"])
    await desk.open("/settings")
    await kept(desk.page)
    await expect(desk.settings.notifications).not_to_be_checked()
    await bob.send(alice, "unheard")
    await expect(desk.page).to_have_title("(1) Settings · chatd")
    await desk.settings.notifications.click()
    await expect(desk.settings.notifications).to_be_checked()
    await bob.send(alice, "heard")
    await told(desk.page, "heard")


async def test_a_message_that_is_before_somebodys_eyes_in_another_tab_is_not_told_of(
    devices: Devices, server: Site, alice: Person, bob: Person, newcomer: Any
) -> None:
    carol = await newcomer("carol")
    desk = await with_notifications(devices, alice)
    other = await desk.context.new_page()
    await other.goto(f"/messages/{bob.id}")
    await expect(other.get_by_role("log", name="Messages")).to_be_visible()
    await other.bring_to_front()
    await bob.send(alice, "seen")
    await expect(other.get_by_role("article").filter(has_text="seen")).to_be_visible()
    await carol.send(alice, "not seen")
    await told(desk.page, "not seen")


async def test_what_came_while_the_line_was_lost_is_told_of_on_return(
    devices: Devices, server: Site, alice: Person, bob: Person
) -> None:
    desk = await with_notifications(devices, alice)
    desk.allow(*LINE_LOST)
    await server.stop()
    await expect(desk.navigation.reconnecting).to_be_visible()
    await server.start()
    await bob.send(alice, "Are you there?")
    await told(desk.page, "Are you there?")


async def test_a_notification_is_taken_back_when_its_message_is_read_on_another_device(
    devices: Devices, server: Site, alice: Person, bob: Person
) -> None:
    desk = await with_notifications(devices, alice)
    await bob.send(alice, "Lunch?")
    await told(desk.page, "Lunch?")
    await alice.post(f"/messages/read/{bob.id}")
    await told(desk.page)


async def test_a_notification_is_taken_back_when_its_message_is_deleted(
    devices: Devices, server: Site, alice: Person, bob: Person
) -> None:
    desk = await with_notifications(devices, alice)
    message = await bob.send(alice, "regretted")
    await told(desk.page, "regretted")
    async with await bob.request("DELETE", f"/messages/{message['id']}") as response:
        assert response.ok
    await told(desk.page)


async def test_signing_out_takes_all_notifications_back(
    devices: Devices, server: Site, alice: Person, bob: Person
) -> None:
    desk = await with_notifications(devices, alice)
    await bob.send(alice, "for her eyes only")
    await told(desk.page, "for her eyes only")
    await desk.settings.sign_out.click()
    await expect(desk.entrance.sign_in_heading).to_be_visible()
    await told(desk.page)
    await expect(desk.page).to_have_title("Sign in · chatd")


async def test_a_chosen_notification_opens_the_chat_in_the_window_that_is_there(
    devices: Devices, server: Site, alice: Person, bob: Person
) -> None:
    desk = await with_notifications(devices, alice)
    await bob.send(alice, "Lunch?")
    await told(desk.page, "Lunch?")
    worker = await worker_of(desk)
    await worker.evaluate(CLICK)
    await expect(desk.chat.heading(bob.nickname)).to_be_visible()
    assert URL(desk.page.url).path == f"/messages/{bob.id}"
    assert len(desk.context.pages) == 1
    await told(desk.page)
