"""Chats in which something is being written, for the tests of what becomes of it."""

from playwright.async_api import expect

from tests.support import Person
from tests.web.browser import Device, Devices
from tests.web.pages import Chat


async def delete(person: Person, message_id: int) -> None:
    """Delete a message of somebody's from another device of theirs."""
    async with await person.request("DELETE", f"/messages/{message_id}") as response:
        assert response.status == 200


async def editing(devices: Devices, alice: Person, bob: Person) -> tuple[Device, int]:
    """Return a desk where Alice has begun to write "later" for "soon", and a draft under it; and the message's id."""
    message = await alice.send(bob, "soon")
    desk = await devices.desk(alice)
    await desk.open(f"/messages/{bob.id}")
    await desk.chat.box.fill("a draft")
    await desk.chat.act(desk.chat.by_id(message["id"]), "Edit")
    await expect(desk.chat.box).to_have_value("soon")
    await desk.chat.box.fill("later")
    return desk, message["id"]


async def replying(devices: Devices, alice: Person, bob: Person) -> tuple[Device, int]:
    """Return a desk where Alice answers a question of Bob's, and the question's id."""
    question = await bob.send(alice, "what do you say?")
    await alice.send(bob, "well")
    desk = await devices.desk(alice)
    await desk.open(f"/messages/{bob.id}")
    await desk.chat.act(desk.chat.by_id(question["id"]), "Reply")
    await expect(desk.page.get_by_text(f"Replying to {bob.nickname}")).to_be_visible()
    return desk, question["id"]


async def tabs(devices: Devices, alice: Person, bob: Person) -> tuple[Chat, Chat]:
    """Return one chat in two tabs of a desk."""
    await alice.send(bob, "soon")
    desk = await devices.desk(alice)
    chats: list[Chat] = []
    for page in (desk.page, await desk.context.new_page()):
        await page.goto(f"/messages/{bob.id}")
        chat = Chat(page)
        await expect(chat.message("soon")).to_be_visible()
        chats.append(chat)
    return chats[0], chats[1]


async def look_elsewhere(desk: Device, bob: Person, carol: Person) -> None:
    """Look into another chat and come back."""
    await desk.conversations.of(carol.nickname).click()
    await expect(desk.chat.heading(carol.nickname)).to_be_visible()
    await expect(desk.chat.box).to_have_value("")
    await desk.conversations.of(bob.nickname).click()
    await expect(desk.chat.heading(bob.nickname)).to_be_visible()
