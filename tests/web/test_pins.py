"""Pinned messages at the top of a group's chat."""

from playwright.async_api import Locator, expect

from tests import groups
from tests.support import Person
from tests.web.browser import Device, Devices
from tests.web.test_accessibility import EVERYWHERE, Scheme, device_of, findings


def bar(device: Device) -> Locator:
    """Return the line above the timeline."""
    return device.page.get_by_role("region", name="Pinned messages")


async def choose(device: Device, text: str, item: str) -> None:
    """Choose something in the menu of a message."""
    await device.chat.open_menu(device.chat.message(text))
    await device.page.get_by_role("menuitem", name=item, exact=True).click()


async def test_a_message_is_pinned_shown_from_the_bar_and_pinned_no_longer(
    devices: Devices, alice: Person, bob: Person
) -> None:
    group = await groups.made_with(alice, bob, name="Chess")
    await groups.say(alice, group, "the rules")
    for number in range(20):
        await groups.say(bob, group, f"message {number}")
    desk, phone = await devices.desk(alice), await devices.phone(bob)
    for device in (desk, phone):
        await device.groups.open(group)
        await expect(device.chat.message("message 19")).to_be_visible()
    await choose(desk, "message 19", "Pin")
    await expect(bar(phone)).to_contain_text("message 19")
    first = (await alice.get(f"/messages?group={group}&after=0&limit=1"))["items"][0]
    async with await alice.request("PUT", f"/messages/{first['id']}/pin") as response:
        assert response.status == 204
    await bar(phone).get_by_role("button", name="Show all 2 pinned messages").click()
    pinned = phone.page.get_by_role("dialog").get_by_role("listitem")
    await expect(pinned).to_have_count(2)
    await expect(pinned.first).to_contain_text("message 19")
    await pinned.last.get_by_role("button", name="Show in the chat").click()
    await expect(phone.chat.message("the rules")).to_be_in_viewport()
    await bar(desk).get_by_role("button", name="Show all 2 pinned messages").click()
    await desk.page.get_by_role("button", name="Unpin").first.click()
    await desk.page.keyboard.press("Escape")
    await expect(bar(phone)).to_contain_text("the rules")
    await choose(phone, "the rules", "Unpin")
    await expect(bar(desk)).to_have_count(0)


async def test_who_may_not_pin_is_not_offered_it(devices: Devices, alice: Person, bob: Person) -> None:
    group = await groups.made_with(alice, bob, name="Chess", rules={"pin": "admin"})
    await groups.say(alice, group, "hello")
    desk = await devices.desk(bob)
    await desk.groups.open(group)
    await desk.chat.open_menu(desk.chat.message("hello"))
    await expect(desk.page.get_by_role("menuitem", name="Thread")).to_be_visible()
    await expect(desk.page.get_by_role("menuitem", name="Pin", exact=True)).to_have_count(0)


@EVERYWHERE
async def test_pinned_messages_are_accessible(
    devices: Devices, alice: Person, bob: Person, scheme: Scheme, form: dict[str, object]
) -> None:
    group = await groups.made_with(alice, bob, name="Chess")
    for text in ("On Thursdays at eight", "Bring a board"):
        said = await groups.say(bob, group, text)
        async with await alice.request("PUT", f"/messages/{said}/pin") as response:
            assert response.status == 204
    device = await device_of(devices, alice, scheme, form)
    await device.groups.open(group)
    await expect(bar(device)).to_contain_text("Bring a board")
    assert await findings(device.page) == []
    await bar(device).get_by_role("button", name="Show all").click()
    await expect(device.page.get_by_role("dialog").get_by_role("listitem")).to_have_count(2)
    assert await findings(device.page) == []
