"""Whatever people write is shown as what it is: text."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from chatd.storage import users
from chatd.storage.commit import write_once
from tests.process import ServerProcess
from tests.support import PASSWORD, Person
from tests.web.browser import Devices
from tests.ws.v2_client import live

MARKUP = (
    '<img src=x onerror="alert(1)"><b>bold</b> &amp; <script>alert(2)</script> {{ 7 * 7 }} ${7} %s @:chat.send {name} |'
)

#: As long as a nickname may be.
MARKUP_NAME = "<img src=x onerror=alert(3)><b>{{7*7}}</b> {n} @:x"

ELEMENTS = "b, body script:not([src]), img[src='x']"


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The server's data directory."""
    return tmp_path_factory.mktemp("text") / "data"


@pytest.fixture(scope="module")
def server(built: None, data_dir: Path) -> Iterator[ServerProcess]:
    """A server whose database is at hand."""
    with ServerProcess(data_dir) as server:
        yield server


async def rename(person: Person, nickname: str) -> None:
    """Give somebody another nickname."""
    async with await person.request("PUT", "/users/me", json={"nickname": nickname}) as response:
        assert response.status == 200, await response.text()


def renamed_before(person: Person, nickname: str, data_dir: Path) -> None:
    """Give somebody a nickname that was possible once."""
    write_once(
        data_dir / "chatd.db",
        lambda tx: users.set_profile(
            tx.db, person.id, nickname=nickname, search_key=nickname, avatar_path=None, bio=None
        ),
    )


async def style(text: Locator, name: str) -> str:
    """Return the computed style of the innermost element that a text is in."""
    value: str = await text.evaluate("(element, name) => getComputedStyle(element)[name]", name)
    return value


async def test_markup_is_shown_as_text_in_every_place(devices: Devices, alice: Person, bob: Person) -> None:
    await rename(alice, MARKUP_NAME)
    first = await alice.send(bob, MARKUP)
    at_bobs = await devices.desk(bob)
    await at_bobs.open("/messages")
    entry = at_bobs.conversations.list.get_by_role("link")
    await expect(entry).to_contain_text(MARKUP_NAME)
    await expect(entry).to_contain_text(MARKUP)
    await entry.click()
    await expect(at_bobs.chat.heading(MARKUP_NAME)).to_be_visible()
    await expect(at_bobs.page).to_have_title(re.compile(re.escape(MARKUP_NAME)))
    await at_bobs.chat.reply(at_bobs.chat.by_id(first["id"]), MARKUP_NAME, f"I quote: {MARKUP}")
    await expect(at_bobs.chat.messages).to_have_count(2)
    for message in await at_bobs.chat.messages.all():
        await expect(message).to_contain_text(MARKUP)
    await expect(at_bobs.chat.messages.last.get_by_text(MARKUP)).to_have_count(2)
    await at_bobs.conversations.new.click()
    await at_bobs.conversations.search.fill(alice.username)
    await expect(at_bobs.conversations.dialog.get_by_text(MARKUP_NAME)).to_be_visible()
    await expect(at_bobs.page.locator(ELEMENTS)).to_have_count(0)


async def test_markup_is_text_in_what_somebody_says_of_themselves_and_their_devices(
    devices: Devices, alice: Person, bob: Person
) -> None:
    form = {"username": alice.username, "password": PASSWORD}
    async with alice.client.post("/auth/login", data=form, headers={"User-Agent": MARKUP}) as response:
        assert response.status == 200
    about = {"nickname": MARKUP_NAME, "bio": f"</textarea>{MARKUP}", "avatar_path": f'/x">{MARKUP}'.replace(" ", "%20")}
    async with await alice.request("PUT", "/users/me", json=about) as response:
        assert response.status == 200
    at_alices = await devices.desk(alice)
    at_alices.allow("404")  # the picture that is none
    await at_alices.settings.open("profile")
    await expect(at_alices.settings.bio).to_have_value(about["bio"])
    await expect(at_alices.settings.nickname).to_have_value(MARKUP_NAME)
    await at_alices.settings.open("security")
    await expect(at_alices.page.get_by_role("main").get_by_text(MARKUP, exact=True)).to_be_visible()
    await expect(at_alices.page.locator(ELEMENTS)).to_have_count(0)


async def test_markup_is_text_in_what_passes_by(devices: Devices, alice: Person, bob: Person) -> None:
    await rename(alice, MARKUP_NAME)
    await alice.send(bob, "hello")
    at_bobs = await devices.desk(bob)
    await at_bobs.open(f"/messages/{alice.id}")
    await expect(at_bobs.chat.messages).to_have_count(1)
    client = await live(alice)
    await client.ack("typing", user=bob.id)
    await expect(at_bobs.page.get_by_text(re.compile(f"{re.escape(MARKUP_NAME)}.*typing")).first).to_be_visible()
    await expect(at_bobs.page.locator(ELEMENTS)).to_have_count(0)
    await client.ws.close()


