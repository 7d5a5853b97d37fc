"""How much a browser loads before the first page is there."""

import pytest
from playwright.async_api import expect

from tests.support import Person
from tests.web.browser import Device, Devices

#: What the first visit to a page may cost, in bytes as they come over the line.
MOST = 100 * 1024

COUNTED = ("Document", "Script", "Stylesheet")


async def weight(device: Device, path: str) -> dict[str, int]:
    """Open a page in a browser that has seen none, and return the bytes of its documents, scripts and styles."""
    network = await device.context.new_cdp_session(device.page)
    kinds: dict[str, tuple[str, str]] = {}
    sizes: dict[str, int] = {}
    network.on(
        "Network.responseReceived",
        lambda event: kinds.update({event["requestId"]: (event["type"], event["response"]["url"])}),
    )
    network.on("Network.loadingFinished", lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}))
    await network.send("Network.enable")
    await device.open(path)
    await device.page.wait_for_load_state("networkidle")
    return {url: round(sizes.get(request, 0)) for request, (kind, url) in kinds.items() if kind in COUNTED}


@pytest.mark.parametrize("page", ["sign in", "conversations", "chat"])
async def test_a_first_visit_loads_less_than_100_kb(devices: Devices, alice: Person, bob: Person, page: str) -> None:
    await alice.send(bob, "hello")
    device = await devices.desk(None if page == "sign in" else bob)
    path, sign = {
        "sign in": ("/login", device.entrance.sign_in_button),
        "conversations": ("/messages", device.conversations.new),
        "chat": (f"/messages/{alice.id}", device.chat.message("hello")),
    }[page]
    loaded = await weight(device, path)
    await expect(sign).to_be_visible()
    assert len(loaded) >= 3, loaded
    assert all(size > 0 for size in loaded.values()), loaded
    assert sum(loaded.values()) < MOST, sorted(loaded.items(), key=lambda item: -item[1])


async def test_a_second_visit_loads_nothing_that_has_not_changed(devices: Devices) -> None:
    device = await devices.desk()
    await weight(device, "/login")
    again = await weight(device, "/login")
    assert sum(again.values()) < 2048, again
