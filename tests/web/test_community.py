"""Whose server it is, and the first minute: what is said to the first account, and to whoever is invited."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from PIL import Image
from playwright.async_api import expect

from tests.process import ServerProcess, chatd, client_of
from tests.support import PASSWORD, Person, register, sign_in
from tests.web.browser import DESK, LINE_LOST, PHONE, Device, Devices
from tests.web.test_accessibility import findings

NAME = "Chess & Tea"

#: A link to the page that makes an account, perhaps with a code.
LINK = re.compile(r"^http://127\.0\.0\.1:\d+/register(\?invite=[\w-]{16})?$")


@asynccontextmanager
async def community(tmp_path: Path, **settings: str) -> AsyncIterator[tuple[ServerProcess, "TestClient[Any, Any]"]]:
    """Run a server of its own, named."""
    with ServerProcess(tmp_path / "data", CHATD_WEB_NAME=NAME, **settings) as server:
        async with client_of(server) as client:
            yield server, client


async def first_account(server: ServerProcess, client: "TestClient[Any, Any]", data_dir: Path) -> Person:
    """Return the administrator, where registration wants an invitation."""
    code = chatd(data_dir, "invite").stdout.split()[-1]
    body = {"username": "ada", "password": PASSWORD, "nickname": "Ada", "invite": code}
    async with client.post("/auth/register", json=body) as response:
        assert response.status == 201, await response.text()
    return Person(client, 1, "ada", "Ada", await sign_in(client, "ada"))


async def at(devices: Devices, server: ServerProcess, person: Person | None = None, **form: Any) -> Device:
    """Return a device that is at another server than the module's."""
    device = await Devices(devices._browser, server.url).device(person, **form)
    device.allow(*LINE_LOST)  # its server ends before it does
    devices.all.append(device)
    return device


async def invited(device: Device) -> str:
    """Return the link that the dialog shows."""
    link = device.page.get_by_role("textbox", name="Link")
    await expect(link).to_have_value(LINK)
    await expect(device.page.get_by_role("img", name="QR code")).to_be_visible()
    return await link.input_value()


async def test_the_community_is_named_wherever_one_may_ask_whose_server_it_is(
    devices: Devices, built: None, tmp_path: Path
) -> None:
    picture = tmp_path / "picture.png"
    Image.new("RGB", (300, 300), "teal").save(picture)
    async with community(tmp_path, CHATD_WEB_PICTURE=str(picture)) as (server, client):
        for form in (DESK, PHONE):
            device = await at(devices, server, **form)
            for path in ("/login", "/register"):
                await device.open(path)
                banner = device.page.get_by_role("banner")
                await expect(banner).to_contain_text(NAME)
                await expect(banner.locator("img")).to_have_js_property("naturalWidth", 300)
                await expect(device.page).to_have_title(re.compile(f" · {re.escape(NAME)}$"))
        ada = await register(client, "ada")
        for form in (DESK, PHONE):
            device = await at(devices, server, ada, **form)
            await device.open("/messages")
            await expect(device.page.get_by_text(NAME, exact=True).filter(visible=True)).to_have_count(1)
            await expect(device.page).to_have_title(f"Messages · {NAME}")
        manifest = await device.page.evaluate("fetch('/manifest.webmanifest').then((answer) => answer.json())")
        assert manifest["name"] == NAME


async def test_the_first_account_is_told_that_it_is_the_administrator_and_what_to_do(
    devices: Devices, built: None, tmp_path: Path
) -> None:
    async with community(tmp_path) as (server, _):
        for name, form in (("ada", DESK), ("bob", PHONE)):
            device = await at(devices, server, **form)
            await device.open("/register")
            await device.entrance.register(name, name.capitalize(), PASSWORD)
            await device.page.wait_for_url("**/messages")
            told = device.page.get_by_text("You are the administrator")
            if name == "ada":
                await expect(told).to_be_visible()
                for step in ("Invite people:", "under [web] in chatd.toml", "chatd backup FILE"):
                    await expect(device.page.get_by_text(step)).to_be_visible()
            else:
                await expect(device.page.get_by_text("No conversations yet")).to_be_visible()
                await expect(told).to_have_count(0)


