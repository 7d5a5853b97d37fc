"""The settings as pages, and one's own menu."""

import re
from typing import get_args

import pytest
from playwright.async_api import expect

from tests.support import Person
from tests.web.browser import Device, Devices
from tests.web.pages import Part

HEADINGS = {part: part.capitalize() for part in get_args(Part)}


async def root_size(device: Device) -> float:
    """Return the size of the root's font in pixels."""
    size: float = await device.page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)")
    return size


async def test_on_a_desk_the_settings_begin_with_the_profile(devices: Devices, bob: Person) -> None:
    desk = await devices.desk(bob)
    await desk.open("/messages")
    await desk.navigation.settings.click()
    await desk.page.wait_for_url("**/settings/profile")
    await expect(desk.settings.nickname).to_have_value(bob.nickname)
    await desk.page.go_back()
    await desk.page.wait_for_url("**/messages")


@pytest.mark.parametrize("part", get_args(Part))
async def test_every_page_of_the_settings_has_an_address(devices: Devices, bob: Person, part: Part) -> None:
    desk, phone = await devices.desk(bob), await devices.phone(await bob.device())
    await desk.settings.open(part)
    await expect(desk.page.get_by_role("heading", level=1)).to_have_text(HEADINGS[part])
    await expect(desk.page).to_have_title(f"{HEADINGS[part]} · chatd")
    here = desk.settings.pages.get_by_role("link", name=HEADINGS[part])
    await expect(here).to_have_attribute("aria-current", "page")
    await phone.open("/settings")
    await expect(phone.page.get_by_role("heading", level=1)).to_have_text("Settings")
    await phone.settings.pages.get_by_role("link", name=HEADINGS[part]).tap()
    await phone.page.wait_for_url(f"**/settings/{part}")
    await expect(phone.page.get_by_role("heading", level=1)).to_be_focused()
    await expect(phone.settings.pages).to_have_count(0)
    await phone.settings.back.tap()
    await phone.page.wait_for_url("**/settings")


async def test_who_is_sent_to_sign_in_comes_back_to_the_page_of_the_settings(devices: Devices, bob: Person) -> None:
    desk = await devices.desk()
    await desk.settings.open("privacy")
    await desk.page.wait_for_url("**/login?next=/settings/privacy")
    await desk.entrance.sign_in(bob.username, "correct horse")
    await expect(desk.page.get_by_role("heading", level=1)).to_have_text("Privacy")


async def test_each_page_of_the_settings_begins_at_its_top(devices: Devices, bob: Person) -> None:
    desk = await devices.device(bob, viewport={"width": 1280, "height": 400})
    await desk.settings.open("privacy")
    await desk.page.get_by_role("button", name="Delete my account").scroll_into_view_if_needed()
    await desk.settings.pages.get_by_role("link", name="Security").click()
    await expect(desk.page.get_by_role("heading", name="Security")).to_be_in_viewport(ratio=1)


async def test_a_list_of_settings_that_becomes_wide_shows_a_page(devices: Devices, bob: Person) -> None:
    device = await devices.device(bob, viewport={"width": 700, "height": 800})
    await device.open("/settings")
    await expect(device.settings.pages).to_be_visible()
    await device.page.set_viewport_size({"width": 1100, "height": 800})
    await device.page.wait_for_url("**/settings/profile")
    await expect(device.settings.nickname).to_be_visible()


async def test_ones_own_picture_has_a_menu(devices: Devices, bob: Person) -> None:
    desk, phone = await devices.desk(bob), await devices.phone(await bob.device())
    for device in (desk, phone):
        await device.open("/messages")
        await expect(device.navigation.account).to_have_accessible_name(f"Account of {bob.nickname}")
        await device.navigation.account.focus()
        await device.page.keyboard.press("Enter")
        menu = device.page.get_by_role("menu")
        await expect(menu).to_contain_text(bob.nickname)
        await expect(menu).to_contain_text(f"@{bob.username}")
        await expect(menu).to_be_in_viewport(ratio=1)
        await expect(menu).not_to_have_css("background-color", "rgba(0, 0, 0, 0)")
        await device.page.keyboard.press("Escape")
        await expect(menu).to_have_count(0)
        await expect(device.navigation.account).to_be_focused()
        await device.navigation.choose("Profile")
        await expect(device.settings.nickname).to_have_value(bob.nickname)
    await phone.navigation.choose("Settings")
    await expect(phone.settings.pages).to_be_visible()
    await phone.navigation.choose("Sign out")
    await expect(phone.entrance.sign_in_heading).to_be_visible()
    await desk.navigation.choose("Settings")
    await desk.page.wait_for_url("**/settings/profile")


@pytest.mark.parametrize("width", [320, 390, 800, 1280])
async def test_layouts_hold_in_every_text_size(devices: Devices, alice: Person, bob: Person, width: int) -> None:
    await alice.send(bob, "hello " * 50)
    device = await devices.device(bob, viewport={"width": width, "height": 640})
    await device.settings.open("appearance")
    normal = await root_size(device)
    for name, factor in (("Small", 0.875), ("Large", 1.1875), ("Larger", 1.375)):
        await device.settings.open("appearance")
        await device.settings.choose("Text size", name)
        for path in ("/messages", f"/messages/{alice.id}", "/settings", *(f"/settings/{part}" for part in HEADINGS)):
            await device.open(path)
            await expect(device.page.get_by_role("main")).to_be_visible()
            await expect(device.navigation.messages.or_(device.chat.box).first).to_be_visible()
            assert await root_size(device) == pytest.approx(normal * factor)
            assert await device.page.evaluate("document.scrollingElement.scrollWidth") <= width, path
            wide = await device.page.evaluate(
                """[...document.querySelectorAll('main, main *, nav, nav *')].filter((one) => {
                  const style = getComputedStyle(one)
                  return one.scrollWidth > one.clientWidth + 1 && /auto|scroll/.test(style.overflowX)
                }).map((one) => one.className)"""
            )
            assert wide == [], path
    await device.settings.open("appearance")
    await device.settings.choose("Text size", "Normal")
    assert await root_size(device) == normal


async def test_a_text_size_is_the_same_in_all_tabs(devices: Devices, bob: Person) -> None:
    desk = await devices.desk(bob)
    await desk.settings.open("appearance")
    other = await desk.context.new_page()
    await other.goto("/messages")
    await desk.settings.choose("Text size", "Larger")
    await expect(other.locator("html")).to_have_css("font-size", re.compile("^22"))
