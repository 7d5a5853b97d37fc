"""Keeping others at a distance, taking one's data along, and leaving for good."""

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from tests.process import ServerProcess, chatd
from tests.support import PASSWORD, Person
from tests.web.browser import Device, Devices
from tests.web.test_accessibility import findings


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The server's data directory."""
    return tmp_path_factory.mktemp("people") / "data"


@pytest.fixture(scope="module")
def server(built: None, data_dir: Path) -> Iterator[ServerProcess]:
    """A server whose commands can be run."""
    with ServerProcess(data_dir) as server:
        yield server


def dialog(page: Page, name: str | re.Pattern[str]) -> Locator:
    """Return a dialog."""
    return page.get_by_role("dialog", name=name)


async def choose(device: Device, nickname: str, entry: str) -> None:
    """Choose from the menu of the person one talks to."""
    await device.page.get_by_role("button", name=f"More about {nickname}").click()
    await device.page.get_by_role("menuitem", name=entry, exact=True).click()


async def block(device: Device, nickname: str) -> None:
    """Block the person one talks to."""
    await choose(device, nickname, "Block")
    await dialog(device.page, f"Block {nickname}?").get_by_role("button", name="Block").click()
    await expect(device.page.get_by_text(f"You have blocked {nickname}.")).to_be_visible()


async def test_what_the_blocked_write_does_not_come_until_they_are_unblocked(
    devices: Devices, alice: Person, bob: Person
) -> None:
    await bob.send(alice, "before")
    hers, his = await devices.desk(alice), await devices.phone(bob)
    await hers.open(f"/messages/{bob.id}")
    await his.open(f"/messages/{alice.id}")
    await expect(hers.chat.message("before")).to_be_visible()
    await block(hers, bob.nickname)
    await expect(hers.chat.box).to_have_count(0)
    await his.chat.tell("meanwhile")
    await hers.page.get_by_role("button", name="Unblock", exact=True).click()
    await expect(hers.chat.box).to_be_visible()
    await his.chat.tell("afterwards")
    await expect(hers.chat.message("afterwards")).to_be_visible()
    await expect(hers.chat.message("meanwhile")).to_have_count(0)
    await hers.chat.tell("there you are")
    await expect(his.chat.message("there you are")).to_be_visible()


async def test_a_dialog_can_be_left_and_the_menu_unblocks_again(devices: Devices, alice: Person, bob: Person) -> None:
    desk = await devices.desk(alice)
    await desk.open(f"/messages/{bob.id}")
    await choose(desk, bob.nickname, "Block")
    asking = dialog(desk.page, f"Block {bob.nickname}?")
    await expect(asking).to_be_visible()
    await desk.page.keyboard.press("Escape")
    await expect(asking).to_have_count(0)
    await expect(desk.chat.box).to_be_visible()
    await block(desk, bob.nickname)
    await choose(desk, bob.nickname, "Unblock")
    await expect(desk.chat.box).to_be_visible()


async def test_the_blocked_are_listed_in_the_settings_in_the_readers_language(
    devices: Devices, alice: Person, bob: Person
) -> None:
    async with await alice.request("PUT", f"/users/{bob.id}/block") as response:
        assert response.status == 204
    desk, phone = await devices.desk(alice), await devices.phone(await alice.device(), locale="zh-CN")
    await phone.settings.open("privacy")
    await expect(phone.page.get_by_role("heading", name="已屏蔽的人")).to_be_visible()
    await expect(phone.page.get_by_role("button", name=f"取消屏蔽{bob.nickname}")).to_be_visible()
    await phone.open(f"/messages/{bob.id}")
    await expect(phone.page.get_by_text(f"你已屏蔽{bob.nickname}。")).to_be_visible()
    await desk.settings.open("privacy")
    await expect(desk.page.get_by_text(re.compile(r"Blocked (just now|\d+ min)"))).to_be_visible()
    await desk.page.get_by_role("button", name=f"Unblock {bob.nickname}").click()
    await expect(desk.page.get_by_text("You have blocked nobody.")).to_be_visible()
    assert await alice.get("/users/me/blocks") == []


async def test_a_message_is_reported_with_a_reason(
    devices: Devices, alice: Person, bob: Person, data_dir: Path
) -> None:
    await bob.send(alice, "buy this now")
    desk = await devices.desk(alice)
    await desk.open(f"/messages/{bob.id}")
    message = desk.chat.message("buy this now")
    await message.hover()
    await message.get_by_role("button", name="Message actions").click()
    await desk.page.get_by_role("menuitem", name="Report", exact=True).click()
    asking = dialog(desk.page, "Report this message?")
    await asking.get_by_role("button", name="Report").click()
    reason = asking.get_by_label("What is wrong with it?")
    await expect(reason).to_have_attribute("aria-invalid", "true")
    await reason.fill("spam")
    await asking.get_by_role("button", name="Report").click()
    await expect(desk.page.get_by_text("Reported.")).to_be_visible()
    await expect(asking).to_have_count(0)
    shown = chatd(data_dir, "reports", "list").stdout
    assert f"by {alice.username}\tof {bob.username}" in shown
    assert '"spam"\t"buy this now"' in shown


