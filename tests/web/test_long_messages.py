"""Messages that are taller than a screen: folded, and shown whole when somebody wants that."""

import re
from itertools import pairwise

import pytest
from playwright.async_api import Locator, expect

from tests.support import Person
from tests.web.browser import Device, Devices
from tests.web.test_history import STILL, first_visible, scroll, top_of
from tests.ws.v2_client import live

LINES = "\n".join(f"line {number}" for number in range(220))

#: One of each kind; all are as long as a message may be.
LONG = {
    "line breaks": "start" + "\n" * 1990 + "end",
    "lines": LINES,
    "one word": "W" * 2000,
    "words": ("and so on " * 200).strip(),
    "Chinese": "很长的消息。" * 333,
    "a table of Chinese": "\n".join("│" + "名称│数量│价格│备注│" * 4 for _ in range(39)),
    "emoji": "👍🏽\n" * 600,
    "marks": "\n".join("Z" + "\u0351\u0353" * 15 for _ in range(60)),
    "a link": "https://example.org/" + "a" * 1970,
}

MORE = re.compile("^Show more$")
LESS = re.compile("^Show less$")


async def height(element: Locator) -> float:
    """Return how high something is, in pixels."""
    box = await element.bounding_box()
    assert box is not None
    return box["height"]


async def is_in_view(device: Device, message: Locator) -> bool:
    """Report whether something of a message is between the edges of the log."""
    seen: bool = await message.evaluate(
        """message => {
          const [log, own] = [message.closest('[role=log]'), message].map(one => one.getBoundingClientRect())
          return own.bottom > log.top && own.top < log.bottom
        }"""
    )
    return seen


async def around(alice: Person, bob: Person, text: str) -> int:
    """Send a long message from Bob to Alice, with some others before and after it, and return its id."""
    for number in range(12):
        await bob.send(alice, f"before {number}")
    message = await bob.send(alice, text)
    for number in range(12):
        await bob.send(alice, f"after {number}.")
    return int(message["id"])


@pytest.mark.parametrize("kind", LONG)
async def test_a_long_message_is_folded_to_less_than_a_screen(
    devices: Devices, alice: Person, bob: Person, kind: str
) -> None:
    sent = await alice.send(bob, LONG[kind])
    last = await alice.send(bob, "and that was it")
    for device in (await devices.desk(bob), await devices.phone(bob)):
        await device.open(f"/messages/{alice.id}")
        message = device.chat.by_id(sent["id"])
        more = message.get_by_role("button", name=MORE)
        await expect(more).to_be_visible()
        await expect(more).to_have_attribute("aria-expanded", "false")
        await expect(message.get_by_role("time").or_(message.locator("time"))).to_be_visible()
        viewport = device.page.viewport_size
        assert viewport is not None
        assert await height(message) < viewport["height"] * 0.8
        assert await device.page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
        # What piles up on its letters stays within it.
        own, next_one = await message.bounding_box(), await device.chat.by_id(last["id"]).bounding_box()
        assert own is not None
        assert next_one is not None
        assert own["y"] + own["height"] <= next_one["y"] + STILL


@pytest.mark.parametrize("text", ["hello", "a\nb\nc", "and so on " * 30, "好" * 200])
async def test_a_message_of_ordinary_length_is_shown_whole(
    devices: Devices, alice: Person, bob: Person, text: str
) -> None:
    await alice.send(bob, text)
    phone = await devices.phone(bob)
    await phone.open(f"/messages/{alice.id}")
    await expect(phone.chat.messages).to_have_count(1)
    await expect(phone.chat.messages.get_by_role("button", name=MORE)).to_have_count(0)


async def test_a_message_is_unfolded_and_folded_again_and_nothing_jumps(
    devices: Devices, alice: Person, bob: Person
) -> None:
    long_id = await around(alice, bob, LINES)
    at_bobs = await devices.desk(bob)
    await at_bobs.open(f"/messages/{alice.id}")
    await expect(at_bobs.chat.message("after 11.")).to_be_visible()
    message = at_bobs.chat.by_id(long_id)
    await scroll(at_bobs, -200)
    more = message.get_by_role("button", name=MORE)
    await more.scroll_into_view_if_needed()
    folded, top = await height(message), await top_of(message)
    await more.click()
    less = message.get_by_role("button", name=LESS)
    await expect(less).to_have_attribute("aria-expanded", "true")
    await scroll(at_bobs, 0)
    assert await height(message) > 4000
    assert abs(await top_of(message) - top) <= STILL
    await scroll(at_bobs, 100_000)
    await scroll(at_bobs, -200)
    await less.scroll_into_view_if_needed()
    after = at_bobs.chat.message("after 0.")
    below = await top_of(after)
    await less.click()
    await expect(more).to_be_visible()
    await scroll(at_bobs, 0)
    assert await height(message) == folded
    assert abs(await top_of(after) - below) <= STILL
    assert await is_in_view(at_bobs, message)


