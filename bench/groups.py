"""``python -m bench groups``: what messages to groups cost, and what people in many groups ask for.

Each case is measured on a new process and new data, round by round: this copy, another one (``--vs``), and Socket.IO
with a room for each group where it is installed. A message counts as done when its sender has its acknowledgement and
every other member who is connected has the message.
"""

import argparse
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.environment import Others, describe
from bench.generator import Account, load, scratch, write_accounts, write_requests
from bench.groups_stored import GROUPS, fill_groups, make_groups
from bench.servers.chatd import HERE, Chatd, Checkout
from bench.servers.peers import SocketIO
from bench.servers.subject import Running

#: How long each call is made again and again, in seconds.
CALL_SECONDS = 1.5


@dataclass(frozen=True, slots=True)
class Case:
    """Who is in which group, who is connected, and who writes."""

    name: str
    groups: int
    members: int
    connected: int
    senders: int
    window: int


ONE_TO_MANY = [Case(f"one to {n:,} connected", 1, n + 1, n + 1, 1, 1) for n in (10, 100, 1000)]

CASES = [
    *ONE_TO_MANY,
    Case("50 senders × 16, group of 1,000, 300 connected", 1, 1000, 300, 50, 16),
    Case("100 groups of 20, 1 sender × 16 in each", 100, 20, 20, 1, 16),
]

#: How many messages are stored where it is read, few and many.
STORED = (10_000, 1_000_000)


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser("groups", help="messages to groups, beside Socket.IO's rooms, and many groups read")
    parser.add_argument("--warm", type=float, default=1, metavar="S", help="seconds before it counts (1)")
    parser.add_argument("--seconds", type=float, default=4, metavar="S", help="seconds that count (4)")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="rounds, interleaved (3)")
    parser.add_argument("--vs", type=Path, metavar="PATH", help="another copy of chatd, which has groups")
    parser.add_argument("--only", choices=("messages", "reads"), help="one of the two parts")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Measure and print."""
    for name, value in describe().items():
        print(f"{name}: {value}")
    others = Others()
    if options.only != "reads":
        _messages(options)
    if options.only != "messages":
        _reads(options)
    print(f"anything else took {others.share():.0%} of both cores meanwhile")


def _messages(options: argparse.Namespace) -> None:
    subjects: dict[str, Chatd | SocketIO] = {"this": Chatd(Checkout(HERE))}
    if options.vs:
        subjects["other"] = Chatd(Checkout(options.vs))
    if SocketIO().missing() is None:
        subjects["Socket.IO"] = SocketIO()
    else:
        print(f"without Socket.IO: {SocketIO().missing()}")
    for case in CASES:
        found: dict[str, list[dict[str, float]]] = {name: [] for name in subjects}
        for number in range(options.rounds):
            in_turn = list(subjects) if number % 2 == 0 else list(reversed(subjects))
            for name in in_turn:
                found[name].append(send(subjects[name], case, options.warm, options.seconds))
        print(f"\n{case.name}", flush=True)
        copies, per_core = {}, {}
        for name, rounds in found.items():
            middle = {key: statistics.median(each[key] for each in rounds) for key in rounds[0]}
            rates = [each["rate"] for each in rounds]
            spread = (max(rates) - min(rates)) / 2 / middle["rate"]
            copies[name] = middle["copies"]
            per_core[name] = statistics.median(each["copies"] / max(each["server"], 0.01) for each in rounds)
            print(
                f"  {name:<10} {middle['rate']:>9,.0f} messages/s ±{spread:.0%}, {middle['copies']:>9,.0f} copies/s, "
                f"{per_core[name]:>9,.0f} a second of the server's core; "
                f"last one served p50 {middle['p50']:.2f} ms, p99 {middle['p99']:.2f}; "
                f"server {middle['server']:.0%}, generator {middle['generator']:.0%} of a core"
            )
        for name in list(copies)[1:]:
            ratios = copies["this"] / copies[name], per_core["this"] / per_core[name]
            print(f"  this is {ratios[0]:.2f} times {name}, per second of the server's core {ratios[1]:.2f}")


def send(subject: Chatd | SocketIO, case: Case, warm: float, seconds: float) -> dict[str, float]:
    """Return how many messages to groups were done a second, how many copies that were, and how long one took."""
    with scratch() as directory, started(subject, directory, case) as running:
        found = load(
            mode="room",
            kind="socketio" if isinstance(subject, SocketIO) else "v2",
            port=running.process.port,
            pid=",".join(map(str, running.process.pids())),
            accounts=write_accounts(directory / "accounts", running.accounts),
            rooms=case.groups,
            members=case.members,
            fan=case.connected,
            senders=case.senders,
            window=case.window,
            warm=warm,
            seconds=seconds,
        )
    return {
        "rate": found["rate"],
        "copies": found["copies"] / found["seconds"],
        "p50": found["last_us"]["p50"] / 1000,
        "p99": found["last_us"]["p99"] / 1000,
        "server": found["server_cpu"],
        "generator": found["generator_cpu"],
    }


@contextmanager
def started(subject: Chatd | SocketIO, directory: Path, case: Case) -> Iterator[Running]:
    """Start a server on new data, with the groups of a case on it; Socket.IO's rooms need no making."""
    if not isinstance(subject, Chatd):
        with subject.start(directory, case.groups * case.members) as running:
            yield running
        return
    accounts = subject.add_accounts(directory, case.groups * case.members)
    people = [int(each.id) for each in accounts]
    members = [people[at * case.members : (at + 1) * case.members] for at in range(case.groups)]
    make_groups(subject.data_dir(directory) / "chatd.db", members)
    with subject.process(directory) as process:
        yield Running(process, accounts)


