"""A full disk: nothing is acknowledged, reading goes on, and with space again all goes on without a restart."""

import asyncio
import contextlib
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import pytest

from tests.faults.load import Ledger, check, people_on, send_again, talking
from tests.faults.shim import Shim
from tests.process import ServerProcess, refusal
from tests.support import PATIENCE, Person, error_of

#: Room for the database, its log, and some messages.
TMPFS_BYTES = 8 * 1024 * 1024

#: How many refusals without an acknowledgement between them say that nothing fits any more.
REFUSALS = 100


async def until_nothing_fits(ledger: Ledger) -> None:
    """Wait until what is left of the write-ahead log's space is used up."""
    acked, refused = -1, 0
    async with asyncio.timeout(PATIENCE):
        while acked != len(ledger.acked):
            acked, refused = len(ledger.acked), len(ledger.refused)
            while len(ledger.refused) < refused + REFUSALS:
                await asyncio.sleep(0.005)


async def until_unwell(person: Person) -> None:
    """Wait until the server says that it can store nothing; what it says is good for a second."""
    async with asyncio.timeout(PATIENCE):
        while True:
            async with await person.request("GET", "/health") as response:
                if response.status == 503:
                    assert await error_of(response) == (503, "storage_unavailable")
                    return


class Disk(Protocol):
    """What the data directory is on."""

    #: The environment of a server on it.
    variables: dict[str, str]

    def fill(self) -> None:
        """Let no file grow."""

    def make_room(self) -> None:
        """Let files grow."""


class Tmpfs:
    """A small file system of its own."""

    def __init__(self, directory: Path) -> None:
        self.variables: dict[str, str] = {}
        self._filler = directory / "filler"

    def fill(self) -> None:
        with contextlib.suppress(OSError), self._filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))

    def make_room(self) -> None:
        self._filler.unlink()


@contextlib.contextmanager
def small_tmpfs(data_dir: Path, _: Path) -> Iterator[Disk]:
    """Mount one, which needs root."""
    data_dir.mkdir(mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={TMPFS_BYTES}", "tmpfs", data_dir], check=True)
    try:
        yield Tmpfs(data_dir)
    finally:
        subprocess.run(["umount", "--lazy", data_dir], check=True)


@contextlib.contextmanager
def shim(data_dir: Path, scratch: Path) -> Iterator[Disk]:
    """Make the system calls fail."""
    yield Shim(data_dir, scratch)


def can_mount() -> bool:
    """Report whether this process may mount anything."""
    with tempfile.TemporaryDirectory() as directory:
        done = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", directory], check=False, capture_output=True)
        if done.returncode == 0:
            subprocess.run(["umount", directory], check=True)
        return done.returncode == 0


#: Where nothing can be mounted, the shim is all there is.
DISKS = [shim, *([small_tmpfs] if can_mount() else [])]


@pytest.mark.parametrize("make", DISKS, ids=lambda make: make.__name__)
async def test_a_full_disk_refuses_what_is_sent_and_answers_what_is_asked_until_there_is_space(
    tmp_path: Path, make: Callable[[Path, Path], AbstractContextManager[Disk]]
) -> None:
    data_dir = tmp_path / "data"
    ledger, people = Ledger(), list[Person]()
    with make(data_dir, tmp_path / "shim") as disk:
        with ServerProcess(data_dir, **disk.variables) as server:
            async with people_on(server, people), talking(people, "first", ledger):
                for _ in range(3):
                    await ledger.more_acks(100)
                    disk.fill()
                    await until_nothing_fits(ledger)
                    await require_reading(people, len(ledger.acked))
                    disk.make_room()
                    ledger.forget_acks()
                await ledger.more_acks(100)
                server.kill()
            assert "Traceback" not in server.log
            assert "cannot write to the database: database or disk is full" in server.log
        check(data_dir, ledger)
        with ServerProcess(data_dir, **disk.variables) as server:
            async with people_on(server, people):
                await send_again(data_dir, people, ledger)


async def require_reading(people: list[Person], acked: int) -> None:
    """See that all that was acknowledged can be read, and that the server says it is unwell."""
    sender, *_, receiver = people
    await until_unwell(sender)
    history = await sender.get(f"/messages/history/{receiver.id}?page_size=1")
    assert 0 < history["total"] < acked
    assert await receiver.get("/messages/unread_count") == {"unread_count": acked}
    assert (await receiver.get(f"/users/{sender.id}"))["username"] == sender.username


def test_a_first_start_on_a_full_disk_says_so_in_one_line(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    shim = Shim(data_dir, tmp_path / "shim")
    shim.fill()
    assert refusal(data_dir, "serve", "--port", "0", **shim.variables) == (
        f"the signing key {data_dir / 'signing.key'} cannot be made: No space left on device"
    )
    (data_dir / "signing.key").touch(mode=0o600)
    (data_dir / "signing.key").write_text("5a" * 32)
    assert refusal(data_dir, "serve", "--port", "0", **shim.variables) == (
        f"{data_dir / 'chatd.db'} cannot be migrated: the disk is full"
    )
    shim.make_room()
    with ServerProcess(data_dir, **shim.variables):
        pass


async def test_a_start_on_a_full_disk_says_so_in_one_line(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    shim = Shim(data_dir, tmp_path / "shim")
    ledger, people = Ledger(), list[Person]()
    with ServerProcess(data_dir, **shim.variables) as server:
        async with people_on(server, people), talking(people, "first", ledger):
            await ledger.more_acks(100)
            server.kill()
    before = (data_dir / "chatd.db").read_bytes()
    shim.fill()
    for command in (["serve", "--port", "0"], ["user", "add", "--bot", "more"]):
        line = refusal(data_dir, *command, **shim.variables)
        assert line == f"{data_dir / 'chatd.db'} cannot be read as a database: the disk is full"
    assert (data_dir / "chatd.db").read_bytes() == before
    shim.make_room()
    with ServerProcess(data_dir, **shim.variables) as server:
        async with people_on(server, people):
            await send_again(data_dir, people, ledger)
