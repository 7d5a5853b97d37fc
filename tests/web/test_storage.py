"""Browsers that forbid a page to store anything: the client works for as long as the page lives."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.support import PASSWORD, Person
from tests.web.browser import DESK, PHONE, Device, Devices

NO_STAY = "stores nothing for this page"

#: What throws where a page may store nothing, in one browser or another, even where it is only named.
ALL_REFUSED = """
  const refuse = () => { throw new DOMException('Access is denied for this document.', 'SecurityError') }
  for (const name of ['localStorage', 'sessionStorage', 'indexedDB', 'caches', 'cookieStore'])
    Object.defineProperty(window, name, { configurable: true, get: refuse })
  Object.defineProperty(Navigator.prototype, 'serviceWorker', { configurable: true, get: refuse })
  Object.defineProperty(Document.prototype, 'cookie', { configurable: true, get: refuse, set: refuse })
"""


async def use(device: Device, alice: Person, bob: Person) -> None:
    """Sign in as bob, and do what one does for the life of a page."""
    await device.open("/settings/profile")
    await device.entrance.sign_in(bob.username, PASSWORD)
    await expect(device.settings.nickname).to_have_value(bob.nickname)
    told = device.page.get_by_text(NO_STAY)
    await expect(told).to_be_visible()
    await device.page.get_by_role("button", name="Dismiss").click()
    await expect(told).to_have_count(0)
    await device.navigation.settings.click()
    await device.settings.pages.get_by_role("link", name="Appearance").click()
    await device.settings.choose("Theme", "Dark")
    await expect(device.page.locator("html")).to_have_attribute("data-theme", "dark")
    await device.navigation.messages.click()
    await device.conversations.of(alice.nickname).click()
    await expect(device.chat.message("hello")).to_be_visible()
    await device.chat.tell("hello back")
    await device.chat.box.fill("not sent yet")
    await device.page.go_back()
    await device.conversations.of(alice.nickname).click()
    await expect(device.chat.box).to_have_value("not sent yet")
    await expect(device.page.get_by_text(NO_STAY)).to_have_count(0)
    await device.page.reload()
    await expect(device.entrance.sign_in_heading).to_be_visible()


@pytest.mark.parametrize("form", [DESK, PHONE], ids=["desk", "phone"])
async def test_where_all_cookies_are_refused_the_page_works_and_says_that_nobody_stays_signed_in(
    devices: Devices, alice: Person, bob: Person, tmp_path: Path, form: dict[str, object]
) -> None:
    await alice.send(bob, "hello")
    await use(await devices.refusing(tmp_path / "browser", **form), alice, bob)


async def test_where_the_very_names_of_stores_throw_the_page_works_too(
    devices: Devices, alice: Person, bob: Person
) -> None:
    await alice.send(bob, "hello")
    desk = await devices.desk()
    await desk.context.add_init_script(ALL_REFUSED)
    await use(desk, alice, bob)


async def test_where_the_store_is_full_the_page_works_too(devices: Devices, alice: Person, bob: Person) -> None:
    await alice.send(bob, "hello")
    desk = await devices.desk()
    await desk.open("/login")
    await desk.page.evaluate(
        """() => {
          for (let size = 2 ** 22; size >= 1; size /= 2)
            try { for (;;) localStorage.setItem(`full${size}.${localStorage.length}`, 'x'.repeat(size)) } catch {}
        }"""
    )
    await use(desk, alice, bob)


async def test_who_can_stay_signed_in_is_told_nothing(devices: Devices, bob: Person) -> None:
    desk = await devices.desk()
    await desk.open("/login")
    await desk.entrance.sign_in(bob.username, PASSWORD)
    await expect(desk.conversations.new).to_be_visible()
    await desk.page.reload()
    await expect(desk.conversations.new).to_be_visible()
    await expect(desk.page.get_by_text(NO_STAY)).to_have_count(0)
