"""A long conversation: where it opens, how it scrolls, and that it stays where the reader is."""

import asyncio
import re

import pytest
from playwright.async_api import Locator, Route, expect

from tests.support import Person
from tests.web.browser import Device, Devices
from tests.web.conftest import Newcomer

#: More than two pages of history.
MANY = 130

#: How far an anchor may move, in pixels: a fraction of one is rounding.
STILL = 1.0


async def talk(one: Person, other: Person, count: int = MANY) -> list[int]:
    """Send ``count`` messages of unlike heights by two people in turn, and return their ids."""
    ids = []
    for number in range(count):
        sender, receiver = (one, other) if number % 2 else (other, one)
        message = await sender.send(receiver, f"message {number}." + " and so on" * (number * 7 % 40))
        ids.append(message["id"])
    return ids


async def top_of(message: Locator) -> float:
    """Return where a message begins in the window, in pixels."""
    box = await message.bounding_box()
    assert box is not None
    return box["y"]


async def first_visible(device: Device) -> Locator:
    """Return the topmost message that is wholly in view."""
    found = await device.chat.log.evaluate(
        """log => {
          const top = log.getBoundingClientRect().top
          const all = [...log.querySelectorAll('[data-message-id]')]
          return all.map(one => [one.getBoundingClientRect().top, one.dataset.messageId])
            .filter(([y]) => y >= top).sort((a, b) => a[0] - b[0])[0][1]
        }"""
    )
    return device.chat.by_id(int(found))


async def scroll(device: Device, pixels: float) -> None:
    """Turn the wheel over the messages, and wait until they stand still."""
    await device.chat.log.hover()
    await device.page.mouse.wheel(0, pixels)
    await device.chat.log.evaluate(
        """async log => {
          let top = NaN
          for (let still = 0; still < 5; still = log.scrollTop === top ? still + 1 : 0) {
            top = log.scrollTop
            await new Promise(requestAnimationFrame)
          }
        }"""
    )


async def is_in_view(device: Device, message: Locator) -> None:
    """Expect a message to be in view."""
    await expect(message).to_be_in_viewport()


async def test_a_conversation_opens_at_its_end(devices: Devices, alice: Person, bob: Person) -> None:
    ids = await talk(alice, bob)
    await bob.post(f"/messages/read/{alice.id}")
    desk = await devices.desk(bob)
    await desk.open(f"/messages/{alice.id}")
    await is_in_view(desk, desk.chat.by_id(ids[-1]))
    await expect(desk.chat.divider).to_have_count(0)
    assert await desk.chat.messages.count() < MANY


async def test_older_messages_come_without_moving_what_is_read(devices: Devices, alice: Person, bob: Person) -> None:
    ids = await talk(alice, bob)
    await bob.post(f"/messages/read/{alice.id}")
    desk = await devices.desk(bob)
    asked, answer = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        asked.set()
        await answer.wait()
        await route.continue_()

    await desk.page.route(re.compile(r"/messages\?.*before="), hold)
    await desk.open(f"/messages/{alice.id}")
    await is_in_view(desk, desk.chat.by_id(ids[-1]))
    while not asked.is_set():
        await scroll(desk, -400)
        await desk.page.evaluate("new Promise(requestAnimationFrame)")
    anchor = await first_visible(desk)
    height = await desk.chat.log.evaluate("log => log.scrollHeight")
    before = await top_of(anchor)
    answer.set()
    await desk.page.wait_for_function(
        "([log, height]) => log.scrollHeight > height + 500", arg=[await desk.chat.log.element_handle(), height]
    )
    for _ in range(10):  # it is measured and set right frame by frame
        await desk.page.evaluate("new Promise(requestAnimationFrame)")
        assert abs(await top_of(anchor) - before) <= STILL
    await expect(desk.chat.log).not_to_have_attribute("aria-busy", "true")
    seen = set[str]()
    first = desk.chat.by_id(ids[0])
    while not await first.count():
        seen.update(
            await desk.chat.log.locator("[data-message-id]").evaluate_all("all => all.map(e => e.dataset.messageId)")
        )
        await scroll(desk, -500)
        await desk.page.evaluate("new Promise(requestAnimationFrame)")
    assert len(seen) > MANY / 2
    await scroll(desk, -100_000)
    await is_in_view(desk, first)


async def test_it_stays_where_the_reader_is_and_offers_what_is_new(
    devices: Devices, alice: Person, bob: Person
) -> None:
    await talk(alice, bob)
    await bob.post(f"/messages/read/{alice.id}")
    desk = await devices.desk(bob)
    await desk.open(f"/messages/{alice.id}")
    await is_in_view(desk, desk.chat.message("message 129."))
    await scroll(desk, -1500)
    await expect(desk.chat.message("message 129.")).not_to_be_in_viewport()
    anchor = await first_visible(desk)
    before = await top_of(anchor)
    for number in range(3):
        await alice.send(bob, f"new {number}")
    await expect(desk.chat.newer).to_have_text(re.compile("3 new messages"))
    assert abs(await top_of(anchor) - before) <= STILL
    await expect(desk.navigation.unread(3)).to_be_visible()
    await desk.chat.newer.click()
    await is_in_view(desk, desk.chat.message("new 2"))
    await expect(desk.chat.newer).to_have_count(0)
    await expect(desk.navigation.unread(0)).to_be_visible()
    await alice.send(bob, "and this is followed")
    await is_in_view(desk, desk.chat.message("and this is followed"))


