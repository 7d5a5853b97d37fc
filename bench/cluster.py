"""What several processes on one PostgreSQL cost, and gain: beside one process, and beside SQLite.

Usage: ``python -m bench.cluster [--rounds 3] [--seconds 5]``, from the root of the repository. It starts a PostgreSQL
of its own, out of the extra ``test``, that syncs what it is told to, real processes on it, and talks to them over
127.0.0.1. All of them share the machine's cores.
"""

import argparse
import asyncio
import contextlib
import logging
import statistics
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import aiohttp

from bench.generator import Account, Figures, load, scratch, write_accounts
from bench.servers.chatd import HERE, Chatd, Checkout
from bench.servers.process import Process
from chatd.client import Client, Rest, UserPlace
from tests.postgresql import Cluster

#: Pairs of people that write, and messages of each that are on their way at once.
SENDERS, WINDOW = 50, 16

#: Messages a second where each is alone.
LONE_RATE = 200

#: How many sessions are ended, and how many clients are at a process that is killed.
SESSIONS, CLIENTS = 20, 40

PASSWORD = "correct horse battery staple"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.cluster", description="Measure several processes.")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="rounds, interleaved (3)")
    parser.add_argument("--seconds", type=float, default=5, metavar="S", help="seconds that count (5)")
    options = parser.parse_args(arguments)
    logging.getLogger("chatd.client").setLevel(logging.ERROR)  # that a server is lost is what is measured
    found: dict[str, list[float]] = {}
    cluster = Cluster({"max_connections": "100"})
    try:
        cluster.start()
        for number in range(options.rounds):
            for name, value in one_round(cluster.url(), options.seconds, backwards=number % 2 == 1):
                found.setdefault(name, []).append(value)
                print(f"{name:<56} {value:>10,.1f}", flush=True)
    finally:
        cluster.remove()
    print()
    for name, values in found.items():
        print(f"{name:<56} {statistics.median(values):>10,.1f}   {min(values):,.1f} to {max(values):,.1f}")
    for title, name, other in (
        ("one process against SQLite", "stored a second by 1 process", "stored a second with SQLite"),
        ("two processes against one", "stored a second by 2 processes", "stored a second by 1 process"),
    ):
        print(f"{title:<56} {statistics.median(found[name]) / statistics.median(found[other]):>10.2f}")


def one_round(postgresql: str, seconds: float, *, backwards: bool) -> Iterator[tuple[str, float]]:
    """Yield names and figures, each of them from new data.

    :param postgresql: the URL of a database from which others may be made.
    :param backwards: whether to begin with what comes last, so that not the same is always first.
    """
    stored = {
        "stored a second with SQLite": (1, ""),
        "stored a second by 1 process": (1, postgresql),
        "stored a second by 2 processes": (2, postgresql),
    }
    for name, (count, url) in reversed(stored.items()) if backwards else stored.items():
        yield name, float(storing(count, url, seconds)["rate"])
    for name, count in (("at the same process", 1), ("at another process", 2)):
        times = alone(count, postgresql, seconds)["delivered_us"]
        yield f"a lone message delivered {name}, p50, ms", times["p50"] / 1000
        yield f"a lone message delivered {name}, p99, ms", times["p99"] / 1000
    ends = sorted(session_ends(postgresql))
    yield "a session's end, to its socket at another process, p50, ms", statistics.median(ends) * 1000
    yield "a session's end, to its socket at another process, max, ms", ends[-1] * 1000
    returns = sorted(returns_after_kill(postgresql))
    yield "clients of a killed process live again, p50, s", statistics.median(returns)
    yield "clients of a killed process live again, max, s", returns[-1]


def storing(count: int, postgresql: str, seconds: float) -> Figures:
    """Return what it is like where everybody writes as fast as it goes."""
    with processes(count, postgresql, SENDERS * 2) as (servers, accounts):
        return load_all(servers, accounts, mode="pump", senders=SENDERS, window=WINDOW, warm=2, seconds=seconds)


