"""Asking to join a group, and letting people in."""

import pytest
from playwright.async_api import Page, expect

from tests import groups
from tests.support import Person, until_true
from tests.web.browser import Devices
from tests.web.conftest import Newcomer
from tests.web.test_accessibility import EVERYWHERE, Scheme, device_of, findings

ASKED = "You have asked to join. An admin decides."


async def ask(page: Page, note: str = "") -> None:
    """Ask to join the group that the page shows."""
    if note:
        await page.get_by_label("A word to the admins").fill(note)
    await page.get_by_role("button", name="Ask to join").click()
    await expect(page.get_by_text(ASKED)).to_be_visible()


@pytest.mark.parametrize("way", ["code", "finder"])
async def test_who_asks_to_join_is_told_that_an_admin_decides_and_is_in_when_let_in(
    devices: Devices, alice: Person, bob: Person, way: str
) -> None:
    group = await groups.make(alice, f"Draughts {way}", public=True, approval=True)
    phone = await devices.phone(bob)
    if way == "code":
        await phone.open(f"/join/{await groups.code_of(alice, group)}")
    else:
        await phone.open("/messages")
        await expect(phone.conversations.new).to_be_visible()
        await phone.page.keyboard.press("Control+k")
        await phone.page.get_by_role("combobox").fill(f"draughts {way}")
        await phone.page.get_by_role("option", name=f"Draughts {way}").click()
    await ask(phone.page, "It is Bob")
    assert [each["note"] for each in await alice.get(f"/groups/{group}/requests")] == ["It is Bob"]
    await phone.page.reload()
    await expect(phone.page.get_by_text(ASKED)).to_be_visible()
    await phone.page.get_by_role("button", name="Ask no longer").click()
    await ask(phone.page)
    if way == "code":
        await alice.post(f"/groups/{group}/requests/{bob.id}", {"accept": True}, 204)
        await phone.page.get_by_role("link", name="To the conversations").click()
        await phone.conversations.of(f"Draughts {way}").click()
        await phone.chat.tell("I am in")
        return
    await alice.post(f"/groups/{group}/requests/{bob.id}", {"accept": False}, 204)
    await expect(phone.page.get_by_text(ASKED)).to_have_count(0)
    await ask(phone.page)
    await alice.post(f"/groups/{group}/requests/{bob.id}", {"accept": True}, 204)
    await phone.chat.tell("I am in")


async def asks_first(person: Person, group: int) -> bool:
    """Report whether people ask to join a group."""
    return bool((await person.get(f"/groups/{group}"))["group"]["approval"])


async def test_an_admin_lets_people_in_or_not_on_the_page_of_the_group(
    devices: Devices, alice: Person, bob: Person, newcomer: Newcomer
) -> None:
    carol = await newcomer("carol")
    group = await groups.make(alice, "Chess", public=True)
    desk = await devices.desk(alice)
    await desk.open(f"/groups/{group}/about")
    await desk.page.get_by_role("switch", name="People ask to join").click()
    await until_true(lambda: asks_first(alice, group))
    for person in (bob, carol):
        await person.post(f"/groups/{group}/join", {"note": f"It is {person.nickname}"}, 202)
    asking = desk.page.get_by_role("list", name="Asking to join")
    await expect(asking.get_by_role("listitem")).to_have_count(2)
    await expect(asking).to_contain_text(f"It is {carol.nickname}")
    assert await findings(desk.page) == []
    await asking.get_by_role("group", name=bob.nickname).get_by_role("button", name="Let in").click()
    await asking.get_by_role("group", name=carol.nickname).get_by_role("button", name="Refuse").click()
    await expect(asking).to_have_count(0)
    await expect(desk.page.get_by_role("list", name="Members").get_by_role("link", name=bob.nickname)).to_be_visible()
    assert set(await groups.roles(alice, group)) == {alice.id, bob.id}
    phone = await devices.phone(bob)
    await phone.open(f"/groups/{group}/about")
    await expect(phone.page.get_by_role("button", name="Leave the group")).to_be_visible()
    await expect(phone.page.get_by_role("switch")).to_have_count(0)


@EVERYWHERE
async def test_asking_is_accessible(
    devices: Devices, alice: Person, bob: Person, scheme: Scheme, form: dict[str, object]
) -> None:
    group = await groups.make(alice, "Chess", public=True, approval=True)
    device = await device_of(devices, bob, scheme, form)
    await device.open(f"/groups/{group}")
    await expect(device.page.get_by_label("A word to the admins")).to_be_visible()
    assert await findings(device.page) == []
    await ask(device.page)
    assert await findings(device.page) == []
