"""Threads: beside the timeline of a group on a desk, in its place on a phone."""

from playwright.async_api import Locator, expect

from tests import groups
from tests.support import Person
from tests.web.browser import Device, Devices
from tests.web.test_accessibility import EVERYWHERE, Scheme, device_of, findings


def thread(device: Device) -> Locator:
    """Return the thread."""
    return device.page.get_by_role("complementary", name="Thread")


async def answer(person: Person, group: int, text: str, to: int) -> None:
    """Answer a message."""
    await person.post(f"/groups/{group}/messages", {"content": text, "reply_to": to})


async def test_answers_are_counted_below_what_they_answer_and_read_and_given_in_the_thread(
    devices: Devices, alice: Person, bob: Person
) -> None:
    group = await groups.made_with(alice, bob, name="Chess")
    asked = await groups.say(alice, group, "Who has white?")
    desk, phone = await devices.desk(alice), await devices.phone(bob)
    for device in (desk, phone):
        await device.groups.open(group)
        await expect(device.chat.message("Who has white?")).to_be_visible()
    await phone.chat.open_menu(phone.chat.message("Who has white?"))
    await phone.page.get_by_role("menuitem", name="Thread").click()
    await expect(thread(phone)).to_contain_text("Who has white?")
    await expect(phone.chat.box).not_to_be_visible()
    await thread(phone).get_by_label("Answer in this thread").fill("I have")
    await thread(phone).get_by_role("button", name="Send the answer").click()
    await expect(thread(phone).get_by_role("article")).to_have_count(2)
    await desk.page.get_by_role("link", name="1 answer").click()
    await expect(thread(desk)).to_contain_text("I have")
    await expect(desk.chat.box).to_be_visible()
    await expect(thread(desk).get_by_label("Answer in this thread")).to_be_focused()
    await desk.page.keyboard.type("Then I have black")
    await desk.page.keyboard.press("Enter")
    await expect(thread(phone).get_by_role("article")).to_have_count(3)
    await groups.say(bob, group, "something else")
    await expect(desk.chat.message("something else")).to_be_visible()
    await expect(thread(desk).get_by_role("article")).to_have_count(3)
    await expect(desk.page.get_by_role("link", name="2 answers")).to_be_visible()
    items = (await alice.get(f"/messages?thread={asked}"))["items"]
    assert [each["content"] for each in items] == ["Who has white?", "I have", "Then I have black"]
    await thread(phone).get_by_role("button", name="Show in the chat").first.click()
    await expect(phone.chat.by_id(asked)).to_be_in_viewport()
    await expect(thread(phone)).to_have_count(0)
    await desk.page.keyboard.press("Escape")
    await expect(thread(desk)).to_have_count(0)


async def test_the_way_back_leads_from_a_thread_to_the_chat(devices: Devices, alice: Person, bob: Person) -> None:
    group = await groups.made_with(alice, bob, name="Chess")
    asked = await groups.say(alice, group, "Who has white?")
    await answer(bob, group, "I have", asked)
    phone = await devices.phone(alice)
    await phone.groups.open(group)
    await phone.page.get_by_role("link", name="1 answer").click()
    await expect(thread(phone)).to_contain_text("I have")
    await phone.page.go_back()
    await expect(thread(phone)).to_have_count(0)
    await expect(phone.chat.message("I have").first).to_be_visible()
    await phone.open(f"/groups/{group}?thread={asked}")
    await expect(thread(phone)).to_contain_text("I have")
    await thread(phone).get_by_role("button", name="Close the thread").click()
    await expect(phone.chat.message("I have").first).to_be_visible()


@EVERYWHERE
async def test_a_thread_is_accessible(
    devices: Devices, alice: Person, bob: Person, scheme: Scheme, form: dict[str, object]
) -> None:
    group = await groups.made_with(alice, bob, name="Chess")
    asked = await groups.say(alice, group, "Who has white?")
    await answer(bob, group, "I have", asked)
    device = await device_of(devices, alice, scheme, form)
    await device.groups.open(group)
    await expect(device.page.get_by_role("link", name="1 answer")).to_be_visible()
    assert await findings(device.page) == []
    await device.page.get_by_role("link", name="1 answer").click()
    await expect(thread(device)).to_contain_text("I have")
    assert await findings(device.page) == []
