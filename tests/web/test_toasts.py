"""Short messages of the client itself: they come and go, and are never in the way of somebody who writes."""

import re
from typing import Any

import pytest
from playwright.async_api import Locator, expect

from tests.support import PASSWORD, Person
from tests.web.browser import DESK, PHONE, Device, Devices
from tests.web.test_storage import ALL_REFUSED
from tests.web.test_windows import LOW, box_of, sized, writing

FORMS = pytest.mark.parametrize(
    "form",
    [DESK, PHONE, sized(390, 420, True), *(sized(*size) for size in LOW), sized(1920, 1080, False)],
    ids=lambda form: "x".join(str(each) for each in form["viewport"].values()),
)


def toasts(device: Device) -> Locator:
    """Return the cards of the messages shown."""
    return device.page.get_by_role("button", name="Dismiss").locator("..")


async def expect_apart(device: Device) -> None:
    """Be sure that no toast covers what one writes with, nor is covered or outside the window."""
    frame = await box_of(writing(device))
    size = device.page.viewport_size
    assert size is not None
    for toast in await toasts(device).all():
        if not await toast.is_visible():
            continue
        box = await box_of(toast)
        assert box["y"] + box["height"] <= frame["y"] or box["y"] >= frame["y"] + frame["height"], (box, frame)
        assert box["y"] >= 0
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= size["width"]
    button = device.page.get_by_role("button", name="Dismiss").last
    await expect(button).to_be_in_viewport(ratio=1)
    for control in (device.chat.box, button):
        covered = """element => {
          const { x, y, width, height } = element.getBoundingClientRect()
          const top = document.elementFromPoint(x + width / 2, y + height / 2)
          return !element.contains(top)
        }"""
        assert not await control.evaluate(covered)


@FORMS
async def test_no_toast_covers_the_composer(devices: Devices, alice: Person, bob: Person, form: dict[str, Any]) -> None:
    await alice.send(bob, "hello")
    device = await devices.device(bob, permissions=["clipboard-read", "clipboard-write"], **form)
    await device.open(f"/messages/{alice.id}")
    await device.chat.act(device.chat.message("hello"), "Copy")
    await expect(toasts(device)).to_have_count(1)
    await expect_apart(device)
    await device.chat.box.fill("one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine")
    await expect_apart(device)


@FORMS
async def test_several_toasts_with_long_texts_do_not_cover_it_either(
    devices: Devices, alice: Person, bob: Person, form: dict[str, Any]
) -> None:
    await alice.send(bob, "hello")
    device = await devices.device(permissions=["clipboard-read", "clipboard-write"], **form)
    await device.context.add_init_script(ALL_REFUSED)
    await device.open(f"/messages/{alice.id}")
    await device.entrance.sign_in(bob.username, PASSWORD)
    await device.chat.box.fill("one\ntwo\nthree")
    await expect(toasts(device)).to_have_count(1)
    await expect_apart(device)
    await device.chat.act(device.chat.message("hello"), "Copy")
    await expect(device.page.get_by_text(re.compile("Copied|could not be copied"))).to_be_visible()
    await expect_apart(device)
