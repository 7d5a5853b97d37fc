"""What the client does at its edges: without a network, with a new version, in the tab's title."""

import json

import pytest
from playwright.async_api import Page, expect

from tests.support import Person
from tests.web.browser import LINE_LOST, Devices
from tests.web.site import Site, kept, until

#: The script that a page was started by.
ENTRY = "new URL(document.querySelector('script[type=module]').src).pathname"

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


@pytest.fixture
def server(site: Site) -> Site:
    """A server for each test, in this process."""
    return site


async def entry(page: Page) -> str:
    """Return the script that a page was started by."""
    path: str = await page.evaluate(ENTRY)
    return path


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


async def test_the_emoji_are_loaded_when_they_are_first_wanted_and_then_work_without_the_server(
    devices: Devices, server: Site, alice: Person, bob: Person
) -> None:
    await bob.send(alice, "are you on the train?")
    desk = await devices.desk(alice)
    desk.allow(*LINE_LOST)
    await desk.open(f"/messages/{bob.id}")
    await kept(desk.page)
    await desk.page.reload()
    await expect(desk.chat.message("train")).to_be_visible()
    await until(desk.page, SNAPSHOTS, [f"{alice.id}.chats", f"{alice.id}.conversations"])
    [paths] = (await desk.page.evaluate(KEPT)).values()
    assert not any("emoji-" in path for path in paths)
    button = desk.page.get_by_role("button", name="Emoji", exact=True)
    train = desk.page.get_by_role("button", name="train", exact=True)
    await button.click()
    await expect(train).to_be_visible()
    await desk.page.keyboard.press("Escape")
    await expect(train).to_have_count(0)
    [paths] = (await desk.page.evaluate(KEPT)).values()
    assert ["emoji-en" in path for path in paths if "emoji-" in path] == [True]
    await server.stop()
    await desk.page.reload()
    await button.click()
    await train.click()
    await expect(desk.chat.box).to_have_value("🚆")


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
    await expect(other.get_by_role("heading", name="Profile")).to_be_visible()


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
    await desk.settings.open("profile")
    icon = desk.page.locator('link[rel="icon"]')
    await expect(desk.page).to_have_title("Profile · chatd")
    await expect(icon).to_have_attribute("href", "/favicon.svg")
    await bob.send(alice, "one")
    await bob.send(alice, "two")
    await expect(desk.page).to_have_title("(2) Profile · chatd")
    await expect(icon).to_have_attribute("href", "/favicon-unread.svg")
    assert await desk.page.evaluate("window.badge") == 2
    await desk.navigation.messages.click()
    await desk.conversations.of(bob.nickname).click()
    await expect(desk.page).to_have_title(f"{bob.nickname} · chatd")
    await expect(icon).to_have_attribute("href", "/favicon.svg")
    assert await desk.page.evaluate("window.badge") == 0
