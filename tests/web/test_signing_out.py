"""Signing out asks before it deletes what is only in this browser."""

import pytest
from playwright.async_api import expect

from tests.support import Person
from tests.web.browser import LINE_LOST, Devices
from tests.web.conftest import Newcomer
from tests.web.pages import Chat
from tests.web.site import Site, kept
from tests.web.unfinished import editing


@pytest.fixture
def server(site: Site) -> Site:
    """Return a server in this process, which can be stopped."""
    return site


async def test_it_says_how_much_would_be_lost_and_where(
    devices: Devices, alice: Person, bob: Person, newcomer: Newcomer, server: Site
) -> None:
    carol = await newcomer("carol")
    await carol.send(alice, "hello")
    desk, _ = await editing(devices, alice, bob)
    desk.allow(*LINE_LOST, "status of 5")
    await desk.conversations.of(carol.nickname).click()
    await expect(desk.chat.heading(carol.nickname)).to_be_visible()
    await kept(desk.page)
    await server.stop()
    await expect(desk.navigation.reconnecting).to_be_visible()
    for text in ("one", "two"):
        await desk.chat.say(text)
    await expect(desk.chat.message("two")).to_have_attribute("data-state", "pending")
    await desk.settings.open("security")
    await desk.settings.sign_out.click()
    question = desk.settings.signing_out
    await expect(question.get_by_role("listitem").filter(has_text=carol.nickname)).to_contain_text(
        "2 messages not sent"
    )
    await expect(question.get_by_role("listitem").filter(has_text=bob.nickname)).to_contain_text(
        "1 draft and 1 edit not saved"
    )
    await expect(desk.settings.stay).to_be_focused()
    await desk.page.keyboard.press("Enter")
    await expect(question).to_have_count(0)
    await expect(desk.settings.sign_out).to_be_focused()
    await server.start()
    await expect(desk.navigation.reconnecting).to_have_count(0)
    await desk.settings.sign_out.click()
    await expect(question.get_by_role("listitem")).to_have_count(1)
    await question.get_by_role("link", name=bob.nickname).click()
    await expect(desk.chat.box).to_have_value("later")
    assert [item["content"] for item in (await carol.get(f"/messages/history/{alice.id}"))["items"]] == [
        "hello",
        "one",
        "two",
    ]


@pytest.mark.parametrize("is_offline", [False, True])
async def test_it_deletes_what_its_user_gives_up(
    devices: Devices, alice: Person, bob: Person, is_offline: bool
) -> None:
    desk, _ = await editing(devices, alice, bob)
    desk.allow(*LINE_LOST)
    await desk.navigation.settings.click()
    await desk.settings.pages.get_by_role("link", name="Security").click()
    await desk.settings.sign_out.click()
    await expect(desk.settings.stay).to_be_focused()
    await desk.page.keyboard.press("Escape")
    await expect(desk.settings.signing_out).to_have_count(0)
    await desk.context.set_offline(is_offline)
    await desk.settings.sign_out.click()
    await desk.settings.sign_out_anyway.click()
    await expect(desk.entrance.sign_in_heading).to_be_visible()
    kept = await desk.page.evaluate("JSON.stringify(Object.entries(localStorage))")
    assert "draft" not in kept
    assert "later" not in kept


async def test_it_asks_about_what_another_tab_has(devices: Devices, alice: Person, bob: Person) -> None:
    desk = await devices.desk(alice)
    await desk.settings.open("security")
    await expect(desk.settings.sign_out).to_be_visible()
    other = await desk.context.new_page()
    await other.goto(f"/messages/{bob.id}")
    await Chat(other).box.fill("typed in the other tab")
    await desk.settings.sign_out.click()
    await expect(desk.settings.signing_out).to_contain_text("1 draft")
    await Chat(other).box.press("Enter")
    await expect(desk.page.get_by_role("dialog", name="Sign out?")).to_contain_text("Everything is sent by now")


async def test_nothing_is_asked_where_nothing_would_be_lost(devices: Devices, alice: Person, bob: Person) -> None:
    phone = await devices.phone(alice)
    await phone.open(f"/messages/{bob.id}")
    await phone.chat.tell("sent")
    await phone.chat.box.fill("  ")
    await phone.settings.open("security")
    await phone.settings.sign_out.click()
    await expect(phone.entrance.sign_in_heading).to_be_visible()
