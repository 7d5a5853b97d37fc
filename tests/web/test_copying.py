"""What is copied from a conversation: a part of a message, and several messages with who wrote them and when."""

import re

from playwright.async_api import Locator, expect

from tests.support import Person
from tests.web.browser import Device, Devices
from tests.ws.v2_client import live

#: A time of the clock in English.
TIME = r"\d{1,2}:\d\d\s[AP]M"


async def text_of(message: Locator, text: str) -> tuple[float, float, float, float]:
    """Return where a text is in the window: its left, top, right and bottom edge."""
    box = await message.get_by_text(text).first.bounding_box()
    assert box is not None
    return box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"]


async def drag(device: Device, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Select with the mouse."""
    mouse = device.page.mouse
    await mouse.move(*start)
    await mouse.down()
    await mouse.move(*end, steps=8)
    await mouse.up()


async def copied(device: Device) -> str:
    """Copy by the keyboard, and return what is pasted into the composer."""
    await device.page.keyboard.press("Control+c")
    await device.chat.box.focus()
    await device.page.keyboard.press("Control+v")
    text = await device.chat.box.input_value()
    await device.chat.box.fill("")
    return text


async def test_several_messages_are_copied_with_names_and_times(devices: Devices, alice: Person, bob: Person) -> None:
    first = await alice.send(bob, "is anybody here?\nhello?")
    client = await live(bob)
    await client.send(alice, "yes, I am", reply_to=first["id"])
    await client.ack("react", message_id=first["id"], emoji="👍", on=True)
    await client.ws.close()
    await alice.send(bob, "看https://example.org/a，好")
    at_bobs = await devices.desk(bob)
    await at_bobs.open(f"/messages/{alice.id}")
    chat = at_bobs.chat
    await expect(chat.messages).to_have_count(3)
    left, top, _, _ = await text_of(chat.messages.first, "is anybody")
    _, _, right, bottom = await text_of(chat.messages.last, "看")
    await drag(at_bobs, (left - 3, top + 5), (right + 2, bottom - 4))
    text = await copied(at_bobs)
    expected = [
        rf"{alice.nickname}, {TIME}: is anybody here\?",
        r"hello\?",
        rf"{bob.nickname}, {TIME}: yes, I am",
        rf"{alice.nickname}, {TIME}: 看https://example\.org/a，好",
    ]
    assert re.fullmatch("\n".join(expected), text), text


async def test_a_part_of_one_message_is_copied_alone(devices: Devices, alice: Person, bob: Person) -> None:
    await alice.send(bob, "the code is 1234")
    at_bobs = await devices.desk(bob)
    await at_bobs.open(f"/messages/{alice.id}")
    message = at_bobs.chat.messages.first
    await expect(message).to_be_visible()
    await message.get_by_text("the code").click(click_count=3)
    assert await copied(at_bobs) == "the code is 1234"
    await message.get_by_text("the code").dblclick(position={"x": 12, "y": 8})
    assert await copied(at_bobs) in {"the", "the "}


async def test_a_text_is_selected_on_a_phone(devices: Devices, alice: Person, bob: Person) -> None:
    await alice.send(bob, "the code is 1234")
    await alice.send(bob, "another")
    phone = await devices.phone(bob)
    await phone.open(f"/messages/{alice.id}")
    message = phone.chat.message("the code")
    text = message.get_by_text("the code")
    await expect(text).to_have_css("user-select", "none")
    await phone.chat.act(message, "Select text")
    await expect(text).to_have_css("user-select", "text")
    await phone.page.wait_for_function("document.getSelection().toString() === 'the code is 1234'")
    await phone.page.keyboard.press("Shift+ArrowLeft")
    await phone.page.keyboard.press("Shift+ArrowLeft")
    assert await copied(phone) == "the code is 12"
    await phone.chat.message("another").tap()
    await expect(text).to_have_css("user-select", "none")


async def test_a_selection_stays_while_the_log_scrolls(devices: Devices, alice: Person, bob: Person) -> None:
    for number in range(45):
        await bob.send(alice, f"message {number}." + " and so on" * 40)
    at_bobs = await devices.desk(bob)
    await at_bobs.open(f"/messages/{alice.id}")
    last = at_bobs.chat.message("message 44.")
    await expect(last).to_be_visible()
    left, _, _, bottom = await text_of(last, "message 44.")
    mouse = at_bobs.page.mouse
    await mouse.move(left + 200, bottom - 30)
    await mouse.down()
    await mouse.move(left + 60, 200, steps=5)
    for _ in range(12):
        await mouse.wheel(0, -600)
        await mouse.move(left + 60, 190, steps=2)
        await mouse.move(left + 60, 200, steps=2)
    await expect(at_bobs.chat.message("message 25.")).to_be_attached()
    await mouse.up()
    text = await copied(at_bobs)
    numbers = [int(number) for number in re.findall(r"message (\d+)\.", text)]
    assert numbers == list(range(numbers[0], 45)), numbers
    assert len(numbers) > 15
