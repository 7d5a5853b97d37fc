"""Back closes what is open above a page before it leaves the page, and the focus returns to what opened it."""

import re
from collections.abc import Awaitable, Callable
from typing import Literal

import pytest
from playwright.async_api import Locator, Page, expect

from tests.support import Person
from tests.web.browser import Device, Devices
from tests.web.site import until

Form = Literal["desk", "phone"]

#: How many things the entry of the history says are open above the page.
LAYERS = "history.state.layers ?? 0"


async def hold(device: Device, target: Locator) -> None:
    """Press and hold a finger on ``target``."""
    await expect(target).to_be_visible()
    box = await target.bounding_box()
    assert box is not None
    touch = await device.context.new_cdp_session(device.page)
    point = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    await touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    await expect(device.page.get_by_role("menu")).to_be_visible()
    await touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


async def open_message_menu(device: Device) -> Locator:
    await device.chat.open_menu(device.chat.message("mine"))
    return device.page.get_by_role("menu", name="Message actions")


async def open_menu_by_finger(device: Device) -> Locator:
    await hold(device, device.chat.message("mine").get_by_text("mine"))
    return device.page.get_by_role("menu", name="Message actions")


async def open_person_menu(device: Device) -> Locator:
    await device.page.get_by_role("button", name=re.compile("^More about")).click()
    return device.page.get_by_role("menu")


async def open_delete(device: Device) -> Locator:
    await device.chat.act(device.chat.message("mine"), "Delete")
    return device.page.get_by_role("dialog", name="Delete this message?")


async def open_block(device: Device) -> Locator:
    await open_person_menu(device)
    await device.page.get_by_role("menuitem", name="Block").click()
    return device.page.get_by_role("dialog", name=re.compile("^Block "))


async def open_report(device: Device) -> Locator:
    await device.chat.act(device.chat.message("theirs"), "Report")
    return device.page.get_by_role("dialog", name="Report")


async def open_picker(device: Device) -> Locator:
    await device.chat.act(device.chat.message("theirs"), "React")
    return device.page.get_by_role("dialog", name="Choose a reaction")


async def open_search(device: Device) -> Locator:
    await device.conversations.new.click()
    return device.conversations.dialog


OPENERS: dict[str, tuple[Form, Callable[[Device], Awaitable[Locator]]]] = {
    "the menu of a message": ("desk", open_message_menu),
    "the menu of a message held": ("phone", open_menu_by_finger),
    "the menu of a person": ("phone", open_person_menu),
    "a question after a menu": ("phone", open_delete),
    "the question of blocking": ("desk", open_block),
    "a form": ("desk", open_report),
    "a picker": ("phone", open_picker),
    "a search": ("desk", open_search),
}

EACH = pytest.mark.parametrize("what", OPENERS)


async def path(page: Page) -> str:
    """Return the address of the page, without the server's."""
    return str(await page.evaluate("location.pathname"))


async def in_chat(devices: Devices, alice: Person, bob: Person, form: Form) -> Device:
    """Return a device of Alice's that has come to the chat with Bob from the list."""
    await alice.send(bob, "mine")
    await bob.send(alice, "theirs")
    device = await (devices.desk if form == "desk" else devices.phone)(alice)
    await device.open("/messages")
    await device.conversations.of(bob.nickname).click()
    await expect(device.chat.message("theirs")).to_be_visible()
    return device


@EACH
async def test_back_closes_it_and_only_then_leaves_the_chat(
    devices: Devices, alice: Person, bob: Person, what: str
) -> None:
    form, open_it = OPENERS[what]
    device = await in_chat(devices, alice, bob, form)
    opened = await open_it(device)
    await expect(opened).to_be_visible()
    await device.page.go_back()
    await expect(opened).to_have_count(0)
    assert await path(device.page) == f"/messages/{bob.id}"
    await device.page.go_back()
    await expect(device.page).to_have_url(re.compile("/messages$"))


@EACH
async def test_closed_otherwise_it_leaves_nothing_in_the_history(
    devices: Devices, alice: Person, bob: Person, what: str
) -> None:
    form, open_it = OPENERS[what]
    device = await in_chat(devices, alice, bob, form)
    for _ in range(2):
        opened = await open_it(device)
        await expect(opened).to_be_visible()
        await until(device.page, LAYERS, 1)
        await device.page.keyboard.press("Escape")
        await expect(opened).to_have_count(0)
        await until(device.page, LAYERS, 0)
    await device.page.go_back()
    await expect(device.page).to_have_url(re.compile("/messages$"))


