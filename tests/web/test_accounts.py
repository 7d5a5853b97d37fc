"""Signing in and out, registering, sessions, passwords and profiles."""

import io
import re
import time
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest
from PIL import Image
from playwright.async_api import expect

from tests.process import ServerProcess, chatd
from tests.support import PASSWORD, Person
from tests.web.browser import Devices
from tests.web.conftest import Newcomer
from tests.web.pages import confirm, expect_signed_out

NOT_FOUND = "Page not found"


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The server's data directory."""
    return tmp_path_factory.mktemp("accounts") / "data"


@pytest.fixture(scope="module")
def server(built: None, data_dir: Path) -> Iterator[ServerProcess]:
    """A server whose signing key is at hand."""
    with ServerProcess(data_dir) as server:
        yield server


def lasting(person: Person, seconds: float, data_dir: Path) -> str:
    """Return a token of the same session that ends in so many seconds."""
    key = bytes.fromhex((data_dir / "signing.key").read_text())
    claims = jwt.decode(person.token, key, ["HS256"])
    return jwt.encode({**claims, "exp": int(time.time() + seconds)}, key, "HS256")


async def test_a_wrong_password_is_said_and_the_right_one_signs_in(devices: Devices, bob: Person) -> None:
    desk = await devices.desk()
    desk.allow("status of 401")
    await desk.open("/login")
    await expect(desk.entrance.sign_in_heading).to_be_visible()
    await desk.entrance.sign_in(bob.username, "not his password")
    await expect(desk.page.get_by_role("alert")).to_be_visible()
    await expect(desk.entrance.username).to_have_value(bob.username)
    await desk.entrance.sign_in(bob.username, PASSWORD)
    await desk.page.wait_for_url("**/messages")
    await expect(desk.navigation.messages).to_be_visible()


async def test_what_is_wrong_with_a_registration_is_said_beside_its_field(devices: Devices, bob: Person) -> None:
    desk = await devices.desk()
    desk.allow("status of 4(00|22)")
    await desk.open("/login")
    await desk.page.get_by_role("link", name="Create an account").click()
    await expect(desk.entrance.register_heading).to_be_visible()
    await desk.entrance.register(bob.username, "Another Bob", "short")
    await expect(desk.entrance.password).to_have_attribute("aria-invalid", "true")
    await expect(desk.entrance.password).to_have_accessible_description(re.compile("8"))
    await desk.entrance.register(bob.username, "Another Bob", "long enough")
    await expect(desk.page.get_by_text(re.compile("taken"))).to_be_visible()


async def test_a_deep_link_is_followed_after_signing_in(devices: Devices, alice: Person, bob: Person) -> None:
    await alice.send(bob, "over here")
    desk = await devices.desk()
    await desk.open(f"/messages/{alice.id}")
    await desk.page.wait_for_url("**/login?next=**")
    await desk.entrance.sign_in(bob.username, PASSWORD)
    await desk.page.wait_for_url(f"**/messages/{alice.id}")
    await expect(desk.chat.message("over here")).to_be_visible()
    await desk.open("/login")
    await desk.page.wait_for_url("**/messages")


@pytest.mark.parametrize(
    "elsewhere", ["https://example.org/", "//example.org/", "/\\example.org", "javascript:alert(1)", "/\t/example.org"]
)
async def test_signing_in_never_leads_to_another_site(devices: Devices, bob: Person, elsewhere: str) -> None:
    desk = await devices.desk()
    await desk.page.goto("/login")
    await desk.page.evaluate(
        "next => history.replaceState({}, '', '/login?next=' + encodeURIComponent(next))", elsewhere
    )
    await desk.page.reload()
    await desk.entrance.sign_in(bob.username, PASSWORD)
    await desk.page.wait_for_url("**/messages")


