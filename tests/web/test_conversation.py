"""Two people talk: what one does, the other sees, on every device of theirs."""

import asyncio
import re

from playwright.async_api import expect

from tests.support import Person
from tests.web.browser import PATIENCE, Devices
from tests.web.conftest import Newcomer


async def test_somebody_registers_finds_a_person_and_they_talk(devices: Devices, bob: Person) -> None:
    ann = await devices.desk()
    await ann.open("/register")
    await ann.entrance.register(f"ann.{bob.username}", "Ann", "correct horse")
    await ann.page.wait_for_url("**/messages")
    at_bobs = await devices.phone(bob)
    await at_bobs.open("/messages")
    await ann.conversations.find(bob.username, bob.nickname)
    await expect(ann.chat.heading(bob.nickname)).to_be_visible()
    await ann.chat.tell("Hello, is this thing on?")
    await at_bobs.conversations.of("Ann").click()
    await expect(at_bobs.chat.message("Hello, is this thing on?")).to_be_visible()
    await at_bobs.chat.tell("Loud and clear")
    await expect(ann.chat.message("Loud and clear")).to_be_visible()
    await expect(ann.chat.messages).to_have_count(2)
    await expect(at_bobs.chat.messages).to_have_count(2)
    await expect(ann.conversations.of(bob.nickname)).to_contain_text("Loud and clear")


async def test_unread_messages_are_counted_in_the_navigation_the_list_and_the_title_until_they_are_read(
    devices: Devices, alice: Person, bob: Person
) -> None:
    at_bobs = await devices.desk(bob)
    await at_bobs.open("/messages")
    await expect(at_bobs.navigation.unread(0)).to_be_visible()
    await alice.send(bob, "one")
    await expect(at_bobs.navigation.unread(1)).to_be_visible()
    await alice.send(bob, "two")
    await expect(at_bobs.navigation.unread(2)).to_be_visible()
    await expect(at_bobs.conversations.of(alice.nickname)).to_have_accessible_name(re.compile("2 unread"))
    await expect(at_bobs.page).to_have_title(re.compile(r"^\(2\)"))
    taken_back = await alice.send(bob, "three")
    await expect(at_bobs.navigation.unread(3)).to_be_visible()
    async with await alice.request("DELETE", f"/messages/{taken_back['id']}"):
        await expect(at_bobs.navigation.unread(2)).to_be_visible()
    await at_bobs.conversations.of(alice.nickname).click()
    await expect(at_bobs.chat.message("two")).to_be_visible()
    await expect(at_bobs.navigation.unread(0)).to_be_visible()
    await expect(at_bobs.conversations.of(alice.nickname)).not_to_have_accessible_name(re.compile("unread"))
    await expect(at_bobs.page).to_have_title(re.compile(f"^{alice.nickname}"))


async def test_a_message_is_said_to_be_sent_and_then_to_be_read(devices: Devices, alice: Person, bob: Person) -> None:
    at_alices, at_bobs = await devices.desk(alice), await devices.phone(bob)
    await at_alices.open(f"/messages/{bob.id}")
    await at_bobs.open("/messages")
    await at_alices.chat.say("read me")
    message = at_alices.chat.message("read me")
    await expect(at_bobs.conversations.of(alice.nickname)).to_contain_text("read me")
    await expect(message).to_have_attribute("data-state", "sent")
    await at_bobs.conversations.of(alice.nickname).click()
    await expect(message).to_have_attribute("data-state", "read")


