"""Windows of every size: wide, low, of a width that is no whole number, and in the colours of the system."""

import math
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import FloatRect, Locator, Page, expect

from tests.support import Person
from tests.web.browser import DESK, PHONE, Device, Devices

#: One pixel of a screen, and rounding.
CLOSE = 1.5

LOW = [(844, 190, True), (844, 390, True), (390, 330, True), (320, 200, False)]


async def box_of(locator: Locator) -> FloatRect:
    """Return where something is."""
    await expect(locator).to_be_visible()
    box = await locator.bounding_box()
    assert box is not None
    return box


def bubble(message: Locator) -> Locator:
    """Return what is painted of a message."""
    return message.locator("div > div").first


def writing(device: Device) -> Locator:
    """Return the frame in which one writes."""
    return device.page.locator("form").filter(has=device.chat.box).locator("> div").last


def sized(width: int, height: int, touch: bool) -> dict[str, Any]:
    """Return the options of a device with such a window."""
    return {"viewport": {"width": width, "height": height}, **({"has_touch": True, "is_mobile": True} if touch else {})}


async def zoomed(devices: Devices, person: Person, directory: Path, width: int, factor: float) -> Device:
    """Return a browser with ``person`` signed in, whose pages are enlarged as by the browser's own menu."""
    level = {"partition": {"default_zoom_level": {"x": math.log(factor) / math.log(1.2)}}}
    device = await devices.owned(directory, level, viewport={"width": width, "height": 1000})
    await devices.sign_in(device, person)
    return device


@pytest.mark.parametrize("width", [1024, 1280, 1920, 2560])
async def test_the_lines_of_a_chat_are_never_too_wide_to_read_and_end_where_the_composer_does(
    devices: Devices, alice: Person, bob: Person, width: int
) -> None:
    for index in range(30):
        await (alice if index % 2 else bob).send(bob if index % 2 else alice, f"{index} " + "word " * 60)
    await bob.send(alice, "mine")
    await alice.send(bob, "theirs")
    await bob.post(f"/messages/read/{alice.id}")
    desk = await devices.device(bob, viewport={"width": width, "height": 1000})
    await desk.open(f"/messages/{alice.id}")
    mine, theirs = [await box_of(bubble(desk.chat.message(text))) for text in ("mine", "theirs")]
    frame = await box_of(writing(desk))
    assert frame["width"] <= 60 * 16
    if width >= 1920:
        assert frame["width"] >= 50 * 16
    assert abs(mine["x"] + mine["width"] - (frame["x"] + frame["width"])) < CLOSE
    assert abs(theirs["x"] - frame["x"]) < CLOSE
    main = await box_of(desk.page.get_by_role("main"))
    assert abs(main["x"] + main["width"] / 2 - (frame["x"] + frame["width"] / 2)) < CLOSE


@pytest.mark.parametrize(("width", "factor"), [(1199, 1.5), (1200, 1.5), (999, 1.25), (879, 1.1), (1198, 1.5)])
async def test_a_width_that_is_no_whole_number_has_exactly_one_layout(
    devices: Devices, alice: Person, bob: Person, tmp_path: Path, width: int, factor: float
) -> None:
    await alice.send(bob, "hello")
    device = await zoomed(devices, bob, tmp_path / "browser", width, factor)
    await device.open(f"/messages/{alice.id}")
    await expect(device.chat.message("hello")).to_be_visible()
    back = device.page.get_by_role("link", name="Back to the conversations")
    is_wide = await device.conversations.list.is_visible()
    assert is_wide is (width / factor >= 800)
    assert is_wide is not await back.is_visible()
    assert is_wide is await device.navigation.bar.is_visible()
    frame = await box_of(writing(device))
    assert frame["x"] > 0
    assert frame["x"] + frame["width"] < width / factor
    await device.open("/messages")
    await expect(device.conversations.of(alice.nickname)).to_be_in_viewport()
    assert ((await box_of(device.page.get_by_role("main")))["width"] > 1) is is_wide


