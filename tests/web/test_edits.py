"""An edit stays until it is saved or discarded, and says what keeps it from being saved."""

import asyncio
import itertools
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.support import Person
from tests.web.browser import LINE_LOST, Devices
from tests.web.conftest import Newcomer
from tests.web.site import Site, kept
from tests.web.unfinished import delete, editing


@pytest.fixture
def server(site: Site) -> Site:
    """Return a server in this process, which can be stopped."""
    return site


async def test_it_outlives_another_chat_and_a_reload(
    devices: Devices, alice: Person, bob: Person, newcomer: Newcomer
) -> None:
    carol = await newcomer("carol")
    await carol.send(alice, "hello")
    desk, message_id = await editing(devices, alice, bob)
    await desk.conversations.of(carol.nickname).click()
    await expect(desk.conversations.of(bob.nickname)).to_contain_text("Editing: later")
    await desk.conversations.of(bob.nickname).click()
    for _ in range(2):
        await expect(desk.chat.box).to_have_value("later")
        await expect(desk.page.get_by_text("Editing", exact=True)).to_be_visible()
        await desk.page.reload()
    await desk.page.get_by_role("button", name="Save").click()
    await expect(desk.chat.by_id(message_id)).to_contain_text("later")
    await expect(desk.chat.box).to_have_value("a draft")


@pytest.mark.parametrize("goes_on", [False, True])
async def test_it_waits_for_the_server_unless_its_user_goes_on_writing(
    devices: Devices, alice: Person, bob: Person, server: Site, goes_on: bool
) -> None:
    desk, message_id = await editing(devices, alice, bob)
    desk.allow(*LINE_LOST, "status of 5")
    await kept(desk.page)
    await server.stop()
    await expect(desk.navigation.reconnecting).to_be_visible()
    await desk.chat.box.press("Enter")
    notice = desk.page.get_by_role("alert").filter(has_text="Not saved yet: there is no connection")
    await expect(notice).to_be_visible()
    await desk.page.reload()
    await expect(notice).to_be_visible()
    await expect(desk.chat.box).to_have_value("later")
    if goes_on:
        await desk.chat.box.press_sequentially(" or never")
        await expect(notice).to_have_count(0)
    await server.start()
    if goes_on:
        await expect(desk.chat.by_id(message_id)).to_contain_text("soon")
        await bob.send(alice, "back again")
        await expect(desk.chat.message("back again")).to_be_visible()
        await expect(desk.chat.box).to_have_value("later or never")
        await desk.chat.box.press("Enter")
    await expect(desk.chat.by_id(message_id)).to_contain_text("later or never" if goes_on else "later")
    await expect(desk.chat.box).to_have_value("a draft")
    await expect(notice).to_have_count(0)


@asynccontextmanager
async def talking(person: Person, frames_per_second: float) -> AsyncIterator[None]:
    """Send frames at a steady rate, however slow this machine is, as another device of the same person."""
    socket = await person.connect()

    async def talk() -> None:
        start = time.monotonic()
        for number in itertools.count():
            await socket.send({"type": "ping"})
            await asyncio.sleep(start + number / frames_per_second - time.monotonic())

    task = asyncio.create_task(talk())
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await socket.close()


async def test_it_stays_when_the_server_is_told_too_much_at_once(
    devices: Devices, alice: Person, bob: Person, server: Site
) -> None:
    await server.stop()
    await server.start(limits={"commands_per_second": 10})
    message = await alice.send(bob, "soon")
    desk = await devices.desk(alice)
    await desk.open(f"/messages/{bob.id}")
    bubble, alert = desk.chat.by_id(message["id"]), desk.page.get_by_role("alert")
    saved = 0
    async with talking(alice, 19):  # about every second frame is one too many; from 20 on the socket would be closed
        while not await alert.filter(has_text="Not saved: that was too fast").count():
            saved += 1
            await desk.chat.edit(bubble, f"version {saved}")
            await expect(
                bubble.filter(has_text=f"version {saved}").or_(alert.filter(has_text="too fast"))
            ).to_be_visible()
        await expect(desk.chat.box).to_have_value(f"version {saved}")
    while await desk.page.get_by_text("Editing", exact=True).count():
        await desk.page.get_by_role("button", name="Save again").click()
        await expect(bubble.filter(has_text=f"version {saved}").or_(alert.filter(has_text="too fast"))).to_be_visible()
    await expect(desk.chat.box).to_have_value("")