@pytest.mark.parametrize("form", [DESK, PHONE], ids=["desk", "phone"])
async def test_where_there_is_no_conversation_one_place_says_what_to_do(
    devices: Devices, built: None, tmp_path: Path, form: dict[str, Any]
) -> None:
    async with community(tmp_path) as (server, client):
        _, bob = await register(client, "ada"), await register(client, "bob")
        device = await at(devices, server, bob, **form)
        await device.open("/messages")
        find = device.page.get_by_role("button", name="Find a person").filter(visible=True)
        await expect(find).to_have_count(1)
        await expect(device.page.get_by_text("No conversations yet").filter(visible=True)).to_have_count(1)
        await expect(device.page.get_by_text("Choose a conversation")).to_have_count(0 if form is DESK else 1)
        await find.click()
        await expect(device.conversations.search).to_be_focused()


async def test_who_finds_nobody_is_offered_a_link_and_a_qr_code(devices: Devices, built: None, tmp_path: Path) -> None:
    async with community(tmp_path) as (server, client):
        ada = await register(client, "ada")
        desk = await at(devices, server, ada, permissions=["clipboard-read", "clipboard-write"], **DESK)
        await desk.open("/messages")
        await desk.conversations.new.click()
        await expect(desk.page.get_by_text("Nobody else is here yet")).to_be_visible()
        await desk.conversations.dialog.get_by_role("button", name="Invite people").click()
        link = await invited(desk)
        assert link == f"{server.url}/register"
        await desk.page.get_by_role("button", name="Copy link").click()
        await expect(desk.page.get_by_text("Link copied")).to_be_visible()
        guest = await at(devices, server, **PHONE)
        await guest.page.goto(link)
        await guest.entrance.register("bob", "Bob", PASSWORD)
        await guest.page.wait_for_url("**/messages")


async def test_an_administrator_makes_links_with_codes_for_as_many_as_are_meant(
    devices: Devices, built: None, tmp_path: Path
) -> None:
    async with community(tmp_path, CHATD_ACCOUNTS_REGISTRATION="invite") as (server, client):
        ada = await first_account(server, client, tmp_path / "data")
        desk = await at(devices, server, ada, **DESK)
        await desk.open("/messages")
        await desk.page.get_by_role("button", name="Invite people").click()
        await desk.page.get_by_role("combobox", name="For how many people?").select_option("10 people")
        await desk.page.get_by_role("button", name="Make a link").click()
        link = await invited(desk)
        await expect(desk.page.get_by_text(re.compile("For 10 people, until "))).to_be_visible()
        for name in ("bob", "carol"):
            guest = await at(devices, server, **PHONE)
            await guest.page.goto(link)
            await expect(guest.entrance.invitation).to_have_value(link.rpartition("=")[2])
            await guest.entrance.register(name, name.capitalize(), PASSWORD)
            await guest.page.wait_for_url("**/messages")
            await expect(guest.page.get_by_text("No conversations yet")).to_be_visible()
            await expect(guest.page.get_by_role("button", name="Invite people")).to_have_count(0)


async def test_the_link_is_shared_by_what_the_phone_has_for_it(devices: Devices, built: None, tmp_path: Path) -> None:
    async with community(tmp_path) as (server, client):
        ada = await register(client, "ada")
        phone = await at(devices, server, ada, **PHONE)
        await phone.context.add_init_script(
            "navigator.share = (what) => {"
            "  window.shared = what; return Promise.reject(new DOMException('', 'AbortError'))"
            "}"
        )
        await phone.open("/messages")
        await phone.page.get_by_role("button", name="Invite people").tap()
        link = await invited(phone)
        await phone.page.get_by_role("button", name="Share").tap()
        shared = await phone.page.evaluate("window.shared")
        assert shared == {"title": NAME, "text": f"Come to {NAME}", "url": link}
        assert phone.unexpected == []