async def test_an_address_that_is_none_of_the_clients_is_said_to_be_none(devices: Devices, bob: Person) -> None:
    desk = await devices.desk(bob)
    await desk.open("/messages/0")
    await expect(desk.page.get_by_role("heading", name=NOT_FOUND)).to_be_visible()


async def test_a_session_that_expires_leads_to_the_login_page_that_says_so(
    devices: Devices, alice: Person, bob: Person, data_dir: Path
) -> None:
    desk = await devices.desk(bob, token=lasting(bob, 8, data_dir))
    desk.allow("status of 401")
    await desk.open(f"/messages/{alice.id}")
    await desk.chat.tell("in time")
    await expect_signed_out(desk.page, "session ended or expired")
    await desk.entrance.sign_in(bob.username, PASSWORD)
    await expect(desk.chat.message("in time")).to_be_visible()


async def test_a_token_that_has_expired_leads_to_the_login_page_that_says_so(
    devices: Devices, bob: Person, data_dir: Path
) -> None:
    desk = await devices.desk(bob, token=lasting(bob, -60, data_dir))
    desk.allow("status of 401")
    await desk.open("/messages")
    await expect_signed_out(desk.page, "session ended or expired")


async def test_a_session_is_ended_from_another_device(devices: Devices, bob: Person) -> None:
    desk, phone = await devices.desk(bob), await devices.phone(await bob.device())
    phone.allow("status of 401")
    await phone.open("/messages")
    await expect(phone.conversations.new).to_be_visible()
    await desk.open("/settings")
    await expect(desk.settings.end_session).to_have_count(1)
    await desk.settings.end_session.click()
    await confirm(desk.page)
    await expect_signed_out(phone.page, "session ended or expired")
    await expect(desk.settings.end_session).to_have_count(0)
    await expect(desk.settings.nickname).to_have_value(bob.nickname)


async def test_what_the_server_says_of_a_password_is_said_beside_it(devices: Devices, bob: Person) -> None:
    usual = "This password is too common: choose another."
    desk = await devices.desk()
    desk.allow("status of 422")
    await desk.open("/register")
    await desk.entrance.register("somebody", "Somebody", "password1")
    await expect(desk.entrance.password).to_have_accessible_description(usual)
    at_bobs = await devices.desk(bob)
    at_bobs.allow("status of 422")
    await at_bobs.open("/settings")
    await at_bobs.settings.current_password.fill(PASSWORD)
    for password, sentence in (("password1", usual), (bob.username[::-1].ljust(8), "Must not be the username.")):
        await at_bobs.settings.new_password.fill(password)
        await at_bobs.settings.change_password.click()
        await expect(at_bobs.settings.new_password).to_have_accessible_description(re.compile(re.escape(sentence)))


async def test_names_are_checked_by_the_rules_of_the_server(devices: Devices) -> None:
    desk = await devices.desk()
    await desk.open("/register")
    for username, nickname, field in (
        ("ab", "Ab", desk.entrance.username),
        ("-rf", "Rf", desk.entrance.username),
        ("someone", "🎉", desk.entrance.nickname),
    ):
        await desk.entrance.register(username, nickname, PASSWORD)
        await expect(field).to_have_attribute("aria-invalid", "true")
    await desk.entrance.register("日本", "日本", PASSWORD)
    await desk.page.wait_for_url("**/messages")


async def test_a_changed_password_ends_the_other_sessions_and_signs_in(devices: Devices, bob: Person) -> None:
    desk, phone = await devices.desk(bob), await devices.phone(await bob.device())
    desk.allow("status of 400")
    phone.allow("status of 401")
    await phone.open("/messages")
    await expect(phone.conversations.new).to_be_visible()
    await desk.open("/settings")
    await desk.settings.current_password.fill("not it")
    await desk.settings.new_password.fill("a new password")
    await desk.settings.change_password.click()
    await expect(desk.settings.current_password).to_have_attribute("aria-invalid", "true")
    await desk.settings.current_password.fill(PASSWORD)
    await desk.settings.change_password.click()
    await expect_signed_out(phone.page, "session ended or expired")
    await expect(desk.settings.current_password).to_have_value("")
    await phone.entrance.sign_in(bob.username, "a new password")
    await expect(phone.conversations.new).to_be_visible()


