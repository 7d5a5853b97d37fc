"""Getting somewhere quickly: the filter above the conversations, and the dialog that leads anywhere."""

import pytest
from playwright.async_api import Locator, expect

from tests.support import Person
from tests.web.browser import Device, Devices
from tests.web.conftest import Newcomer
from tests.web.test_accessibility import findings
from tests.web.test_finding import SlowSearch
from tests.web.test_names import renamed


def entries(device: Device) -> Locator:
    """Return the conversations that are shown."""
    return device.conversations.list.get_by_role("link")


def filter_of(device: Device) -> Locator:
    """Return the field above the conversations."""
    return device.page.get_by_role("searchbox", name="Filter conversations")


def switcher(device: Device) -> Locator:
    """Return the dialog that leads anywhere."""
    return device.page.get_by_role("dialog", name="Go to")


async def company(newcomer: Newcomer, alice: Person) -> list[Person]:
    """Return people who have written to ``alice``."""
    people = []
    for nickname in ("Zoë Müller", "İlker Ş", "Ben Okafor", "سارة"):
        person = await newcomer("mate")
        await renamed(person, nickname)
        await person.send(alice, "hello")
        people.append(person)
    return people


@pytest.mark.parametrize("form", ["desk", "phone"])
async def test_the_conversations_are_filtered_as_one_types(
    devices: Devices, newcomer: Newcomer, alice: Person, form: str
) -> None:
    people = await company(newcomer, alice)
    device: Device = await getattr(devices, form)(alice)
    await device.open("/messages")
    await expect(entries(device)).to_have_count(4)
    for text, person in (("zoe MULL", 0), ("ZOË", 0), ("ilker s", 1), (people[2].username, 2), ("سار", 3)):
        await filter_of(device).fill(text)
        await expect(entries(device)).to_have_count(1)
        await expect(entries(device)).to_contain_text(f"@{people[person].username}")
    await filter_of(device).press("Escape")
    await expect(entries(device)).to_have_count(4)
    await filter_of(device).fill("okafor")
    await filter_of(device).press("Enter")
    await device.page.wait_for_url(f"**/messages/{people[2].id}")


async def test_the_filter_leads_to_the_list_and_to_people_one_has_not_written_to(
    devices: Devices, newcomer: Newcomer, alice: Person
) -> None:
    people = await company(newcomer, alice)
    stranger = await newcomer("stranger")
    desk = await devices.desk(alice)
    await desk.open("/messages")
    await filter_of(desk).fill("mate")
    await filter_of(desk).press("ArrowDown")
    await expect(entries(desk).first).to_be_focused()
    await desk.page.keyboard.press("Enter")
    await desk.page.wait_for_url(f"**/messages/{people[-1].id}")
    await filter_of(desk).fill(stranger.username)
    await expect(desk.page.get_by_text("No conversation with")).to_be_visible()
    assert await findings(desk.page) == []
    await desk.page.get_by_role("button", name="Find people called").click()
    await expect(desk.conversations.search).to_have_value(stranger.username)
    await desk.conversations.result(stranger.nickname).click()
    await desk.page.wait_for_url(f"**/messages/{stranger.id}")


async def go(device: Device, text: str) -> None:
    """Open the dialog by its key, write, and press Enter."""
    await device.page.keyboard.press("Control+k")
    await expect(switcher(device).get_by_role("combobox")).to_be_focused()
    await device.page.keyboard.type(text)
    await device.page.keyboard.press("Enter")


async def test_one_key_leads_anywhere(devices: Devices, newcomer: Newcomer, alice: Person) -> None:
    people = await company(newcomer, alice)
    stranger = await newcomer("stranger")
    desk = await devices.desk(alice)
    await desk.open(f"/messages/{people[0].id}")
    await expect(desk.chat.box).to_be_focused()
    await go(desk, "okafor")
    await desk.page.wait_for_url(f"**/messages/{people[2].id}")
    await expect(desk.chat.box).to_be_focused()
    slow = SlowSearch()
    await slow.hold(desk)
    await go(desk, stranger.username)
    await slow.has_asked(stranger.username)
    await expect(switcher(desk)).to_be_visible()
    slow.release()
    await desk.page.wait_for_url(f"**/messages/{stranger.id}")
    await go(desk, "settings")
    await desk.page.wait_for_url("**/settings**")
    await go(desk, "my prof")
    await desk.page.wait_for_url(f"**/people/{alice.id}")
    await go(desk, "new conv")
    await expect(desk.conversations.search).to_be_focused()
    await desk.page.keyboard.press("Escape")
    await expect(desk.conversations.dialog).to_have_count(0)
    await go(desk, "sign out")
    await expect(desk.entrance.sign_in_heading).to_be_visible()


async def test_the_switcher_is_left_as_it_was_entered(devices: Devices, newcomer: Newcomer, alice: Person) -> None:
    people = await company(newcomer, alice)
    desk = await devices.desk(alice, reduced_motion="reduce")
    await desk.open(f"/messages/{people[0].id}")
    await expect(desk.chat.box).to_be_focused()
    await desk.page.keyboard.press("Control+k")
    options = switcher(desk).get_by_role("option")
    await expect(options.first).to_contain_text("سارة")
    assert await findings(desk.page) == []
    await desk.page.keyboard.press("ArrowDown")
    await expect(options.first).to_have_attribute("aria-selected", "true")
    active = await switcher(desk).get_by_role("combobox").get_attribute("aria-activedescendant")
    assert active == await options.first.get_attribute("id")
    for key in ("Escape", "Control+k"):
        await desk.page.keyboard.press(key)
        await expect(switcher(desk)).to_have_count(0)
        await expect(desk.chat.box).to_be_focused()
        await desk.page.keyboard.press("Control+k")
        await expect(switcher(desk)).to_be_visible()
    await desk.page.keyboard.type("there is no such thing")
    await expect(switcher(desk).get_by_text("There is nothing called")).to_be_visible()
    await desk.page.keyboard.press("Enter")
    await expect(switcher(desk)).to_be_visible()


async def test_the_switcher_has_a_button_too(devices: Devices, newcomer: Newcomer, alice: Person) -> None:
    await company(newcomer, alice)
    desk = await devices.desk(alice)
    await desk.open("/messages")
    await desk.page.get_by_role("button", name="Go anywhere").click()
    await switcher(desk).get_by_role("option", name="Settings", exact=True).click()
    await desk.page.wait_for_url("**/settings**")