async def test_a_message_at_the_end_is_unfolded_from_its_beginning(
    devices: Devices, alice: Person, bob: Person
) -> None:
    for number in range(12):  # more than a screen, so that everything can stay where it is
        await alice.send(bob, f"before {number}")
    sent = await alice.send(bob, LINES)
    await bob.post(f"/messages/read/{alice.id}")
    phone = await devices.phone(bob)
    await phone.open(f"/messages/{alice.id}")
    message = phone.chat.by_id(sent["id"])
    await expect(message).to_be_visible()
    more = message.get_by_role("button", name=MORE)
    await more.scroll_into_view_if_needed()
    await scroll(phone, 0)
    top = await top_of(message)
    await more.click()
    await expect(message.get_by_role("button", name=LESS)).to_be_attached()
    await scroll(phone, 0)
    assert abs(await top_of(message) - top) <= STILL


async def test_an_unfolded_message_stays_so_when_one_scrolls_away_and_back(
    devices: Devices, alice: Person, bob: Person
) -> None:
    sent = await bob.send(alice, LINES)
    for number in range(80):
        await bob.send(alice, f"after {number}." + " and so on" * 20)
    at_bobs = await devices.desk(bob)
    await at_bobs.open(f"/messages/{alice.id}")
    await expect(at_bobs.chat.message("after 79.")).to_be_visible()
    message = at_bobs.chat.by_id(sent["id"])
    while not await message.count():
        await scroll(at_bobs, -5000)
    await scroll(at_bobs, -20_000)
    await message.get_by_role("button", name=MORE).click()
    await expect(message.get_by_role("button", name=LESS)).to_be_attached()
    await scroll(at_bobs, 100_000)
    await at_bobs.chat.message("after 79.").focus()
    await expect(message).to_have_count(0)
    await scroll(at_bobs, -100_000)
    await expect(message.get_by_role("button", name=LESS)).to_be_attached()
    tops = []
    for _ in range(6):
        anchor = await first_visible(at_bobs)
        before = await top_of(anchor)
        await scroll(at_bobs, 40)
        tops.append(before - await top_of(anchor))
    assert all(abs(one - other) <= STILL for one, other in pairwise(tops)), tops


async def test_the_keyboard_unfolds_a_message(devices: Devices, alice: Person, bob: Person) -> None:
    sent = await alice.send(bob, LINES)
    at_bobs = await devices.desk(bob)
    await at_bobs.open(f"/messages/{alice.id}")
    message = at_bobs.chat.by_id(sent["id"])
    await message.focus()
    await at_bobs.page.keyboard.press("Tab")
    more = message.get_by_role("button", name=MORE)
    await expect(more).to_be_focused()
    await at_bobs.page.keyboard.press("Enter")
    less = message.get_by_role("button", name=LESS)
    await expect(less).to_be_focused()
    await at_bobs.page.keyboard.press("Space")
    await expect(more).to_be_focused()


async def test_a_link_below_the_fold_is_shown_when_it_gets_the_focus(
    devices: Devices, alice: Person, bob: Person
) -> None:
    sent = await alice.send(bob, f"{LINES}\nhttps://example.org/below")
    at_bobs = await devices.desk(bob)
    await at_bobs.open(f"/messages/{alice.id}")
    message = at_bobs.chat.by_id(sent["id"])
    link = message.get_by_role("link")
    await expect(message.get_by_role("button", name=MORE)).to_be_visible()
    await expect(link).to_be_attached()  # what finds links is loaded at the first one
    await message.focus()
    await at_bobs.page.keyboard.press("Tab")
    await expect(link).to_be_focused()
    await expect(message.get_by_role("button", name=LESS)).to_be_attached()
    await expect(link).to_be_in_viewport()


async def test_a_jump_to_a_long_message_shows_where_it_begins(devices: Devices, alice: Person, bob: Person) -> None:
    long_id = await around(alice, bob, LINES)
    for number in range(20):
        await bob.send(alice, f"later {number}")
    client = await live(bob)
    await client.send(alice, "an answer", reply_to=long_id)
    await client.ws.close()
    at_bobs = await devices.desk(bob)
    await at_bobs.open(f"/messages/{alice.id}")
    message = at_bobs.chat.by_id(long_id)
    quote = at_bobs.chat.message("an answer").get_by_role("button", name=re.compile("line 0"))
    await expect(quote).to_be_visible()
    await quote.click()
    await expect(message).to_be_in_viewport(ratio=1)
    await message.get_by_role("button", name=MORE).click()
    await expect(message.get_by_role("button", name=LESS)).to_be_attached()
    await scroll(at_bobs, 100_000)
    await quote.click()
    await expect(message.get_by_text("line 0", exact=False).first).to_be_in_viewport()
    log = await at_bobs.chat.log.bounding_box()
    assert log is not None
    assert await top_of(message) >= log["y"] - STILL


async def test_a_long_message_of_ones_own_is_edited_short(devices: Devices, alice: Person, bob: Person) -> None:
    sent = await alice.send(bob, LINES)
    at_alices = await devices.desk(alice)
    await at_alices.open(f"/messages/{bob.id}")
    message = at_alices.chat.by_id(sent["id"])
    await expect(message.get_by_role("button", name=MORE)).to_be_visible()
    await at_alices.chat.edit(message, "short now")
    await expect(message).to_contain_text("short now")
    await expect(message.get_by_role("button", name=MORE)).to_have_count(0)
    await at_alices.chat.edit(message, LINES)
    await expect(message.get_by_role("button", name=MORE)).to_be_visible()
