"""What a browser shows to get its socket, and so what a proxy on the way may log: never the token."""

import re
from typing import Any

from playwright.async_api import Route, expect

from tests.support import Person
from tests.web.browser import Device, Devices


async def watch(device: Device) -> list[dict[str, str]]:
    """Return a list that gets what each handshake of the page says: its address, and its headers in small letters."""
    handshakes: list[dict[str, str]] = []
    addresses: dict[str, str] = {}
    session = await device.context.new_cdp_session(device.page)

    def created(event: dict[str, Any]) -> None:
        addresses[event["requestId"]] = event["url"]

    def sent(event: dict[str, Any]) -> None:
        headers = {name.lower(): value for name, value in event["request"]["headers"].items()}
        handshakes.append({"url": addresses[event["requestId"]], **headers})

    session.on("Network.webSocketCreated", created)
    session.on("Network.webSocketWillSendHandshakeRequest", sent)
    await session.send("Network.enable")
    return handshakes


def item(handshake: dict[str, str]) -> str:
    """Return what stands beside the subprotocol."""
    protocol, shown = handshake["sec-websocket-protocol"].split(", ")
    assert protocol == "chatd.v2"
    return shown


async def test_each_handshake_shows_a_ticket_of_its_own_and_the_token_nowhere(
    devices: Devices, alice: Person, bob: Person
) -> None:
    desk = await devices.desk(alice)
    handshakes = await watch(desk)
    for text in ("hello", "and again"):
        await desk.open(f"/messages/{bob.id}")
        await expect(desk.navigation.reconnecting).to_have_count(0)
        await desk.chat.tell(text)
    first, second = handshakes
    assert item(first).startswith("ticket.")
    assert item(second).startswith("ticket.")
    assert item(first) != item(second)
    for handshake in handshakes:
        assert alice.token not in str(handshake)
        assert handshake["url"].endswith("/messages/ws")


async def test_a_server_without_tickets_is_shown_the_token(devices: Devices, alice: Person, bob: Person) -> None:
    desk = await devices.desk(alice)
    desk.allow("status of 404")

    async def unknown(route: Route) -> None:
        await route.fulfill(status=404, json={"detail": "There is nothing here.", "code": "not_found"})

    await desk.context.route(re.compile(r"/auth/tickets$"), unknown)
    handshakes = await watch(desk)
    await desk.open(f"/messages/{bob.id}")
    await desk.chat.tell("hello")
    assert [item(each) for each in handshakes] == [f"bearer.{alice.token}"]