async def test_two_devices_of_one_person_keep_in_step(devices: Devices, alice: Person, bob: Person) -> None:
    desk, phone = await devices.desk(bob), await devices.phone(await bob.device())
    await desk.open(f"/messages/{alice.id}")
    await phone.open("/messages")
    await expect(phone.navigation.unread(0)).to_be_visible()
    await desk.chat.tell("from the desk")
    await expect(phone.conversations.of(alice.nickname)).to_contain_text("from the desk")
    await expect(phone.navigation.unread(0)).to_be_visible()
    await desk.open("/settings")
    await expect(desk.settings.nickname).to_be_visible()
    await alice.send(bob, "to both")
    await expect(desk.navigation.unread(1)).to_be_visible()
    await expect(phone.navigation.unread(1)).to_be_visible()
    await phone.conversations.of(alice.nickname).click()
    await expect(phone.chat.message("to both")).to_be_visible()
    await expect(phone.chat.messages).to_have_count(2)
    await expect(desk.navigation.unread(0)).to_be_visible()
    await phone.chat.tell("from the phone")
    await desk.open(f"/messages/{alice.id}")
    await expect(desk.chat.message("from the phone")).to_have_count(1)
    await expect(desk.chat.messages).to_have_count(3)


async def test_an_edited_message_changes_for_the_other(devices: Devices, alice: Person, bob: Person) -> None:
    at_alices, at_bobs = await devices.desk(alice), await devices.desk(bob)
    await at_alices.open(f"/messages/{bob.id}")
    await at_bobs.open(f"/messages/{alice.id}")
    await at_alices.chat.tell("see you at five")
    await expect(at_bobs.chat.message("see you at five")).to_be_visible()
    await at_alices.chat.edit(at_alices.chat.message("see you at five"), "see you at six")
    for device in (at_alices, at_bobs):
        await expect(device.chat.message("see you at six")).to_contain_text("edited")
        await expect(device.chat.messages).to_have_count(1)
        await expect(device.page.get_by_text("see you at five")).to_have_count(0)
    await expect(at_bobs.conversations.of(alice.nickname)).to_contain_text("see you at six")
    await expect(at_alices.chat.box).to_have_value("")


async def test_escape_leaves_editing_and_brings_the_draft_back(devices: Devices, alice: Person, bob: Person) -> None:
    at_alices = await devices.desk(alice)
    await at_alices.open(f"/messages/{bob.id}")
    await at_alices.chat.tell("as it was")
    await at_alices.chat.box.fill("a draft")
    await at_alices.chat.act(at_alices.chat.message("as it was"), "Edit")
    await expect(at_alices.chat.box).to_have_value("as it was")
    await at_alices.chat.box.press("Escape")
    await expect(at_alices.chat.box).to_have_value("a draft")
    await expect(at_alices.chat.messages).to_have_text([re.compile("as it was")])


async def test_a_deleted_message_is_gone_for_both_and_its_place_is_kept(
    devices: Devices, alice: Person, bob: Person
) -> None:
    at_alices, at_bobs = await devices.desk(alice), await devices.desk(bob)
    await at_alices.open(f"/messages/{bob.id}")
    await at_bobs.open(f"/messages/{alice.id}")
    await at_alices.chat.tell("what I never said")
    await expect(at_bobs.chat.message("what I never said")).to_be_visible()
    await at_alices.chat.delete(at_alices.chat.message("what I never said"))
    for device in (at_alices, at_bobs):
        await expect(device.chat.messages).to_have_text([re.compile("Message deleted")])
        await expect(device.page.get_by_text("what I never said")).to_have_count(0)


async def test_a_reply_quotes_what_it_answers(devices: Devices, alice: Person, bob: Person) -> None:
    at_alices, at_bobs = await devices.desk(alice), await devices.desk(bob)
    question = await alice.send(bob, "tea or coffee?")
    await alice.send(bob, "and with sugar?")
    await at_alices.open(f"/messages/{bob.id}")
    await at_bobs.open(f"/messages/{alice.id}")
    await at_bobs.chat.reply(at_bobs.chat.by_id(question["id"]), alice.nickname, "coffee, please")
    for device in (at_alices, at_bobs):
        await expect(device.chat.message("coffee, please")).to_contain_text("tea or coffee?")
        await expect(device.chat.message("coffee, please")).not_to_contain_text("sugar")


