"""A copy of the database is put back: every client is told, loads everything again, and hears what follows."""

import asyncio
import contextlib
import random
import shutil
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from chatd.client import Backoff, Client, Cursor, Event, MessageDeleted, MessageEdited, NewMessage, Resync
from tests.faults.proxy import FaultProxy
from tests.faults.support import Disk, Entry, Keeper, add_bots, entry_of, keeping_alive
from tests.process import chatd
from tests.support import until

CLIENTS = 4


class Mirror:
    """A client, and a copy of the chat that it keeps by what it hears."""

    def __init__(self, user_id: int, client: Client) -> None:
        self.user_id = user_id
        self.client = client
        self.contents: dict[int, str] = {}
        self.resyncs: list[Resync] = []
        #: What it has heard since the last resync.
        self.entries: list[Entry] = []
        self.cursor: Cursor | None = None
        self._reading: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Connect, and read on from where it stopped, or from the beginning."""
        await self.client.connect()
        place = self.client.cursor
        assert place is not None
        self._reading = asyncio.create_task(self._read(self.cursor or Cursor(place.epoch, 0)))

    async def disconnect(self) -> None:
        """Disconnect, and read what is left."""
        await self.client.close()
        if self._reading is not None:
            await self._reading

    def has_heard(self, seq: int) -> bool:
        """Report whether it has heard of a change since the last resync."""
        return any(entry[0] == seq for entry in self.entries)

    async def _read(self, since: Cursor) -> None:
        async for event in self.client.events(since):
            if event.cursor is not None:
                await self._take(event)
                self.cursor = event.cursor

    async def _take(self, event: Event) -> None:
        match event:
            case Resync():
                await self._reload(event)
                self.entries.clear()
                self.resyncs.append(event)
                return
            case NewMessage() | MessageEdited():
                self.contents[event.message.id] = event.message.content
            case MessageDeleted():
                self.contents[event.message_id] = ""
        assert event.cursor is not None
        self.entries.append(entry_of(event, event.cursor.seq))

    async def _reload(self, resync: Resync) -> None:
        self.contents.clear()
        assert not resync.conversations.more
        for conversation in resync.conversations.items:
            assert conversation.user is not None
            before, more = None, True
            while more:
                page = await self.client.messages(conversation.user, before=before, limit=5)
                self.contents.update((message.id, message.content) for message in page.items)
                before, more = page.items[0].id, page.more_before


@dataclass
class Scene:
    """A server behind a line, and clients that all keep a copy of the chat."""

    data_dir: Path
    disk: Disk
    keeper: Keeper
    proxy: FaultProxy
    mirrors: list[Mirror]

    async def talk(self, about: str) -> None:
        """Let everybody say something to everybody else, read, edit and delete."""
        for mirror in self.mirrors:
            others = [each for each in self.mirrors if each is not mirror]
            said = [await mirror.client.send(other.user_id, f"{about} from {mirror.user_id}") for other in others]
            await mirror.client.edit(said[0], f"{about}, to be exact")
            await mirror.client.delete(said[1])
            await others[0].client.read(mirror.user_id, said[0])

    def back_up(self, copy: Path) -> None:
        """Copy the database while it is used."""
        with (
            contextlib.closing(sqlite3.connect(self.data_dir / "chatd.db")) as source,
            contextlib.closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target, pages=10, sleep=0.001)

    async def restore(self, copy: Path, *, by_hand: bool) -> None:
        """Stop the server, put a copy of the database back, and start again."""
        await asyncio.to_thread(self.keeper.server.stop)
        if by_hand:
            for leftover in self.data_dir.glob("chatd.db*"):
                leftover.unlink()
            shutil.copy(copy, self.data_dir / "chatd.db")
        done = await asyncio.to_thread(chatd, self.data_dir, "restore", "--new-epoch" if by_hand else str(copy))
        assert done.returncode == 0, done.stderr
        await asyncio.to_thread(self.keeper.start)
        self.proxy.target = self.keeper.server.url

    async def until_all_know_everything(self) -> None:
        """Wait until every copy is what is stored."""
        with contextlib.suppress(TimeoutError):  # what differs, the comparison shows
            await until(lambda: all(each.contents == self.disk.contents_of(each.user_id) for each in self.mirrors))
        for mirror in self.mirrors:
            assert mirror.contents == self.disk.contents_of(mirror.user_id)

    async def check_resyncs(self) -> None:
        """See that everybody was told once, how things stood then, and all that came after."""
        epoch = self.disk.epoch()
        ends = self.disk.last_seqs()
        with contextlib.suppress(TimeoutError):  # what is still missing then, the comparison shows
            await until(lambda: all(each.has_heard(ends[each.user_id]) for each in self.mirrors))
        for mirror in self.mirrors:
            (resync,) = mirror.resyncs
            assert resync.cursor is not None
            assert resync.cursor.epoch == epoch
            assert {each.user.id for each in resync.conversations.items if each.user} == {
                each.user_id for each in self.mirrors if each is not mirror
            }
            log = [entry[:4] for entry in self.disk.log_of(mirror.user_id) if entry[0] > resync.cursor.seq]
            assert [entry[:4] for entry in mirror.entries] == log  # without the contents, which have changed since


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    """A server, and clients that are connected to it."""
    data_dir = tmp_path / "data"
    tokens = add_bots(data_dir, CLIENTS)
    chance = random.Random(0)
    with keeping_alive(data_dir) as keeper:
        async with FaultProxy(keeper.server.url, chance) as proxy:
            mirrors = [
                Mirror(user_id, Client(proxy.url, token=token, backoff=Backoff(0.02, 0.2, chance)))
                for user_id, token in tokens.items()
            ]
            try:
                for mirror in mirrors:
                    await mirror.connect()
                yield Scene(data_dir, Disk(data_dir), keeper, proxy, mirrors)
            finally:
                await asyncio.gather(*(mirror.disconnect() for mirror in mirrors))


@pytest.mark.parametrize("by_hand", [False, True], ids=["by chatd", "by hand"])
async def test_after_a_restore_every_client_agrees_with_the_database_and_hears_on(
    scene: Scene, tmp_path: Path, by_hand: bool
) -> None:
    await scene.talk("kept")
    await asyncio.to_thread(scene.back_up, tmp_path / "copy.db")
    await scene.talk("lost")
    await scene.until_all_know_everything()
    was = scene.disk.epoch()
    await scene.restore(tmp_path / "copy.db", by_hand=by_hand)
    assert scene.disk.epoch() != was
    await until(lambda: all(mirror.resyncs for mirror in scene.mirrors))
    await scene.until_all_know_everything()
    assert not any("lost" in content for mirror in scene.mirrors for content in mirror.contents.values())
    await scene.talk("new")
    await scene.until_all_know_everything()
    await scene.check_resyncs()


async def test_who_comes_back_after_a_restore_is_told_even_where_the_log_is_longer_again(
    scene: Scene, tmp_path: Path
) -> None:
    absent = scene.mirrors[-1]
    await scene.talk("kept")
    await asyncio.to_thread(scene.back_up, tmp_path / "copy.db")
    await scene.talk("lost")
    await scene.until_all_know_everything()
    await absent.disconnect()
    assert absent.cursor is not None
    await scene.restore(tmp_path / "copy.db", by_hand=False)
    scene.mirrors.remove(absent)
    await scene.talk("new")
    scene.mirrors.append(absent)
    while max(scene.disk.last_seqs().values()) <= absent.cursor.seq:
        await scene.mirrors[0].client.send(absent.user_id, "more")
    await absent.connect()
    await scene.until_all_know_everything()
    await scene.talk("newer")
    await scene.until_all_know_everything()
    await scene.check_resyncs()


async def test_who_talks_on_through_a_restore_agrees_with_the_database(scene: Scene, tmp_path: Path) -> None:
    stop = asyncio.Event()

    async def keep_talking(mirror: Mirror, other: Mirror) -> None:
        count = 0
        while not stop.is_set():
            count += 1
            await mirror.client.send(other.user_id, f"{count} from {mirror.user_id}")

    async def go_back_in_time() -> None:
        await until(lambda: len(scene.mirrors[0].contents) > 20)
        await asyncio.to_thread(scene.back_up, tmp_path / "copy.db")
        heard = len(scene.mirrors[0].contents)
        await until(lambda: len(scene.mirrors[0].contents) > heard + 20)
        await scene.restore(tmp_path / "copy.db", by_hand=False)
        await until(lambda: all(len(mirror.entries) > 20 and mirror.resyncs for mirror in scene.mirrors))
        stop.set()

    others = [*scene.mirrors[1:], scene.mirrors[0]]
    await asyncio.gather(go_back_in_time(), *map(keep_talking, scene.mirrors, others))
    await scene.until_all_know_everything()
