"""What is not sent yet, or cannot be, is said in the list of conversations."""

import re

import pytest
from playwright.async_api import expect

from tests.support import PASSWORD, Person
from tests.web.browser import LINE_LOST, Devices
from tests.web.conftest import Newcomer
from tests.web.test_reconnecting import Line


@pytest.mark.parametrize("why", ["blocked", "gone"])
async def test_the_list_says_what_is_not_sent(
    devices: Devices, alice: Person, bob: Person, newcomer: Newcomer, why: str
) -> None:
    carol = await newcomer("carol")
    await bob.send(alice, "from bob")
    await carol.send(alice, "from carol")
    desk = await devices.desk(alice)
    desk.allow(*LINE_LOST)
    line = Line()
    await line.hold(desk.context)
    await desk.open(f"/messages/{bob.id}")
    await desk.chat.tell("online")
    await line.cut()
    await expect(desk.page.get_by_role("status").filter(has_text="kept and sent later")).to_be_visible()
    await desk.chat.say("are you there?")
    await desk.conversations.of(carol.nickname).click()
    entry = desk.conversations.list.get_by_role("link").first
    await expect(entry).to_have_accessible_name(re.compile(rf"{bob.nickname}.*Sending… are you there\?"))
    if why == "blocked":
        async with await alice.request("PUT", f"/users/{bob.id}/block") as response:
            assert response.status == 204
    else:
        async with await bob.request("DELETE", "/users/me", json={"password": PASSWORD}) as response:
            assert response.status == 204
    line.is_up = True
    await expect(entry).to_have_accessible_name(re.compile(r"Not sent: are you there\?"))
    await desk.page.reload()
    await expect(entry).to_have_accessible_name(re.compile(r"Not sent: are you there\?"))


async def test_a_first_message_that_waits_is_in_the_list(devices: Devices, alice: Person, bob: Person) -> None:
    phone = await devices.phone(alice)
    phone.allow(*LINE_LOST)
    line = Line()
    await line.hold(phone.context)
    await phone.open(f"/messages/{bob.id}")
    await expect(phone.chat.box).to_be_visible()
    await line.cut()
    await phone.chat.say("a first word")
    await phone.page.get_by_role("link", name="Back to the conversations").click()
    entry = phone.conversations.of(bob.nickname)
    await expect(entry).to_have_accessible_name(re.compile("Sending… a first word"))
    await phone.page.reload()
    await expect(entry).to_have_accessible_name(re.compile("Sending… a first word"))
    line.is_up = True
    await expect(entry).to_have_accessible_name(re.compile("You: a first word"))
    await expect(phone.conversations.list.get_by_role("link")).to_have_count(1)
