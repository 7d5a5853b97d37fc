"""Connections that are only there: what they cost to make, and to keep."""

import time
from functools import partial
from pathlib import Path
from typing import Any

from bench.generator import Held, load, write_accounts
from bench.servers.process import Process
from bench.servers.subject import Subject
from bench.works.work import CHATD, MOSQUITTO, NAIVE, SOCKETIO, Case, Figure, Values, Work, shares

#: How many connections are open when the memory is read, one after the other.
STEPS = (1000, 5000, 10_000)

#: How many users they belong to.
USERS = 2000

#: How many handshakes are timed.
HANDSHAKES = 3000

#: How many readings of the memory, a tenth of a second apart, must be the same within a part in a thousand.
STEADY = 8


def steady_kib(process: Process) -> int:
    """Return a server's resident memory once it stands still: for a moment, a start or a login takes 19 MiB more."""
    readings: list[int] = []
    until = time.monotonic() + 20
    while time.monotonic() < until:
        readings.append(process.resident_kib())
        last = readings[-STEADY:]
        if len(last) == STEADY and max(last) - min(last) <= max(last) / 1000:
            break
        time.sleep(0.1)
    return readings[-1]


def memory(subject: Subject, kind: str, directory: Path) -> Values:
    """Return what a connection adds to the resident memory, in KiB, at each of :data:`STEPS`."""
    values: Values = {}
    with subject.start(directory, USERS) as running:
        process = running.process
        accounts = write_accounts(directory / "accounts", running.accounts)
        options: dict[str, Any] = {"kind": kind, "port": process.port, "accounts": accounts, "at_once": 32}
        load(mode="open", idle=1, **options)
        before = steady_kib(process)
        held: list[Held] = []
        try:
            for count in STEPS:
                held.append(Held(idle=count - sum(each.count for each in held), **options).open())
                values[f"kib_{count}"] = (steady_kib(process) - before) / count
            values["mib"] = process.resident_kib() / 1024
        finally:
            for each in held:
                each.close()
    return values


def handshakes(subject: Subject, kind: str, directory: Path) -> Values:
    """Return how many connections a second were opened."""
    with subject.start(directory, USERS) as running:
        found = load(
            mode="open",
            kind=kind,
            port=running.process.port,
            pid=",".join(map(str, running.process.pids())),
            accounts=write_accounts(directory / "accounts", running.accounts),
            idle=HANDSHAKES,
            at_once=32,
        )
    return {"rate": found["rate"], **shares(found)}


SOCKETS: list[tuple[str, Subject, str]] = [
    ("chatd, chatd.v2 and synced", CHATD, "v2"),
    ("chatd, classic", CHATD, "classic"),
    (NAIVE.name, NAIVE, "classic"),
    (SOCKETIO.name, SOCKETIO, "socketio"),
    (MOSQUITTO.name, MOSQUITTO, "mqtt"),
]

WORKS = (
    Work(
        "memory",
        "Memory of an idle connection",
        f"What each connection adds to the resident memory of a server that has had one; {USERS:,} users.",
        [
            *(Figure(f"kib_{count}", f"KiB each at {count:,}", 1) for count in STEPS),
            Figure("mib", f"MiB in all at {STEPS[-1]:,}"),
        ],
        [Case(label, each.missing, partial(memory, each, kind)) for label, each, kind in SOCKETS],
        rounds=1,
    ),
    Work(
        "handshakes",
        "Handshakes",
        f"{HANDSHAKES:,} connections opened, 32 at a time, each until its server has taken its token and it is ready; "
        "chatd.v2 until it has synced.",
        [Figure("rate", "handshakes/s", is_more_better=True)],
        [Case(label, each.missing, partial(handshakes, each, kind)) for label, each, kind in SOCKETS],
        against=NAIVE.name,
    ),
)
