"""A list of a thousand conversations: only what is on the screen costs anything, and nothing in it gets lost."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Locator, expect

from tests.process import ServerProcess
from tests.support import Person
from tests.web.browser import Device, Devices
from tests.web.conftest import Newcomer
from tests.web.crowd import fill

MANY = 1000

#: More entries than any screen of these tests shows, with those around it.
FEW = 40

#: How far an entry may move, in pixels: a fraction of one is rounding.
STILL = 1.0


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server of these tests keeps its data."""
    return tmp_path_factory.mktemp("list") / "data"


@pytest.fixture(scope="module")
def server(built: None, data_dir: Path) -> Iterator[ServerProcess]:
    """A server whose database is filled beside it."""
    with ServerProcess(data_dir) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def popular(newcomer: Newcomer, data_dir: Path, server: ServerProcess) -> Person:
    """Somebody with very many conversations."""
    person = await newcomer("popular")
    fill(data_dir / "chatd.db", person, MANY)
    return person


def entries(device: Device) -> Locator:
    """Return the entries that are in the document."""
    return device.conversations.list.get_by_role("link")


async def opened(device: Device) -> None:
    """Open the list, and wait until all of it is there."""
    await device.open("/messages")
    await expect(device.navigation.unread(MANY // 10)).to_be_visible()
    await expect(device.conversations.of(f"Person {MANY}")).to_be_visible()


async def in_the_middle(device: Device) -> Locator:
    """Return the entry in the middle of what is in view of the list."""
    text = await device.conversations.list.evaluate(
        """list => {
          const { top, height } = list.parentElement.getBoundingClientRect()
          const isThere = entry => entry.getBoundingClientRect().bottom > top + height / 2
          return [...list.querySelectorAll('a')].find(isThere).innerText
        }"""
    )
    name = re.search(r"Person \d+", text)
    assert name is not None
    return device.conversations.of(name[0])


async def top_of(entry: Locator) -> float:
    """Return where an entry begins in the window, in pixels."""
    box = await entry.bounding_box()
    assert box is not None
    return box["y"]


async def scroll(device: Device, pixels: float) -> None:
    """Turn the wheel over the list, and wait until it stands still."""
    await device.conversations.list.hover()
    await device.page.mouse.wheel(0, pixels)
    await device.conversations.list.evaluate(
        """async list => {
          const scroller = list.parentElement
          let top = NaN
          for (let still = 0; still < 5; still = scroller.scrollTop === top ? still + 1 : 0) {
            top = scroller.scrollTop
            await new Promise(requestAnimationFrame)
          }
        }"""
    )


async def test_only_a_few_of_very_many_conversations_are_in_the_document(devices: Devices, popular: Person) -> None:
    desk = await devices.desk(popular)
    await opened(desk)
    assert await entries(desk).count() < FEW
    await expect(desk.conversations.list.get_by_role("listitem").first).to_have_attribute("aria-setsize", str(MANY))
    for number in range(MANY, MANY - 3, -1):
        await desk.conversations.of(f"Person {number}").click()
        await expect(desk.chat.message(f"hello from {number}")).to_be_visible()
        assert await entries(desk).count() < FEW
    await scroll(desk, 100 * MANY)
    await expect(desk.conversations.of("Person 1")).to_be_in_viewport()
    assert await entries(desk).count() < FEW


async def test_the_keyboard_reaches_all_of_them(devices: Devices, popular: Person) -> None:
    desk = await devices.desk(popular)
    await opened(desk)
    first, last = desk.conversations.of(f"Person {MANY}"), desk.conversations.of("Person 1")
    await first.focus()
    for number in range(MANY - 1, MANY - 21, -1):
        await desk.page.keyboard.press("ArrowDown")
        await expect(desk.conversations.of(f"Person {number}")).to_be_focused()
    await expect(desk.conversations.of(f"Person {MANY - 20}")).to_be_in_viewport()
    await desk.page.keyboard.press("End")
    await expect(last).to_be_focused()
    await expect(last).to_be_in_viewport()
    await desk.page.keyboard.press("ArrowUp")
    await expect(desk.conversations.of("Person 2")).to_be_focused()
    await scroll(desk, -100 * MANY)
    await expect(first).to_be_in_viewport()
    await expect(desk.conversations.of("Person 2")).to_be_focused()
    await desk.page.keyboard.press("Home")
    await expect(first).to_be_focused()


async def test_a_message_moves_its_conversation_up_and_none_that_is_looked_at(
    devices: Devices, popular: Person, newcomer: Newcomer
) -> None:
    carol = await newcomer("carol")
    desk = await devices.desk(popular)
    await opened(desk)
    await scroll(desk, 5000)
    looked_at = await in_the_middle(desk)
    before = await top_of(looked_at)
    for text in ("one", "two"):
        await carol.send(popular, text)
    await expect(desk.navigation.unread(MANY // 10 + 2)).to_be_visible()
    assert abs(await top_of(looked_at) - before) <= STILL
    await scroll(desk, -100 * MANY)
    await expect(entries(desk).first).to_contain_text("two")
    await expect(desk.conversations.of(carol.nickname)).to_have_count(1)


#: Waits until an element begins at a height of the window, give or take some pixels.
STANDS_AT = """async (element, [top, still]) => {
  while (Math.abs(element.getBoundingClientRect().top - top) > still) await new Promise(requestAnimationFrame)
}"""


async def test_the_list_is_where_it_was_after_a_chat(devices: Devices, popular: Person) -> None:
    phone = await devices.phone(popular)
    await opened(phone)
    await scroll(phone, 3000)
    entry = await in_the_middle(phone)
    before = await top_of(entry)
    await entry.click()
    await expect(phone.chat.box).to_be_visible()
    await phone.page.go_back()
    await entry.evaluate(STANDS_AT, [before, STILL])
