"""Answering a message by one click, one key or one swipe."""

import pytest
from playwright.async_api import FloatRect, Locator, expect

from tests.support import Person
from tests.web.browser import Device, Devices


async def box_of(target: Locator) -> FloatRect:
    """Return where ``target`` is."""
    await expect(target).to_be_visible()
    box = await target.bounding_box()
    assert box is not None
    return box


async def swipe(device: Device, target: Locator, *path: tuple[float, float], cancel: bool = False) -> None:
    """Put a finger on ``target``, move it to each place of ``path``, seen from there, and lift it."""
    box = await box_of(target)
    x, y = box["x"] + min(60, box["width"] / 2), box["y"] + box["height"] / 2
    touch = await device.context.new_cdp_session(device.page)
    await touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for dx, dy in path:
        await touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x + dx, "y": y + dy}]})
    await touch.send("Input.dispatchTouchEvent", {"type": "touchCancel" if cancel else "touchEnd", "touchPoints": []})


def steps(dx: float, dy: float) -> list[tuple[float, float]]:
    """Return a straight path of eight moves."""
    return [(dx * step / 8, dy * step / 8) for step in range(1, 9)]


async def test_one_click_replies_or_opens_the_reactions_and_nothing_moves(
    devices: Devices, alice: Person, bob: Person
) -> None:
    await bob.send(alice, "tea?")
    await alice.send(bob, "a longer answer, " * 12)
    await bob.send(alice, "last")
    device = await devices.desk(alice)
    await device.open(f"/messages/{bob.id}")
    for text in ("tea?", "a longer answer"):
        message = device.chat.message(text)
        bubble = message.get_by_text(text)
        await device.chat.heading(bob.nickname).hover()
        before = await box_of(bubble)
        await message.hover()
        reply = message.get_by_role("button", name="Reply", exact=True)
        await expect(reply).to_be_visible()
        assert await box_of(bubble) == before
        await reply.click()
        await expect(device.page.get_by_text("Replying to")).to_be_visible()
        await expect(device.chat.box).to_be_focused()
        await device.page.keyboard.press("Escape")
        await expect(device.page.get_by_text("Replying to")).to_have_count(0)
    await device.chat.message("tea?").hover()
    await device.chat.message("tea?").get_by_role("button", name="React", exact=True).click()
    await device.page.get_by_role("button", name="React with 🎉").click()
    await expect(device.chat.reaction(device.chat.message("tea?"), "🎉", 1)).to_be_visible()


async def test_the_bar_is_reached_by_the_keyboard(devices: Devices, alice: Person, bob: Person) -> None:
    await bob.send(alice, "one")
    await bob.send(alice, "two")
    device = await devices.desk(alice)
    await device.open(f"/messages/{bob.id}")
    await expect(device.chat.message("two")).to_be_visible()
    await device.chat.message("two").focus()
    await device.page.keyboard.press("ArrowUp")
    await expect(device.chat.message("one")).to_be_focused()
    await device.page.keyboard.press("Tab")
    await expect(device.chat.message("one").get_by_role("button", name="Reply", exact=True)).to_be_focused()
    await device.page.keyboard.press("Enter")
    await expect(device.chat.box).to_be_focused()
    await device.chat.say("to one")
    await expect(device.chat.message("to one").get_by_role("button", name=f"{bob.nickname} one")).to_be_visible()


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
async def test_a_swipe_to_the_end_of_the_line_replies(
    devices: Devices, alice: Person, bob: Person, motion: str
) -> None:
    await bob.send(alice, "theirs")
    await alice.send(bob, "mine")
    device = await devices.phone(alice, reduced_motion=motion)
    await device.open(f"/messages/{bob.id}")
    await swipe(device, device.chat.message("theirs").get_by_text("theirs"), *steps(110, 6))
    await expect(device.page.get_by_text(f"Replying to {bob.nickname}")).to_be_visible()
    await swipe(device, device.chat.message("mine").get_by_text("mine"), *steps(110, -6))
    await expect(device.page.get_by_text("Replying to yourself")).to_be_visible()
    await expect(device.page.get_by_role("menu")).to_have_count(0)


