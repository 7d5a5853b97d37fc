"""Messages: as many as will go, a few with their times, and one to many."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from bench.generator import load, write_accounts
from bench.servers.subject import Subject
from bench.works.work import (
    CHATD,
    EJABBERD,
    MOSQUITTO,
    NAIVE,
    PROSODY,
    SOCKETIO,
    Case,
    Figure,
    Values,
    Work,
    shares,
)

#: How long before it counts, and how long it counts, in seconds.
WARM, SECONDS = 2, 5

#: Light load: messages a second, from so many senders, and for how many seconds.
LIGHT_RATE, LIGHT_SENDERS, LIGHT_SECONDS = 200, 20, 10

RATE = [
    Figure("rate", "messages/s", is_more_better=True),
    Figure("per_core", "messages per second of the server's core", is_more_better=True),
    Figure("p50", "p50, ms", 1),
    Figure("p99", "p99, ms", 1),
]
TIMES = [Figure("p50", "p50, ms", 2), Figure("p99", "p99, ms", 2), Figure("max", "longest, ms", 2)]
FANOUT = [Figure("last", "last one has it, p50, ms", 2), Figure("last_p99", "p99, ms", 2)]


def as_many(subject: Subject, kind: str, senders: int, window: int, directory: Path) -> Values:
    """Return how many messages a second were both acknowledged and delivered, and how long one took."""
    with subject.start(directory, senders * 2) as running:
        found = load(
            mode="pump",
            kind=kind,
            port=running.process.port,
            pid=",".join(map(str, running.process.pids())),
            accounts=write_accounts(directory / "accounts", running.accounts),
            senders=senders,
            window=window,
            warm=WARM,
            seconds=SECONDS,
        )
    times = found["done_us"]
    return {
        "rate": found["rate"],
        "per_core": found["rate"] / max(found["server_cpu"], 0.01),
        "p50": times["p50"] / 1000,
        "p99": times["p99"] / 1000,
        **shares(found),
    }


def light(subject: Subject, kind: str, idle: int, directory: Path) -> Values:
    """Return how long a message took from when it was due until its receiver had it."""
    with subject.start(directory, LIGHT_SENDERS * 2 + max(idle, 1)) as running:
        found = load(
            mode="rate",
            kind=kind,
            port=running.process.port,
            pid=",".join(map(str, running.process.pids())),
            accounts=write_accounts(directory / "accounts", running.accounts),
            senders=LIGHT_SENDERS,
            rate=LIGHT_RATE,
            idle=idle,
            warm=WARM,
            seconds=LIGHT_SECONDS,
        )
    times = found["delivered_us"]
    return {**{name: times[name] / 1000 for name in ("p50", "p99", "max")}, **shares(found)}


def fanout(subject: Subject, kind: str, devices: int, directory: Path) -> Values:
    """Return how long it took until the last of a user's connections had a message."""
    with subject.start(directory, 2) as running:
        found = load(
            mode="fanout",
            kind=kind,
            port=running.process.port,
            pid=",".join(map(str, running.process.pids())),
            accounts=write_accounts(directory / "accounts", running.accounts),
            fan=devices,
            warm=1,
            seconds=4,
        )
    times = found["last_us"]
    return {"last": times["p50"] / 1000, "last_p99": times["p99"] / 1000, **shares(found)}


def _as_many(subjects: Sequence[tuple[Subject, str]], senders: int, window: int) -> list[Case]:
    return [
        Case(subject.name, subject.missing, partial(as_many, subject, kind, senders, window))
        for subject, kind in subjects
    ]


SOCKETS: list[tuple[Subject, str]] = [(CHATD, "v2"), (SOCKETIO, "socketio"), (MOSQUITTO, "mqtt")]
SOCKETS_AND_XMPP = [*SOCKETS, (PROSODY, "xmpp"), (EJABBERD, "xmpp")]

WORKS = (
    Work(
        "rest",
        "REST, 50 senders",
        "50 senders over HTTP with keep-alive, one request at a time each, and the receivers' sockets. A message is "
        "done when it is answered and has come to its receiver.",
        RATE,
        _as_many([(CHATD, "rest"), (NAIVE, "rest")], 50, 1),
        against=NAIVE.name,
    ),
    Work(
        "socket-50x16",
        "Socket, 50 senders × 16",
        "50 senders, each with 16 messages on their way.",
        RATE,
        _as_many(SOCKETS_AND_XMPP, 50, 16),
        against=SOCKETIO.name,
    ),
    Work(
        "socket-800x1",
        "Socket, 800 senders × 1",
        "800 senders, each with one message on its way.",
        RATE,
        _as_many(SOCKETS, 800, 1),
        against=SOCKETIO.name,
    ),
    Work(
        "latency",
        "200 messages a second",
        f"{LIGHT_RATE} messages a second from {LIGHT_SENDERS} senders, from when a message was due until its receiver "
        "had it.",
        TIMES,
        [Case(each.name, each.missing, partial(light, each, kind, 0)) for each, kind in SOCKETS],
        against=MOSQUITTO.name,
    ),
    Work(
        "latency-idle",
        "200 messages a second beside 1,000 idle connections",
        "The same, with 1,000 others connected.",
        TIMES,
        [Case(each.name, each.missing, partial(light, each, kind, 1000)) for each, kind in SOCKETS],
        against=MOSQUITTO.name,
    ),
    Work(
        "fanout-1000",
        "One message to 1,000 connections",
        "One user's 1,000 connections, `connections_per_user` raised; from sending until the last one has the message.",
        FANOUT,
        [Case(each.name, each.missing, partial(fanout, each, kind, 1000)) for each, kind in SOCKETS],
        against=SOCKETIO.name,
    ),
    Work(
        "fanout-10",
        "One message to ten devices",
        "One user's ten connections.",
        FANOUT,
        [Case(each.name, each.missing, partial(fanout, each, kind, 10)) for each, kind in SOCKETS],
        against=SOCKETIO.name,
    ),
)
