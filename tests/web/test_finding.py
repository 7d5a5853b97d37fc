"""Finding people: what a key means, whom it leads to, and how far the list goes."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Route, expect

from tests.support import Person
from tests.web.browser import Device, Devices
from tests.web.conftest import Newcomer


class SlowSearch:
    """A line over which the answers to searches wait until they are let through."""

    def __init__(self) -> None:
        """Hold everything from now on."""
        self.texts: list[str] = []
        self._open = asyncio.Event()

    async def hold(self, device: Device) -> None:
        """Hold what this device searches for."""
        await device.page.route("**/users/?*", self._wait)

    def release(self) -> None:
        """Let everything through that was asked, and will be."""
        self._open.set()

    async def has_asked(self, text: str) -> None:
        """Wait until ``text`` was searched for."""
        while text not in self.texts:
            await asyncio.sleep(0.01)

    async def _wait(self, route: Route) -> None:
        self.texts.append(parse_qs(urlsplit(route.request.url).query).get("q", [""])[0])
        await self._open.wait()
        await route.continue_()


async def finding(devices: Devices, person: Person) -> Device:
    """Return a desk on which somebody is about to find a person, with a list of others before them."""
    desk = await devices.desk(person)
    await desk.open("/messages")
    await desk.conversations.new.click()
    await expect(desk.conversations.people.first).to_be_visible()
    return desk


async def typed(device: Device, text: str) -> None:
    """Write it key by key."""
    await device.page.keyboard.type(text)


async def pasted(device: Device, text: str) -> None:
    """Put it there at once."""
    await device.page.keyboard.insert_text(text)


async def composed(device: Device, text: str) -> None:
    """Write it with an input method, whose Enter takes the word and does nothing else."""
    session = await device.context.new_cdp_session(device.page)
    await session.send(
        "Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)}
    )
    key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229}
    await session.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **key})
    await session.send("Input.insertText", {"text": text})
    await session.send("Input.dispatchKeyEvent", {"type": "keyUp", **key})
    await expect(device.conversations.search).to_have_value(text)


WRITTEN = pytest.mark.parametrize("write", [typed, pasted, composed])
Write = Callable[[Device, str], Awaitable[None]]


@WRITTEN
async def test_enter_waits_for_the_answer_to_what_was_written(
    devices: Devices, newcomer: Newcomer, alice: Person, bob: Person, write: Write
) -> None:
    await newcomer("earlier")
    wanted = await newcomer("wanted")
    desk = await finding(devices, alice)
    slow = SlowSearch()
    await slow.hold(desk)
    await write(desk, wanted.username)
    await expect(desk.conversations.dialog).to_be_visible()
    await desk.page.keyboard.press("Enter")
    await slow.has_asked(wanted.username)
    await expect(desk.conversations.dialog).to_be_visible()
    slow.release()
    await desk.page.wait_for_url(f"**/messages/{wanted.id}")
    await expect(desk.chat.heading(wanted.nickname)).to_be_visible()


async def test_enter_is_forgotten_when_the_text_changes(devices: Devices, newcomer: Newcomer, alice: Person) -> None:
    one, other = await newcomer("first"), await newcomer("second")
    desk = await finding(devices, alice)
    slow = SlowSearch()
    await slow.hold(desk)
    await typed(desk, one.username)
    await desk.page.keyboard.press("Enter")
    await slow.has_asked(one.username)
    await desk.conversations.search.fill(other.username)
    await slow.has_asked(other.username)
    slow.release()
    await expect(desk.conversations.result(other.nickname)).to_be_visible()
    await expect(desk.conversations.people).to_have_count(1)
    assert desk.page.url.endswith("/messages")


async def test_the_arrow_keys_and_enter_belong_to_what_was_written_too(
    devices: Devices, newcomer: Newcomer, alice: Person
) -> None:
    await newcomer("earlier")
    kin = [await newcomer("kinsman") for _ in range(3)]
    desk = await finding(devices, alice)
    slow = SlowSearch()
    await slow.hold(desk)
    await typed(desk, "kinsman")
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        await desk.page.keyboard.press(key)
    slow.release()
    await desk.page.wait_for_url(f"**/messages/{kin[1].id}")


async def test_the_arrow_keys_choose_from_what_is_shown_while_one_goes_on_writing(
    devices: Devices, newcomer: Newcomer, alice: Person
) -> None:
    kin = [await newcomer("kith") for _ in range(3)]
    desk = await finding(devices, alice)
    await typed(desk, "kit")
    await expect(desk.conversations.people).to_have_count(3)
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp"):
        await desk.page.keyboard.press(key)
    await expect(desk.conversations.result(kin[1].nickname)).to_have_attribute("aria-selected", "true")
    await typed(desk, "h")
    await expect(desk.conversations.search).to_have_value("kith")
    await expect(desk.conversations.people.and_(desk.page.locator("[aria-selected=true]"))).to_have_count(0)
    await desk.page.keyboard.press("Enter")
    await desk.page.wait_for_url(f"**/messages/{kin[0].id}")


@pytest.mark.parametrize("early", [True, False], ids=["before the answer", "after it"])
async def test_enter_opens_nobody_where_nobody_is_found(
    devices: Devices, newcomer: Newcomer, alice: Person, early: bool
) -> None:
    await newcomer("somebody")
    desk = await finding(devices, alice)
    await typed(desk, "nobody-is-called-so")
    if early:
        await desk.page.keyboard.press("Enter")
    await expect(desk.conversations.dialog.get_by_text("Nobody is called")).to_be_visible()
    await desk.page.keyboard.press("Enter")
    await expect(desk.conversations.dialog).to_be_visible()
    assert desk.page.url.endswith("/messages")


async def test_enter_on_an_empty_field_opens_nobody(devices: Devices, newcomer: Newcomer, alice: Person) -> None:
    await newcomer("somebody")
    desk = await finding(devices, alice)
    await desk.page.keyboard.press("Enter")
    await typed(desk, "  ")
    await desk.page.keyboard.press("Enter")
    await expect(desk.conversations.dialog).to_be_visible()
    assert desk.page.url.endswith("/messages")


async def test_enter_after_a_search_that_failed_tries_again(
    devices: Devices, newcomer: Newcomer, alice: Person
) -> None:
    wanted = await newcomer("wanted")
    desk = await finding(devices, alice)
    desk.allow("net::ERR_")
    await desk.page.route("**/users/?*", lambda route: route.abort())
    await typed(desk, wanted.username)
    await desk.page.keyboard.press("Enter")
    await expect(desk.conversations.dialog.get_by_text("The search did not work.").first).to_be_visible()
    assert desk.page.url.endswith("/messages")
    await desk.page.unroute("**/users/?*")
    await desk.page.keyboard.press("Enter")
    await desk.page.wait_for_url(f"**/messages/{wanted.id}")


async def test_an_answer_after_the_dialog_was_left_opens_nobody(
    devices: Devices, newcomer: Newcomer, alice: Person
) -> None:
    wanted = await newcomer("wanted")
    desk = await finding(devices, alice)
    slow = SlowSearch()
    await slow.hold(desk)
    await typed(desk, wanted.username)
    await desk.page.keyboard.press("Enter")
    await slow.has_asked(wanted.username)
    await desk.page.keyboard.press("Escape")
    await expect(desk.conversations.dialog).to_have_count(0)
    slow.release()
    await desk.conversations.new.click()
    await expect(desk.conversations.search).to_have_value("")
    await expect(desk.conversations.people.first).to_be_visible()
    assert desk.page.url.endswith("/messages")


async def test_the_list_of_people_goes_on_and_says_how_far(devices: Devices, newcomer: Newcomer, alice: Person) -> None:
    crowd = [await newcomer("crowd") for _ in range(47)]
    desk = await finding(devices, alice)
    await typed(desk, "crowd")
    dialog, people = desk.conversations.dialog, desk.conversations.people
    await expect(dialog.get_by_role("status")).to_have_text("20 people shown, there are more")
    await expect(people).to_have_count(20)
    await people.last.scroll_into_view_if_needed()
    await expect(people).to_have_count(40)
    await people.last.scroll_into_view_if_needed()
    await expect(people).to_have_count(47)
    await expect(dialog.get_by_role("status")).to_have_text("47 people shown, no more")
    await desk.conversations.result(crowd[-1].nickname).click()
    await desk.page.wait_for_url(f"**/messages/{crowd[-1].id}")


async def test_the_arrow_keys_go_past_the_end_of_a_page(devices: Devices, newcomer: Newcomer, alice: Person) -> None:
    crowd = [await newcomer("queue") for _ in range(23)]
    desk = await finding(devices, alice)
    await typed(desk, "queue")
    await expect(desk.conversations.people.first).to_contain_text("Queue")
    for _ in range(20):
        await desk.page.keyboard.press("ArrowDown")
    await expect(desk.conversations.people).to_have_count(23)
    for _ in range(3):
        await desk.page.keyboard.press("ArrowDown")
    await expect(desk.conversations.result(crowd[-1].nickname)).to_be_in_viewport()
    await desk.page.keyboard.press("Enter")
    await desk.page.wait_for_url(f"**/messages/{crowd[-1].id}")


async def test_a_next_page_that_fails_can_be_asked_for_again(
    devices: Devices, newcomer: Newcomer, alice: Person
) -> None:
    for _ in range(25):
        await newcomer("tail")
    desk = await finding(devices, alice)
    desk.allow("net::ERR_")
    later = re.compile(r"/users/\?.*skip=20")
    await desk.page.route(later, lambda route: route.abort())
    await typed(desk, "tail")
    people = desk.conversations.people
    await expect(people.first).to_contain_text("Tail")
    await expect(people).to_have_count(20)
    await people.last.scroll_into_view_if_needed()
    again = desk.conversations.dialog.get_by_role("button", name="Try again")
    await expect(again).to_be_visible()
    await expect(people).to_have_count(20)
    await desk.page.unroute(later)
    await again.click()
    await expect(people).to_have_count(25)
