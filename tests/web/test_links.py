"""Links in messages, and the reactions below them: what is one, and how it is shown."""

import re
from typing import Any

import pytest
from playwright.async_api import expect

from tests.support import Person
from tests.web.browser import Devices
from tests.ws.v2_client import live


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("see https://example.org/a?b=1#c.", ["https://example.org/a?b=1#c"]),
        ("javascript:alert(1) data:text/html,x vbscript:x file:///etc/passwd", []),
        ("(http://example.org/x) and https://例え.jp/", ["http://example.org/x", "https://xn--r8jz45g.jp/"]),
    ],
)
async def test_only_addresses_of_the_web_become_links_and_they_tell_the_other_site_nothing(
    devices: Devices, alice: Person, bob: Person, text: str, addresses: list[str]
) -> None:
    await alice.send(bob, text)
    at_bobs = await devices.desk(bob)
    await at_bobs.open(f"/messages/{alice.id}")
    message = at_bobs.chat.messages.first
    await expect(message).to_contain_text(text)
    await alice.send(bob, "https://example.org/last")
    await expect(at_bobs.chat.message("/last").get_by_role("link")).to_be_visible()
    links = message.get_by_role("link")
    found: list[dict[str, Any]] = await links.evaluate_all(
        "all => all.map(({href, target, rel}) => ({href, target, rel}))"
    )
    assert [link["href"] for link in found] == addresses
    assert all(link["target"] == "_blank" and {"noopener", "noreferrer"} <= set(link["rel"].split()) for link in found)


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("Thanks.It works, see example.photography", ["example.photography"]),
        ("foo.rs, main.py and README.md; docs.rs/serde", ["docs.rs/serde"]),
        ("看https://example.org/a～后来，example.org吧", ["https://example.org/a", "example.org"]),
        (
            "''https://example.org/a'', “https://example.org/b”x, »https://example.org/c«",
            ["https://example.org/a", "https://example.org/b", "https://example.org/c"],
        ),
        (
            "https://example.org/A_(b) (https://example.org/c)",
            ["https://example.org/A_(b)", "https://example.org/c"],
        ),
    ],
    ids=["domains", "file names", "full width", "quotes", "brackets"],
)
async def test_a_link_is_what_was_meant_as_one(
    devices: Devices, alice: Person, bob: Person, text: str, links: list[str]
) -> None:
    await alice.send(bob, text)
    at_bobs = await devices.desk(bob)
    await at_bobs.open(f"/messages/{alice.id}")
    await expect(at_bobs.chat.message(text).get_by_role("link")).to_have_text(links)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://аррӏе.com/login", "https://xn--80ak6aa92e.com/login"),
        ("gοogle.com", "xn--gogle-rce.com"),
        ("https://www.ѕех.org", "https://www.xn--e1a6a7b.org"),
        ("https://пример.com/", "https://пример.com/"),
        ("例え.jp", "例え.jp"),
    ],
)
async def test_a_host_that_looks_like_another_is_shown_in_ascii(
    devices: Devices, alice: Person, bob: Person, text: str, shown: str
) -> None:
    await alice.send(bob, text)
    at_bobs = await devices.desk(bob)
    await at_bobs.open(f"/messages/{alice.id}")
    link = at_bobs.chat.messages.first.get_by_role("link")
    await expect(link).to_have_text(shown)
    if shown != text:
        await expect(link).to_have_attribute("title", re.compile(re.escape(shown.removeprefix("https://"))))


@pytest.mark.parametrize("forms", [("❤", "❤️"), ("✌️", "✌"), ("☺", "☺️")])
async def test_two_forms_of_one_emoji_are_one_reaction(
    devices: Devices, alice: Person, bob: Person, forms: tuple[str, str]
) -> None:
    sent = await alice.send(bob, "hello")
    at_bobs = await devices.desk(bob)
    await at_bobs.open(f"/messages/{alice.id}")
    await expect(at_bobs.chat.messages).to_have_count(1)
    for person, emoji in zip((alice, bob), forms, strict=True):
        client = await live(person)
        await client.ack("react", message_id=sent["id"], emoji=emoji, on=True)
        await client.ws.close()
    chip = at_bobs.chat.messages.first.locator("button[aria-pressed]")
    await expect(chip).to_have_count(1)
    await expect(chip).to_have_accessible_name(f"{max(forms, key=len)} 2")
    await expect(chip).to_have_attribute("aria-pressed", "true")
