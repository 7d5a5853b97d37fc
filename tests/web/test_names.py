"""Names: whom they turn around, whom they hide, and how to tell apart those who have the same one."""

import asyncio
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.async_api import Locator, expect

from tests.process import ServerProcess
from tests.support import PASSWORD, Person
from tests.web.browser import Device, Devices
from tests.web.conftest import Newcomer
from tests.web.test_accessibility import findings

#: What no name may be any more, and old ones are.
UNFIT = {
    "right to left": "\u202egnol oot",
    "isolated": "\u2067Anna",
    "blank": "   ",
    "invisible": "\u200b\u2060",
    "fillers": "\u3164\u115f",
    "hidden within": "An\u200bna",
}

#: What may be one.
FIT = ("سارة العلي", "דנה", "علی\u200cرضا", "नमस्\u200dते", "Anna 👩\u200d🚀", "Zoë \u2764\ufe0f")


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The server's data directory."""
    return tmp_path_factory.mktemp("names") / "data"


@pytest.fixture(scope="module")
def server(built: None, data_dir: Path) -> Iterator[ServerProcess]:
    """A server whose database can be written to."""
    with ServerProcess(data_dir) as server:
        yield server


async def renamed(person: Person, nickname: str) -> None:
    """Give somebody another nickname."""
    async with await person.request("PUT", "/users/me", json={"nickname": nickname}) as response:
        assert response.status == 200, await response.text()


async def rewrite(data_dir: Path, statement: str, *values: object) -> None:
    """Write what the server would refuse, as an older one did not."""
    with closing(sqlite3.connect(data_dir / "chatd.db", timeout=30)) as db, db:
        assert db.execute(statement, values).rowcount == 1


async def left_of(locator: Locator, text: str) -> float:
    """Return where ``text`` is drawn within an element, in pixels from the left of the window."""
    found: float = await locator.evaluate(
        """(element, text) => {
          const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT)
          while (walker.nextNode()) {
            const at = walker.currentNode.data.indexOf(text)
            if (at < 0) continue
            const range = document.createRange()
            range.setStart(walker.currentNode, at)
            range.setEnd(walker.currentNode, at + text.length)
            return range.getBoundingClientRect().left
          }
        }""",
        text,
    )
    return found


async def is_before(locator: Locator, *texts: str) -> None:
    """Expect texts to be drawn from the left to the right in this order."""
    places = [await left_of(locator, text) for text in texts]
    assert places == sorted(places), (texts, places)


@pytest.mark.parametrize("nickname", UNFIT.values(), ids=UNFIT.keys())
async def test_an_old_name_that_hides_something_is_shown_as_the_username(
    devices: Devices, data_dir: Path, newcomer: Newcomer, alice: Person, nickname: str
) -> None:
    mallory = await newcomer("mallory")
    await mallory.send(alice, "hello")
    await rewrite(data_dir, "UPDATE users SET nickname = ? WHERE id = ?", nickname, mallory.id)
    desk = await devices.desk(alice)
    await desk.open("/messages")
    await desk.conversations.of(mallory.username).click()
    await expect(desk.chat.heading(mallory.username)).to_be_visible()
    await expect(desk.page).to_have_title(re.compile(rf"^(\(1\) )?{mallory.username} · chatd$"))
    await desk.page.get_by_role("button", name=f"More about {mallory.username}").click()
    await desk.page.get_by_role("menuitem", name="Block").click()
    await expect(desk.page.get_by_role("dialog", name=f"Block {mallory.username}?")).to_be_visible()
    await desk.page.keyboard.press("Escape")
    await desk.conversations.new.click()
    await desk.conversations.search.fill(mallory.username)
    await expect(desk.conversations.people).to_have_text([re.compile(f"{mallory.username}.*@{mallory.username}")])
    shown = await desk.page.locator("body").inner_text()
    assert not re.search("[\u2066-\u2069\u202a-\u202e\u200b\u2060\u3164]", shown)


@pytest.mark.parametrize("nickname", FIT)
async def test_a_name_of_any_script_is_shown_as_it_is(
    devices: Devices, newcomer: Newcomer, alice: Person, nickname: str
) -> None:
    other = await newcomer("other")
    await renamed(other, nickname)
    desk = await devices.desk(alice)
    await desk.open(f"/messages/{other.id}")
    await expect(desk.chat.heading(nickname)).to_be_visible()


