"""Many who guess passwords at once take no memory to speak of, and nobody's messages wait for them."""

import asyncio
import re
from collections import Counter
from pathlib import Path

from aiohttp import ClientSession, TCPConnector

from tests.process import ServerProcess, client_of
from tests.support import PASSWORD, register

#: How many guess at once: each takes a descriptor, of which a process often may have no more than 1,024.
GUESSES = 800

#: What they may take, in MiB: two hashes with 19 MiB each, and their connections.
ROOM = 120


def peak(pid: int) -> float:
    """Return the most memory a process has had, in MiB."""
    (kib,) = re.findall(r"^VmHWM:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(kib) / 1024


async def test_hundreds_of_sign_ins_at_once_are_answered_in_little_memory_and_messages_go_on(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data") as server:
        async with client_of(server) as client, ClientSession(connector=TCPConnector(limit=0)) as attackers:
            alice, bob = await register(client, "alice"), await register(client, "bobby")
            socket = await bob.connect()
            before = peak(server.pid)

            async def guess(number: int) -> tuple[int, str | None]:
                form = {"username": f"user{number}", "password": "wrong horse"}
                async with attackers.post(f"{server.url}/auth/login", data=form) as response:
                    await response.read()
                    return response.status, response.headers.get("Retry-After")

            guessing = [asyncio.create_task(guess(number)) for number in range(GUESSES)]
            said = 0
            while not all(each.done() for each in guessing):
                message = await alice.send(bob, f"n{said}")
                assert (await socket.receive())["data"] == message
                said += 1
            answers = Counter([await each for each in guessing])
            assert set(answers) == {(401, None), (429, "1")}
            assert sum(answers.values()) == GUESSES
            assert said > 1
            assert peak(server.pid) - before < ROOM
            form = {"username": "alice", "password": PASSWORD}
            async with client.post("/auth/login", data=form) as response:
                assert response.status == 200
        assert server.stop() == 0
        assert [entry for entry in server.entries if entry["level"] in ("warning", "error")] == []
