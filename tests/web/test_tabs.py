"""Several tabs of one browser: whoever signs out, all of them say the same of it."""

from playwright.async_api import expect

from tests.support import Person
from tests.web.browser import SOCKET_GIVEN_UP, Devices
from tests.web.pages import confirm, expect_signed_out

#: Holds back what other tabs tell of ``localStorage`` until ``release``, as a busy browser does.
HOLD_STORAGE_EVENTS = """
    const held = []
    const hold = (event) => { event.stopImmediatePropagation(); held.push(event) }
    addEventListener('storage', hold, true)
    addEventListener('release', () => {
        removeEventListener('storage', hold, true)
        for (const { key, newValue } of held) dispatchEvent(new StorageEvent('storage', { key, newValue }))
    })
"""


async def test_signing_out_in_one_tab_signs_the_other_out(devices: Devices, alice: Person, bob: Person) -> None:
    desk = await devices.desk(bob)
    desk.allow(SOCKET_GIVEN_UP)
    await desk.open(f"/messages/{alice.id}")
    await desk.chat.box.fill("a draft that nobody else should find")
    other = await desk.context.new_page()
    first = desk.page
    desk.use(other)
    await desk.settings.open("security")
    await desk.settings.sign_out.click()
    await desk.settings.sign_out_anyway.click()
    await other.wait_for_url("**/login**")
    await expect_signed_out(first, "signed out in another tab")
    kept = await first.evaluate("JSON.stringify(Object.entries(localStorage))")
    assert "draft" not in kept
    await first.go_back()
    await expect(first.get_by_text("a draft that")).to_have_count(0)


async def test_a_tab_says_who_ended_the_session_though_the_server_was_quicker(devices: Devices, bob: Person) -> None:
    desk = await devices.desk(bob)
    desk.allow("status of 401", SOCKET_GIVEN_UP)
    await desk.page.add_init_script(HOLD_STORAGE_EVENTS)
    await desk.open("/messages")
    await expect(desk.conversations.new).to_be_visible()
    other = await desk.context.new_page()
    first = desk.page
    desk.use(other)
    await desk.settings.open("security")
    await desk.settings.sign_out.click()
    await expect_signed_out(first, "session ended or expired")
    await first.evaluate("dispatchEvent(new Event('release'))")
    await expect_signed_out(first, "signed out in another tab")


async def test_no_tab_says_that_another_signed_out_when_the_session_was_ended(devices: Devices, bob: Person) -> None:
    desk, phone = await devices.desk(bob), await devices.phone(await bob.device())
    phone.allow("status of 401", SOCKET_GIVEN_UP)
    await phone.open("/messages")
    await expect(phone.conversations.new).to_be_visible()
    other = await phone.context.new_page()
    await other.goto(phone.page.url)
    await expect(other.get_by_role("button", name="New conversation")).to_be_visible()
    await desk.settings.open("security")
    await desk.settings.end_session.click()
    await confirm(desk.page)
    for tab in (phone.page, other):
        await expect_signed_out(tab, "session ended or expired")