@pytest.mark.parametrize(("width", "height", "touch"), LOW)
async def test_a_low_window_shows_a_whole_message_and_what_one_writes(
    devices: Devices, alice: Person, bob: Person, width: int, height: int, touch: bool
) -> None:
    for index in range(20):
        await bob.send(alice, f"message {index}")
    await alice.send(bob, "Shall we meet at the station?")
    await bob.post(f"/messages/read/{alice.id}")
    await alice.send(bob, "No, better at the library at ten")
    device = await devices.device(bob, **sized(width, height, touch))
    await device.open(f"/messages/{alice.id}")
    await device.chat.box.fill("Yes")
    last = bubble(device.chat.message("No, better"))
    log, frame = await box_of(device.chat.log), await box_of(writing(device))

    async def expect_whole(message: Locator) -> None:
        await expect(message).to_be_in_viewport(ratio=1)
        box = await box_of(message)
        assert log["y"] - 0.5 <= box["y"]
        assert box["y"] + box["height"] <= log["y"] + log["height"] + 0.5

    await expect_whole(last)
    await expect(device.chat.box).to_be_in_viewport(ratio=1)
    assert frame["y"] + frame["height"] <= height
    await device.chat.tell("Yes, at ten")
    await expect_whole(bubble(device.chat.message("Yes, at ten")))
    await device.open("/messages")
    await expect(device.conversations.of(alice.nickname)).to_be_in_viewport(ratio=1)
    await expect(device.navigation.settings).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize(
    "form",
    [DESK, PHONE, *(sized(*size) for size in LOW), sized(1920, 1080, False), sized(2560, 1300, False)],
    ids=lambda form: "x".join(str(each) for each in form["viewport"].values()),
)
async def test_that_there_are_no_messages_is_said_in_the_middle(
    devices: Devices, alice: Person, bob: Person, form: dict[str, Any]
) -> None:
    device = await devices.device(bob, **form)
    await device.open(f"/messages/{alice.id}")
    said = device.page.get_by_text("No messages yet")
    hello = device.page.get_by_role("button", name="Say hello")
    await expect(said).to_be_in_viewport(ratio=1)
    await expect(hello).to_be_in_viewport(ratio=1)
    log = await box_of(device.chat.log)
    box = await box_of(said.locator(".."))
    for start, size in (("x", "width"), ("y", "height")):
        middle = log[start] + log[size] / 2  # type: ignore[literal-required]  # the names are those of a box
        assert abs(box[start] + box[size] / 2 - middle) < CLOSE, (start, box, log)  # type: ignore[literal-required]


async def edges(page: Page, locator: Locator) -> bool:
    """Return whether something has a border that is seen on all sides."""
    styles: list[str] = await locator.evaluate(
        """element => {
          const style = getComputedStyle(element)
          return ['Top', 'Right', 'Bottom', 'Left'].flatMap(side =>
            parseFloat(style[`border${side}Width`]) > 0 ? [style[`border${side}Color`]] : [])
        }"""
    )
    ground = await page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    return len(styles) == 4 and ground not in styles


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_in_the_colours_of_the_system_everything_has_an_edge(
    devices: Devices, alice: Person, bob: Person, scheme: Any
) -> None:
    carol_like = await alice.send(bob, "theirs")
    await bob.send(alice, "mine")
    desk = await devices.desk(bob, forced_colors="active", color_scheme=scheme)
    await desk.open("/messages")
    entry = desk.conversations.of(alice.nickname)
    shut = await entry.evaluate("element => getComputedStyle(element).borderInlineStartWidth")
    await alice.send(bob, "unread")
    count = entry.get_by_text("2", exact=True)
    ground = await desk.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    await expect(count).to_be_visible()
    assert await count.evaluate("element => getComputedStyle(element).backgroundColor") != ground
    await entry.click()
    for message in (desk.chat.message("mine"), desk.chat.by_id(carol_like["id"])):
        assert await edges(desk.page, bubble(message))
    assert await entry.evaluate("element => getComputedStyle(element).borderInlineStartWidth") != shut
    await desk.chat.box.focus()
    outline = "element => getComputedStyle(element).outlineStyle"
    assert await writing(desk).evaluate(outline) == "solid"
    await desk.page.keyboard.press("Shift+Tab")
    assert await desk.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
