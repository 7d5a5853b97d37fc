"""Making groups, the pages about them, and the links by which people come in."""

import re

from playwright.async_api import expect

from tests import groups
from tests.support import PASSWORD, Person
from tests.web.browser import Devices
from tests.web.conftest import Newcomer
from tests.web.pages import STORED
from tests.web.test_accessibility import EVERYWHERE, Scheme, device_of, findings


async def test_somebody_makes_a_group_and_lets_others_in_by_a_link(
    devices: Devices, alice: Person, bob: Person, newcomer: Newcomer
) -> None:
    desk = await devices.desk(alice)
    await desk.open("/messages")
    await desk.conversations.new.click()
    await desk.page.get_by_role("button", name="New group").click()
    dialog = desk.page.get_by_role("dialog", name="New group")
    await dialog.get_by_role("button", name="Make the group").click()
    await expect(dialog.get_by_label("Name")).to_have_attribute("aria-invalid", "true")
    await dialog.get_by_label("Name").fill("Chess")
    await dialog.get_by_label("Description").fill("On Thursdays")
    await dialog.get_by_role("button", name="Make the group").click()
    await expect(desk.chat.heading("Chess")).to_be_visible()
    await expect(desk.page.get_by_text("Private group")).to_be_visible()
    await desk.page.get_by_role("button", name="Make a link").click()
    link = await desk.page.get_by_role("textbox", name="Link to join").input_value()
    phone = await devices.phone(bob)
    await phone.open(link)
    await expect(phone.page.get_by_text(f"{alice.nickname} invites you to")).to_be_visible()
    await expect(phone.page.get_by_text("On Thursdays")).to_be_visible()
    await phone.page.get_by_role("button", name="Join").click()
    await phone.chat.tell("I am in")
    await expect(desk.page.get_by_role("list", name="Members").get_by_role("link", name=bob.nickname)).to_be_visible()
    fresh = await devices.desk()
    await fresh.open(link)
    await fresh.page.get_by_role("link", name="Make an account").click()
    await fresh.entrance.register("carolofchess", "Carol", PASSWORD)
    await fresh.page.get_by_role("button", name="Join").click()
    await expect(fresh.chat.message("I am in")).to_be_visible()
    await desk.page.get_by_role("button", name="Take back").click()
    await expect(desk.page.get_by_text("The link no longer works.")).to_be_visible()
    late = await devices.desk(await newcomer("dave"))
    late.allow("status of 404")
    await late.open(link)
    await expect(late.page.get_by_role("heading", name="This link no longer works")).to_be_visible()


async def test_the_owner_changes_appoints_and_hands_over_and_a_member_leaves(
    devices: Devices, alice: Person, bob: Person
) -> None:
    group = await groups.made_with(alice, bob, name="Chess")
    desk = await devices.desk(alice)
    desk.allow("status of 404")
    await desk.open(f"/groups/{group}/about")
    await desk.page.get_by_role("button", name="Edit").click()
    dialog = desk.page.get_by_role("dialog", name="Name and description")
    await dialog.get_by_label("Name").fill("Chess at eight")
    await dialog.get_by_role("button", name="Save").click()
    await expect(desk.chat.heading("Chess at eight")).to_be_visible()
    await desk.page.get_by_label("Tell me about").select_option("named")
    await desk.page.get_by_role("button", name="Mute for eight hours").click()
    await expect(desk.page.get_by_role("button", name=re.compile("Muted until"))).to_be_visible()
    assert (await alice.get(f"/groups/{group}"))["me"]["notify"] == "named"
    of_bob = desk.page.get_by_role("button", name=f"What to do with {bob.nickname}")
    await of_bob.click()
    await desk.page.get_by_role("menuitem", name="Make an admin").click()
    await expect(desk.page.get_by_role("list", name="Members").get_by_text("admin", exact=True)).to_be_visible()
    await of_bob.click()
    await desk.page.get_by_role("menuitem", name="Hand the group over").click()
    await expect(desk.page.get_by_text("They own it from then on")).to_be_visible()
    await desk.page.get_by_role("button", name="Hand the group over").click()
    await expect(desk.page.get_by_text("They own it from then on")).to_have_count(0)
    await expect(of_bob).to_have_count(0)
    assert await groups.roles(alice, group) == {alice.id: "admin", bob.id: "owner"}
    await desk.page.get_by_role("button", name="Leave the group").click()
    leaving = desk.page.get_by_role("dialog").or_(desk.page.get_by_role("alertdialog"))
    await leaving.get_by_role("button", name="Leave the group").click()
    await desk.page.wait_for_url("**/messages")
    phone = await devices.phone(bob)
    phone.allow("status of 404")
    await phone.open(f"/groups/{group}/about")
    await phone.page.wait_for_load_state("networkidle")  # each part that arrives moves what is below it
    await phone.page.get_by_role("button", name="Delete the group").click()
    ending = phone.page.get_by_role("dialog").or_(phone.page.get_by_role("alertdialog"))
    await ending.get_by_label("Name").fill("Chess at eight")
    await ending.get_by_role("button", name="Delete the group").click()
    await phone.page.wait_for_url("**/messages")
    await expect(phone.conversations.of("Chess at eight")).to_have_count(0)


