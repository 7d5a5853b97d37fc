"""Choosing emoji: to react with, and to write."""

from playwright.async_api import Locator, expect

from tests.support import Person
from tests.web.browser import Device, Devices


async def writing(devices: Devices, alice: Person, bob: Person, **options: str) -> Device:
    """Return a desk of Alice's with the chat with Bob open."""
    device = await devices.desk(alice, **options)
    await device.open(f"/messages/{bob.id}")
    await expect(device.page.get_by_role("textbox")).to_be_visible()
    return device


async def pick(device: Device, query: str) -> Locator:
    """Open the picker of the box, search it, and return it."""
    await device.page.get_by_role("button", name="Emoji", exact=True).click()
    picker = device.page.get_by_role("dialog", name="Emoji")
    await expect(picker.get_by_role("searchbox")).to_be_focused()
    await device.page.keyboard.type(query)
    return picker


async def test_an_emoji_is_found_by_its_name_and_written_at_the_cursor(
    devices: Devices, alice: Person, bob: Person
) -> None:
    device = await writing(devices, alice, bob)
    await device.chat.box.fill("good, bye")
    await device.chat.box.evaluate("box => box.setSelectionRange(4, 4)")
    picker = await pick(device, "thumbs")
    await picker.get_by_role("button", name="thumbs up").click()
    await expect(picker).to_have_count(0)
    await expect(device.chat.box).to_be_focused()
    await expect(device.chat.box).to_have_value("good👍, bye")
    await device.page.keyboard.type("!")
    await expect(device.chat.box).to_have_value("good👍!, bye")
    await device.page.keyboard.press("Control+z")
    await device.page.keyboard.press("Control+z")
    await expect(device.chat.box).to_have_value("good, bye")


async def test_enter_takes_the_first_found_and_does_not_send(devices: Devices, alice: Person, bob: Person) -> None:
    device = await writing(devices, alice, bob)
    await device.chat.box.fill("hot ")
    picker = await pick(device, "fire")
    await expect(picker.get_by_role("button", name="fire", exact=True)).to_be_visible()
    await device.page.keyboard.press("Enter")
    await expect(device.chat.box).to_have_value("hot 🔥")
    await expect(device.chat.messages).to_have_count(0)
    await device.page.keyboard.press("Enter")
    await expect(device.chat.message("hot 🔥")).to_have_attribute("data-state", "sent")


async def test_the_keyboard_goes_through_the_picker(devices: Devices, alice: Person, bob: Person) -> None:
    device = await writing(devices, alice, bob)
    picker = await pick(device, "")
    await expect(picker.get_by_role("button", name="grinning face", exact=True)).to_be_visible()
    await device.page.keyboard.press("ArrowDown")
    await expect(picker.get_by_role("button", name="grinning face", exact=True)).to_be_focused()
    await device.page.keyboard.press("ArrowDown")
    await device.page.keyboard.press("ArrowRight")
    await device.page.keyboard.press("ArrowUp")
    await expect(picker.get_by_role("button", name="grinning face with big eyes", exact=True)).to_be_focused()
    await device.page.keyboard.press("ArrowUp")
    await expect(picker.get_by_role("searchbox")).to_be_focused()
    await device.page.keyboard.press("Escape")
    await expect(picker).to_have_count(0)
    await expect(device.chat.box).to_be_focused()
    await expect(device.chat.box).to_have_value("")


async def test_what_was_used_and_the_skin_tone_are_remembered_until_signing_out(
    devices: Devices, alice: Person, bob: Person
) -> None:
    device = await writing(devices, alice, bob)
    picker = await pick(device, "")
    await picker.get_by_role("button", name="Skin tone").click()
    await picker.get_by_role("button", name="Medium", exact=True).click()
    await picker.get_by_role("searchbox").fill("waving")
    await picker.get_by_role("button", name="waving hand", exact=True).click()
    await expect(device.chat.box).to_have_value("👋🏽")
    await device.page.reload()
    picker = await pick(device, "")
    recent = picker.get_by_role("region", name="Recently used")
    await recent.get_by_role("button", name="waving hand").click()
    await expect(device.chat.box).to_have_value("👋🏽👋🏽")
    await device.chat.box.fill("")
    await device.settings.open("security")
    await device.settings.sign_out.click()
    await expect(device.entrance.sign_in_heading).to_be_visible()
    assert await device.page.evaluate("Object.keys(localStorage).filter(key => key.includes('emoji'))") == []


async def test_a_reaction_of_any_kind_is_found(devices: Devices, alice: Person, bob: Person) -> None:
    message_id = (await bob.send(alice, "the garden is done"))["id"]
    device = await writing(devices, alice, bob)
    message = device.chat.by_id(message_id)
    await device.chat.act(message, "React")
    await device.page.get_by_role("searchbox", name="Search emoji").fill("sunflower")
    await device.page.get_by_role("button", name="sunflower").click()
    await expect(device.chat.reaction(message, "🌻", 1)).to_have_attribute("aria-pressed", "true")
    await expect(message).to_be_focused()
    await device.chat.react(message, "🌻")
    await expect(device.chat.reaction(message, "🌻", 1)).to_be_visible()


async def test_the_names_are_in_the_language_of_the_client(devices: Devices, alice: Person, bob: Person) -> None:
    device = await writing(devices, alice, bob, locale="zh-CN")
    await device.page.get_by_role("button", name="表情", exact=True).click()
    await device.page.get_by_role("searchbox", name="搜索表情").fill("披萨")
    await device.page.get_by_role("button", name="披萨").click()
    await expect(device.page.get_by_role("textbox")).to_have_value("🍕")


async def test_nothing_found_is_said(devices: Devices, alice: Person, bob: Person) -> None:
    device = await writing(devices, alice, bob)
    picker = await pick(device, "xyzzy")
    await expect(picker.get_by_text("No emoji found.")).to_be_visible()


async def test_on_a_phone_the_picker_stays_for_the_next_one(devices: Devices, alice: Person, bob: Person) -> None:
    device = await devices.phone(alice)
    await device.open(f"/messages/{bob.id}")
    await device.chat.box.fill("ab")
    await device.chat.box.evaluate("box => box.setSelectionRange(1, 1)")
    await device.page.get_by_role("button", name="Emoji", exact=True).tap()
    picker = device.page.get_by_role("dialog", name="Emoji")
    await picker.get_by_role("button", name="grinning face", exact=True).tap()
    await picker.get_by_role("button", name="beaming face with smiling eyes", exact=True).tap()
    await expect(device.chat.box).to_have_value("a😀😁b")
    await expect(picker.get_by_role("searchbox")).not_to_be_focused()
    await device.page.go_back()
    await expect(picker).to_have_count(0)
    await expect(device.chat.box).to_have_value("a😀😁b")
