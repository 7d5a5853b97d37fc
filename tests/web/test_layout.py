"""Phones and desks, languages, light and dark."""

import re
from typing import get_args

import pytest
from playwright.async_api import Page, expect

from tests.support import PASSWORD, Person
from tests.web.browser import Devices
from tests.web.pages import Part

#: Every page of the settings.
SETTINGS = ("/settings", *(f"/settings/{part}" for part in get_args(Part)))

HAN = re.compile("[\u4e00-\u9fff]")


async def lightness(page: Page) -> float:
    """Return how light the page's ground is, from 0 to 1."""
    value: float = await page.evaluate(
        """() => {
          const canvas = new OffscreenCanvas(1, 1).getContext('2d')
          const solid = element => {
            const colour = getComputedStyle(element).backgroundColor
            return /, 0\\)|\\/ 0\\)|transparent/.test(colour) ? null : colour
          }
          canvas.fillStyle = solid(document.body) ?? solid(document.documentElement) ?? 'white'
          canvas.fillRect(0, 0, 1, 1)
          const [r, g, b] = canvas.getImageData(0, 0, 1, 1).data
          return (r + g + b) / 765
        }"""
    )
    return value


async def test_a_phone_shows_the_list_or_a_conversation_and_a_way_back(
    devices: Devices, alice: Person, bob: Person
) -> None:
    await alice.send(bob, "hello")
    phone = await devices.phone(bob)
    await phone.open("/messages")
    await expect(phone.conversations.list).to_be_visible()
    await expect(phone.chat.box).to_have_count(0)
    await phone.conversations.of(alice.nickname).tap()
    await expect(phone.chat.message("hello")).to_be_visible()
    await expect(phone.conversations.list).not_to_be_visible()
    back = phone.page.get_by_role("link", name=re.compile("^Back")).or_(
        phone.page.get_by_role("button", name=re.compile("^Back"))
    )
    await back.tap()
    await expect(phone.conversations.list).to_be_visible()
    await expect(phone.chat.box).not_to_be_visible()
    await phone.conversations.of(alice.nickname).tap()
    await expect(phone.chat.box).to_be_in_viewport(ratio=1)
    await phone.page.go_back()
    await expect(phone.conversations.list).to_be_visible()


async def test_a_desk_shows_the_list_beside_the_conversation(devices: Devices, alice: Person, bob: Person) -> None:
    await alice.send(bob, "hello")
    desk = await devices.desk(bob)
    await desk.open("/messages")
    await desk.conversations.of(alice.nickname).click()
    await expect(desk.chat.message("hello")).to_be_visible()
    await expect(desk.conversations.list).to_be_visible()
    await expect(desk.conversations.of(alice.nickname)).to_have_attribute("aria-current", re.compile("page|true"))


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
async def test_nothing_is_wider_than_the_window(devices: Devices, alice: Person, bob: Person, width: int) -> None:
    await alice.send(bob, "hello " * 50)
    device = await devices.device(bob, viewport={"width": width, "height": 640})
    for path in ("/messages", f"/messages/{alice.id}", *SETTINGS):
        await device.open(path)
        await expect(device.page.get_by_role("main")).to_be_visible()
        await expect(device.navigation.messages.or_(device.chat.box).first).to_be_visible()
        assert await device.page.evaluate("document.scrollingElement.scrollWidth") <= width, path


async def test_a_long_press_opens_the_menu_of_a_message(devices: Devices, alice: Person, bob: Person) -> None:
    message_id = (await alice.send(bob, "press me"))["id"]
    phone = await devices.phone(bob)
    await phone.open(f"/messages/{alice.id}")
    box = await phone.chat.by_id(message_id).get_by_text("press me").bounding_box()
    assert box is not None
    touch = await phone.context.new_cdp_session(phone.page)
    point = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    await touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    await expect(phone.page.get_by_role("menuitem", name="Reply")).to_be_visible()
    await touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    await expect(phone.page.get_by_role("menuitem", name="Reply")).to_be_visible()
    await phone.page.get_by_role("menuitem", name="Reply").tap()
    await expect(phone.page.get_by_text(f"Replying to {alice.nickname}")).to_be_visible()