async def test_a_name_from_right_to_left_turns_no_sentence_around(
    devices: Devices, newcomer: Newcomer, alice: Person
) -> None:
    sara = await newcomer("sara")
    await renamed(sara, "سارة ١")
    desk = await devices.desk(alice)
    await desk.open(f"/messages/{sara.id}")
    hello = desk.page.get_by_text("Say hello to")
    await is_before(hello, "Say", "to", "سارة", ".")
    await sara.send(alice, "مرحبا")
    await expect(desk.chat.message("مرحبا")).to_be_visible()
    hers = await devices.desk(sara)
    await hers.open(f"/messages/{alice.id}")
    # She goes on: that somebody is typing is soon over.
    typing = asyncio.create_task(hers.chat.box.press_sequentially("abc" * 200, delay=100))
    await is_before(desk.page.get_by_text("is typing"), "سارة", "is", "typing")
    typing.cancel()
    await desk.page.get_by_role("button", name="More about").click()
    await desk.page.get_by_role("menuitem", name="Block").click()
    dialog = desk.page.get_by_role("dialog")
    await is_before(dialog.get_by_role("heading"), "Block", "سارة", "?")
    await dialog.get_by_role("button", name="Block").click()
    await is_before(desk.page.get_by_text("You have blocked"), "You", "blocked", "سارة", ".")


async def test_a_message_that_turns_text_around_turns_nothing_around_beside_it(
    devices: Devices, data_dir: Path, alice: Person, bob: Person
) -> None:
    message = await alice.send(bob, "to be rewritten")
    await rewrite(data_dir, "UPDATE messages SET content = ? WHERE id = ?", "abc \u202edef", message["id"])
    desk = await devices.desk(alice)
    await desk.open(f"/messages/{bob.id}")
    bubble = desk.chat.by_id(message["id"])
    await is_before(bubble, "abc", re.sub(r"^0?", "", await bubble.locator("time").inner_text())[:2])
    entry = desk.conversations.of(bob.nickname)
    await is_before(entry, "You:", "abc")


async def anna(newcomer: Newcomer) -> Person:
    """Return one more person called Anna."""
    person = await newcomer("anna")
    await renamed(person, "Anna")
    return person


async def test_two_of_one_name_are_told_apart_wherever_one_writes_to_somebody(
    devices: Devices, newcomer: Newcomer, alice: Person
) -> None:
    one, other = await anna(newcomer), await anna(newcomer)
    await one.send(alice, "first")
    await other.send(alice, "second")
    desk = await devices.desk(alice)
    hers = await devices.desk(one)
    await desk.open("/messages")
    for person in (one, other):
        await expect(desk.conversations.of("Anna").filter(has_text=f"@{person.username}")).to_have_count(1)
    await desk.conversations.of("Anna").filter(has_text=f"@{one.username}").click()
    header = desk.page.get_by_role("main").locator("header")
    await expect(header.get_by_text(f"@{one.username}")).to_be_visible()
    await hers.open("/messages")
    await expect(header.get_by_text("online", exact=True)).to_be_visible()
    await expect(header.get_by_text(f"@{one.username}")).to_be_visible()
    await desk.chat.act(desk.chat.message("first"), "Report")
    await expect(desk.page.get_by_role("dialog").get_by_text(f"@{one.username}")).to_be_visible()
    await desk.page.keyboard.press("Escape")
    await desk.page.get_by_role("button", name="More about Anna").click()
    await desk.page.get_by_role("menuitem", name="Block").click()
    await expect(desk.page.get_by_role("dialog").get_by_text(f"@{one.username}")).to_be_visible()
    await desk.page.keyboard.press("Escape")
    await desk.conversations.new.click()
    await desk.conversations.search.fill("Anna")
    for person in (one, other):
        await expect(desk.conversations.people.filter(has_text=f"@{person.username}")).to_have_count(1)


async def described(person: Person, bio: str) -> None:
    """Let somebody write about themselves."""
    async with await person.request("PUT", "/users/me", json={"nickname": person.nickname, "bio": bio}) as response:
        assert response.status == 200, await response.text()