async def test_reactions_are_counted_for_both_and_taken_back(devices: Devices, alice: Person, bob: Person) -> None:
    at_alices, at_bobs = await devices.desk(alice), await devices.desk(bob)
    message_id = (await alice.send(bob, "I passed the exam"))["id"]
    await at_alices.open(f"/messages/{bob.id}")
    await at_bobs.open(f"/messages/{alice.id}")
    his, hers = at_bobs.chat.by_id(message_id), at_alices.chat.by_id(message_id)
    await at_bobs.chat.react(his, "👍")
    await expect(at_bobs.chat.reaction(his, "👍", 1)).to_have_attribute("aria-pressed", "true")
    await expect(at_alices.chat.reaction(hers, "👍", 1)).to_have_attribute("aria-pressed", "false")
    await at_alices.chat.reaction(hers, "👍", 1).click()
    await expect(at_alices.chat.reaction(hers, "👍", 2)).to_have_attribute("aria-pressed", "true")
    await expect(at_bobs.chat.reaction(his, "👍", 2)).to_be_visible()
    await at_bobs.chat.reaction(his, "👍", 2).click()
    await expect(at_alices.chat.reaction(hers, "👍", 1)).to_have_attribute("aria-pressed", "true")
    await at_alices.chat.reaction(hers, "👍", 1).click()
    for message in (his, hers):
        await expect(message.get_by_role("button", name=re.compile("👍"))).to_have_count(0)


async def test_who_is_there_and_who_is_typing_is_shown(devices: Devices, alice: Person, bob: Person) -> None:
    await alice.send(bob, "before")
    at_alices = await devices.desk(alice)
    await at_alices.open(f"/messages/{bob.id}")
    await expect(at_alices.chat.message("before")).to_be_visible()
    header = at_alices.page.get_by_role("main")
    await expect(header.get_by_text(re.compile("^online", re.IGNORECASE))).to_have_count(0)
    at_bobs = await devices.desk(bob)
    await at_bobs.open(f"/messages/{alice.id}")
    await expect(header.get_by_text(re.compile("^online", re.IGNORECASE)).first).to_be_visible()
    typing = at_alices.page.get_by_text(f"{bob.nickname} is typing…").first
    async with asyncio.timeout(PATIENCE / 1000):
        while not await typing.is_visible():  # what is typed before the page has caught up is told to nobody
            await at_bobs.chat.box.press_sequentially("well ")
    await at_bobs.page.close()
    await expect(header.get_by_text(re.compile("^online", re.IGNORECASE))).to_have_count(0)


async def test_a_conversation_that_has_news_comes_to_the_top(
    devices: Devices, alice: Person, bob: Person, newcomer: Newcomer
) -> None:
    carol = await newcomer("carol")
    await bob.send(alice, "first")
    await carol.send(alice, "second")
    at_alices = await devices.desk(alice)
    await at_alices.open("/messages")
    entries = at_alices.conversations.list.get_by_role("link")
    await expect(entries).to_have_text([re.compile("second"), re.compile("first")])
    await bob.send(alice, "third")
    await expect(entries).to_have_text([re.compile("third"), re.compile("second")])


async def test_searching_finds_people_by_name_and_says_when_there_is_nobody(
    devices: Devices, alice: Person, bob: Person
) -> None:
    at_alices = await devices.desk(alice)
    await at_alices.open("/messages")
    await at_alices.conversations.new.click()
    await at_alices.conversations.search.fill(bob.nickname)
    await expect(at_alices.conversations.result(bob.nickname)).to_be_visible()
    await at_alices.conversations.search.fill("nobody is called this")
    await expect(at_alices.conversations.result(bob.nickname)).to_have_count(0)
    await expect(at_alices.conversations.dialog.get_by_text("Nobody is called")).to_be_visible()
    await at_alices.page.keyboard.press("Escape")
    await expect(at_alices.conversations.dialog).to_have_count(0)
    await expect(at_alices.conversations.new).to_be_focused()
