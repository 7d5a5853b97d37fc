"""What is said in the reader's language, and times as in the reader's region."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Locator, expect

from tests.process import ServerProcess
from tests.support import PASSWORD, Person
from tests.web.browser import Devices

LATIN_WORD = re.compile("[A-Za-z]{3}")


async def style(element: Locator, name: str) -> str:
    """Return the computed style of an element."""
    value: str = await element.evaluate("(element, name) => getComputedStyle(element)[name]", name)
    return value


@pytest.mark.parametrize(
    ("username", "nickname", "password", "field"),
    [
        ("somebody", "Somebody", "password1", "密码"),
        ("somebody", "Somebody", "somebody", "密码"),
        ("somebody", "Somebody", "pass\u202eword 12", "密码"),
        ("sоmebody", "Somebody", PASSWORD, "用户名"),
        ("somebody", "Some\u202ebody", PASSWORD, "昵称"),
    ],
    ids=["usual", "like the username", "invisible", "of two scripts", "turned around"],
)
async def test_what_the_server_refuses_is_said_in_the_readers_language(
    devices: Devices, username: str, nickname: str, password: str, field: str
) -> None:
    desk = await devices.desk(locale="zh-CN")
    desk.allow("status of 422")
    await desk.open("/register")
    fields = {name: desk.page.get_by_label(name, exact=True) for name in ("用户名", "昵称", "密码")}
    for name, value in (("用户名", username), ("昵称", nickname), ("密码", password)):
        await fields[name].fill(value)
    await desk.page.get_by_role("button", name="注册").click()
    await expect(fields[field]).to_have_attribute("aria-invalid", "true")
    await expect(fields[field]).to_have_accessible_description(re.compile("[。]"))
    described = await fields[field].evaluate(
        "element => element.getAttribute('aria-describedby').split(' ')"
        ".map(id => document.getElementById(id)?.textContent).join(' ')"
    )
    assert not LATIN_WORD.search(described), described


async def test_waiting_is_said_in_the_readers_language(devices: Devices, built: None, tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data", CHATD_LIMITS_LOGINS_PER_MINUTE="0.5") as server:
        desk = await devices.desk(locale="zh-CN")
        desk.allow("status of 4(01|29)")
        await desk.open(f"{server.url}/login")
        await desk.page.get_by_label("用户名", exact=True).fill("somebody")
        await desk.page.get_by_label("密码", exact=True).fill(PASSWORD)
        for said in ("用户名或密码错误。", re.compile("^尝试次数过多，请在(2分钟|[0-9]+秒钟)后重试。$")):
            await desk.page.get_by_role("button", name="登录").click()
            await expect(desk.page.get_by_text(said).first).to_be_visible()
        await desk.page.goto("about:blank")


@pytest.mark.parametrize(
    ("locale", "clock"),
    [
        ("en-US", r"\d{1,2}:\d\d\s[AP]M"),
        ("en-GB", r"\d{1,2}:\d\d"),
        ("de-DE", r"\d{1,2}:\d\d"),
        ("zh-CN", r"\d{1,2}:\d\d"),
    ],
)
async def test_the_clock_is_that_of_the_region_and_can_be_chosen(
    devices: Devices, alice: Person, bob: Person, locale: str, clock: str
) -> None:
    await alice.send(bob, "what time is it?")
    at_bobs = await devices.desk(bob, locale=locale)
    await at_bobs.open(f"/messages/{alice.id}")
    time = at_bobs.page.get_by_role("article").locator("time")
    await expect(time).to_have_text(re.compile(f"^{clock}$"))


async def test_a_clock_that_was_chosen_is_kept(devices: Devices, alice: Person, bob: Person) -> None:
    await alice.send(bob, "what time is it?")
    at_bobs = await devices.desk(bob)
    for choice, clock in (("24 hours", r"\d{1,2}:\d\d"), ("12 hours", r"\d{1,2}:\d\d\s[AP]M")):
        await at_bobs.settings.open("appearance")
        await at_bobs.settings.choose("Clock", choice)
        await at_bobs.open(f"/messages/{alice.id}")
        await expect(at_bobs.chat.messages.locator("time")).to_have_text(re.compile(f"^{clock}$"))


async def test_chinese_is_not_slanted_and_keeps_a_space_from_latin_letters(
    devices: Devices, alice: Person, bob: Person
) -> None:
    await alice.send(bob, "用Python写的3个程序")
    deleted = await alice.send(bob, "not for long")
    async with await alice.request("DELETE", f"/messages/{deleted['id']}") as response:
        assert response.ok
    at_bobs = await devices.desk(bob, locale="zh-CN")
    await at_bobs.open(f"/messages/{alice.id}")
    page = at_bobs.page
    await expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    await expect(page.get_by_role("listitem").get_by_text("刚刚")).to_be_visible()
    gone = page.get_by_role("article").get_by_text("消息已删除")
    await expect(gone).to_be_visible()
    assert await style(gone, "fontStyle") == "normal"
    assert await page.evaluate(
        "[...document.querySelectorAll('*')].every(one => getComputedStyle(one).fontStyle != 'italic')"
    )
    text = page.get_by_role("article").get_by_text("用Python写的3个程序")
    assert await style(text, "textAutospace") == "normal"


@pytest.mark.parametrize(
    ("text", "lang"), [("こんにちは世界", "ja"), ("안녕하세요 여러분", "ko"), ("你好", None), ("hello", None)]
)
async def test_a_text_breaks_its_lines_by_the_rules_of_its_language(
    devices: Devices, alice: Person, bob: Person, text: str, lang: str | None
) -> None:
    await alice.send(bob, text)
    at_bobs = await devices.desk(bob)
    await at_bobs.open(f"/messages/{alice.id}")
    shown = at_bobs.chat.messages.get_by_text(text)
    await expect(shown).to_be_visible()
    assert await shown.get_attribute("lang") == lang
    assert await style(shown, "wordBreak") == ("keep-all" if lang == "ko" else "normal")
