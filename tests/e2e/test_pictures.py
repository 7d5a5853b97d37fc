"""Pictures and a server in a process of its own: what decoding one costs it, and what it survives."""

import asyncio
import os
import signal
from pathlib import Path

from PIL import Image

from chatd import pictures
from tests.api.test_avatars import form_of, picture, upload
from tests.api.test_pictures import LARGE, turned
from tests.process import ServerProcess, client_of
from tests.support import PATIENCE, error_of, register, until

#: How much more memory the server may take at the most while a picture comes, in KiB.
ROOM_KIB = 24 * 1024


def peak(pid: int) -> int:
    """Return the most memory a process has had, in KiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def children(pid: int) -> list[int]:
    """Return the processes that a process has started and that are there still."""
    return [int(child) for each in Path(f"/proc/{pid}/task").glob("*/children") for child in each.read_text().split()]


def limit(pid: int, name: str) -> int | None:
    """Return the hard limit of a process by its name in the kernel, None where there is none."""
    (line,) = [each for each in Path(f"/proc/{pid}/limits").read_text().splitlines() if each.startswith(name)]
    value = line.removeprefix(name).split()[1]
    return None if value == "unlimited" else int(value)


async def at_work(server: int) -> int:
    """Wait until a decoder begins to read, which it does after it has taken from itself what it does not need."""
    await until(lambda: children(server))
    (decoder,) = children(server)
    await until(lambda: limit(decoder, "Max open files") == 3)
    return decoder


def slow() -> bytes:
    """Return a picture that takes some hundred milliseconds to decode."""
    return turned(Image.new("RGB", LARGE, "red"), "JPEG", progressive=True)


async def test_a_picture_that_is_large_when_decoded_costs_the_server_nothing(tmp_path: Path) -> None:
    bomb = turned(Image.new("RGB", LARGE, "red"), "WEBP", lossless=True, quality=0, method=0)
    assert len(bomb) < 2000
    with ServerProcess(tmp_path / "data") as server:
        async with client_of(server) as client:
            alice = await register(client, "alice")
            before = peak(server.pid)
            await upload(alice, bomb)
            await upload(alice, slow())
            assert peak(server.pid) - before < ROOM_KIB
            assert children(server.pid) == []


async def test_a_decoder_that_is_killed_costs_its_picture_and_nothing_else(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data") as server:
        async with client_of(server) as client:
            alice, bob = await register(client, "alice"), await register(client, "bobby")
            request = asyncio.create_task(alice.request("POST", "/files/upload/avatar", data=form_of(slow())))
            decoder = await at_work(server.pid)
            assert limit(decoder, "Max address space") == pictures.MEMORY_LIMIT
            assert limit(decoder, "Max cpu time") == pictures.CPU_LIMIT
            os.kill(decoder, signal.SIGKILL)
            assert await error_of(await request) == (400, "unsupported_image")
            await alice.send(bob, "still there")
            await upload(alice, picture("PNG"))
        (said,) = [each for each in server.entries if each["level"] == "warning"]
        assert (said["event"], said["status"]) == ("decoder_broken", -signal.SIGKILL)
        assert "exception" not in said


async def test_a_server_that_stops_waits_for_no_decoder(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data") as server:
        async with client_of(server) as client:
            alice = await register(client, "alice")
            request = asyncio.create_task(alice.request("POST", "/files/upload/avatar", data=form_of(slow())))
            decoder = await at_work(server.pid)
            os.kill(decoder, signal.SIGSTOP)
            assert server.stop() == 0
            await asyncio.wait([request], timeout=PATIENCE)
            assert request.exception() is not None
        assert not Path(f"/proc/{decoder}").exists()
