"""The report: what was measured, as tables and plots, between the markers of ``docs/performance.md``."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from bench.figures import GENERATOR_LIMIT, OTHERS_LIMIT, Measured, cell, load_measured, number
from bench.generator import BenchError
from bench.servers.chatd import HERE
from bench.works import WORKS
from bench.works.reads import TITLES
from bench.works.work import EJABBERD, MOSQUITTO, NAIVE, PROSODY, SOCKETIO, Work

PAGE = HERE / "docs" / "performance.md"
PLOTS = HERE / "docs" / "performance"

All = dict[str, Measured]


@dataclass(frozen=True, slots=True)
class Goal:
    """What chatd is to reach."""

    work: str
    text: str
    at_least: float | None
    aim: float
    unit: str
    figure: Callable[[Measured], float | None]
    is_more_better: bool = False
    digits: int = 1
    #: Whether it is the same on a machine that does other things too.
    is_steady: bool = False


def _ratio(label: str, other: str, name: str) -> Callable[[Measured], float | None]:
    return lambda measured: measured.ratio(label, other, name)


def _median(label: str, name: str) -> Callable[[Measured], float | None]:
    return lambda measured: measured.median(label, name)


def _slowest_read(measured: Measured) -> float | None:
    """Return how much longer the call takes that suffers most from more messages; None where only one was measured."""
    if len(measured.rounds) != 2:
        return None
    small, large = sorted(measured.rounds, key=lambda label: int(label.split()[0].replace(",", "")))
    return max(measured.ratio(large, small, call) or 0.0 for call in TITLES)


def _rate_goal(work: str, text: str, peer: str, at_least: float, aim: float, ours: str = "chatd") -> Goal:
    return Goal(work, text, at_least, aim, "×", _ratio(ours, peer, "rate"), True, 2)


GOALS = (
    _rate_goal("rest", "REST, 50 senders, against the naive reference", NAIVE.name, 30, 45),
    _rate_goal("socket-800x1", f"socket, 800 × 1, against {SOCKETIO.name}", SOCKETIO.name, 1.5, 2.2),
    _rate_goal("socket-50x16", f"socket, 50 × 16, against {SOCKETIO.name}", SOCKETIO.name, 2, 2.8),
    _rate_goal("socket-50x16", f"socket, 50 × 16, against {MOSQUITTO.name}", MOSQUITTO.name, 0.6, 1),
    _rate_goal("socket-50x16", f"socket, 50 × 16, against {PROSODY.name}", PROSODY.name, 30, 60),
    _rate_goal("socket-50x16", f"socket, 50 × 16, against {EJABBERD.name}", EJABBERD.name, 30, 60),
    Goal(
        "batches",
        "a batch of messages with one reply in eight, against one without",
        1.3,
        1.15,
        "×",
        _ratio("one reply in 8", "no reply", "us"),
        digits=2,
        is_steady=True,
    ),
    Goal(
        "latency-idle",
        "p99 at 200 messages a second beside 1,000 idle connections, against Mosquitto",
        None,
        5,
        "×",
        _ratio("chatd", MOSQUITTO.name, "p99"),
    ),
    Goal(
        "memory",
        "memory of an idle connection (of 10,000)",
        18,
        14,
        " KiB",
        _median("chatd, chatd.v2 and synced", "kib_10000"),
        is_steady=True,
    ),
    Goal("start", "memory at start", 70, 45, " MiB", _median("chatd", "mib"), is_steady=True),
    Goal("start", "start to first answer", 1000, 400, " ms", _median("chatd", "again"), digits=0),
    _rate_goal(
        "handshakes", "handshakes a second, against the naive reference", NAIVE.name, 4, 6, ours="chatd, classic"
    ),
    Goal("fanout-1000", "one message to 1,000 connections, last one served", 30, 12, " ms", _median("chatd", "last")),
    Goal("reads", "slowest read call at 10⁶ messages, against 10⁴", 1.5, 1.1, "×", _slowest_read, digits=2),
    Goal("reads-large", "slowest read call at 10⁷ messages, against 10⁴", 1.5, 1.1, "×", _slowest_read, digits=2),
    Goal(
        "logins",
        "p99 of messages beside 20 logins a second, against alone",
        3,
        1.5,
        "×",
        _ratio("beside 20 logins a second", "alone", "p99"),
        digits=2,
    ),
)


def write_report() -> None:
    """Write what was measured into the page, and draw it.

    :raises BenchError: nothing was measured, or the page has lost its markers.
    """
    found = {name: measured for name, work in WORKS.items() if (measured := load_measured(work))}
    from bench import plots  # needs matplotlib, which nothing else does

    if not found:
        raise BenchError("nothing was measured yet: python -m bench run")
    page = PAGE.read_text(encoding="utf-8")
    for name, measured in found.items():
        page = _put(page, name, table(WORKS[name], measured))
    page = _put(page, "summary", summary(found))
    page = _put(page, "environment", environment(found))
    PAGE.write_text(page, encoding="utf-8")
    PLOTS.mkdir(exist_ok=True)
    plots.draw(found, PLOTS)
    print(f"written: {PAGE}")


def _put(page: str, name: str, text: str) -> str:
    marked = re.compile(f"(<!-- begin {re.escape(name)} -->\n).*?(<!-- end {re.escape(name)} -->)", re.DOTALL)
    replaced, count = marked.subn(lambda found: f"{found[1]}{text}\n{found[2]}", page)
    if count != 1:
        raise BenchError(f"{PAGE} needs the markers of {name} once")
    return replaced


def table(work: Work, measured: Measured) -> str:
    """Return a work's table: medians, how far the rounds lie apart, and ratios."""
    labels = [case.label for case in work.cases if case.label in measured.rounds]
    figures = [each for each in work.figures if any(measured.values(label, each.name) for label in labels)]
    against = work.against if work.against in labels else None
    head = ["", *(figure.title for figure in figures)]
    if against:
        head.append(f"against {against}")
    if any("server" in values for rounds in measured.rounds.values() for values in rounds):
        head.append("server · generator, of a core")
    rows = []
    for label in labels:
        row = [label, *(cell(measured, label, figure) for figure in figures)]
        if against:
            row.append(_ratios(work, measured, label, against))
        if "server · generator, of a core" in head:
            shares = [measured.median(label, name) for name in ("server", "generator")]
            row.append(" · ".join("–" if share is None else f"{share:.0%}" for share in shares))
        rows.append(row)
    lines = [_row(head), _row(["---", *("--:" for _ in head[1:])]), *map(_row, rows)]
    rounds = max(len(each) for each in measured.rounds.values())
    told = f"{work.text} " + (f"Medians of {rounds} interleaved rounds." if rounds > 1 else "One round.")
    if measured.most("generator") > GENERATOR_LIMIT:
        told += " The generator was at its limit, so more may be possible."
    if measured.most("others") > OTHERS_LIMIT:
        told += f" **Disturbed**: others took up to {measured.most('others'):.0%} of both cores meanwhile."
    for label, reason in measured.missing.items():
        told += f" Missing: {label} ({reason})."
    return f"{told}\n\n" + "\n".join(lines)


