"""What an earlier version of the client has stored in the browser."""

import json
from typing import Any

import pytest
from playwright.async_api import expect

from tests.support import Person
from tests.web.browser import LINE_LOST, Devices
from tests.web.conftest import Newcomer
from tests.web.pages import STORED
from tests.web.site import Site, kept, until

STORE = "(entries) => { for (const [key, value] of Object.entries(entries)) localStorage.setItem(key, value) }"

#: Keeps each of somebody's chats under the id of the other, as before there were groups; returns how many there are.
NUMBER_CHATS = """
    (key) => new Promise((resolve, reject) => {
        const opening = indexedDB.open('chatd')
        opening.onerror = () => reject(opening.error)
        opening.onsuccess = () => {
            const store = opening.result.transaction('snapshots', 'readwrite').objectStore('snapshots')
            const reading = store.get(key)
            reading.onsuccess = () => {
                const chats = (reading.result ?? []).map(([place, messages]) => [Number(place), messages])
                store.put(chats, key).onsuccess = () => resolve(chats.length)
            }
        }
    })
"""


def unsent(client_id: str, user_id: int, content: str, order: int, **changes: Any) -> str:
    """Return an unsent message as it was stored before there were groups."""
    entry = {
        "clientId": client_id,
        "userId": user_id,
        "content": content,
        "replyTo": None,
        "createdAt": "2026-01-02T03:04:05.678Z",
        "state": "pending",
        "code": None,
        "order": order,
    }
    return json.dumps(entry | changes)


async def test_what_an_earlier_version_stored_is_shown_and_sent(
    devices: Devices, alice: Person, bob: Person, newcomer: Newcomer
) -> None:
    carol = await newcomer("carol")
    desk = await devices.desk(alice)
    await desk.open("/messages")
    await expect(desk.conversations.new).to_be_visible()
    entries = {
        f"chatd.draft.{alice.id}.{bob.id}": "half a thought",
        f"chatd.outbox.{alice.id}.c1": unsent("c1", bob.id, "the first", 1),
        f"chatd.outbox.{alice.id}.c2": unsent("c2", bob.id, "the second", 2),
        f"chatd.outbox.{alice.id}.c3": unsent("c3", carol.id, "refused then", 3, state="failed", code="not_found"),
    }
    await desk.page.evaluate(STORE, entries)
    await desk.open(f"/messages/{bob.id}")
    for text in ("the first", "the second"):
        await expect(desk.chat.message(text)).to_have_attribute("data-state", STORED)
    await expect(desk.chat.box).to_have_value("half a thought")
    await desk.open(f"/messages/{carol.id}")
    await expect(desk.chat.message("refused then")).to_have_attribute("data-state", "failed")
    await desk.page.get_by_role("button", name="Retry").click()
    await expect(desk.chat.message("refused then")).to_have_attribute("data-state", STORED)
    to_bob = (await bob.get(f"/messages/history/{alice.id}"))["items"]
    assert [item["content"] for item in to_bob] == ["the first", "the second"]
    left = await desk.page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('chatd.outbox.'))")
    assert left == []


class TestWithoutTheServer:
    """A server for each test, which can be stopped."""

    @pytest.fixture
    def server(self, site: Site) -> Site:
        """Return one in this process."""
        return site

    async def test_a_chat_kept_by_an_earlier_version_opens(
        self, devices: Devices, server: Site, alice: Person, bob: Person
    ) -> None:
        await bob.send(alice, "See you at noon")
        phone = await devices.phone(alice)
        phone.allow(*LINE_LOST)
        await phone.open(f"/messages/{bob.id}")
        await expect(phone.chat.message("See you at noon")).to_be_visible()
        await kept(phone.page)
        chats = f"{alice.id}.chats"
        await until(phone.page, f"({NUMBER_CHATS})('{chats}')", 1)
        await server.stop()
        await phone.page.reload()
        await expect(phone.chat.message("See you at noon")).to_be_visible()
