"""What axe finds on every page and in every menu and dialog, light and dark, on a phone and on a desk."""

from typing import Any, Literal, get_args

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Page, expect

from tests.support import Person
from tests.web.browser import DESK, PHONE, Device, Devices
from tests.web.pages import Part
from tests.web.test_windows import sized

Scheme = Literal["light", "dark"]

EVERYWHERE = pytest.mark.parametrize(
    ("scheme", "form"),
    [("light", DESK), ("dark", DESK), ("light", PHONE), ("dark", PHONE)],
    ids=["light desk", "dark desk", "light phone", "dark phone"],
)

#: Phones upright and on their side, desks, and a page at 400 %.
SIZES = [
    *((390, 844, True), (844, 190, True), (320, 200, False)),
    *((1024, 768, False), (1280, 800, False), (1920, 1080, False), (2560, 1300, False)),
]


async def findings(page: Page) -> list[str]:
    """Return what axe calls serious or critical, when nothing moves any more."""
    await page.evaluate("Promise.allSettled(document.getAnimations().map(animation => animation.finished))")
    found = await Axe().run(page)
    return [
        f"{violation['id']}: {violation['help']}: {node['html']} ({node['failureSummary']})"
        for violation in found.response["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]


async def device_of(devices: Devices, person: Person | None, scheme: Scheme, form: dict[str, Any]) -> Device:
    """Return a device that does not animate."""
    return await devices.device(person, color_scheme=scheme, reduced_motion="reduce", **form)


@EVERYWHERE
async def test_the_entrance_is_accessible(devices: Devices, scheme: Scheme, form: dict[str, Any]) -> None:
    device = await device_of(devices, None, scheme, form)
    device.allow("status of 4..")
    await device.open("/login")
    await expect(device.entrance.sign_in_heading).to_be_visible()
    assert await findings(device.page) == []
    await device.entrance.sign_in("nobody", "nothing at all")
    await expect(device.page.get_by_role("alert")).to_be_visible()
    assert await findings(device.page) == []
    await device.open("/register")
    await device.entrance.register("x", "", "short")
    await expect(device.entrance.password).to_have_attribute("aria-invalid", "true")
    assert await findings(device.page) == []


@EVERYWHERE
async def test_the_messages_are_accessible(
    devices: Devices, alice: Person, bob: Person, scheme: Scheme, form: dict[str, Any]
) -> None:
    device = await device_of(devices, bob, scheme, form)
    await device.open("/messages")
    await expect(device.conversations.new).to_be_visible()
    assert await findings(device.page) == []
    question = await alice.send(bob, "see https://example.org/")
    async with await alice.request("PUT", f"/messages/{question['id']}/reactions/👍") as response:
        assert response.ok
    gone = await alice.send(bob, "gone")
    async with await alice.request("DELETE", f"/messages/{gone['id']}") as response:
        assert response.ok
    await expect(device.conversations.of(alice.nickname)).to_be_visible()
    assert await findings(device.page) == []
    await device.conversations.of(alice.nickname).click()
    await expect(device.chat.divider).to_be_visible()
    await device.chat.reply(device.chat.by_id(question["id"]), alice.nickname, "I have seen it")
    await device.chat.edit(device.chat.message("I have seen it"), "I have seen it, thanks")
    await expect(device.chat.message("I have seen it, thanks")).to_contain_text("edited")
    await device.chat.act(device.chat.by_id(question["id"]), "Reply")
    await device.chat.box.fill("a draft")
    assert await findings(device.page) == []
    message = device.chat.message("I have seen it, thanks")
    await device.chat.open_menu(message)
    await expect(device.page.get_by_role("menuitem", name="Delete")).to_be_visible()
    assert await findings(device.page) == []
    await device.page.get_by_role("menuitem", name="Delete").click()
    await expect(device.page.get_by_text("Delete this message?")).to_be_visible()
    assert await findings(device.page) == []
    await device.page.keyboard.press("Escape")
    await device.chat.act(device.chat.by_id(question["id"]), "React")
    await expect(device.page.get_by_role("button", name="React with 👍")).to_be_in_viewport()
    assert await findings(device.page) == []


@EVERYWHERE
async def test_finding_a_person_and_the_settings_are_accessible(
    devices: Devices, alice: Person, bob: Person, scheme: Scheme, form: dict[str, Any]
) -> None:
    device = await device_of(devices, bob, scheme, form)
    await device.open("/messages")
    await device.conversations.new.click()
    await device.conversations.search.fill(alice.username)
    await expect(device.conversations.result(alice.nickname)).to_be_visible()
    assert await findings(device.page) == []
    await device.open("/settings")
    await expect(device.settings.pages).to_be_visible()
    assert await findings(device.page) == []
    for part in get_args(Part):
        await device.settings.open(part)
        await expect(device.page.get_by_role("heading", level=1)).to_be_visible()
        await expect(device.page.get_by_role("status", name="Loading")).to_have_count(0)
        assert await findings(device.page) == []
    await device.navigation.account.click()
    await expect(device.page.get_by_role("menuitem", name="Sign out")).to_be_visible()
    assert await findings(device.page) == []


@pytest.mark.parametrize(("width", "height", "touch"), SIZES, ids=lambda value: str(value))
@pytest.mark.parametrize("colours", ["light", "dark", "forced"])
async def test_windows_of_any_size_are_accessible_in_any_colours(
    devices: Devices, alice: Person, bob: Person, colours: str, width: int, height: int, touch: bool
) -> None:
    await bob.send(alice, "and this is *mine*")
    await alice.send(bob, "see https://example.org/")
    device = await devices.device(
        bob,
        color_scheme="dark" if colours == "dark" else "light",
        forced_colors="active" if colours == "forced" else "none",
        reduced_motion="reduce",
        **sized(width, height, touch),
    )
    device.allow("status of 404")
    await device.open("/messages")
    await expect(device.navigation.unread(1)).to_be_visible()
    assert await findings(device.page) == []
    await device.conversations.of(alice.nickname).click()
    await expect(device.chat.message("example.org")).to_be_visible()
    await device.chat.box.fill("a draft")
    assert await findings(device.page) == []
    await device.open("/settings")
    await expect(device.page.get_by_role("heading", level=1)).to_be_visible()
    assert await findings(device.page) == []
    await device.open("/nowhere")
    await expect(device.page.get_by_role("heading", name="Page not found")).to_be_visible()
    assert await findings(device.page) == []


async def test_a_message_that_comes_is_read_out_and_one_that_is_deleted_is_not_any_more(
    devices: Devices, alice: Person, bob: Person
) -> None:
    await bob.send(alice, "first")
    desk = await devices.desk(alice)
    await desk.open(f"/messages/{bob.id}")
    await expect(desk.chat.message("first")).to_be_visible()
    live = desk.page.get_by_role("status")
    await expect(live.filter(has_text="first")).to_have_count(0)
    message_id = (await bob.send(alice, "news"))["id"]
    await expect(live.filter(has_text=f"{bob.nickname}: news")).to_have_attribute("aria-live", "polite")
    async with await bob.request("DELETE", f"/messages/{message_id}") as response:
        assert response.ok, await response.text()
    await expect(live.filter(has_text="news")).to_have_count(0)