async def test_the_browser_chooses_the_language_until_somebody_does(devices: Devices, bob: Person) -> None:
    desk = await devices.desk(locale="zh-CN")
    await desk.open("/login")
    await expect(desk.page.get_by_role("heading", level=1)).to_have_text(HAN)
    assert str(await desk.page.evaluate("document.documentElement.lang")).startswith("zh")
    await desk.page.locator("input[name=username], input[autocomplete=username]").fill(bob.username)
    await desk.page.locator("input[type=password]").fill(PASSWORD)
    await desk.page.keyboard.press("Enter")
    await desk.page.wait_for_url("**/messages")
    await desk.settings.open("appearance")
    await expect(desk.page.get_by_role("heading", level=1)).to_have_text(HAN)
    await desk.settings.choose("语言", "English")
    await expect(desk.page.get_by_role("heading", name="Appearance")).to_be_visible()
    assert str(await desk.page.evaluate("document.documentElement.lang")).startswith("en")
    await desk.page.reload()
    await expect(desk.page.get_by_role("heading", name="Appearance")).to_be_visible()
    await desk.settings.choose("Language", "简体中文")
    await expect(desk.page.get_by_role("heading", level=1)).to_have_text(HAN)


async def test_every_text_is_there_in_chinese(devices: Devices, alice: Person, bob: Person) -> None:
    await alice.send(bob, "你好")
    desk = await devices.desk(bob, locale="zh-CN")
    for path in ("/messages", f"/messages/{alice.id}", *SETTINGS):
        await desk.open(path)
        await expect(desk.page.get_by_role("main")).to_have_text(HAN)
        text = await desk.page.locator("body").inner_text()
        assert not re.search(r"\b(chat|shell|auth|settings|conversations|manners)\.\w", text), text
        words = {alice.nickname, bob.nickname, alice.username, bob.username, "English", "chatd"}
        left = re.sub("|".join(map(re.escape, sorted(words, key=len, reverse=True))), "", text)
        left = re.sub(r"(Python|aiohttp|HeadlessChrome)/\S+", "", left)  # the names of devices
        assert not re.search(r"\b[A-Z]?[a-z]{4,}\b", left), text


async def test_light_and_dark_follow_the_system_until_somebody_chooses(devices: Devices, bob: Person) -> None:
    desk = await devices.desk(bob)
    await desk.settings.open("appearance")
    await expect(desk.page.get_by_role("radiogroup", name="Theme")).to_be_visible()
    assert await lightness(desk.page) > 0.8
    await desk.page.emulate_media(color_scheme="dark")
    assert await lightness(desk.page) < 0.3
    await desk.settings.choose("Theme", "Light")
    assert await lightness(desk.page) > 0.8
    await desk.page.emulate_media(color_scheme="light")
    await desk.settings.choose("Theme", "Dark")
    assert await lightness(desk.page) < 0.3
    await desk.page.reload()
    await expect(desk.page.get_by_role("radiogroup", name="Theme")).to_be_visible()
    assert await lightness(desk.page) < 0.3


async def test_nothing_moves_for_those_who_want_no_motion(devices: Devices, alice: Person, bob: Person) -> None:
    desk = await devices.desk(bob, reduced_motion="reduce")
    await desk.open(f"/messages/{alice.id}")
    await desk.chat.tell("still")
    await desk.conversations.new.click()
    await expect(desk.conversations.search).to_be_visible()
    moving = await desk.page.evaluate(
        """document.getAnimations().map(one => one.effect.getComputedTiming())
          .filter(({ duration, iterations }) => duration > 10 || iterations === Infinity).length"""
    )
    assert moving == 0