async def test_ones_own_message_leads_to_the_end(devices: Devices, alice: Person, bob: Person) -> None:
    await talk(alice, bob)
    await bob.post(f"/messages/read/{alice.id}")
    desk = await devices.desk(bob)
    await desk.open(f"/messages/{alice.id}")
    await is_in_view(desk, desk.chat.message("message 129."))
    await scroll(desk, -1500)
    await expect(desk.chat.message("message 129.")).not_to_be_in_viewport()
    await desk.chat.say("here I am")
    await is_in_view(desk, desk.chat.message("here I am"))


async def test_it_opens_at_the_first_unread_message(devices: Devices, alice: Person, bob: Person) -> None:
    await talk(alice, bob, 20)
    await bob.post(f"/messages/read/{alice.id}")
    unread = [(await alice.send(bob, f"unread {number}. " + "more " * 30))["id"] for number in range(90)]
    phone = await devices.phone(bob)
    await phone.open("/messages")
    await expect(phone.navigation.unread(90)).to_be_visible()
    await phone.conversations.of(alice.nickname).click()
    await expect(phone.chat.divider).to_be_in_viewport()
    await is_in_view(phone, phone.chat.by_id(unread[0]))
    await expect(phone.chat.by_id(unread[-1])).not_to_be_in_viewport()
    await expect(phone.chat.box).to_be_visible()


@pytest.mark.parametrize("way", ["another chat", "Back", "Forward", "settings"])
async def test_the_place_in_a_chat_is_kept(
    devices: Devices, alice: Person, bob: Person, newcomer: Newcomer, way: str
) -> None:
    carol = await newcomer("carol")
    await carol.send(bob, "hello from carol")
    await talk(alice, bob)
    await bob.post(f"/messages/read/{alice.id}")
    desk = await devices.desk(bob)
    if way == "Forward":
        await desk.open("/messages")
        await desk.conversations.of(alice.nickname).click()
    else:
        await desk.open(f"/messages/{alice.id}")
    await is_in_view(desk, desk.chat.message("message 129."))
    await scroll(desk, -1530)
    anchor = await first_visible(desk)
    before = await top_of(anchor)
    if way == "Forward":
        await desk.page.go_back()
        await expect(desk.chat.log).to_have_count(0)
        await desk.page.go_forward()
    elif way == "settings":
        await desk.navigation.settings.click()
        await expect(desk.settings.first_page).to_be_visible()
        await desk.page.go_back()
    else:
        await desk.conversations.of(carol.nickname).click()
        await expect(desk.chat.message("hello from carol")).to_be_visible()
        await alice.send(bob, "meanwhile")
        await expect(desk.navigation.unread(1)).to_be_visible()
        if way == "Back":
            await desk.page.go_back()
        else:
            await desk.conversations.of(alice.nickname).click()
    await is_in_view(desk, anchor)
    assert abs(await top_of(anchor) - before) <= STILL
    await expect(desk.chat.message("message 129.")).not_to_be_in_viewport()
    await desk.page.get_by_role("button", name=re.compile("newest|new message")).click()
    await is_in_view(desk, desk.chat.message("meanwhile" if way in ("another chat", "Back") else "message 129."))
    # Who was at the end comes back to the end.
    await desk.conversations.of(carol.nickname).click()
    await expect(desk.chat.message("hello from carol")).to_be_visible()
    await desk.page.go_back()
    await is_in_view(desk, desk.chat.message("message 129."))


async def test_a_quote_leads_to_what_it_quotes(devices: Devices, alice: Person, bob: Person) -> None:
    ids = await talk(alice, bob)
    await bob.post(f"/messages/read/{alice.id}")
    desk = await devices.desk(bob)
    await desk.open(f"/messages/{alice.id}")
    await is_in_view(desk, desk.chat.by_id(ids[-1]))
    old = desk.chat.by_id(ids[-40])
    while not await old.count():
        await scroll(desk, -500)
        await desk.page.evaluate("new Promise(requestAnimationFrame)")
    await old.scroll_into_view_if_needed()
    words = f"message {MANY - 40}."
    await desk.chat.reply(old, "", "about that")
    await is_in_view(desk, desk.chat.message("about that"))
    await expect(old).not_to_be_in_viewport()
    await desk.chat.message("about that").get_by_text(words).click()
    await is_in_view(desk, old)
    await expect(old).to_contain_text(words)
    await desk.page.reload()
    await desk.chat.message("about that").get_by_text(words).click()
    await is_in_view(desk, old)


async def test_messages_of_another_day_are_set_apart(devices: Devices, alice: Person, bob: Person) -> None:
    await alice.send(bob, "today's")
    desk = await devices.desk(bob)
    await desk.open(f"/messages/{alice.id}")
    await expect(desk.chat.log.get_by_text("Today", exact=True)).to_be_visible()
