"""What counts as read is what could be seen, and where the new messages begin is shown until they have been."""

import re

import pytest
from playwright.async_api import expect

from tests.support import Person
from tests.web.attention import Attention
from tests.web.browser import Device, Devices
from tests.web.test_history import MANY, scroll, talk

#: More messages than fit on a screen, at four lines each.
MORE = 25
LONG = "more " * 60

#: A machine with so much to do that the sizes of rows are known long after the rows are there.
MEASURED_LATE = """
    const Prompt = window.ResizeObserver
    window.ResizeObserver = class extends Prompt {
        constructor(callback) {
            super((entries, observer) => setTimeout(() => callback(entries, observer), 1500))
        }
    }
"""


async def watched(devices: Devices, person: Person, kind: str = "desk") -> tuple[Device, Attention]:
    """Return a device and what somebody does with its window."""
    device = await (devices.phone(person) if kind == "phone" else devices.desk(person))
    attention = Attention(device)
    await attention.begin()
    return device, attention


async def arrive(device: Device, one: Person, other: Person, count: int, words: str = LONG) -> list[int]:
    """Send ``count`` messages to ``other``, whose device has them unread, and return their ids."""
    ids = [(await one.send(other, f"new {number}. {words}"))["id"] for number in range(count)]
    await expect(device.page).to_have_title(re.compile(rf"^\({count}\)"))
    return ids


@pytest.mark.parametrize("kind", ["desk", "phone"])
@pytest.mark.parametrize("away", ["hidden", "beside"])
async def test_what_arrived_while_nobody_looked_is_shown_from_its_beginning(
    devices: Devices, alice: Person, bob: Person, kind: str, away: str
) -> None:
    await talk(alice, bob, 20)
    await bob.post(f"/messages/read/{alice.id}")
    device, attention = await watched(devices, bob, kind)
    await device.open(f"/messages/{alice.id}")
    await expect(device.chat.message("message 19.")).to_be_in_viewport()
    await (attention.hide() if away == "hidden" else attention.leave())
    ids = await arrive(device, alice, bob, MORE)
    await attention.come_back()
    await expect(device.chat.divider).to_be_in_viewport()
    await expect(device.chat.by_id(ids[0])).to_be_in_viewport()
    await expect(device.chat.by_id(ids[-1])).not_to_be_in_viewport()
    await expect(device.page).to_have_title(re.compile(r"^\(\d+\)"))
    await expect(device.chat.newer).to_be_visible()
    unread = int(re.findall(r"\d+", await device.page.title())[0])
    assert MORE / 2 < unread < MORE
    await device.chat.newer.click()
    await expect(device.chat.by_id(ids[-1])).to_be_in_viewport()
    await expect(device.page).not_to_have_title(re.compile(r"^\("))


@pytest.mark.parametrize("away", ["hidden", "beside"])
async def test_what_fits_on_the_screen_is_all_seen_on_return(
    devices: Devices, alice: Person, bob: Person, away: str
) -> None:
    await talk(alice, bob, 20)
    await bob.post(f"/messages/read/{alice.id}")
    desk, attention = await watched(devices, bob)
    await desk.open(f"/messages/{alice.id}")
    await expect(desk.chat.message("message 19.")).to_be_in_viewport()
    await (attention.hide() if away == "hidden" else attention.leave())
    ids = await arrive(desk, alice, bob, 2, "")
    await expect(desk.chat.divider).to_have_count(1)
    await attention.come_back()
    await expect(desk.chat.by_id(ids[-1])).to_be_in_viewport()
    await expect(desk.chat.divider).to_be_in_viewport()
    await expect(desk.page).not_to_have_title(re.compile(r"^\("))
    await alice.send(bob, "and this is followed")
    await expect(desk.chat.message("and this is followed")).to_be_in_viewport()
    await expect(desk.chat.divider).to_have_count(1)


