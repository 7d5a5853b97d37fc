"""SIGTERM under load: whoever does not play along is not waited for, and what was acknowledged is stored."""

import asyncio
import contextlib
import time
from dataclasses import replace
from pathlib import Path

from tests.conftest import Figure
from tests.faults.load import Ledger, people_on, send_again, talking
from tests.process import ServerProcess, client_of
from tests.raw import dial, read_head, upgrade_head
from tests.support import Person, register

#: How many of the longest messages wait for one who never reads: more than the kernel holds, and a little less than
#: what drops a socket.
MESSAGES = 40

TEXT = "語" * 2000

#: How long a stop may take, in seconds.
STOPS_WITHIN = 10.0


async def test_sigterm_under_load_tells_live_clients_and_loses_nothing(tmp_path: Path, figure: Figure) -> None:
    data_dir = tmp_path / "data"
    ledger, people = Ledger(), list[Person]()
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(ServerProcess(data_dir))
        async with people_on(server, people):
            stalled_one = await register(people[0].client, "stalled")
            stalled = stack.enter_context(dial(server.url, upgrade_head(stalled_one.token), receive_buffer=4096))
            assert read_head(stalled).startswith(b"HTTP/1.1 101 ")
            for half in halves(people[0], people[1]):
                stack.enter_context(dial(server.url, half))
            async with talking(people, "first", ledger):
                await ledger.more_acks(100)
                began = time.monotonic()
                assert await asyncio.to_thread(server.stop) == 0
                took = time.monotonic() - began
        assert "Traceback" not in server.log
        assert server.entries[-1]["message"] == "stopped"
    figure(f"SIGTERM under load: stopped in {took:.2f} s")
    assert took < STOPS_WITHIN
    assert ledger.codes
    assert set(ledger.codes) <= {1001, 1012}
    with ServerProcess(data_dir) as server:
        async with people_on(server, people):
            await send_again(data_dir, people, ledger)


def halves(sender: Person, receiver: Person) -> list[str]:
    """Return requests of which the rest never comes."""
    return [
        "",
        "GET /health HT",
        "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nusername=",
        f"POST /messages/send/{receiver.id} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {sender.token}\r\n"
        'Content-Length: 9999\r\n\r\n{"content":',
        "GET /messages/ws HTTP/1.1\r\nHost: x\r\n",
    ]


async def test_sigterm_waits_for_no_client_for_whom_much_is_waiting(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(ServerProcess(tmp_path / "data"))
        async with client_of(server) as client:
            alice, bob = await register(client, "alice"), await register(client, "bobby")
            stalled = stack.enter_context(dial(server.url, upgrade_head(bob.token), receive_buffer=4096))
            assert read_head(stalled).startswith(b"HTTP/1.1 101 ")
            for _ in range(MESSAGES):
                await alice.send(bob, TEXT)
            assert await asyncio.to_thread(server.stop) == 0
        received = 0
        with contextlib.suppress(ConnectionError):
            while chunk := stalled.recv(65536):
                received += len(chunk)
        assert received < MESSAGES * len(TEXT.encode())
        assert "dropped" not in server.log
        assert "Traceback" not in server.log
    with ServerProcess(tmp_path / "data") as server:
        async with client_of(server) as client:
            history = await replace(bob, client=client).get(f"/messages/history/{alice.id}")
            assert history["total"] == MESSAGES
