"""The line is lost, the server dies, the page is reloaded: nothing is lost, and nothing comes twice."""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, WebSocketRoute, expect
from yarl import URL

from tests.ports import free_port
from tests.process import ServerProcess, chatd
from tests.support import Person
from tests.web.browser import LINE_LOST, Devices
from tests.web.conftest import Newcomer
from tests.web.test_history import STILL, first_visible, scroll, talk, top_of

SOCKET = re.compile(r"/messages/ws")


@pytest.fixture
def server(built: None, tmp_path: Path) -> Iterator[ServerProcess]:
    """A server for each test, to be killed."""
    with ServerProcess(tmp_path / "data", "--port", str(free_port())) as server:
        yield server


def started_again(server: ServerProcess, data_dir: Path) -> ServerProcess:
    """Return a server for ``with`` at the address of one that was killed, on its data."""
    return ServerProcess(data_dir, "--port", str(URL(server.url).port))


class Line:
    """The line between a browser and the server, in our hands."""

    def __init__(self) -> None:
        self.is_up = True
        self.loses_next_ack = False
        self.losses = 0
        self._sockets: list[WebSocketRoute] = []

    async def hold(self, context: BrowserContext) -> None:
        """Take the line of a browser that has opened no page yet."""
        await context.route_web_socket(SOCKET, self._connect)

    async def cut(self) -> None:
        """Cut it until :attr:`is_up` is set again."""
        self.is_up = False
        for socket in self._sockets:
            await socket.close(code=1012)
        self._sockets.clear()

    async def _connect(self, socket: WebSocketRoute) -> None:
        if not self.is_up:
            await socket.close(code=1012)
            return
        server = socket.connect_to_server()
        self._sockets.append(socket)

        async def forward(frame: str | bytes) -> None:
            if self.loses_next_ack and "message" in json.loads(frame).get("data", {}):
                self.loses_next_ack = False
                self.losses += 1
                await self.cut()
                self.is_up = True
            else:
                socket.send(frame)

        server.on_message(forward)


async def test_both_reconnect_to_a_killed_server_and_what_was_said_meanwhile_arrives_once(
    devices: Devices, alice: Person, bob: Person, server: ServerProcess, tmp_path: Path
) -> None:
    at_alices, at_bobs = await devices.desk(alice), await devices.phone(bob)
    for device, other in ((at_alices, bob), (at_bobs, alice)):
        device.allow(*LINE_LOST)
        await device.open(f"/messages/{other.id}")
        await expect(device.chat.box).to_be_visible()
    await at_alices.chat.tell("before")
    await expect(at_bobs.chat.message("before")).to_be_visible()
    server.kill()
    for device in (at_alices, at_bobs):
        await expect(device.navigation.reconnecting).to_be_visible()
    await at_alices.chat.say("hers meanwhile")
    await at_bobs.chat.say("his meanwhile")
    await expect(at_alices.chat.message("hers meanwhile")).to_have_attribute("data-state", "pending")
    await expect(at_bobs.chat.message("his meanwhile")).to_have_attribute("data-state", "pending")
    with started_again(server, tmp_path / "data"):
        elsewhere = await bob.device()
        await elsewhere.send(alice, "from elsewhere")
        for device in (at_alices, at_bobs):
            await expect(device.chat.messages).to_have_count(4)
            await expect(device.navigation.reconnecting).to_have_count(0)
        await at_bobs.chat.tell("after")
        await at_alices.chat.tell("and after that")
        for device in (at_alices, at_bobs):
            for text in ("before", "hers meanwhile", "his meanwhile", "from elsewhere", "and after that"):
                await expect(device.chat.message(text)).to_have_count(1)
            await expect(device.chat.messages).to_have_count(6)
        await expect(at_alices.chat.message("hers meanwhile")).to_have_attribute("data-state", "read")


async def test_retry_now_does_not_wait(devices: Devices, alice: Person, bob: Person) -> None:
    desk = await devices.desk(alice)
    desk.allow(*LINE_LOST)
    line = Line()
    await line.hold(desk.context)
    await desk.context.add_init_script("Math.random = () => 1000")  # so that a wait would outlast the test
    await desk.open(f"/messages/{bob.id}")
    await expect(desk.chat.box).to_be_visible()
    await line.cut()
    await expect(desk.page.get_by_text(re.compile(r"Reconnecting in \d{3,} s"))).to_be_visible()
    line.is_up = True
    await desk.page.get_by_role("button", name="Retry now").click()
    await expect(desk.navigation.reconnecting).to_have_count(0)
    await desk.chat.tell("here again")


async def test_a_message_whose_ack_was_lost_is_sent_again_and_stored_once(
    devices: Devices, alice: Person, bob: Person
) -> None:
    at_alices, at_bobs = await devices.desk(alice), await devices.phone(bob)
    line = Line()
    await line.hold(at_alices.context)
    await at_alices.open(f"/messages/{bob.id}")
    await at_bobs.open(f"/messages/{alice.id}")
    await at_alices.chat.tell("first")
    line.loses_next_ack = True
    await at_alices.chat.say("only once")
    await expect(at_bobs.chat.message("only once")).to_be_visible()
    await expect(at_alices.chat.message("only once")).to_have_attribute("data-state", "read")
    assert line.losses == 1
    await at_alices.chat.tell("last")
    for device in (at_alices, at_bobs):
        await expect(device.chat.message("last")).to_be_visible()
        await expect(device.chat.messages).to_have_count(3)
    items = (await alice.get(f"/messages/history/{bob.id}"))["items"]
    assert [item["content"] for item in items] == ["first", "only once", "last"]


