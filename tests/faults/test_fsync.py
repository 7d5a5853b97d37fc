"""An acknowledgement means synced to disk: what ``kill -9`` cannot tell, a disk that does not sync can.

A tracer holds the sync calls of the running server back for as long as a test wants, or makes them fail. The same is
done to a server with ``synchronous=NORMAL``, which does not sync before it acknowledges: were the tests blind, it would
pass as well.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.faults.load import Ledger, check, people_on, send_again, talking
from tests.faults.shim import Shim
from tests.process import ServerProcess, client_of, refusal
from tests.support import PATIENCE, Person, register, until

LAUNCHER = str(Path(__file__).with_name("launcher.py"))

FAIL = "error=EIO"

#: Longer than any test lasts: it ends when the tracer does.
HOLD = "delay_enter=600s"


@contextlib.contextmanager
def syncs(server: ServerProcess, injected: str, trace: Path) -> Iterator[None]:
    """Make every sync call of a server fail or wait.

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
async def acquainted(tmp_path: Path, synchronous: str) -> AsyncIterator[tuple[ServerProcess, Person, Person]]:
    """Start a server, and yield it with two who have talked already: the files are there, and their headers synced."""
    with ServerProcess(tmp_path / "data", program=(LAUNCHER, synchronous)) as server:
        async with client_of(server) as client:
            alice, bob = await register(client, "alice"), await register(client, "bobby")
            await alice.send(bob, "before")
            yield server, alice, bob


async def contents(reader: Person, other: Person) -> list[str]:
    """Return what two have said to each other."""
    return [message["content"] for message in (await reader.get(f"/messages/history/{other.id}"))["items"]]


async def test_a_server_whose_disk_fails_to_sync_ends_and_answers_nobody(tmp_path: Path) -> None:
    async with acquainted(tmp_path, "default") as (server, alice, bob):
        socket = await bob.connect()
        with syncs(server, FAIL, tmp_path / "trace"):
            with pytest.raises((aiohttp.ClientError, ConnectionError)):
                await alice.send(bob, "unsynced")
            assert await asyncio.to_thread(server.wait) == os.EX_IOERR
        message = await socket.ws.receive(timeout=PATIENCE)
        assert message.type is not aiohttp.WSMsgType.TEXT
        assert [entry["message"] for entry in server.entries if entry["level"] in ("error", "critical")] == [
            "the disk failed to sync: chatd ends, as nothing it would store now could be relied on"
        ]


async def test_what_was_acknowledged_before_syncs_failed_is_there_after_and_the_rest_can_be_sent_again(
    tmp_path: Path,
) -> None:
    data_dir = tmp_path / "data"
    shim = Shim(data_dir, tmp_path / "shim")
    ledger, people = Ledger(), list[Person]()
    with ServerProcess(data_dir, **shim.variables) as server:
        async with people_on(server, people):
            async with talking(people, "first", ledger):
                await ledger.more_acks(100)
                shim.fail_syncs()
            assert await asyncio.to_thread(server.wait) == os.EX_IOERR
    check(data_dir, ledger)
    assert not ledger.refused
    assert ledger.unsure
    shim.sync_again()
    with ServerProcess(data_dir, **shim.variables) as server:
        async with people_on(server, people):
            await send_again(data_dir, people, ledger)


async def test_what_a_server_left_in_its_log_is_synced_before_another_serves(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    shim = Shim(data_dir, tmp_path / "shim")
    with ServerProcess(data_dir, **shim.variables) as server:
        async with client_of(server) as client:
            await register(client, "alice")
    assert (data_dir / "chatd.db-wal").stat().st_size > 0
    shim.fail_syncs()
    line = refusal(data_dir, "serve", "--port", "0", **shim.variables)
    assert line == f"{data_dir / 'chatd.db'} cannot be opened: the disk fails to sync"
    shim.sync_again()
    with ServerProcess(data_dir, **shim.variables):
        assert (data_dir / "chatd.db-wal").stat().st_size == 0


async def test_a_message_is_acknowledged_and_told_only_when_its_sync_has_ended(tmp_path: Path) -> None:
    async with acquainted(tmp_path, "default") as (server, alice, bob):
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
    async with acquainted(tmp_path, "NORMAL") as (server, alice, bob):
        with syncs(server, injected, tmp_path / "trace"):
            await alice.send(bob, "never synced")
            assert await contents(bob, alice) == ["before", "never synced"]