CALLS = {"conversations, 50": "/conversations?limit=50", "unread": "/unread", "mentions, 50": "/mentions?limit=50"}


def _reads(options: argparse.Namespace) -> None:
    subjects: dict[str, Path] = {"this": HERE, **({"other": options.vs} if options.vs else {})}
    for name, root in subjects.items():
        found: dict[str, dict[int, list[float]]] = {call: {count: [] for count in STORED} for call in CALLS}
        with scratch() as directory:
            made = {count: _prepared(Chatd(Checkout(root)), directory, count) for count in STORED}
            for _ in range(options.rounds):
                for count, (server, where, account) in made.items():
                    for call, value in read(server, where, account).items():
                        found[call][count].append(value)
        print(f"\n{GROUPS} groups read ({name}), p50 in ms")
        for call, by_count in found.items():
            middles = [statistics.median(values) for values in by_count.values()]
            told = ", ".join(f"{value:.2f} at {count:,} messages" for count, value in zip(STORED, middles, strict=True))
            print(f"  {call:<18} {told}: {middles[1] / middles[0]:.2f} times")


def _prepared(server: Chatd, directory: Path, count: int) -> tuple[Chatd, Path, Account]:
    where = directory / f"stored-{count}"
    where.mkdir()
    (reader,) = server.add_accounts(where, 1, "reader")
    fill_groups(server.data_dir(where) / "chatd.db", int(reader.id), count)
    return server, where, reader


def read(server: Chatd, where: Path, reader: Account) -> dict[str, float]:
    """Return the median time of each call of somebody in many groups, in milliseconds."""
    values = {}
    with server.process(where) as process:
        accounts = write_accounts(where / "accounts", [reader])
        for name, path in CALLS.items():
            head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {reader.token}\r\n\r\n"
            found = load(
                mode="ask",
                kind="rest",
                port=process.port,
                accounts=accounts,
                requests=write_requests(where / "requests", [head.encode()]),
                senders=1,
                warm=0.3,
                seconds=CALL_SECONDS,
            )
            values[name] = found["asked_us"]["p50"] / 1000
    return values