async def test_two_backs_at_once_close_and_leave(devices: Devices, alice: Person, bob: Person) -> None:
    device = await in_chat(devices, alice, bob, "phone")
    menu = await open_person_menu(device)
    await expect(menu).to_be_visible()
    await until(device.page, LAYERS, 1)
    await device.page.evaluate("history.back(); history.back()")
    await expect(device.page).to_have_url(re.compile("/messages$"))
    await expect(menu).to_have_count(0)
    await expect(device.conversations.of(bob.nickname)).to_be_visible()


async def test_forward_and_a_reload_open_nothing_and_leave_nothing(
    devices: Devices, alice: Person, bob: Person
) -> None:
    device = await in_chat(devices, alice, bob, "desk")
    dialog = await open_search(device)
    await expect(dialog).to_be_visible()
    await device.page.go_back()
    await expect(dialog).to_have_count(0)
    await device.page.go_forward()
    await until(device.page, LAYERS, 0)
    await expect(dialog).to_have_count(0)
    await open_search(device)
    await until(device.page, LAYERS, 1)
    await device.page.reload()
    await expect(device.chat.message("theirs")).to_be_visible()
    await until(device.page, LAYERS, 0)
    await expect(dialog).to_have_count(0)
    await device.page.go_back()
    await expect(device.page).to_have_url(re.compile("/messages$"))


async def test_going_elsewhere_from_a_dialog_leaves_only_the_pages_in_the_history(
    devices: Devices, alice: Person, bob: Person
) -> None:
    device = await in_chat(devices, bob, alice, "desk")
    await device.open("/messages")
    await device.conversations.find(alice.username, alice.nickname)
    await expect(device.chat.message("theirs")).to_be_visible()
    await device.page.go_back()
    await expect(device.page).to_have_url(re.compile("/messages$"))
    await expect(device.conversations.dialog).to_have_count(0)
    await device.page.go_forward()
    await expect(device.chat.message("theirs")).to_be_visible()
    await expect(device.conversations.dialog).to_have_count(0)


@pytest.mark.parametrize("what", ["a question after a menu", "a form", "a picker", "the menu of a message"])
async def test_the_focus_returns_to_the_message(devices: Devices, alice: Person, bob: Person, what: str) -> None:
    device = await in_chat(devices, alice, bob, "desk")
    opened = await OPENERS[what][1](device)
    await expect(opened).to_be_visible()
    await device.page.keyboard.press("Escape")
    await expect(opened).to_have_count(0)
    text = "theirs" if what in ("a form", "a picker") else "mine"
    await expect(device.chat.message(text)).to_be_focused()


async def test_the_focus_returns_to_the_button_of_a_person(devices: Devices, alice: Person, bob: Person) -> None:
    device = await in_chat(devices, alice, bob, "desk")
    dialog = await open_block(device)
    await expect(dialog).to_be_visible()
    await dialog.get_by_role("button", name="Cancel").click()
    await expect(dialog).to_have_count(0)
    await expect(device.page.get_by_role("button", name=re.compile("^More about"))).to_be_focused()


async def test_the_focus_goes_to_the_box_when_what_opened_the_dialog_is_gone(
    devices: Devices, alice: Person, bob: Person
) -> None:
    device = await in_chat(devices, alice, bob, "desk")
    dialog = await open_delete(device)
    await expect(dialog).to_be_visible()
    await device.chat.message("mine").evaluate("element => element.closest('[data-index]').remove()")
    await device.page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(device.chat.box).to_be_focused()


@pytest.mark.parametrize("what", ["a question after a menu", "the question of blocking"])
async def test_enter_does_not_do_what_cannot_be_undone(devices: Devices, alice: Person, bob: Person, what: str) -> None:
    device = await in_chat(devices, alice, bob, "desk")
    dialog = await OPENERS[what][1](device)
    await expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    await device.page.keyboard.press("Enter")
    await expect(dialog).to_have_count(0)
    await expect(device.chat.message("mine")).to_be_visible()
    await expect(device.chat.box).to_be_visible()


async def test_the_menu_of_a_person_is_a_card(devices: Devices, alice: Person, bob: Person) -> None:
    device = await in_chat(devices, alice, bob, "desk")
    for open_it in (open_person_menu, open_message_menu):
        menu = await open_it(device)
        await expect(menu).to_have_css("border-top-width", "1px")
        await expect(menu).not_to_have_css("background-color", "rgba(0, 0, 0, 0)")
        await expect(menu).not_to_have_css("box-shadow", "none")
        await device.page.keyboard.press("Escape")
        await expect(menu).to_have_count(0)
