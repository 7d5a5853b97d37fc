"""Addresses that somebody types, mistypes or keeps from long ago."""

import re

import pytest
from playwright.async_api import expect

from tests.process import ServerProcess
from tests.support import Person
from tests.web.browser import Device, Devices

NOWHERE = [
    *("/nowhere", "/messages/abc", "/messages/0", "/auth/login", "/a.b.c", "/assets/old-1.js"),
    *("/100%", "/%E4%BD%A0%E5%A5%BD", "/%ff", "/<b>x</b>?q=%"),
]


async def expect_nothing_there(device: Device, address: str) -> None:
    """Be sure that the client says that there is nothing, and shows the way back."""
    await device.open(address)
    await expect(device.page.get_by_role("heading", name="Page not found")).to_be_visible()
    await expect(device.page).to_have_title("Page not found · chatd")


@pytest.mark.parametrize("address", NOWHERE)
async def test_an_address_with_nothing_says_so_and_leads_back(devices: Devices, bob: Person, address: str) -> None:
    desk = await devices.desk(bob)
    desk.allow("status of 404")
    await expect_nothing_there(desk, address)
    await desk.page.get_by_role("link", name="Go to your messages").click()
    await expect(desk.conversations.new).to_be_visible()


async def test_an_address_with_nothing_says_so_to_somebody_signed_out_too(devices: Devices) -> None:
    phone = await devices.phone()
    phone.allow("status of 404")
    await expect_nothing_there(phone, "/nowhere")
    await phone.page.get_by_role("link", name="Go to your messages").tap()
    await expect(phone.entrance.sign_in_heading).to_be_visible()


@pytest.mark.parametrize(
    ("address", "proper"),
    [
        *(
            (address, "/settings/profile")
            for address in ("/settings/", "/Settings", "//settings//", "/Settings/profile/")
        ),
        *(
            ("/messages/", "/messages"),
            ("/MESSAGES?x=1", "/messages?x=1"),
            ("/index.html", "/messages"),
            ("//", "/messages"),
        ),
        *(("/messages/{}/", "/messages/{}"), ("/Messages//{}#end", "/messages/{}#end"), ("/Login/", "/messages")),
    ],
)
async def test_a_page_opens_however_its_address_is_written(
    devices: Devices, server: ServerProcess, alice: Person, bob: Person, address: str, proper: str
) -> None:
    desk = await devices.desk(bob)
    await desk.open(server.url + address.format(alice.id))
    await desk.page.wait_for_url(re.compile(re.escape(proper.format(alice.id)) + "$"))
    await expect(desk.page.get_by_role("heading", name="Page not found")).to_have_count(0)
    shown = {
        "settings": desk.settings.nickname,
        "messages": desk.conversations.new,
    }[proper.split("/")[1].split("?")[0]]
    await expect(shown).to_be_visible()


@pytest.mark.parametrize("address", ["/login/", "/Login", "/register/"])
async def test_the_entrance_opens_however_its_address_is_written(devices: Devices, address: str) -> None:
    desk = await devices.desk()
    await desk.open(address)
    await desk.page.wait_for_url(re.compile(f"{address.lower().rstrip('/')}$"))
    await expect(desk.entrance.password).to_be_visible()
