"""Notifications of the desktop: of what, when, and how they go away again."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Worker, expect
from yarl import URL

from tests import support
from tests.support import Person
from tests.web.attention import EYES, Attention
from tests.web.browser import LINE_LOST, Device, Devices, chromium
from tests.web.conftest import Newcomer
from tests.web.site import Site, kept, until

#: The notifications that are shown.
NOTIFICATIONS = """
    navigator.serviceWorker.ready
        .then((registration) => registration.getNotifications())
        .then((all) => all.map(({ title, body, tag, icon }) => ({ title, body, tag, icon: new URL(icon).pathname })))
"""

#: Tells the test of each notification once it is shown. Chromium forgets a notification that is asked about when it is
#: stored already and not on the screen yet.
ANNOUNCE = """
    if (window.ServiceWorkerRegistration) {
        const show = ServiceWorkerRegistration.prototype.showNotification
        ServiceWorkerRegistration.prototype.showNotification = async function (title, options) {
            await show.call(this, title, options)
            await window.announce(options.body)
        }
    }
"""

#: Has a notification appear as long as two messages are unread, and counts how often it is asked about meanwhile.
SLOWLY = """
    if (window.ServiceWorkerRegistration) {
        window.appearing = window.disturbances = 0
        const { showNotification, getNotifications } = ServiceWorkerRegistration.prototype
        ServiceWorkerRegistration.prototype.showNotification = async function (title, options) {
            window.appearing += 1
            await showNotification.call(this, title, options)
            while (document.title.startsWith('(2)')) await new Promise((resolve) => setTimeout(resolve, 20))
            await new Promise((resolve) => setTimeout(resolve, 100))
            window.appearing -= 1
        }
        ServiceWorkerRegistration.prototype.getNotifications = function (filter) {
            window.disturbances += window.appearing
            return getNotifications.call(this, filter)
        }
    }
