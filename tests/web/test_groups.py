"""Groups in the list of conversations, and talking in them."""

import re

import pytest
from playwright.async_api import expect

from tests import groups
from tests.support import Person, until_true
from tests.web.browser import LINE_LOST, Devices
from tests.web.conftest import Newcomer
from tests.web.pages import STORED
from tests.web.site import Site
from tests.web.test_accessibility import EVERYWHERE, Scheme, device_of, findings


async def test_four_people_talk_in_a_group(devices: Devices, alice: Person, bob: Person, newcomer: Newcomer) -> None:
    carol, dave = await newcomer("carol"), await newcomer("dave")
    group = await groups.made_with(alice, bob, carol, name="Chess")
    desk, phone = await devices.desk(alice), await devices.phone(bob)
    other = await devices.desk(carol)
    await desk.open("/messages")
    await desk.conversations.of("Chess").click()
    await phone.groups.open(group)
    await other.groups.open(group)
    for device in (desk, phone, other):
        await expect(device.chat.heading("Chess")).to_be_visible()
    await groups.let_in(alice, group, dave)
    await expect(desk.groups.line(f"{dave.nickname} joined")).to_be_visible()
    await expect(phone.page.get_by_text("4 members")).to_be_visible()
    await desk.chat.tell("Shall we play?")
    await phone.chat.box.press_sequentially("Yes")
    await expect(desk.page.get_by_text(f"{bob.nickname} is typing…").last).to_be_visible()
    await phone.chat.say("Yes, tonight")
    answer = desk.chat.message("Yes, tonight").first
    await expect(answer.get_by_role("link", name=bob.nickname)).to_be_visible()
    await other.chat.reply(other.chat.message("Yes, tonight"), bob.nickname, "At eight?")
    await expect(desk.chat.message("At eight?").get_by_title(re.compile("Show the message"))).to_contain_text(
        bob.nickname
    )
    await desk.chat.react(answer, "👍")
    await expect(phone.chat.reaction(phone.chat.message("Yes, tonight").first, "👍", 1)).to_be_visible()
    await desk.chat.edit(desk.chat.message("Shall we play?"), "Shall we play chess?")
    await expect(other.chat.message("Shall we play chess?")).to_contain_text("edited")
    await other.chat.delete(other.chat.message("At eight?"))
    await expect(desk.chat.message("Message deleted")).to_be_visible()
    await groups.leave(dave, group)
    await expect(other.groups.line(f"{dave.nickname} left")).to_be_visible()
    await expect(other.page.get_by_text("3 members")).to_be_visible()


async def test_the_list_says_who_spoke_and_what_is_to_disturb_one(devices: Devices, alice: Person, bob: Person) -> None:
    group = await groups.made_with(alice, bob, name="Chess")
    desk = await devices.desk(alice)
    await desk.open("/messages")
    entry = desk.conversations.of("Chess")
    await groups.say(bob, group, "Good morning")
    await expect(entry).to_contain_text(f"{bob.nickname}: Good morning")
    await expect(entry).to_contain_text("1 unread")
    await expect(desk.navigation.unread(1)).to_be_visible()
    await groups.say(bob, group, f"@{alice.username} are you there?")
    await expect(entry).to_contain_text("1 mention of you")
    await expect(desk.navigation.unread(2)).to_be_visible()
    private = desk.conversations.of(bob.nickname)
    await alice.send(bob, "and in private")
    await expect(private).to_be_visible()
    kinds = desk.page.get_by_role("group", name="Which conversations")
    for kind in ("Mentions", "Unread", "Groups"):
        await kinds.get_by_role("button", name=kind).click()
        await expect(private).to_have_count(0)
        await expect(entry).to_be_visible()
    assert await findings(desk.page) == []
    await kinds.get_by_role("button", name="All").click()
    await expect(private).to_be_visible()
    async with await alice.request("PUT", f"/groups/{group}/me", json={"notify": "mentions"}) as response:
        assert response.status == 200
    await expect(desk.navigation.unread(1)).to_be_visible()
    async with await alice.request("PUT", f"/groups/{group}/me", json={"notify": "none"}) as response:
        assert response.status == 200
    await expect(desk.navigation.unread(0)).to_be_visible()
    await entry.click()
    await expect(desk.chat.message("are you there?")).to_have_accessible_name(re.compile("names you"))
    await expect(entry).not_to_contain_text("unread")
    async with await alice.request("PATCH", f"/groups/{group}", json={"name": "Chess at eight"}) as response:
        assert response.status == 200
    await expect(desk.chat.heading("Chess at eight")).to_be_visible()
    await expect(desk.conversations.of("Chess at eight")).to_be_visible()