@pytest.mark.parametrize("form", ["desk", "phone"])
async def test_a_person_has_a_page_that_the_name_in_the_header_leads_to(
    devices: Devices, alice: Person, bob: Person, form: str
) -> None:
    await described(bob, "Bees, bread\nand books")
    await bob.send(alice, "hello")
    device: Device = await getattr(devices, form)(alice)
    await device.open("/messages")
    await device.conversations.of(bob.nickname).click()
    await device.page.get_by_role("heading", name=bob.nickname).get_by_role("link").click()
    await device.page.wait_for_url(f"**/people/{bob.id}")
    main = device.page.get_by_role("main")
    await expect(main.get_by_role("heading", name=bob.nickname)).to_be_focused()
    for _ in range(2):
        await expect(main.get_by_text("Bees, bread")).to_be_visible()
        await expect(main.get_by_text(f"@{bob.username}")).to_be_visible()
        await expect(main.get_by_text("Here since")).to_be_visible()
        await expect(main.get_by_text(re.compile(r"\b20\d\d\b"))).to_be_visible()
        assert await findings(device.page) == []
        await device.page.reload()
    await described(bob, "Only bees")
    await bob.send(alice, "changed")
    await expect(main.get_by_text("Only bees")).to_be_visible()
    await main.get_by_role("button", name="Back").click()
    await device.page.wait_for_url(f"**/messages/{bob.id}")
    await device.page.go_forward()
    await main.get_by_role("button", name="Write").click()
    await device.page.wait_for_url(f"**/messages/{bob.id}")
    await device.page.go_back()
    await device.page.wait_for_url(f"**/people/{bob.id}")


async def test_somebody_is_blocked_and_reported_from_their_page(devices: Devices, alice: Person, bob: Person) -> None:
    await bob.send(alice, "buy this now")
    await alice.send(bob, "mine")
    desk = await devices.desk(alice)
    await desk.open(f"/people/{bob.id}")
    main = desk.page.get_by_role("main")
    await main.get_by_role("button", name="Report").click()
    choosing = desk.page.get_by_role("dialog", name=f"Report {bob.nickname}?")
    await expect(choosing.get_by_role("listitem")).to_have_count(1)
    await choosing.get_by_role("button", name=re.compile("buy this now")).click()
    reporting = desk.page.get_by_role("dialog", name="Report this message?")
    await reporting.get_by_label("What is wrong with it?").fill("spam")
    await reporting.get_by_role("button", name="Report").click()
    await expect(desk.page.get_by_text("Reported. Thank you.")).to_be_visible()
    await expect(reporting).to_have_count(0)
    await main.get_by_role("button", name="Block", exact=True).click()
    asking = desk.page.get_by_role("dialog", name=f"Block {bob.nickname}?")
    await asking.get_by_role("button", name="Block").click()
    await expect(main.get_by_text(f"You have blocked {bob.nickname}.")).to_be_visible()
    await main.get_by_role("button", name="Unblock", exact=True).click()
    await expect(main.get_by_role("button", name="Block", exact=True)).to_be_visible()
    assert await alice.get("/users/me/blocks") == []


async def test_ones_own_page_the_page_of_nobody_and_of_somebody_who_is_gone(
    devices: Devices, newcomer: Newcomer, alice: Person
) -> None:
    gone = await newcomer("gone")
    async with await gone.request("DELETE", "/users/me", json={"password": PASSWORD}) as response:
        assert response.status == 204
    desk = await devices.desk(alice)
    desk.allow("status of 404")
    main = desk.page.get_by_role("main")
    await desk.open(f"/people/{alice.id}")
    await expect(main.get_by_role("button", name="Block")).to_have_count(0)
    await main.get_by_role("button", name="Edit my profile").click()
    await desk.page.wait_for_url("**/settings**")
    await desk.open("/people/987654321")
    await expect(main.get_by_role("heading", name="There is no such person")).to_be_visible()
    await desk.open(f"/people/{gone.id}")
    await expect(main.get_by_role("heading", name="Deleted account")).to_be_visible()
    await expect(main.get_by_role("button", name="Block")).to_have_count(0)
    await expect(main.get_by_text("deleted:")).to_have_count(0)
