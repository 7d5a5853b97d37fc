"""Writing a message: keys, drafts, limits, and what failed."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from tests.process import ServerProcess
from tests.support import PASSWORD, Person
from tests.web.browser import Devices
from tests.web.conftest import Newcomer


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The server's data directory."""
    return tmp_path_factory.mktemp("composing") / "data"


@pytest.fixture(scope="module")
def server(built: None, data_dir: Path) -> Iterator[ServerProcess]:
    """A server whose database is at hand."""
    with ServerProcess(data_dir) as server:
        yield server


async def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until ``target`` has the focus."""
    await expect(target).to_be_visible()
    for _ in range(60):
        if await target.evaluate("element => element === document.activeElement"):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reaches {target}")


async def test_enter_sends_and_shift_enter_breaks_the_line(devices: Devices, alice: Person, bob: Person) -> None:
    desk = await devices.desk(alice)
    await desk.open(f"/messages/{bob.id}")
    await desk.chat.box.press_sequentially("one")
    await desk.chat.box.press("Shift+Enter")
    await desk.chat.box.press_sequentially("two")
    await expect(desk.chat.box).to_have_value("one\ntwo")
    await expect(desk.chat.messages).to_have_count(0)
    await desk.chat.box.press("Enter")
    await expect(desk.chat.message("one")).to_have_attribute("data-state", "sent")
    assert "one\ntwo" in await desk.chat.message("one").inner_text()
    await expect(desk.chat.box).to_have_value("")
    (item,) = (await bob.get(f"/messages/history/{alice.id}"))["items"]
    assert item["content"] == "one\ntwo"


async def test_nothing_is_sent_of_white_space_alone(devices: Devices, alice: Person, bob: Person) -> None:
    desk = await devices.desk(alice)
    await desk.open(f"/messages/{bob.id}")
    await desk.chat.box.fill(" \n ")
    await expect(desk.chat.send_button).to_be_disabled()
    await desk.chat.box.press("Enter")
    await desk.chat.tell("something")
    await expect(desk.chat.messages).to_have_count(1)


async def test_a_message_may_be_2000_characters_long_and_no_longer(
    devices: Devices, alice: Person, bob: Person
) -> None:
    desk = await devices.desk(alice)
    await desk.open(f"/messages/{bob.id}")
    longest = "😀" * 2000
    await desk.chat.box.fill(longest + "!")
    await desk.chat.box.press("Enter")
    await expect(desk.chat.box).to_have_value(longest + "!")
    await expect(desk.chat.messages).to_have_count(0)
    await desk.chat.box.fill(longest)
    await desk.chat.box.press("Enter")
    await expect(desk.chat.messages.first).to_have_attribute("data-state", "sent")
    (item,) = (await bob.get(f"/messages/history/{alice.id}"))["items"]
    assert item["content"] == longest


async def test_the_send_button_sends_and_the_box_keeps_the_focus(devices: Devices, alice: Person, bob: Person) -> None:
    phone = await devices.phone(alice)
    await phone.open(f"/messages/{bob.id}")
    await phone.chat.box.fill("by the button")
    await phone.chat.send_button.tap()
    await expect(phone.chat.message("by the button")).to_have_attribute("data-state", "sent")
    await expect(phone.chat.box).to_be_focused()


async def test_each_conversation_keeps_its_own_draft(
    devices: Devices, alice: Person, bob: Person, newcomer: Newcomer
) -> None:
    carol = await newcomer("carol")
    await bob.send(alice, "from one")
    await carol.send(alice, "from the other")
    desk = await devices.desk(alice)
    await desk.open(f"/messages/{bob.id}")
    await desk.chat.box.fill("for Bob")
    await desk.conversations.of(carol.nickname).click()
    await expect(desk.chat.heading(carol.nickname)).to_be_visible()
    await expect(desk.chat.box).to_have_value("")
    await desk.conversations.of(bob.nickname).click()
    await expect(desk.chat.box).to_have_value("for Bob")
    await desk.page.reload()
    await expect(desk.chat.box).to_have_value("for Bob")


async def test_what_the_server_refused_is_kept_and_can_be_retried(
    devices: Devices, alice: Person, bob: Person, data_dir: Path
) -> None:
    question = await bob.send(alice, "what do you say?")
    desk = await devices.desk(alice)
    await desk.open(f"/messages/{bob.id}")
    message = desk.chat.by_id(question["id"])
    await desk.chat.act(message, "Reply")
    with closing(sqlite3.connect(data_dir / "chatd.db", isolation_level=None)) as db:
        db.execute("PRAGMA wal_autocheckpoint = 0")
        home = db.execute("SELECT conversation_id FROM messages WHERE id = ?", (question["id"],)).fetchone()
        away = db.execute(
            "INSERT INTO conversations (kind, name, created_at) VALUES ('group', 'elsewhere', 0) RETURNING id"
        ).fetchone()
        move = "UPDATE messages SET conversation_id = ? WHERE id = ?"
        db.execute(move, (*away, question["id"]))
        await desk.chat.say("I say this")
        answer = desk.chat.message("I say this")
        await expect(answer).to_have_attribute("data-state", "failed")
        await desk.chat.tell("and something else")
        await desk.page.reload()
        await expect(answer).to_have_attribute("data-state", "failed")
        db.execute(move, (*home, question["id"]))
        await desk.page.get_by_role("button", name="Retry").click()
        await expect(answer).to_have_attribute("data-state", "sent")
        await desk.page.reload()
        await expect(desk.chat.messages).to_have_count(3)
        await expect(desk.page.get_by_role("button", name="Retry")).to_have_count(0)


async def test_what_the_server_refused_can_be_discarded(
    devices: Devices, alice: Person, bob: Person, data_dir: Path
) -> None:
    desk = await devices.desk(alice)
    question = await bob.send(alice, "what do you say?")
    await desk.open(f"/messages/{bob.id}")
    await desk.chat.act(desk.chat.by_id(question["id"]), "Reply")
    with closing(sqlite3.connect(data_dir / "chatd.db", isolation_level=None)) as db:
        db.execute("PRAGMA wal_autocheckpoint = 0")
        away = db.execute(
            "INSERT INTO conversations (kind, name, created_at) VALUES ('group', 'elsewhere', 0) RETURNING id"
        ).fetchone()
        db.execute("UPDATE messages SET conversation_id = ? WHERE id = ?", (*away, question["id"]))
    await desk.chat.say("better not")
    await expect(desk.chat.message("better not")).to_have_attribute("data-state", "failed")
    await desk.page.get_by_role("button", name="Discard").click()
    await expect(desk.chat.message("better not")).to_have_count(0)
    await desk.page.reload()
    await expect(desk.chat.box).to_be_visible()
    await expect(desk.chat.message("better not")).to_have_count(0)


async def test_a_conversation_is_held_by_the_keyboard_alone(devices: Devices, alice: Person, bob: Person) -> None:
    await bob.send(alice, "can you do it without a mouse?")
    desk = await devices.desk()
    page = desk.page
    await desk.open("/login")
    await tab_to(page, desk.entrance.username)
    await page.keyboard.type(alice.username)
    await tab_to(page, desk.entrance.password)
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/messages")
    await tab_to(page, desk.conversations.of(bob.nickname))
    await page.keyboard.press("Enter")
    await expect(desk.chat.message("without a mouse")).to_be_visible()
    await tab_to(page, desk.chat.box)
    await page.keyboard.type("of course")
    await page.keyboard.press("Enter")
    await expect(desk.chat.message("of course")).to_have_attribute("data-state", "sent")
    menu = desk.chat.message("of course").get_by_role("button", name="Message actions")
    await tab_to(page, menu)
    await page.keyboard.press("Enter")
    edit = page.get_by_role("menuitem", name="Edit")
    await expect(edit).to_be_visible()
    for _ in range(6):
        if await edit.evaluate("element => element === document.activeElement"):
            break
        await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(desk.chat.box).to_be_focused()
    await page.keyboard.type(", I can")
    await page.keyboard.press("Enter")
    await expect(desk.chat.message("of course, I can")).to_contain_text("edited")
    await tab_to(page, desk.conversations.new)
    await page.keyboard.press("Enter")
    await expect(desk.conversations.search).to_be_focused()
    await page.keyboard.type(bob.username)
    await expect(desk.conversations.result(bob.nickname)).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(desk.conversations.dialog).to_have_count(0)
    await expect(desk.page).to_have_title(re.compile(bob.nickname))
