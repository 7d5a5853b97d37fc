"""What a server costs that nobody talks to: its start, its memory, and the memory of each idle connection.

Usage: ``python -m bench.idle [--connections 1000] [--starts 5]``, from the root of the repository. It starts real
servers on a data directory of its own, talks to them over 127.0.0.1, and prints a table. ``--json`` prints the same as
JSON. Resident memory is VmRSS in ``/proc/PID/status``; what the connections cost is what it grows by, clients not
counted, from a server that has had one connection already.
"""

import argparse
import asyncio
import json
import resource
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp

from tests.process import ServerProcess, chatd

#: Files that both processes need beside one for each connection.
SPARE_FILES = 200

#: How many readings of the memory, a tenth of a second apart, must be the same.
STEADY = 10

#: How many handshakes are under way at once.
AT_ONCE = 50


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.idle", description="Measure an idle server.")
    parser.add_argument("--connections", type=int, default=1000, metavar="N", help="how many sockets to open (1000)")
    parser.add_argument("--starts", type=int, default=5, metavar="N", help="how many starts to time (5)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args(arguments)
    if options.connections < 1 or options.starts < 1:
        parser.error("both numbers must be at least 1")
    if not raise_file_limit(options.connections + SPARE_FILES):
        parser.error(f"the hard limit of open files is below {options.connections + SPARE_FILES}: ulimit -Hn")
    with tempfile.TemporaryDirectory(prefix="chatd-bench-") as directory:
        figures = asyncio.run(measure(Path(directory) / "data", options.connections, options.starts))
    if options.json:
        print(json.dumps(figures, indent=2))
    else:
        for name, value in figures.items():
            print(f"{name:<44} {value:>9.1f}")


async def measure(data_dir: Path, connections: int, starts: int) -> dict[str, float]:
    """Return the figures by name.

    :param data_dir: not there yet.
    :param connections: how many sockets to open.
    :param starts: how many starts to time, after the first.
    """
    first = await time_to_first_answer(data_dir)
    later = [await time_to_first_answer(data_dir) for _ in range(starts)]
    token = chatd(data_dir, "user", "add", "--bot", "bench").stdout.split()[2]
    with ServerProcess(data_dir) as server:
        await answer(server.url)
        after_start = await resident_kib(server.pid)
        await open_sockets(server, token, 1)
        before = await resident_kib(server.pid)
        with_connections = await open_sockets(server, token, connections)
    return {
        "first start to first answer, ms": first * 1000,
        f"start to first answer, median of {starts}, ms": statistics.median(later) * 1000,
        "resident after start, MiB": after_start / 1024,
        f"resident with {connections} idle connections, MiB": with_connections / 1024,
        "resident per idle connection, KiB": (with_connections - before) / connections,
    }


async def time_to_first_answer(data_dir: Path) -> float:
    """Start a server and return the seconds until ``/health`` is answered with 200."""
    began = time.perf_counter()
    with ServerProcess(data_dir) as server:
        await answer(server.url)
        took = time.perf_counter() - began
        server.stop()
    return took


async def answer(url: str) -> None:
    """Ask for ``/health``, and expect it to be well."""
    async with aiohttp.ClientSession() as session, session.get(f"{url}/health") as response:
        response.raise_for_status()


async def open_sockets(server: ServerProcess, token: str, count: int) -> int:
    """Open ``count`` sockets, have every one answered once, and return the server's resident memory in KiB."""
    connector = aiohttp.TCPConnector(limit=0)
    headers = {"Authorization": f"Bearer {token}"}
    gate = asyncio.Semaphore(AT_ONCE)
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector, headers=headers))
        tasks = await stack.enter_async_context(asyncio.TaskGroup())

        async def open_one() -> aiohttp.ClientWebSocketResponse:
            async with gate:
                socket = await session.ws_connect(f"{server.url}/messages/ws", max_msg_size=0)
                await socket.send_str('{"type":"ping"}')
                assert (await socket.receive(timeout=30)).data == '{"type":"pong"}'
                return socket

        async def stay(socket: aiohttp.ClientWebSocketResponse) -> None:
            async for _ in socket:  # answers the server's pings
                pass

        sockets = await asyncio.gather(*(open_one() for _ in range(count)))
        staying = [tasks.create_task(stay(socket)) for socket in sockets]
        used = await resident_kib(server.pid)
        assert not any(task.done() for task in staying)
        for task in staying:
            task.cancel()
        await asyncio.gather(*(socket.close() for socket in sockets))
    return used


async def resident_kib(pid: int) -> int:
    """Return a process's resident memory once it stands still: for a moment, a start or a login takes 19 MiB more."""
    readings: list[int] = []
    async with asyncio.timeout(30):
        while len(readings) < STEADY or len(set(readings[-STEADY:])) > 1:
            status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
            (line,) = [line for line in status.splitlines() if line.startswith("VmRSS:")]
            readings.append(int(line.split()[1]))
            await asyncio.sleep(0.1)
    return readings[-1]


def raise_file_limit(wanted: int) -> bool:
    """Let this process, and those it starts, have ``wanted`` files open; False where that is not allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        return False
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return True


if __name__ == "__main__":
    main()