@EVERYWHERE
async def test_the_page_of_a_group_is_accessible(
    devices: Devices, alice: Person, bob: Person, scheme: Scheme, form: dict[str, object]
) -> None:
    group = await groups.made_with(alice, bob, name="Chess", description="On Thursdays")
    device = await device_of(devices, alice, scheme, form)
    await device.open(f"/groups/{group}/about")
    await device.page.get_by_role("button", name="Make a link").click()
    await expect(device.page.get_by_role("textbox", name="Link to join")).to_be_focused()
    await expect(device.page.get_by_role("list", name="Members").get_by_role("link", name=bob.nickname)).to_be_visible()
    assert await findings(device.page) == []
    await device.open(f"/join/{await groups.code_of(alice, group)}")
    await expect(device.page.get_by_role("button", name="Join")).to_be_visible()
    assert await findings(device.page) == []


async def test_members_are_offered_after_an_at_sign_and_chosen_by_keyboard(
    devices: Devices, alice: Person, bob: Person
) -> None:
    group = await groups.made_with(alice, bob, name="Chess")
    desk = await devices.desk(alice)
    await desk.groups.open(group)
    offered = desk.page.get_by_role("listbox", name="Members")
    await desk.chat.box.press_sequentially("mail me at alice@")
    await desk.chat.box.press_sequentially("x or ask @bo")
    await expect(offered.get_by_role("option")).to_have_count(1)
    await expect(offered.get_by_role("option", selected=True)).to_contain_text(bob.nickname)
    await desk.page.keyboard.press("Enter")
    await expect(desk.chat.box).to_have_value(f"mail me at alice@x or ask @{bob.username} ")
    await expect(offered).to_have_count(0)
    await desk.chat.box.press_sequentially("and @")
    await expect(offered.get_by_role("option")).to_have_count(2)
    assert await findings(desk.page) == []
    await desk.page.keyboard.press("Escape")
    await expect(offered).to_have_count(0)
    await desk.chat.box.press_sequentially("all")
    await desk.page.keyboard.press("ArrowDown")
    await desk.page.keyboard.press("Tab")
    await desk.page.keyboard.press("Enter")
    await expect(desk.chat.message(f"@{bob.username} and @all")).to_have_attribute("data-state", STORED)
    page = await bob.get(f"/messages?group={group}")
    assert page["items"][-1]["mentions"] == [bob.id]
    assert page["items"][-1]["mentions_all"] is True


async def test_a_public_group_is_found_and_joined(devices: Devices, alice: Person, bob: Person) -> None:
    group = await groups.make(alice, "Gardeners of the north", public=True)
    await groups.say(alice, group, "Sow the beans now")
    desk = await devices.desk(bob)
    await desk.open("/messages")
    await expect(desk.conversations.new).to_be_visible()
    await desk.page.keyboard.press("Control+k")
    await desk.page.get_by_role("combobox", name="Go to").fill("gardeners")
    await desk.page.get_by_role("option", name="Gardeners of the north").click()
    await expect(desk.chat.heading("Gardeners of the north")).to_be_visible()
    await desk.page.get_by_role("button", name="Join").click()
    await expect(desk.chat.message("Sow the beans now")).to_be_visible()
    await expect(desk.conversations.of("Gardeners of the north")).to_be_visible()