"""

#: A click on the only notification there is, as the browser would tell the worker of it.
CLICK = """
    async () => {
        const [notification] = await self.registration.getNotifications()
        const click = new NotificationEvent('notificationclick', { notification })
        const done = new Promise((resolve) => { click.waitUntil = resolve })
        self.dispatchEvent(click)
        // Only a person's click may bring a window to the front.
        await done.catch((error) => { if (error.name !== 'InvalidAccessError') throw error })
    }
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A browser that has notifications."""
    async with chromium(whole=True) as browser:
        yield browser


@pytest.fixture
def server(site: Site) -> Site:
    """A server for each test, in this process."""
    return site


async def worker_of(device: Device) -> Worker:
    """Return the only service worker of a browser."""
    [worker] = device.context.service_workers
    return worker


async def allowed(devices: Devices, person: Person, *scripts: str) -> Device:
    """Return a computer that may notify somebody, and is watched.

    :param scripts: what its pages run first.
    """
    desk = await devices.desk(person, permissions=["notifications"])
    for script in scripts:
        await desk.context.add_init_script(script)
    await desk.context.expose_function("announce", lambda body: desk.shown.add(body))
    await desk.context.add_init_script(ANNOUNCE)
    return desk


async def with_notifications(devices: Devices, person: Person, *scripts: str) -> Device:
    """Return a computer of somebody who has turned notifications on, and looks at the settings."""
    desk = await allowed(devices, person, *scripts)
    await desk.open("/messages")
    await kept(desk.page)
    # Whatever is sent before the conversations are there is no news.
    await expect(desk.page.get_by_role("button", name="Find a person")).to_be_visible()
    await desk.navigation.settings.click()
    await desk.settings.pages.get_by_role("link", name="Notifications").click()
    await desk.settings.notifications.click()
    await expect(desk.settings.notifications).to_be_checked()
    return desk


async def told(desk: Device, *bodies: str) -> list[dict[str, str]]:
    """Wait until exactly these notifications are shown, and return them."""
    await support.until(lambda: desk.shown.issuperset(bodies))
    await until(desk.page, f"{NOTIFICATIONS}.then((all) => all.map(({{ body }}) => body).sort())", sorted(bodies))
    notifications: list[dict[str, str]] = await desk.page.evaluate(NOTIFICATIONS)
    return notifications


async def test_a_message_is_told_of_while_another_page_is_shown(
    devices: Devices, server: Site, alice: Person, bob: Person
) -> None:
    desk = await with_notifications(devices, alice)
    nickname = "<i>{{7*7}}</i> {n} @:x"
    async with await bob.request("PUT", "/users/me", json={"nickname": nickname}) as response:
        assert response.status == 200, await response.text()
    await bob.send(alice, "<b>Lunch</b>?")
    [notification] = await told(desk, "<b>Lunch</b>?")
    assert notification == {
        "title": nickname,
        "body": "<b>Lunch</b>?",
        "tag": f"chat-{bob.id}",
        "icon": "/icons/icon-192.png",
    }
    await bob.send(alice, "At noon?")
    await told(desk, "At noon?")


async def test_nothing_is_told_before_somebody_has_turned_it_on(
    devices: Devices, server: Site, alice: Person, bob: Person
) -> None:
    desk = await allowed(devices, alice)
    await desk.settings.open("notifications")
    await kept(desk.page)
    await expect(desk.settings.notifications).not_to_be_checked()
    await bob.send(alice, "unheard")
    await expect(desk.page).to_have_title("(1) Notifications · chatd")
    await desk.settings.notifications.click()
    await expect(desk.settings.notifications).to_be_checked()
    await bob.send(alice, "heard")
    await told(desk, "heard")


async def test_a_message_that_is_before_somebodys_eyes_in_another_tab_is_not_told_of(
    devices: Devices, server: Site, alice: Person, bob: Person, newcomer: Newcomer
) -> None:
    carol = await newcomer("carol")
    desk = await with_notifications(devices, alice)
    other = await desk.context.new_page()
    await other.goto(f"/messages/{bob.id}")
    await expect(other.get_by_role("log", name="Messages")).to_be_visible()
    await other.bring_to_front()
    await bob.send(alice, "seen")
    await expect(other.get_by_role("article").filter(has_text="seen")).to_be_visible()
    await carol.send(alice, "not seen")
    await told(desk, "not seen")


@pytest.mark.parametrize("away", ["hidden", "beside"])
async def test_a_message_is_told_of_while_its_chat_is_open_in_a_window_that_nobody_looks_at(
    devices: Devices, server: Site, alice: Person, bob: Person, away: str
) -> None:
    desk = await with_notifications(devices, alice, EYES)
    attention = Attention(desk)
    await desk.open(f"/messages/{bob.id}")
    await expect(desk.chat.box).to_be_visible()
    await bob.send(alice, "seen")
    await expect(desk.chat.message("seen")).to_be_visible()
    await expect(desk.page).not_to_have_title(re.compile(r"^\("))
    await (attention.hide() if away == "hidden" else attention.leave())
    await bob.send(alice, "not seen")
    await told(desk, "not seen")
    assert "seen" not in desk.shown
    await attention.come_back()
    await told(desk)


async def test_what_came_while_the_line_was_lost_is_told_of_on_return(
    devices: Devices, server: Site, alice: Person, bob: Person
) -> None:
    desk = await with_notifications(devices, alice)
    desk.allow(*LINE_LOST)
    await server.stop()
    await expect(desk.navigation.reconnecting).to_be_visible()
    await server.start()
    await bob.send(alice, "Are you there?")
    await told(desk, "Are you there?")


async def test_a_notification_is_taken_back_when_its_message_is_read_on_another_device(
    devices: Devices, server: Site, alice: Person, bob: Person
) -> None:
    desk = await with_notifications(devices, alice)
    await bob.send(alice, "Lunch?")
    await told(desk, "Lunch?")
    await alice.post(f"/messages/read/{bob.id}")
    await told(desk)


async def test_a_notification_is_taken_back_when_its_message_is_deleted(
    devices: Devices, server: Site, alice: Person, bob: Person
) -> None:
    desk = await with_notifications(devices, alice)
    message = await bob.send(alice, "regretted")
    await told(desk, "regretted")
    async with await bob.request("DELETE", f"/messages/{message['id']}") as response:
        assert response.ok
    await told(desk)


async def test_no_notification_is_asked_about_while_it_appears(
    devices: Devices, server: Site, alice: Person, bob: Person, newcomer: Newcomer
) -> None:
    carol = await newcomer("carol")
    desk = await with_notifications(devices, alice, SLOWLY)
    await carol.send(alice, "Tea?")
    await told(desk, "Tea?")
    await bob.send(alice, "Lunch?")
    await until(desk.page, "window.appearing", 1)
    await alice.post(f"/messages/read/{carol.id}")
    await told(desk, "Lunch?")
    assert await desk.page.evaluate("window.disturbances") == 0


async def test_signing_out_takes_all_notifications_back(
    devices: Devices, server: Site, alice: Person, bob: Person
) -> None:
    desk = await with_notifications(devices, alice)
    await bob.send(alice, "for her eyes only")
    await told(desk, "for her eyes only")
    await desk.navigation.choose("Sign out")
    await expect(desk.entrance.sign_in_heading).to_be_visible()
    await told(desk)
    await expect(desk.page).to_have_title("Sign in · chatd")


async def test_a_chosen_notification_opens_the_chat_in_the_window_that_is_there(
    devices: Devices, server: Site, alice: Person, bob: Person
) -> None:
    desk = await with_notifications(devices, alice)
    await bob.send(alice, "Lunch?")
    await told(desk, "Lunch?")
    worker = await worker_of(desk)
    await worker.evaluate(CLICK)
    await expect(desk.chat.heading(bob.nickname)).to_be_visible()
    assert URL(desk.page.url).path == f"/messages/{bob.id}"
    assert len(desk.context.pages) == 1
    await told(desk)
