"""What admins do in groups, what those see of it whom it is done to, and the way back."""

import re

from playwright.async_api import expect

from tests import groups
from tests.support import Person
from tests.web.browser import Devices
from tests.web.conftest import Newcomer
from tests.web.test_accessibility import findings


async def test_an_admin_removes_silences_and_bans_and_the_owner_undoes_it_all(
    devices: Devices, alice: Person, bob: Person, newcomer: Newcomer
) -> None:
    carol, dave = await newcomer("carol"), await newcomer("dave")
    group = await groups.made_with(alice, bob, carol, dave, name="Chess")
    await groups.promote(alice, group, bob)
    await groups.say(dave, group, "buy my boats")
    await groups.say(carol, group, "you are all fools")
    desk, phone = await devices.desk(bob), await devices.phone(carol)
    await phone.groups.open(group)
    await desk.groups.open(group)
    await desk.chat.act(desk.chat.message("you are all fools"), "Remove message")
    assert await findings(desk.page) == []
    await desk.groups.confirm("Remove", "be kind")
    for device in (desk, phone):
        await expect(device.chat.message("Removed by an admin")).to_be_visible()
    await expect(phone.page.get_by_text("removed a message of yours in Chess. Reason: be kind")).to_be_visible()
    await desk.open(f"/groups/{group}/about")
    await desk.groups.deal_with(carol.nickname, "Silence")
    await desk.groups.confirm("Silence")
    await expect(desk.page.get_by_text("silenced until")).to_be_visible()
    await expect(phone.page.get_by_text("An admin has silenced you until").last).to_be_visible()
    await expect(phone.chat.box).to_have_count(0)
    await desk.groups.deal_with(dave.nickname, "Ban")
    await desk.page.get_by_role("switch", name="Also remove their messages").check()
    await desk.groups.confirm("Ban", "spam")
    await expect(phone.page.get_by_text(f"{dave.nickname} was banned by an admin")).to_be_visible()
    await expect(phone.chat.message("buy my boats")).to_have_count(0)
    await desk.page.get_by_role("link", name="What admins have done").click()
    log = desk.page.get_by_role("list", name="Log")
    banned = log.get_by_role("listitem").filter(has_text=f"{bob.nickname} banned {dave.nickname}")
    await banned.get_by_role("button", name="Show what was removed").click()
    await expect(banned.get_by_text("buy my boats")).to_be_visible()
    assert await findings(desk.page) == []
    silenced = log.get_by_role("listitem").filter(has_text=f"silenced {carol.nickname}")
    await silenced.get_by_role("button", name="End now").click()
    await expect(silenced).to_contain_text("Ended")
    await phone.chat.tell("I can write again")
    owner = await devices.phone(alice)
    await owner.open(f"/groups/{group}/log")
    await owner.page.get_by_role("button", name="Undo all of somebody").click()
    dialog = owner.page.get_by_role("dialog")
    await dialog.get_by_label("What was done by").select_option(str(bob.id))
    assert await findings(owner.page) == []
    await dialog.get_by_role("button", name="Undo all").click()
    await expect(dialog).to_have_count(0)
    await expect(owner.page.get_by_text(re.compile(f"Undone by {alice.nickname}"))).to_have_count(3)
    await expect(phone.chat.message("buy my boats")).to_be_visible()
    await expect(phone.chat.message("you are all fools")).to_be_visible()
    assert dave.id in await groups.roles(alice, group)


async def test_admins_see_what_is_reported_and_kick_who_wrote_it(
    devices: Devices, alice: Person, bob: Person, newcomer: Newcomer
) -> None:
    carol = await newcomer("carol")
    group = await groups.made_with(alice, bob, carol, name="Chess")
    said = await groups.say(carol, group, "buy my boats")
    desk, phone = await devices.desk(bob), await devices.phone(alice)
    out = await devices.desk(carol)
    out.allow("status of 404")
    await out.groups.open(group)
    await desk.groups.open(group)
    await desk.chat.open_menu(desk.chat.message("buy my boats"))
    await expect(desk.page.get_by_role("menuitem", name="Report")).to_be_visible()
    await expect(desk.page.get_by_role("menuitem", name="Ban")).to_have_count(0)
    await bob.post(f"/messages/{said}/report", {"reason": "not about chess"}, 201)
    await desk.open(f"/groups/{group}/log")
    await expect(desk.page.get_by_role("heading", name="Only admins see this")).to_be_visible()
    await phone.open(f"/groups/{group}/about")
    reports = phone.page.get_by_role("list", name="Reports")
    await expect(reports).to_contain_text("Reported: not about chess")
    assert await findings(phone.page) == []
    await reports.get_by_role("button", name="Remove from the group").click()
    await phone.groups.confirm("Remove", "boats")
    await expect(out.page.get_by_text("An admin has removed you from Chess. Reason: boats")).to_be_visible()
    await expect(out.page.get_by_role("heading", name="There is no such group")).to_be_visible()
    await reports.get_by_role("button", name="Done with it").click()
    await expect(reports).to_have_count(0)


async def test_people_are_invited_by_name_and_the_owner_decides_what_members_may_do(
    devices: Devices, alice: Person, bob: Person, newcomer: Newcomer
) -> None:
    carol = await newcomer("carol")
    group = await groups.make(alice, "Chess", history="joined")
    desk, phone, other = await devices.desk(alice), await devices.phone(bob), await devices.desk(carol)
    await desk.open(f"/groups/{group}/about")
    await phone.open("/messages")
    await other.open("/messages")
    for person in (bob, carol):
        await desk.page.get_by_role("button", name="Invite somebody").click()
        await desk.page.get_by_role("combobox", name="Search people").fill(person.username)
        await desk.page.get_by_role("option").filter(has_text=person.nickname).click()
        await expect(desk.page.get_by_role("list", name="Invitations")).to_contain_text(person.nickname)
    received = phone.page.get_by_role("list", name="Invitations")
    await expect(received).to_contain_text(f"{alice.nickname} invites you")
    assert await findings(phone.page) == []
    to_carol = desk.page.get_by_role("list", name="Invitations").get_by_role("listitem").filter(has_text=carol.nickname)
    await expect(other.page.get_by_role("list", name="Invitations")).to_be_visible()
    await to_carol.get_by_role("button", name="Take back").click()
    await expect(other.page.get_by_role("list", name="Invitations")).to_have_count(0)
    await received.get_by_role("button", name="Join").click()
    await phone.chat.tell("I am in")
    await expect(received).to_have_count(0)
    await desk.page.get_by_role("switch", name="New members see what was written before").check()
    await expect(phone.page.get_by_text("New members see everything since")).to_be_visible()
    await desk.page.get_by_label("Each member writes").select_option("300")
    await expect(desk.page.get_by_text("Members write once in 5 minutes.")).to_be_visible()
    await desk.page.get_by_role("switch", name="Everybody here can find it").check()
    await expect(desk.page.get_by_text("Public group")).to_be_visible()
    assert await findings(desk.page) == []
    await desk.page.get_by_label("Who writes").select_option("admin")
    await expect(phone.page.get_by_text("Only admins write in this group.")).to_be_visible()
    await groups.change(alice, group, public=False)
    async with await alice.request("POST", f"/groups/{group}/invitations", json={"user": carol.id}) as response:
        assert response.status == 202
    await other.page.get_by_role("button", name="Decline").click()
    await expect(other.page.get_by_role("list", name="Invitations")).to_have_count(0)
    assert (await carol.get("/invitations"))["invitations"] == []