@pytest.mark.parametrize(
    ("registration", "path", "focused"),
    [
        ("invite", "/register", "invitation"),
        ("invite", "/register?invite=abc", "username"),
        ("open", "/register", "username"),
    ],
)
async def test_the_cursor_is_in_the_first_field_that_is_missing(
    devices: Devices, built: None, tmp_path: Path, registration: str, path: str, focused: str
) -> None:
    async with community(tmp_path, CHATD_ACCOUNTS_REGISTRATION=registration) as (server, _):
        desk = await at(devices, server, **DESK)
        await desk.open(path)
        await expect(getattr(desk.entrance, focused)).to_be_focused()
        first = desk.page.get_by_role("textbox").first
        await expect(first).to_have_accessible_name("Invitation code" if registration == "invite" else "Username")


@pytest.mark.parametrize("registration", ["closed", "invite", "open"])
async def test_an_account_is_offered_only_where_one_can_be_made(
    devices: Devices, built: None, tmp_path: Path, registration: str
) -> None:
    async with community(tmp_path, CHATD_ACCOUNTS_REGISTRATION=registration) as (server, _):
        desk = await at(devices, server, **DESK)
        await desk.open("/login")
        await expect(desk.entrance.sign_in_button).to_be_visible()
        offer = desk.page.get_by_role("link", name="Create an account")
        await expect(offer).to_have_count(0 if registration == "closed" else 1)


@pytest.mark.parametrize(
    ("said", "link"),
    [
        ("", None),
        ("Ask Ada at the front desk.", None),
        ("Write to ada@example.org.", "mailto:ada@example.org"),
        ("See https://example.org/help, please.", "https://example.org/help"),
    ],
)
async def test_who_has_forgotten_their_password_learns_whom_to_ask(
    devices: Devices, built: None, tmp_path: Path, said: str, link: str | None
) -> None:
    async with community(tmp_path, CHATD_ACCOUNTS_HELP=said) as (server, _):
        phone = await at(devices, server, **PHONE)
        await phone.open("/login")
        answer = phone.page.get_by_text(said or f"Ask the people who run {NAME} for a new one.")
        await expect(answer).not_to_be_visible()
        await phone.page.get_by_text("Forgot your password?").tap()
        await expect(phone.page.locator("details p")).to_have_text(
            said or f"Ask the people who run {NAME} for a new one."
        )
        links = phone.page.locator("details a")
        await expect(links).to_have_count(1 if link else 0)
        if link:
            await expect(links).to_have_attribute("href", link)


@pytest.mark.parametrize(("scheme", "form"), [("light", DESK), ("dark", PHONE)], ids=["light desk", "dark phone"])
async def test_the_first_minute_is_accessible(
    devices: Devices, built: None, tmp_path: Path, scheme: str, form: dict[str, Any]
) -> None:
    async with community(tmp_path, CHATD_ACCOUNTS_REGISTRATION="invite") as (server, client):
        stranger = await at(devices, server, color_scheme=scheme, reduced_motion="reduce", **form)
        await stranger.open("/login")
        await stranger.page.get_by_text("Forgot your password?").click()
        await expect(stranger.page.locator("details p")).to_be_visible()
        assert await findings(stranger.page) == []
        ada = await first_account(server, client, tmp_path / "data")
        device = await at(devices, server, ada, color_scheme=scheme, reduced_motion="reduce", **form)
        await device.open("/messages")
        await expect(device.page.get_by_text("You are the administrator")).to_be_visible()
        assert await findings(device.page) == []
        await device.page.get_by_role("button", name="Invite people").click()
        await expect(device.page.get_by_role("button", name="Make a link")).to_be_visible()
        assert await findings(device.page) == []
        await device.page.get_by_role("button", name="Make a link").click()
        await invited(device)
        assert await findings(device.page) == []