async def test_in_a_script_from_right_to_left_a_swipe_goes_to_the_left(
    devices: Devices, alice: Person, bob: Person
) -> None:
    await bob.send(alice, "a message as long as it takes to pull it to the left")
    device = await devices.phone(alice)
    await device.open(f"/messages/{bob.id}")
    message = device.chat.message("a message")
    await expect(message).to_be_visible()
    await device.page.evaluate("document.documentElement.dir = 'rtl'")
    text = message.get_by_text("a message")
    await swipe(device, text, (20, 0), (80, 0), (20, 0), (0, 0))
    await swipe(device, text, *steps(110, 0))
    await expect(device.page.get_by_text("Replying to")).to_have_count(0)
    box = await box_of(text)
    touch = await device.context.new_cdp_session(device.page)
    for kind, left in (("touchStart", 0), ("touchMove", 20), ("touchMove", 70), ("touchMove", 110), ("touchEnd", None)):
        points = [] if left is None else [{"x": box["x"] + box["width"] - 30 - left, "y": box["y"] + 10}]
        await touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    await expect(device.page.get_by_text("Replying to")).to_be_visible()


@pytest.mark.parametrize(
    ("path", "cancel"),
    [
        (steps(40, 0), False),
        (steps(110, 0) + steps(110, 0)[::-1], False),
        (steps(-50, 0), False),
        (steps(60, 120), False),
        ([(0, 30), (0, 80), (120, 80)], False),
        (steps(110, 0), True),
    ],
    ids=["too short", "taken back", "the other way", "scrolling", "scrolling first", "cancelled"],
)
async def test_a_finger_that_does_something_else_does_not_reply(
    devices: Devices, alice: Person, bob: Person, path: list[tuple[float, float]], cancel: bool
) -> None:
    for number in range(30):
        await bob.send(alice, f"message {number} of thirty")
    device = await devices.phone(alice)
    await device.open(f"/messages/{bob.id}")
    message = device.chat.message("message 2 of")
    await swipe(device, message.get_by_text("message 2 of"), *path, cancel=cancel)
    await device.chat.box.fill("still nothing answered")
    await expect(device.chat.send_button).to_be_enabled()
    await expect(device.page.get_by_text("Replying to")).to_have_count(0)
    await expect(device.page.get_by_role("menu")).to_have_count(0)


async def test_escape_leaves_a_menu_then_an_edit_and_then_leads_to_the_end(
    devices: Devices, alice: Person, bob: Person
) -> None:
    for number in range(40):
        await alice.send(bob, f"message {number} of forty")
    device = await devices.desk(alice)
    await device.open(f"/messages/{bob.id}")
    last = device.chat.message("message 39")
    await expect(last).to_be_in_viewport()
    await device.chat.act(last, "Edit")
    await device.chat.box.press("Home")
    await device.chat.log.evaluate("log => log.scrollTo({ top: 0 })")
    await expect(last).not_to_be_in_viewport()
    await device.page.get_by_role("button", name="More about").click()
    menu = device.page.get_by_role("menu")
    await expect(menu).to_be_visible()
    await device.page.keyboard.press("Escape")
    await expect(menu).to_have_count(0)
    await expect(device.page.get_by_text("Editing")).to_be_visible()
    await device.chat.box.focus()
    await device.page.keyboard.press("Escape")
    await expect(device.page.get_by_text("Editing")).to_have_count(0)
    await expect(last).not_to_be_in_viewport()
    await device.page.keyboard.press("Escape")
    await expect(last).to_be_in_viewport()


async def test_the_up_key_edits_the_last_own_message_from_an_empty_box_alone(
    devices: Devices, alice: Person, bob: Person
) -> None:
    await alice.send(bob, "first of mine")
    await alice.send(bob, "last of mine")
    await bob.send(alice, "theirs")
    device = await devices.desk(alice)
    await device.open(f"/messages/{bob.id}")
    await expect(device.chat.message("theirs")).to_be_visible()
    editing = device.page.get_by_text("Editing")
    for key in ("Shift+ArrowUp", "Control+ArrowUp", "Alt+ArrowUp"):
        await device.chat.box.press(key)
        await expect(editing).to_have_count(0)
    await device.chat.box.fill("some text")
    await device.chat.box.press("ArrowUp")
    await expect(editing).to_have_count(0)
    await device.chat.box.fill("")
    ime = await device.context.new_cdp_session(device.page)
    await device.chat.box.focus()
    await ime.send("Input.imeSetComposition", {"text": "ni", "selectionStart": 2, "selectionEnd": 2})
    for key in ("ArrowUp", "Escape", "Enter"):
        await device.chat.box.press(key)
        await expect(editing).to_have_count(0)
    await expect(device.chat.messages).to_have_count(3)
    await ime.send("Input.insertText", {"text": "你"})
    await device.chat.box.fill("")
    await device.chat.box.press("ArrowUp")
    await expect(editing).to_be_visible()
    await expect(device.chat.box).to_have_value("last of mine")
