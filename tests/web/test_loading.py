"""What somebody sees on a slow line before the client is there."""

import asyncio
from typing import Any

import pytest
from playwright.async_api import Route, expect

from tests.support import Person
from tests.web.browser import DESK, PHONE, Device, Devices
from tests.web.test_layout import lightness


class Gate:
    """Holds back the client's scripts and styles, as a slow line does."""

    def __init__(self) -> None:
        self._open = asyncio.Event()

    async def hold(self, device: Device) -> None:
        """Begin."""
        await device.page.route("**/assets/*", self._wait)

    def open(self) -> None:
        """Let everything through."""
        self._open.set()

    async def _wait(self, route: Route) -> None:
        await self._open.wait()
        await route.continue_()


@pytest.mark.parametrize(
    ("form", "path", "shown"),
    [
        (DESK, "/messages", [".early-nav", ".early-list", ".early-list i"]),
        (DESK, "/messages/{}", [".early-nav", ".early-list i", ".early-main i"]),
        (PHONE, "/messages", [".early-list i", ".early-nav"]),
        (PHONE, "/messages/{}", [".early-main i"]),
        (PHONE, "/settings", [".early-nav"]),
    ],
)
async def test_before_the_client_is_there_its_outline_is(
    devices: Devices, alice: Person, bob: Person, form: dict[str, Any], path: str, shown: list[str]
) -> None:
    await alice.send(bob, "hello")
    device = await devices.device(bob, **form)
    gate = Gate()
    await gate.hold(device)
    await device.page.goto(path.format(alice.id), wait_until="commit")
    outline = device.page.locator(".early")
    await expect(outline).to_have_css("opacity", "1")
    for each in shown:
        await expect(outline.locator(each).first if each != ".early" else outline).to_be_in_viewport()
    for each in {".early-nav", ".early-list", ".early-main"} - {one.split()[0] for one in shown}:
        await expect(outline.locator(each)).not_to_be_visible()
    assert await device.page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    gate.open()
    await expect(device.page.get_by_role("heading", level=1)).to_be_attached()
    await expect(outline).to_have_count(0)


async def test_somebody_signed_out_sees_the_outline_of_the_entrance(devices: Devices) -> None:
    phone = await devices.phone()
    gate = Gate()
    await gate.hold(phone)
    await phone.page.goto("/messages", wait_until="commit")
    await expect(phone.page.locator(".early")).to_have_css("opacity", "1")
    await expect(phone.page.locator(".early-list")).not_to_be_visible()
    gate.open()
    await expect(phone.entrance.sign_in_heading).to_be_visible()


async def test_the_outline_has_the_theme_that_was_chosen_and_is_not_there_at_once(
    devices: Devices, bob: Person
) -> None:
    desk = await devices.desk(bob)
    await desk.context.add_init_script("localStorage.setItem('chatd.preferences', '{\"theme\":\"dark\"}')")
    gate = Gate()
    await gate.hold(desk)
    page = desk.page
    await page.goto("/messages", wait_until="commit")
    outline = page.locator(".early")
    await expect(outline).to_have_css("opacity", "1")
    assert await lightness(page) < 0.3
    # On a fast line it would only flash.
    assert float((await outline.evaluate("element => getComputedStyle(element).animationDelay")).rstrip("s")) > 0
    gate.open()
    await expect(desk.conversations.new).to_be_visible()