@pytest.mark.parametrize("text", ["שלום עולם, how are you?", "مرحبا <b>بك</b> 123"])
async def test_right_to_left_text_runs_from_right_to_left(
    devices: Devices, alice: Person, bob: Person, text: str
) -> None:
    await alice.send(bob, text)
    await alice.send(bob, "left to right, שלום")
    at_bobs = await devices.desk(bob)
    await at_bobs.open(f"/messages/{alice.id}")
    await expect(at_bobs.chat.message(text)).to_be_visible()
    assert await style(at_bobs.chat.messages.first.get_by_text(text), "direction") == "rtl"
    assert await style(at_bobs.chat.messages.last.get_by_text("left to right"), "direction") == "ltr"
    await at_bobs.chat.box.fill(text)
    assert await style(at_bobs.chat.box, "direction") == "rtl"


async def test_text_that_turns_the_direction_round_does_not_turn_its_neighbours(
    devices: Devices, alice: Person, bob: Person, data_dir: Path
) -> None:
    renamed_before(alice, "\u202eecila", data_dir)
    await alice.send(bob, "\u202eturned")
    at_bobs = await devices.desk(bob)
    await at_bobs.open(f"/messages/{alice.id}")
    await expect(at_bobs.page.get_by_text("ecila")).to_have_count(0)  # such a name is not shown
    places = [
        at_bobs.conversations.list.get_by_text(alice.username).first,
        at_bobs.conversations.list.get_by_text("turned"),
        at_bobs.chat.messages.get_by_role("paragraph").filter(has_text="turned"),
    ]
    for place in places:
        await expect(place.last).to_be_visible()
        assert re.search("isolate|plaintext", await style(place.last, "unicodeBidi")), await place.last.evaluate(
            "element => element.outerHTML"
        )


@pytest.mark.parametrize(
    "text",
    [
        "z\u0351\u0352\u0353a\u0354\u0355l\u0356\u0357g\u0358o",
        "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽",
        "W" * 500,
        "  indented\n\n\n  and   spaced\t.",
        "https://example.org/" + "a" * 300,
    ],
    ids=["marks", "emoji", "one long word", "white space", "a long link"],
)
async def test_odd_text_is_kept_and_stays_within_its_bubble(
    devices: Devices, alice: Person, bob: Person, text: str
) -> None:
    sent = await alice.send(bob, text)
    phone = await devices.phone(bob)
    await phone.open(f"/messages/{alice.id}")
    message = phone.chat.by_id(sent["id"])
    await expect(message).to_be_visible()
    shown = await message.inner_text()
    assert text.strip() in shown
    assert await fits(phone.page)


async def fits(page: Page) -> bool:
    """Report whether nothing is wider than the window."""
    wide: bool = await page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    return wide


async def test_chinese_is_composed_sent_and_shown(devices: Devices, alice: Person, bob: Person) -> None:
    at_alices, at_bobs = await devices.desk(alice), await devices.desk(bob, locale="zh-CN")
    await at_alices.open(f"/messages/{bob.id}")
    await at_bobs.page.goto("/messages")
    keyboard = await at_alices.context.new_cdp_session(at_alices.page)
    await at_alices.chat.box.focus()
    for typed in ("n", "ni", "ni h", "ni hao"):
        await keyboard.send(
            "Input.imeSetComposition", {"text": typed, "selectionStart": len(typed), "selectionEnd": len(typed)}
        )
    await expect(at_alices.chat.box).to_have_value("ni hao")
    for kind in ("rawKeyDown", "keyUp"):  # the Enter that chooses a candidate
        await keyboard.send(
            "Input.dispatchKeyEvent", {"type": kind, "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13}
        )
    await expect(at_alices.chat.messages).to_have_count(0)
    await keyboard.send("Input.insertText", {"text": "你好，世界"})
    await expect(at_alices.chat.box).to_have_value("你好，世界")
    await expect(at_alices.chat.messages).to_have_count(0)
    await at_alices.chat.box.press("Enter")
    await expect(at_alices.chat.message("你好，世界")).to_have_attribute("data-state", "sent")
    await expect(at_bobs.page.get_by_role("listitem").filter(has_text="你好，世界")).to_be_visible()


MARKED = (
    "**bold**, *italic*, ~~gone~~ and `@code` of snake_case_names\n> a quote\n> of _two_ lines\n- one\n- **two**\n"
    '1. first\n\n```py\nif x * y:\n    see("https://example.org")\n```\n**https://example.org/a_b_c**'
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_marks_show_how_a_text_is_meant_and_are_copied_with_it(
    devices: Devices, alice: Person, bob: Person, scheme: str
) -> None:
    sent = await alice.send(bob, MARKED)
    await bob.send(alice, MARKED)
    for device in (await devices.desk(bob, color_scheme=scheme), await devices.phone(bob, color_scheme=scheme)):
        await device.open(f"/messages/{alice.id}")
        message = device.chat.by_id(sent["id"])
        await expect(message.locator("strong").first).to_have_text("bold")
        await expect(message.locator("em").first).to_have_text("italic")
        await expect(message.locator("s")).to_have_text("gone")
        await expect(message.locator("code").first).to_have_text("@code")
        await expect(message.get_by_role("blockquote")).to_contain_text("a quote")
        await expect(message.get_by_role("listitem")).to_have_count(3)
        await expect(message.locator("code").last).to_contain_text("if x * y:\n    see(")
        await expect(message.get_by_role("link")).to_have_text("https://example.org/a_b_c")
        assert await message.locator("[data-text]").evaluate("text => text.textContent") == MARKED
        assert await fits(device.page)