def alone(count: int, postgresql: str, seconds: float) -> Figures:
    """Return what it is like where a message is alone; with two processes its reader is at the other one."""
    with processes(count, postgresql, SENDERS * 2) as (servers, accounts):
        return load_all(servers, accounts, mode="rate", rate=LONE_RATE, senders=SENDERS, warm=2, seconds=seconds)


def session_ends(postgresql: str) -> list[float]:
    """Return the seconds from asking one process to end sessions until their sockets at another one are closed."""
    with processes(2, postgresql, 0) as (servers, _):
        return asyncio.run(_end_sessions(*map(_url, servers)))


def returns_after_kill(postgresql: str) -> list[float]:
    """Return the seconds from killing a process until each of its clients has stored a message at the other one.

    A client waits for up to three seconds before it comes back, so that not all come at once.
    """
    with processes(2, postgresql, CLIENTS) as (servers, accounts):
        return asyncio.run(_kill(servers, accounts))


@contextmanager
def processes(count: int, postgresql: str, accounts: int) -> Iterator[tuple[list[Process], list[Account]]]:
    """Run processes on one new database, on any core, with accounts that have a token."""
    checkout = Checkout(HERE, postgresql=postgresql)
    with scratch() as directory, checkout.stored(), ExitStack() as stack:
        server = Chatd(checkout)
        made = server.add_accounts(_made(directory / "0"), accounts)
        started = [stack.enter_context(server.process(_made(directory / str(n)), core=-1)) for n in range(count)]
        yield started, made


def _made(directory: Path) -> Path:
    directory.mkdir(exist_ok=True)
    return directory


def load_all(servers: Sequence[Process], accounts: Sequence[Account], **options: Any) -> Figures:
    """Load a server of one process, or of two, and return what was seen; see :func:`load` for the options."""
    with scratch() as directory:
        return load(
            port=servers[0].port,
            other_port=servers[-1].port,
            pid=",".join(str(each.pid) for each in servers),
            accounts=write_accounts(directory / "accounts", accounts),
            **options,
        )


def _url(process: Process) -> str:
    return f"http://127.0.0.1:{process.port}"


async def _end_sessions(here: str, there: str) -> list[float]:
    took = []
    async with Rest(here) as staying, aiohttp.ClientSession() as http:
        await staying.register("somebody", PASSWORD, "somebody")
        await staying.login("somebody", PASSWORD)
        for _ in range(SESSIONS):
            async with Rest(here) as leaving:
                token = await leaving.login("somebody", PASSWORD)
                headers = {"Authorization": f"Bearer {token}"}
                async with http.ws_connect(f"{there}/messages/ws", headers=headers) as socket:
                    began = time.perf_counter()
                    await leaving.logout()
                    while not socket.closed:
                        await socket.receive(timeout=30)
                    took.append(time.perf_counter() - began)
    return took


async def _kill(servers: Sequence[Process], accounts: Sequence[Account]) -> list[float]:
    staying, dying = servers
    async with _front([dying.port, staying.port]) as url, contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(Client(url, token=account.token)) for account in accounts]
        began = time.perf_counter()
        dying.kill()

        async def live_again(client: Client, other: Client) -> float:
            await client.send(UserPlace(other.myself.id), "here again")
            return time.perf_counter() - began

        return await asyncio.gather(*map(live_again, clients, [*clients[1:], clients[0]]))


@contextlib.asynccontextmanager
async def _front(ports: Sequence[int]) -> AsyncIterator[str]:
    """Give the URL of a proxy that passes each connection on to the first port where somebody listens."""

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines.append(asyncio.current_task())
        for port in ports:
            with contextlib.suppress(OSError):
                back, forth = await asyncio.open_connection("127.0.0.1", port)
                await asyncio.gather(pipe(reader, forth), pipe(back, writer))
                return
        writer.close()

    lines: list[asyncio.Task[None] | None] = []
    async with await asyncio.start_server(carry, "127.0.0.1", 0) as front:
        yield f"http://127.0.0.1:{front.sockets[0].getsockname()[1]}"
        front.close()
        await asyncio.gather(*filter(None, lines))


if __name__ == "__main__":
    main()