async def test_a_profile_and_its_picture_are_seen_by_the_other(devices: Devices, alice: Person, bob: Person) -> None:
    await bob.send(alice, "look at me")
    at_alices, at_bobs = await devices.desk(alice), await devices.phone(bob)
    await at_alices.open(f"/messages/{bob.id}")
    await expect(at_alices.chat.message("look at me")).to_be_visible()
    await at_bobs.open("/settings")
    picture = io.BytesIO()
    Image.new("RGB", (600, 400), "teal").save(picture, "PNG")
    await at_bobs.settings.upload(picture.getvalue())
    await at_bobs.settings.nickname.fill("Robert")
    await at_bobs.settings.save.first.click()
    await expect(at_alices.chat.heading("Robert")).to_be_visible()
    avatar = at_alices.conversations.of("Robert").locator("img")
    await expect(avatar).to_have_attribute("src", re.compile("^/files/avatars/"))
    await expect(avatar).to_have_js_property("naturalWidth", 512)
    await at_bobs.page.reload()
    await expect(at_bobs.settings.nickname).to_have_value("Robert")


async def test_what_is_no_picture_is_refused_in_words(devices: Devices, bob: Person) -> None:
    desk = await devices.desk(bob)
    desk.allow("status of 400")
    await desk.open("/settings")
    await desk.settings.upload(b"<svg onload='alert(1)'>")
    await expect(desk.page.get_by_text(re.compile("JPEG|picture|image", re.IGNORECASE)).first).to_be_visible()


async def test_an_invitation_is_asked_for_where_one_is_needed(
    devices: Devices, newcomer: Newcomer, built: None, tmp_path: Path
) -> None:
    desk = await devices.desk()
    desk.allow("status of 403")
    with ServerProcess(tmp_path / "data", CHATD_ACCOUNTS_REGISTRATION="invite") as server:
        code = chatd(tmp_path / "data", "invite").stdout.split()[-1]
        await desk.page.goto(f"{server.url}/register")
        await desk.entrance.register("dora", "Dora", "correct horse", "not an invitation")
        await expect(desk.page.get_by_text(re.compile("invitation", re.IGNORECASE)).first).to_be_visible()
        await expect(desk.page.get_by_role("alert").or_(desk.page.locator("[aria-invalid=true]")).first).to_be_visible()
        await desk.entrance.register("dora", "Dora", "correct horse", code)
        await desk.page.wait_for_url("**/messages")
        await desk.page.goto("about:blank")


async def test_an_invitation_can_be_a_link(devices: Devices, built: None, tmp_path: Path) -> None:
    phone = await devices.phone()
    with ServerProcess(tmp_path / "data", CHATD_ACCOUNTS_REGISTRATION="invite") as server:
        code = chatd(tmp_path / "data", "invite").stdout.split()[-1]
        await phone.page.goto(f"{server.url}/register?invite={code}")
        await expect(phone.entrance.invitation).to_have_value(code)
        await phone.entrance.register("dora", "Dora", "correct horse")
        await phone.page.wait_for_url("**/messages")
        await phone.page.goto("about:blank")


async def test_nobody_is_offered_an_account_where_registration_is_closed(
    devices: Devices, built: None, tmp_path: Path
) -> None:
    desk = await devices.desk()
    with ServerProcess(tmp_path / "data", CHATD_ACCOUNTS_REGISTRATION="closed") as server:
        await desk.page.goto(f"{server.url}/register")
        await expect(desk.page.get_by_text(re.compile("closed|not open", re.IGNORECASE))).to_be_visible()
        await expect(desk.entrance.register_button).to_have_count(0)
