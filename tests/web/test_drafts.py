"""What is being written is kept, with what it answers, and all tabs share it."""

import pytest
from playwright.async_api import expect

from tests.support import Person
from tests.web.browser import Devices
from tests.web.conftest import Newcomer
from tests.web.unfinished import delete, look_elsewhere, replying, tabs


class TestReplies:
    """What a message answers stays with it until it is sent."""

    async def test_it_outlives_another_chat_a_reload_and_an_edit(
        self, devices: Devices, alice: Person, bob: Person, newcomer: Newcomer
    ) -> None:
        desk, question = await replying(devices, alice, bob)
        carol = await newcomer("carol")
        await carol.send(alice, "hello")
        title = desk.page.get_by_text(f"Replying to {bob.nickname}")
        await look_elsewhere(desk, bob, carol)
        await expect(title).to_be_visible()
        await desk.page.reload()
        await expect(title).to_be_visible()
        await desk.chat.box.press("ArrowUp")
        await expect(desk.chat.box).to_have_value("well")
        await expect(title).to_have_count(0)
        await desk.chat.box.press("Escape")
        await expect(title).to_be_visible()
        await desk.chat.box.press("ArrowUp")
        await desk.chat.say("well, well")
        await expect(desk.chat.message("well, well")).to_be_visible()
        await expect(title).to_be_visible()
        await desk.chat.tell("this")
        await expect(title).to_have_count(0)
        page = await bob.get("/messages", params={"user": alice.id})
        assert page["items"][-1]["reply_to"] == question

    @pytest.mark.parametrize("seen", [True, False])
    async def test_of_a_message_deleted_meanwhile_nothing_is_shown(
        self, devices: Devices, alice: Person, bob: Person, seen: bool
    ) -> None:
        desk, question = await replying(devices, alice, bob)
        await desk.chat.box.fill("my answer")
        if not seen:
            await desk.open("/settings")
        await delete(bob, question)
        if not seen:
            for number in range(60):
                await bob.send(alice, f"number {number}")
            await desk.open(f"/messages/{bob.id}")
        bar = desk.page.locator("form").filter(has_text=f"Replying to {bob.nickname}")
        await expect(bar).to_contain_text("Message deleted")
        await expect(desk.page.get_by_text("what do you say?")).to_have_count(0)
        await desk.chat.tell("my answer")
        page = await bob.get("/messages", params={"user": alice.id})
        assert page["items"][-1]["reply_to"] == question


class TestTabs:
    """The tabs of a browser share what is being written."""

    async def test_a_draft_is_in_both_and_once_sent_in_neither(
        self, devices: Devices, alice: Person, bob: Person
    ) -> None:
        one, other = await tabs(devices, alice, bob)
        await one.box.fill("a draft")
        await expect(other.box).to_have_value("a draft")
        await other.box.press_sequentially(" of both")
        await expect(one.box).to_have_value("a draft of both")
        await one.box.press("Enter")
        await expect(other.message("a draft of both")).to_be_visible()
        for chat in (one, other):
            await expect(chat.box).to_have_value("")
            await chat.page.reload()
            await expect(chat.box).to_have_value("")
        await other.box.press("Enter")
        await expect(one.message("a draft of both")).to_have_count(1)

    async def test_a_reply_and_an_edit_are_in_both(self, devices: Devices, alice: Person, bob: Person) -> None:
        one, other = await tabs(devices, alice, bob)
        await one.act(one.message("soon"), "Reply")
        await expect(other.page.get_by_text("Replying to yourself")).to_be_visible()
        await other.box.press("ArrowUp")
        await other.box.fill("later")
        await expect(one.box).to_have_value("later")
        await one.box.press("Enter")
        for chat in (one, other):
            await expect(chat.message("later")).to_be_visible()
            await expect(chat.page.get_by_text("Replying to yourself")).to_be_visible()
        await other.box.press("Escape")
        await expect(one.page.get_by_text("Replying to yourself")).to_have_count(0)

    async def test_the_cursor_stays_where_somebody_writes(self, devices: Devices, alice: Person, bob: Person) -> None:
        one, other = await tabs(devices, alice, bob)
        await one.box.fill("begin end")
        await expect(other.box).to_have_value("begin end")
        await one.box.evaluate("field => field.setSelectionRange(6, 6)")
        await other.box.press_sequentially("!")
        await expect(one.box).to_have_value("begin end!")
        await one.box.press_sequentially("middle ")
        await expect(other.box).to_have_value("begin middle end!")

    async def test_a_draft_of_an_earlier_version_is_shown_and_read_by_it(
        self, devices: Devices, alice: Person, bob: Person
    ) -> None:
        one, other = await tabs(devices, alice, bob)
        key = f"chatd.draft.{alice.id}.{bob.id}"
        await one.page.evaluate("([key, text]) => localStorage.setItem(key, text)", [key, '{"text": "no draft"}'])
        await expect(other.box).to_have_value('{"text": "no draft"}')
        await one.act(one.message("soon"), "Reply")
        await other.box.fill("newer")
        await one.page.wait_for_function("([key, text]) => localStorage.getItem(key) === text", arg=[key, "newer"])


class TestCounting:
    """The counter says what it counts."""

    async def test_what_is_left_is_said_in_words(self, devices: Devices, alice: Person, bob: Person) -> None:
        for device in (await devices.desk(alice), await devices.phone(alice)):
            await device.open(f"/messages/{bob.id}")
            await device.chat.box.fill("a" * 1700)
            await expect(device.page.get_by_text("left", exact=False)).to_have_count(0)
            await device.chat.box.fill("a" * 1950)
            await expect(device.page.get_by_text("50 characters left")).to_be_visible()
            await expect(device.chat.box).to_have_accessible_description("50 characters left")
            await device.chat.box.fill("\U0001f600" * 2012)
            await expect(device.page.get_by_text("12 characters too many")).to_be_visible()
            await expect(device.page.get_by_role("status").filter(has_text="at most 2000 characters")).to_have_count(1)
            said = await device.page.get_by_text("12 characters too many").bounding_box()
            field = await device.chat.box.bounding_box()
            assert said is not None
            assert field is not None
            assert said["y"] >= field["y"] + field["height"]


class TestTheList:
    """Where a draft is found again."""

    async def test_a_first_message_that_was_only_begun_is_in_the_list(
        self, devices: Devices, alice: Person, bob: Person, newcomer: Newcomer
    ) -> None:
        carol = await newcomer("carol")
        await carol.send(bob, "hello")
        phone = await devices.phone(bob)
        await phone.open(f"/messages/{alice.id}")
        await phone.chat.box.fill("a long first message")
        await phone.page.get_by_role("link", name="Back to the conversations").click()
        entry = phone.conversations.of(alice.nickname)
        await expect(entry).to_contain_text("Draft: a long first message")
        await phone.page.reload()
        await expect(entry).to_contain_text("Draft: a long first message")
        await entry.click()
        await expect(phone.chat.box).to_have_value("a long first message")
        await phone.chat.box.fill("")
        await phone.page.get_by_role("link", name="Back to the conversations").click()
        await expect(phone.conversations.of(carol.nickname)).to_be_visible()
        await expect(entry).to_have_count(0)