async def test_everything_of_ones_own_is_downloaded(devices: Devices, alice: Person, bob: Person) -> None:
    await alice.send(bob, "mine")
    desk = await devices.desk(alice)
    await desk.settings.open("privacy")
    async with desk.page.expect_download() as waiting:
        await desk.page.get_by_role("button", name="Download my data").click()
    download = await waiting.value
    assert download.suggested_filename == "chatd-export.zip"
    with zipfile.ZipFile(await download.path()) as archive:
        data = json.loads(archive.read("data.json"))
    assert data["profile"]["username"] == alice.username
    assert data["conversations"][0]["messages"][0]["content"] == "mine"


async def test_an_account_is_deleted_with_its_password_and_the_other_sees_that_it_is_gone(
    devices: Devices, alice: Person, bob: Person
) -> None:
    await alice.send(bob, "a secret")
    hers, his = await devices.phone(alice), await devices.desk(bob)
    hers.allow("status of 40[01]")
    await his.open(f"/messages/{alice.id}")
    await expect(his.chat.message("a secret")).to_be_visible()
    await hers.settings.open("privacy")
    await hers.page.get_by_role("button", name="Delete my account").click()
    asking = dialog(hers.page, "Delete your account?")
    password = asking.get_by_label("Your password")
    await password.fill("not it")
    await asking.get_by_role("button", name="Delete for ever").click()
    await expect(password).to_have_attribute("aria-invalid", "true")
    await password.fill(PASSWORD)
    await asking.get_by_role("button", name="Delete for ever").click()
    await hers.page.wait_for_url("**/login**")
    assert await hers.page.evaluate("localStorage.length") == 0
    await hers.entrance.sign_in(alice.username, PASSWORD)
    await expect(hers.page.get_by_role("alert")).to_be_visible()
    await expect(his.page.get_by_text("This account was deleted.")).to_be_visible()
    await expect(his.chat.heading("Deleted account")).to_be_visible()
    await expect(his.chat.message("Message deleted")).to_be_visible()
    await expect(his.chat.message("a secret")).to_have_count(0)
    await expect(his.chat.box).to_have_count(0)


async def test_who_has_deleted_their_account_is_called_so_in_the_readers_language(
    devices: Devices, alice: Person, bob: Person
) -> None:
    await alice.send(bob, "a secret")
    phone = await devices.phone(bob, locale="zh-CN")
    await phone.open("/messages")
    link = phone.page.get_by_role("listitem").get_by_role("link")
    await expect(link.filter(has_text=alice.nickname)).to_be_visible()
    async with await alice.request("DELETE", "/users/me", json={"password": PASSWORD}) as response:
        assert response.status == 204, await response.text()
    await link.filter(has_text="已注销的账号").click()
    await expect(phone.chat.heading("已注销的账号")).to_be_visible()
    await expect(phone.page).to_have_title(re.compile("已注销的账号"))
    await expect(phone.page.get_by_text("该账号已注销。")).to_be_visible()
    await expect(phone.page.get_by_role("article").filter(has_text="消息已删除")).to_be_visible()
    await expect(phone.page.get_by_text(re.compile("Deleted account|deleted:"))).to_have_count(0)


async def test_what_is_about_people_is_accessible(devices: Devices, alice: Person, bob: Person) -> None:
    await bob.send(alice, "buy this now")
    for device in (
        await devices.desk(alice, reduced_motion="reduce"),
        await devices.phone(await alice.device(), color_scheme="dark", reduced_motion="reduce"),
    ):
        await device.open(f"/messages/{bob.id}")
        await device.page.get_by_role("button", name=f"More about {bob.nickname}").click()
        await expect(device.page.get_by_role("menuitem", name="Block", exact=True)).to_be_visible()
        assert await findings(device.page) == []
        await device.page.get_by_role("menuitem", name="Block", exact=True).click()
        asking = dialog(device.page, f"Block {bob.nickname}?")
        await expect(asking).to_be_visible()
        assert await findings(device.page) == []
        await asking.get_by_role("button", name="Block").click()
        await expect(device.page.get_by_text(f"You have blocked {bob.nickname}.")).to_be_visible()
        assert await findings(device.page) == []
        await device.settings.open("privacy")
        await expect(device.page.get_by_role("button", name=f"Unblock {bob.nickname}")).to_be_visible()
        await device.page.get_by_role("button", name="Delete my account").click()
        await expect(dialog(device.page, "Delete your account?")).to_be_visible()
        assert await findings(device.page) == []
        await device.page.keyboard.press("Escape")
        await device.page.get_by_role("button", name=f"Unblock {bob.nickname}").click()
        await expect(device.page.get_by_text("You have blocked nobody.")).to_be_visible()