async def test_a_window_beside_the_one_somebody_works_in_is_read_when_they_scroll_it(
    devices: Devices, alice: Person, bob: Person
) -> None:
    await talk(alice, bob, 20)
    await bob.post(f"/messages/read/{alice.id}")
    desk, attention = await watched(devices, bob)
    await desk.open(f"/messages/{alice.id}")
    await expect(desk.chat.message("message 19.")).to_be_in_viewport()
    await attention.leave()
    await arrive(desk, alice, bob, 3)
    await expect(desk.chat.message("new 2.")).to_be_in_viewport()
    await expect(desk.navigation.unread(3)).to_be_visible()
    await scroll(desk, 100)
    await expect(desk.navigation.unread(0)).to_be_visible()


async def test_the_line_stands_before_the_first_that_came_unseen_each_time(
    devices: Devices, alice: Person, bob: Person
) -> None:
    desk, attention = await watched(devices, bob)
    await alice.send(bob, "seen at once")
    await desk.open(f"/messages/{alice.id}")
    await expect(desk.chat.divider).to_be_visible()
    await expect(desk.navigation.unread(0)).to_be_visible()
    for text in ("first", "second"):
        await attention.hide()
        await arrive(desk, alice, bob, 2, text)
        await attention.come_back()
        await expect(desk.navigation.unread(0)).to_be_visible()
        await expect(desk.chat.divider).to_have_count(1)
        row = desk.chat.log.locator("[data-index]", has=desk.page.get_by_role("separator", name="New messages"))
        await expect(row).to_contain_text(f"new 0. {text}")


async def test_the_line_ends_with_an_answer(devices: Devices, alice: Person, bob: Person) -> None:
    await talk(alice, bob, 5)
    desk = await devices.desk(bob)
    await desk.open(f"/messages/{alice.id}")
    await expect(desk.chat.divider).to_be_visible()
    await desk.chat.tell("an answer")
    await expect(desk.chat.divider).to_have_count(0)


async def test_the_line_ends_when_the_chat_is_opened_again(devices: Devices, alice: Person, bob: Person) -> None:
    await talk(alice, bob, 5)
    desk = await devices.desk(bob)
    await desk.open(f"/messages/{alice.id}")
    await expect(desk.chat.divider).to_be_visible()
    await expect(desk.navigation.unread(0)).to_be_visible()
    await desk.navigation.settings.click()
    await expect(desk.settings.first_page).to_be_visible()
    await desk.page.go_back()
    await expect(desk.chat.message("message 4.")).to_be_in_viewport()
    await expect(desk.chat.divider).to_have_count(0)


async def test_what_comes_while_the_reader_is_further_up_begins_at_a_line(
    devices: Devices, alice: Person, bob: Person
) -> None:
    await talk(alice, bob)
    await bob.post(f"/messages/read/{alice.id}")
    desk = await devices.desk(bob)
    await desk.open(f"/messages/{alice.id}")
    await expect(desk.chat.message(f"message {MANY - 1}.")).to_be_in_viewport()
    await scroll(desk, -1500)
    ids = await arrive(desk, alice, bob, MORE)
    await desk.chat.newer.click()
    await expect(desk.chat.divider).to_be_in_viewport()
    await expect(desk.chat.by_id(ids[0])).to_be_in_viewport()
    await expect(desk.chat.by_id(ids[-1])).not_to_be_in_viewport()
    await desk.chat.newer.click()
    await expect(desk.chat.by_id(ids[-1])).to_be_in_viewport()
    await expect(desk.navigation.unread(0)).to_be_visible()


async def test_a_message_is_seen_although_its_height_is_known_late(
    devices: Devices, alice: Person, bob: Person
) -> None:
    desk = await devices.desk(bob)
    await desk.context.add_init_script(MEASURED_LATE)
    await desk.open(f"/messages/{alice.id}")
    await expect(desk.chat.box).to_be_visible()
    await alice.send(bob, "hello")
    await expect(desk.chat.message("hello")).to_be_visible()
    await expect(desk.page).not_to_have_title(re.compile(r"^\("))
