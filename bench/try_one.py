"""One kind of work on chatd as it is here, or side by side with another copy of it."""

import argparse
import json
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.generator import Figures, load, scratch, write_accounts
from bench.servers.chatd import HERE, Chatd, Checkout


@dataclass(frozen=True, slots=True)
class Work:
    """What is done to a server, and the figure that counts."""

    text: str
    options: Callable[[argparse.Namespace], dict[str, Any]]
    accounts: Callable[[argparse.Namespace], int]
    figure: Callable[[Figures], float]
    unit: str


def _pairs(options: argparse.Namespace) -> int:
    return int(options.senders) * 2 + min(int(options.idle), 1000)


def _pump(kind: str) -> Callable[[argparse.Namespace], dict[str, Any]]:
    return lambda o: {"mode": "pump", "kind": kind, "senders": o.senders, "window": o.window, "idle": o.idle}


def _latency(options: argparse.Namespace) -> dict[str, Any]:
    return {"mode": "rate", "rate": options.rate, "senders": options.senders, "idle": options.idle}


def _fanout(options: argparse.Namespace) -> dict[str, Any]:
    return {"mode": "fanout", "fan": options.fan, "idle": options.idle}


def _open(options: argparse.Namespace) -> dict[str, Any]:
    return {"mode": "open", "idle": options.idle or 1000}


WORKS = {
    "socket": Work("messages over the socket", _pump("v2"), _pairs, lambda f: float(f["rate"]), "messages/s"),
    "rest": Work("messages over REST", _pump("rest"), _pairs, lambda f: float(f["rate"]), "messages/s"),
    "latency": Work("messages now and then", _latency, _pairs, lambda f: float(f["delivered_us"]["p99"]), "µs p99"),
    "fanout": Work("one message to many", _fanout, lambda _: 1002, lambda f: float(f["last_us"]["p50"]), "µs p50"),
    "open": Work("handshakes", _open, lambda o: min(o.idle or 1000, 1000), lambda f: float(f["rate"]), "handshakes/s"),
}


def add_parsers(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add a command for each kind of work."""
    for name, work in WORKS.items():
        parser = commands.add_parser(name, help=f"{work.text}, on chatd alone")
        parser.add_argument("--senders", type=int, default=50, metavar="N")
        parser.add_argument("--window", type=int, default=16, metavar="N", help="messages of a sender on their way")
        parser.add_argument("--rate", type=float, default=200, metavar="N", help="messages a second (latency)")
        parser.add_argument("--fan", type=int, default=1000, metavar="N", help="connections of the receiver (fanout)")
        parser.add_argument("--idle", type=int, default=0, metavar="N", help="connections that are only there")
        parser.add_argument("--warm", type=float, default=2, metavar="S", help="seconds before it counts (2)")
        parser.add_argument("--seconds", type=float, default=5, metavar="S", help="seconds that count (5)")
        parser.add_argument("--rounds", type=int, default=3, metavar="N", help="rounds, interleaved (3)")
        parser.add_argument("--vs", type=Path, metavar="PATH", help="another copy of chatd")
        parser.add_argument("--vs-python", metavar="FILE", help="the Python that runs it, by default this one")
        parser.add_argument("--database", metavar="URL", help="this copy on PostgreSQL, too, in databases made there")
        parser.add_argument("--checkout", type=Path, default=HERE, metavar="PATH", help="instead of this copy")
        parser.add_argument("--python", metavar="FILE", help="the Python that runs chatd")
        parser.add_argument("--json", action="store_true", help="print all figures as JSON, a line for each round")
        parser.set_defaults(run=run, work=work)


def run(options: argparse.Namespace) -> None:
    """Measure round by round, and print."""
    work: Work = options.work
    subjects = {"this": Checkout(options.checkout, options.python)}
    if options.vs:
        subjects["other"] = Checkout(options.vs, options.vs_python)
    if options.database:
        subjects["other"] = Checkout(options.checkout, options.python, postgresql=options.database)
    figures: dict[str, list[float]] = {name: [] for name in subjects}
    per_core: dict[str, list[float]] = {name: [] for name in subjects}
    for number in range(options.rounds):
        in_turn = list(subjects) if number % 2 == 0 else list(reversed(subjects))  # who is first is not always the same
        for name in in_turn:
            found = one_round(subjects[name], work, options)
            figures[name].append(work.figure(found))
            per_core[name].append(found["rate"] / max(found["server_cpu"], 0.01))
            if options.json:
                print(json.dumps({"round": number, "subject": name, **found}), flush=True)
            else:
                print(f"{name:<6} {summary(work, found)}", flush=True)
    for name, values in figures.items():
        spread = (max(values) - min(values)) / statistics.median(values) * 100
        print(f"{name:<6} median {statistics.median(values):,.1f} {work.unit}, spread {spread:.0f} %")
    if "other" in subjects:
        ratio = statistics.median(figures["this"]) / statistics.median(figures["other"])
        print(f"this is {ratio:.3f} times the other")
        if work.unit.endswith("/s"):  # what holds on a busy machine too
            ratio = statistics.median(per_core["this"]) / statistics.median(per_core["other"])
            print(f"per second of the server's core it is {ratio:.3f} times the other")


def one_round(checkout: Checkout, work: Work, options: argparse.Namespace) -> Figures:
    """Start a server on new data, load it, and return what was seen."""
    with (
        scratch() as directory,
        checkout.stored(),
        Chatd(checkout).start(directory, work.accounts(options)) as server,
    ):
        figures = load(
            port=server.process.port,
            pid=server.process.pid,
            accounts=write_accounts(directory / "accounts", server.accounts),
            warm=options.warm,
            seconds=options.seconds,
            **work.options(options),
        )
        figures["resident_mib"] = round(server.process.resident_kib() / 1024, 1)
        return figures


def summary(work: Work, figures: Figures) -> str:
    """Return a round in one line."""
    parts = [f"{work.figure(figures):>12,.1f} {work.unit}"]
    if work.unit.endswith("/s"):
        parts.append(f"{figures['rate'] / max(figures['server_cpu'], 0.01):,.0f} per second of the server's core")
    for name in ("delivered_us", "last_us"):
        if name in figures:
            times = figures[name]
            parts.append(
                f"p50 {times['p50'] / 1000:.2f} ms, p99 {times['p99'] / 1000:.2f}, max {times['max'] / 1000:.2f}"
            )
    parts.append(f"server {figures['server_cpu']:.0%}, generator {figures['generator_cpu']:.0%} of a core")
    parts.append(f"{figures['resident_mib']} MiB")
    return "; ".join(parts)
