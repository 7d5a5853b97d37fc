"""Starting: how long until the first answer, and the memory then."""

import time
import urllib.request
from functools import partial
from pathlib import Path

from bench.servers.subject import Subject
from bench.works.connections import steady_kib
from bench.works.work import CHATD, MOSQUITTO, NAIVE, SOCKETIO, Case, Figure, Values, Work


def chatd(directory: Path) -> Values:
    """Return how long the first start and the one after it took, and the memory."""
    values: Values = {}
    for name in ("first", "again"):
        began = time.perf_counter()
        with CHATD.process(directory) as process:
            with urllib.request.urlopen(f"http://127.0.0.1:{process.port}/health") as answer:
                answer.read()
            values[name] = (time.perf_counter() - began) * 1000
            values["mib"] = steady_kib(process) / 1024
    return values


def peer(subject: Subject, directory: Path) -> Values:
    """Return the memory after a start."""
    with subject.start(directory, 1) as running:
        return {"mib": steady_kib(running.process) / 1024}


WORKS = (
    Work(
        "start",
        "Start",
        "From starting the process until `/health` is answered, on no data and on that; and the resident memory then.",
        [
            Figure("first", "first start, ms"),
            Figure("again", "start, ms"),
            Figure("mib", "memory at start, MiB", 1),
        ],
        [
            Case("chatd", CHATD.missing, chatd),
            *(Case(each.name, each.missing, partial(peer, each)) for each in (NAIVE, SOCKETIO, MOSQUITTO)),
        ],
        rounds=5,
    ),
)
