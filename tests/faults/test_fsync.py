"""An acknowledgement means synced to disk: what ``kill -9`` cannot tell, a disk that does not sync can.

A tracer makes the sync calls of the running server fail, or holds them back for as long as a test wants. The same is
done to a server with ``synchronous=NORMAL``, which does not sync before it acknowledges: were the tests blind, it would
pass as well.
"""

import asyncio
import contextlib
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.process import ServerProcess, client_of
from tests.support import PATIENCE, Person, error_of, register, until

LAUNCHER = str(Path(__file__).with_name("launcher.py"))

FAIL = "error=EIO"

#: Longer than any test lasts: it ends when the tracer does.
HOLD = "delay_enter=600s"


@contextlib.contextmanager
def syncs(server: ServerProcess, injected: str, trace: Path) -> Iterator[None]:
    """Have every sync call of a server fail or wait.

    :param injected: what happens to the calls, as strace(1) has it.
    :param trace: where the calls are written down.
    """
    calls = "fdatasync,fsync"
    command = ["strace", "-f", "-o", str(trace), "-e", f"trace={calls}", "-e", f"inject={calls}:{injected}"]
    with subprocess.Popen([*command, "-p", str(server.pid)], stderr=subprocess.PIPE, text=True) as tracer:
        try:
            assert tracer.stderr is not None
            assert " attached" in tracer.stderr.readline()
            yield
        finally:
            tracer.send_signal(signal.SIGTERM)
            tracer.wait(PATIENCE)


@contextlib.asynccontextmanager
async def talking(tmp_path: Path, synchronous: str) -> AsyncIterator[tuple[ServerProcess, Person, Person]]:
    """Start a server, and yield it with two who have talked already: the files are there, and their headers synced."""
    with ServerProcess(tmp_path / "data", program=(LAUNCHER, synchronous)) as server:
        async with client_of(server) as client:
            alice, bob = await register(client, "alice"), await register(client, "bobby")
            await alice.send(bob, "before")
            yield server, alice, bob


async def contents(reader: Person, other: Person) -> list[str]:
    """Return what two have said to each other."""
    return [message["content"] for message in (await reader.get(f"/messages/history/{other.id}"))["items"]]


async def test_a_message_that_could_not_be_synced_is_refused_and_told_to_nobody(tmp_path: Path) -> None:
    async with talking(tmp_path, "default") as (server, alice, bob):
        socket = await bob.connect()
        body = {"content": "unsynced", "client_id": "id"}
        with syncs(server, FAIL, tmp_path / "trace"):
            for _ in range(2):
                async with await alice.request("POST", f"/messages/send/{bob.id}", json=body) as response:
                    assert await error_of(response) == (503, "storage_unavailable")
            async with await alice.request("GET", "/health") as response:
                assert await error_of(response) == (503, "storage_unavailable")
            assert await contents(bob, alice) == ["before"]
            await socket.ping()
        message = await alice.send(bob, **body)
        assert await socket.receive() == {"type": "new_message", "data": message}
        assert await contents(bob, alice) == ["before", "unsynced"]
        await socket.close()


async def test_a_message_is_acknowledged_and_told_only_when_its_sync_has_ended(tmp_path: Path) -> None:
    async with talking(tmp_path, "default") as (server, alice, bob):
        socket = await bob.connect()
        with syncs(server, HOLD, tmp_path / "trace"):
            sending = asyncio.create_task(alice.send(bob, "held"))
            await until(lambda: "fdatasync(" in (tmp_path / "trace").read_text())
            for _ in range(20):
                assert await contents(bob, alice) == ["before"]
            await socket.ping()
            assert not sending.done()
        message = await sending
        assert await socket.receive() == {"type": "new_message", "data": message}
        assert await contents(bob, alice) == ["before", "held"]
        await socket.close()


@pytest.mark.parametrize("injected", [FAIL, HOLD], ids=["fail", "hold"])
async def test_these_tests_would_notice_a_server_that_acknowledges_without_a_sync(
    tmp_path: Path, injected: str
) -> None:
    async with talking(tmp_path, "NORMAL") as (server, alice, bob):
        with syncs(server, injected, tmp_path / "trace"):
            await alice.send(bob, "never synced")
            assert await contents(bob, alice) == ["before", "never synced"]