async def test_it_stays_when_the_server_does_not_accept_it(
    devices: Devices, alice: Person, bob: Person, tmp_path: Path
) -> None:
    desk, message_id = await editing(devices, alice, bob)
    with closing(sqlite3.connect(tmp_path / "data" / "chatd.db", isolation_level=None)) as db:
        db.execute("PRAGMA wal_autocheckpoint = 0")
        db.execute("UPDATE messages SET sender_id = ? WHERE id = ?", (bob.id, message_id))
    await desk.chat.box.press("Enter")
    await expect(desk.page.get_by_role("alert")).to_contain_text("Not saved: the server does not accept")
    await expect(desk.chat.box).to_have_value("later")
    await desk.page.get_by_role("button", name="Send as a new message").click()
    await expect(desk.chat.message("later")).to_have_attribute("data-state", "sent")
    await expect(desk.chat.box).to_have_value("a draft")


@pytest.mark.parametrize("when", ["before", "meanwhile", "unseen"])
async def test_it_stays_when_the_message_was_deleted_elsewhere(
    devices: Devices, alice: Person, bob: Person, server: Site, when: str
) -> None:
    desk, message_id = await editing(devices, alice, bob)
    desk.allow(*LINE_LOST, "status of 5")
    if when == "before":
        await delete(alice, message_id)
    elif when == "unseen":
        await desk.open("/settings")
        await delete(alice, message_id)
        for number in range(60):
            await bob.send(alice, f"number {number}")
        await desk.open(f"/messages/{bob.id}")
        await expect(desk.chat.box).to_have_value("later")
    else:
        await desk.context.set_offline(True)
        await delete(alice, message_id)
        await desk.chat.box.press("Enter")
        await desk.context.set_offline(False)
    await expect(desk.page.get_by_role("alert")).to_contain_text("This message was deleted meanwhile")
    await expect(desk.page.get_by_text("soon", exact=True)).to_have_count(0)
    await expect(desk.chat.box).to_have_value("later")
    await desk.page.reload()
    await expect(desk.chat.box).to_have_value("later")
    await desk.page.get_by_role("button", name="Send as a new message").click()
    await expect(desk.chat.message("later")).to_have_attribute("data-state", "sent")
    await expect(desk.chat.box).to_have_value("a draft")


async def test_what_its_user_discards_is_gone(devices: Devices, alice: Person, bob: Person) -> None:
    desk, message_id = await editing(devices, alice, bob)
    await delete(alice, message_id)
    await desk.page.get_by_role("button", name="Discard").click()
    await expect(desk.chat.box).to_have_value("a draft")
    await desk.page.reload()
    await expect(desk.chat.box).to_have_value("a draft")


async def test_it_waits_behind_a_reply_and_behind_another_edit(devices: Devices, alice: Person, bob: Person) -> None:
    question = await bob.send(alice, "a question")
    desk, message_id = await editing(devices, alice, bob)
    other = await alice.send(bob, "another")
    await desk.chat.act(desk.chat.by_id(other["id"]), "Edit")
    await desk.chat.box.fill("another one")
    await desk.chat.act(desk.chat.by_id(question["id"]), "Reply")
    await expect(desk.chat.box).to_have_value("a draft")
    await desk.chat.box.press("Enter")
    await expect(desk.chat.box).to_have_value("another one")
    await desk.chat.box.press("Enter")
    await expect(desk.chat.by_id(other["id"])).to_contain_text("another one")
    await expect(desk.chat.box).to_have_value("later")
    await desk.chat.box.press("Enter")
    await expect(desk.chat.by_id(message_id)).to_contain_text("later")
    await expect(desk.chat.box).to_have_value("")


async def test_one_whose_answer_was_lost_is_known_to_be_saved(devices: Devices, alice: Person, bob: Person) -> None:
    desk, message_id = await editing(devices, alice, bob)
    async with await alice.request("PATCH", f"/messages/{message_id}", json={"content": "later"}) as response:
        assert response.status == 200
    await expect(desk.chat.box).to_have_value("a draft")
