"""Numbers of unread messages, small and large: everywhere a pill that lies, in the list, the navigation and the log."""

import asyncio
from typing import Any

import pytest
from playwright.async_api import Locator, expect

from tests.support import Person
from tests.web.browser import DESK, PHONE, Devices

FORMS = pytest.mark.parametrize("form", [DESK, PHONE], ids=["desk", "phone"])


async def send(sender: Person, to: Person, count: int) -> None:
    """Send many messages at once."""
    await asyncio.gather(*(sender.send(to, f"message {index}") for index in range(count)))


async def shape(pill: Locator) -> dict[str, float]:
    """Return how large a pill is, and on how many lines its text is."""
    await expect(pill).to_be_visible()
    found: dict[str, float] = await pill.evaluate(
        """element => {
          const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT)
          const tops = new Set()
          while (walker.nextNode()) {
            const range = document.createRange()
            range.selectNodeContents(walker.currentNode)
            for (const { top, width } of range.getClientRects()) if (width > 0) tops.add(Math.round(top))
          }
          const { width, height } = element.getBoundingClientRect()
          return { width, height, lines: tops.size }
        }"""
    )
    return found


async def expect_to_lie(pill: Locator) -> None:
    """Be sure that what is shown is one line, and not higher than wide."""
    found = await shape(pill)
    assert found["lines"] == 1, found
    assert found["width"] >= found["height"] - 0.5, found


@FORMS
async def test_any_number_of_unread_messages_is_a_pill_that_lies(
    devices: Devices, alice: Person, bob: Person, form: dict[str, Any]
) -> None:
    device = await devices.device(bob, **form)
    await device.open("/messages")
    sent = 0
    for count, shown in ((1, "1"), (10, "10"), (99, "99"), (100, "99+"), (1001, "99+")):
        await send(alice, bob, count - sent)
        sent = count
        await expect(device.navigation.unread(count)).to_be_visible()
        await expect(device.page).to_have_title(f"({shown}) Messages · chatd")
        in_navigation = device.navigation.unread(count).get_by_text(shown, exact=True)
        await expect_to_lie(in_navigation)
        await expect_to_lie(device.conversations.of(alice.nickname).get_by_text(shown, exact=True))
        word = device.navigation.messages.get_by_text("Messages", exact=True)
        badge, below = await in_navigation.bounding_box(), await word.bounding_box()
        assert badge is not None
        assert below is not None
        assert badge["y"] + badge["height"] <= below["y"], (count, badge, below)


@FORMS
async def test_the_button_that_leads_to_new_messages_is_one_line(
    devices: Devices, alice: Person, bob: Person, form: dict[str, Any]
) -> None:
    await send(alice, bob, 60)
    device = await devices.device(bob, **form)
    await device.open(f"/messages/{alice.id}")
    await expect(device.chat.divider).to_be_visible()
    for _ in range(2):
        await expect_to_lie(device.chat.newer)
        await send(alice, bob, 100)