async def test_messages_written_offline_survive_a_reload_and_are_sent_in_order(
    devices: Devices, alice: Person, bob: Person
) -> None:
    desk = await devices.desk(alice)
    line = Line()
    await line.hold(desk.context)
    await desk.open(f"/messages/{bob.id}")
    await desk.chat.tell("online")
    await line.cut()
    for text in ("first offline", "second offline"):
        await desk.chat.say(text)
        await expect(desk.chat.message(text)).to_have_attribute("data-state", "pending")
    await desk.chat.box.fill("only a draft")
    await expect(desk.navigation.reconnecting).to_be_visible()
    await desk.page.reload()
    for text in ("first offline", "second offline"):
        await expect(desk.chat.message(text)).to_have_attribute("data-state", "pending")
    await expect(desk.chat.box).to_have_value("only a draft")
    line.is_up = True
    for text in ("first offline", "second offline"):
        await expect(desk.chat.message(text)).to_have_attribute("data-state", "sent")
    items = (await bob.get(f"/messages/history/{alice.id}"))["items"]
    assert [item["content"] for item in items] == ["online", "first offline", "second offline"]


async def test_what_changed_while_away_is_there_on_return(devices: Devices, alice: Person, bob: Person) -> None:
    desk = await devices.desk(alice)
    line = Line()
    await line.hold(desk.context)
    kept = await bob.send(alice, "as it was")
    gone = await bob.send(alice, "soon gone")
    await desk.open(f"/messages/{bob.id}")
    await expect(desk.chat.message("soon gone")).to_be_visible()
    await line.cut()
    await bob.send(alice, "new")
    async with await bob.request("PATCH", f"/messages/{kept['id']}", json={"content": "as it is"}) as response:
        assert response.status == 200
    async with await bob.request("DELETE", f"/messages/{gone['id']}") as response:
        assert response.status == 200
    line.is_up = True
    await expect(desk.chat.messages).to_have_text(
        [re.compile("as it is"), re.compile("Message deleted"), re.compile("new")]
    )


async def test_a_restored_copy_is_reloaded_and_what_it_does_not_know_is_gone(
    devices: Devices, alice: Person, bob: Person, server: ServerProcess, tmp_path: Path
) -> None:
    data_dir, copy = tmp_path / "data", tmp_path / "copy.db"
    desk = await devices.desk(alice)
    desk.allow(*LINE_LOST)
    await bob.send(alice, "in the copy")
    with closing(sqlite3.connect(data_dir / "chatd.db")) as db:
        db.execute("VACUUM INTO ?", (str(copy),))
    await bob.send(alice, "not in the copy")
    await desk.open(f"/messages/{bob.id}")
    await expect(desk.chat.messages).to_have_count(2)
    server.stop()
    done = chatd(data_dir, "restore", str(copy))
    assert done.returncode == 0, done.stderr
    with started_again(server, data_dir):
        await expect(desk.chat.messages).to_have_text([re.compile("^(?!.*not).*in the copy")])
        await expect(desk.conversations.of(bob.nickname)).not_to_contain_text("not in the copy")
        await desk.chat.tell("after it")
        await expect(desk.chat.messages).to_have_count(2)


@pytest.mark.parametrize("reader", ["there", "in another chat"])
async def test_the_place_in_a_chat_is_kept_when_everything_is_loaded_anew(
    devices: Devices,
    alice: Person,
    bob: Person,
    newcomer: Newcomer,
    server: ServerProcess,
    tmp_path: Path,
    reader: str,
) -> None:
    data_dir, copy = tmp_path / "data", tmp_path / "copy.db"
    desk = await devices.desk(bob)
    desk.allow(*LINE_LOST)
    carol = await newcomer("carol")
    await carol.send(bob, "hello from carol")
    ids = await talk(alice, bob)
    await bob.post(f"/messages/read/{alice.id}")
    with closing(sqlite3.connect(data_dir / "chatd.db")) as db:
        db.execute("VACUUM INTO ?", (str(copy),))
    await desk.open(f"/messages/{alice.id}")
    await expect(desk.chat.by_id(ids[-1])).to_be_in_viewport()
    for _ in range(3):
        await scroll(desk, -1510)
    anchor = await first_visible(desk)
    before = await top_of(anchor)
    if reader == "in another chat":
        await desk.conversations.of(carol.nickname).click()
        await expect(desk.chat.message("hello from carol")).to_be_visible()
    server.stop()
    done = chatd(data_dir, "restore", str(copy))
    assert done.returncode == 0, done.stderr
    answers = "**/messages?*"
    async with desk.page.expect_response(answers) as answer:
        with started_again(server, data_dir):
            await answer.value
            await expect(desk.navigation.reconnecting).to_have_count(0)
            if reader == "in another chat":
                await desk.page.go_back()
            await expect(anchor).to_be_in_viewport()
            await expect(desk.chat.log).not_to_have_attribute("aria-busy", "true")
            await expect(anchor).to_be_in_viewport()
            assert abs(await top_of(anchor) - before) <= STILL


async def test_coming_online_reconnects_at_once(devices: Devices, alice: Person, bob: Person) -> None:
    desk = await devices.desk(alice)
    desk.allow(*LINE_LOST)
    line = Line()
    await line.hold(desk.context)
    await desk.open(f"/messages/{bob.id}")
    await desk.chat.tell("online")
    await desk.context.set_offline(True)
    await line.cut()
    await expect(desk.page.get_by_text(re.compile("^Offline"))).to_be_visible()
    await desk.chat.say("written offline")
    await expect(desk.chat.message("written offline")).to_have_attribute("data-state", "pending")
    line.is_up = True
    await desk.context.set_offline(False)
    await expect(desk.chat.message("written offline")).to_have_attribute("data-state", "sent")
    await expect(desk.navigation.reconnecting).to_have_count(0)