def _ratios(work: Work, measured: Measured, label: str, against: str) -> str:
    """Return the ratio of the first figure; where all figures are of one kind, the greatest of all ratios."""
    if work.name.startswith("reads"):
        ratios = [measured.ratio(label, against, figure.name) for figure in work.figures]
        return f"at most {max(ratio for ratio in ratios if ratio is not None):.2f}×"
    figure = next((each for each in work.figures if each.name in ("rate", "p99")), work.figures[0])
    ratio = measured.ratio(label, against, figure.name)
    return "–" if ratio is None else f"{ratio:.{1 if ratio >= 10 else 2}f}×"


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def summary(found: All) -> str:
    """Return the table of goals and what was reached."""
    lines = [_row(["", "at least", "aim", "measured", "reached"]), "|---|--:|--:|--:|---|"]
    for goal in GOALS:
        measured = found.get(goal.work)
        value = goal.figure(measured) if measured else None
        cells = [goal.text, _limit(goal, goal.at_least), _limit(goal, goal.aim)]
        if measured is None or value is None:
            cells += ["not measured", ""]
        else:
            digits = goal.digits if value < 10 else min(goal.digits, 1)
            is_disturbed = measured.most("others") > OTHERS_LIMIT and not goal.is_steady
            cells += [f"**{number(value, digits)}{goal.unit}**", "disturbed" if is_disturbed else _reached(goal, value)]
        lines.append(_row(cells))
    return "\n".join(lines)


def _limit(goal: Goal, value: float | None) -> str:
    return "–" if value is None else f"{value:,g}{goal.unit}"


def _reached(goal: Goal, value: float) -> str:
    def holds(limit: float) -> bool:
        return value >= limit if goal.is_more_better else value <= limit

    if holds(goal.aim):
        return "aim"
    if goal.at_least is not None and holds(goal.at_least):
        return "at least"
    return "no"


def environment(found: All) -> str:
    """Return what the figures depend on; where works differ, all of it."""
    lines = []
    for name in next(iter(found.values())).environment:
        told = list(dict.fromkeys(each.environment[name] for each in found.values()))
        if name == "measured":
            told = [f"{min(told)} to {max(told)}"] if len(told) > 1 else told
        elif name.startswith("one fdatasync") and len(told) > 1:
            told = [f"{min(told)} to {max(told)}"]
        lines.append(f"- {name}: {'; '.join(told)}")
    return "\n".join(lines)