async def test_the_beginning_says_what_one_sees(devices: Devices, alice: Person, bob: Person) -> None:
    group = await groups.make(alice, "Quiet", history="joined")
    await groups.say(alice, group, "before")
    await groups.let_in(alice, group, bob)
    await groups.say(alice, group, "after")
    desk = await devices.desk(bob)
    await desk.groups.open(group)
    await expect(desk.chat.message("after")).to_be_visible()
    await expect(desk.page.get_by_text("You see messages since you joined")).to_be_visible()
    await expect(desk.page.get_by_text("New members see only what is written after they join.")).to_be_visible()
    await expect(desk.chat.message("before")).to_have_count(0)


async def test_a_group_with_many_unread_messages_opens_at_the_first_of_them(
    devices: Devices, alice: Person, bob: Person
) -> None:
    group = await groups.made_with(alice, bob, name="Chess")
    for number in range(60):
        await groups.say(alice, group, f"message {number}.")
    phone = await devices.phone(bob)
    await phone.groups.open(group)
    await expect(phone.chat.message("message 0.")).to_be_in_viewport()
    await expect(phone.page.get_by_text("New messages", exact=True)).to_be_visible()


async def test_who_is_out_loses_the_group_at_once(devices: Devices, alice: Person, bob: Person) -> None:
    group = await groups.made_with(alice, bob, name="Chess")
    desk = await devices.desk(bob)
    desk.allow("status of 404")
    await desk.groups.open(group)
    await desk.chat.tell("hello")
    await groups.leave(bob, group)
    await expect(desk.page.get_by_role("heading", name="There is no such group")).to_be_visible()
    await expect(desk.conversations.of("Chess")).to_have_count(0)
    await groups.let_in(alice, group, bob)
    await expect(desk.chat.heading("Chess")).to_be_visible()
    await desk.chat.tell("back again")


class TestWithoutTheServer:
    """A server that can be stopped."""

    @pytest.fixture
    def server(self, site: Site) -> Site:
        """Return one in this process."""
        return site

    async def test_what_happened_meanwhile_is_there_after_a_lost_line(
        self, devices: Devices, server: Site, alice: Person, bob: Person
    ) -> None:
        group = await groups.made_with(alice, bob, name="Chess")
        desk = await devices.desk(alice)
        desk.allow(*LINE_LOST)
        await desk.groups.open(group)
        await desk.chat.tell("one")
        await server.stop()
        await desk.chat.say("two")
        await expect(desk.navigation.reconnecting).to_be_visible()
        await server.start()
        await expect(desk.chat.message("two")).to_have_attribute("data-state", STORED)
        await groups.say(bob, group, "three")
        await expect(desk.chat.message("three")).to_be_visible()


@EVERYWHERE
async def test_a_group_is_accessible(
    devices: Devices, alice: Person, bob: Person, scheme: Scheme, form: dict[str, object]
) -> None:
    group = await groups.made_with(alice, bob, name="Chess")
    device = await device_of(devices, alice, scheme, form)
    await device.groups.open(group)
    await expect(device.page.get_by_text("Nothing has been said here yet")).to_be_visible()
    assert await findings(device.page) == []
    await groups.say(bob, group, f"@{alice.username} good morning")
    await groups.say(bob, group, "and to all")
    await expect(device.chat.message("and to all")).to_be_visible()
    assert await findings(device.page) == []
    await device.open("/messages")
    await groups.say(bob, group, f"@{alice.username} again")
    await expect(device.conversations.of("Chess")).to_contain_text("mention of you")
    assert await findings(device.page) == []


async def read_by(person: Person) -> bool:
    """Report whether somebody has read everything."""
    return bool((await person.get("/unread"))["unread"] == 0)


async def test_who_writes_sees_who_has_read_it(devices: Devices, alice: Person, bob: Person) -> None:
    group = await groups.made_with(alice, bob, name="Chess")
    desk = await devices.desk(alice)
    await desk.groups.open(group)
    await desk.chat.tell("Who reads this?")
    await desk.chat.open_menu(desk.chat.message("Who reads this?"))
    await expect(desk.page.get_by_text("Nobody has read it yet")).to_be_visible()
    await desk.page.keyboard.press("Escape")
    phone = await devices.phone(bob)
    await phone.groups.open(group)
    await expect(phone.chat.message("Who reads this?")).to_be_visible()
    await until_true(lambda: read_by(bob))
    await desk.chat.open_menu(desk.chat.message("Who reads this?"))
    await expect(desk.page.get_by_text(f"Read by {bob.nickname}")).to_be_visible()
    assert await findings(desk.page) == []
